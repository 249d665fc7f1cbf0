"""Every status that the suites saw the operator write, judged by the programs of Argo CD, kstatus and Flux.

`VVOL_HEALTH_SUITES` names the suites that must have been run before; without it those are judged that were.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from health import contract, judges, recording

SAVED = recording.saved()
WANTED = os.environ.get("VVOL_HEALTH_SUITES", "").split() or sorted(SAVED)


def test_something_is_recorded() -> None:
    assert WANTED, "no suite has been run: run `make unit component` or `make e2e` first, then `make health`"


@pytest.mark.parametrize("suite", WANTED)
def test_all_tools_agree_on_every_status_that_was_written(suite: str) -> None:
    records = SAVED.get(suite, [])
    assert records, f"nothing is recorded of the suite {suite!r}: run `make {suite}` first"
    broken = [line for one in records for line in recording.complaints(one)]
    assert not broken, "\n".join(broken[:40])
    said = judges.opinions([one["object"] for one in records])
    wrong = [
        f"{recording.told(one)}: {text}"
        for one, opinion in zip(records, said, strict=True)
        for text in judges.differences(one["object"], opinion)
    ]
    rows = Counter(
        f"{one['object']['kind']} {row.name}" for one in records if (row := contract.row(one["object"])) is not None
    )
    print(f"\n{suite}: {len(records)} distinct statuses judged by kstatus, Argo CD and Flux, {len(wrong)} differ")  # noqa: T201
    for name, count in sorted(rows.items()):
        print(f"  {count:4} {name}")  # noqa: T201
    assert not wrong, "\n".join(wrong[:40])
