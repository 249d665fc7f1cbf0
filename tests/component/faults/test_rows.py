"""Every row of the table of faults, on a real TLS socket: its outcome, its reason, and what people read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from component.faults import golden
from component.faults.all_rows import ROWS
from component.faults.rig import is_mutating, normalized, play, staged
from component.faults.rows import DONE, INDETERMINATE, Row
from component.faults.summary import summarized

RECORDING = bool(os.environ.get(golden.RECORD))


@pytest.fixture(scope="module")
def heard() -> Iterator[dict[str, str]]:
    """What is recorded, written at the end where that is wanted."""
    read: dict[str, str] = {}
    yield read
    if RECORDING:
        golden.record(ROWS, read)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
async def test_the_row_is_true(row: Row, heard: dict[str, str], tmp_path: Path) -> None:
    async with staged(row, tmp_path) as stage:
        seen = summarized(await play(row, stage))
        secrets, effects = stage.secrets(), stage.effects()
        message = normalized(seen.message, stage)
    assert (seen.outcome, seen.inside, seen.reason) == (row.outcome, row.inside, row.reason), message
    assert message == " ".join(message.split()), "one line"
    assert message.isprintable()
    assert not [secret for secret in secrets if secret and secret in seen.message]
    if is_mutating(row):
        _check_effects(row, effects)
    if RECORDING:
        heard[row.key] = message
    assert message == (heard if RECORDING else golden.messages())[row.key]


def _check_effects(row: Row, effects: list[bool]) -> None:
    """What the outcome claims of the storage: nothing changed, changed once, or at most once."""
    done = sum(effects)
    if row.outcome == INDETERMINATE:
        assert len(effects) <= 1, "never sent twice"
    elif row.outcome == DONE and not row.inside:
        assert done == 1
    else:
        assert done == 0
