"""Every status that a suite sees, once for each shape, with the test that saw it first; judged when the suite ends.

Each message is looked at as it comes: none may count from the moment in which it was written.

A shape is what tools look at: kind, phase, each condition's type, status and reason, how the generations compare, and
whether the object is being deleted. Messages and times are not part of it, so a few hundred objects stand for all.
Records go to `.cache/statuses/<suite>-<worker>-<process>.jsonl`, where `make health` lets the programs judge them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from health import contract

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    import pytest

Object = dict[str, Any]
DIRECTORY = Path(__file__).parents[2] / ".cache" / "statuses"
SUMMARY: list[str] = []
"""What the closed recordings came to."""


def shape(obj: Object) -> tuple[Hashable, ...]:
    """What of an object a tool may look at."""
    status, metadata = obj.get("status") or {}, obj["metadata"]
    generation = metadata.get("generation")
    return (
        obj["kind"],
        status.get("phase"),
        bool(status.get("finishedAt")),
        bool(metadata.get("deletionTimestamp")),
        _age(status.get("observedGeneration"), generation),
        tuple(
            (one.get("type"), one.get("status"), one.get("reason"), _age(one.get("observedGeneration"), generation))
            for one in status.get("conditions") or ()
        ),
    )


def _age(observed: object, generation: object) -> str:
    if not isinstance(observed, int) or not isinstance(generation, int):
        return repr(observed)
    return "unseen" if observed == -1 else "old" if observed < generation else "ahead" * (observed > generation)


def current_test() -> str:
    """The running test, as pytest tells it."""
    return os.environ.get("PYTEST_CURRENT_TEST", "outside of any test").split(" (")[0]


class Recording:
    """What one suite saw."""

    def __init__(self, suite: str) -> None:
        """`suite`: unit, component or e2e."""
        self.suite, self.seen = suite, 0
        self._shapes: dict[Hashable, Object] = {}
        self._fleeting: dict[Hashable, str] = {}

    def add(self, obj: Object, test: str | None = None) -> None:
        """An object as it is now; the test is the running one if not given."""
        self.seen += 1
        for name, one in contract.conditions(obj).items():
            if (part := contract.fleeting(one.get("message", ""))) is not None:
                text = f"{name} counts from when it was written ({part!r}): {one['message']}"
                self._fleeting.setdefault((name, one["reason"]), f"{obj['kind']} in {test or current_test()}: {text}")
        key = shape(obj)
        if key not in self._shapes:
            self._shapes[key] = {"test": test or current_test(), "object": json.loads(json.dumps(obj))}

    @property
    def records(self) -> list[Object]:
        """One record for each shape: `test` and `object`."""
        return list(self._shapes.values())

    def complaints(self) -> list[str]:
        """What of it breaks the contract, with the test and the object."""
        return [*self._fleeting.values(), *(line for one in self.records for line in complaints(one))]

    def save(self) -> None:
        """Write the records, in place of what this worker wrote before."""
        DIRECTORY.mkdir(parents=True, exist_ok=True)
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        text = "".join(json.dumps(one) + "\n" for one in self.records)
        (DIRECTORY / f"{self.suite}-{worker}-{os.getpid()}.jsonl").write_text(text)


def complaints(record: Object) -> list[str]:
    """What of the contract a record breaks."""
    obj = record["object"]
    return [f"{told(record)}: {text}" for text in (*contract.judge(obj), *contract.unknown_reasons(obj))]


def told(record: Object) -> str:
    """Which object it is, and which test saw it."""
    metadata = record["object"]["metadata"]
    where = "/".join(filter(None, (metadata.get("namespace"), metadata.get("name"))))
    return f"{record['object']['kind']} {where} in {record['test']}"


def saved() -> dict[str, list[Object]]:
    """The records by suite, of the last run of each."""
    found: dict[str, list[Object]] = {}
    for path in sorted(DIRECTORY.glob("*.jsonl")):
        lines = path.read_text().splitlines()
        found.setdefault(path.stem.split("-")[0], []).extend(json.loads(line) for line in lines)
    return found


def forget(suite: str) -> None:
    """Remove what an earlier run left; the workers of a run start after that."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        for path in DIRECTORY.glob(f"{suite}-*.jsonl"):
            path.unlink(missing_ok=True)


def close(recording: Recording) -> None:
    """The end of a suite: keep the records, and fail the run if a status broke the contract."""
    recording.save()
    wrong = recording.complaints()
    shapes = len(recording.records)
    SUMMARY.append(f"{recording.suite}: {recording.seen} statuses, {shapes} distinct, {len(wrong)} wrong words")
    assert not wrong, "statuses broke the conditions contract:\n" + "\n".join(wrong[:40])


def summarize(reporter: pytest.TerminalReporter) -> None:
    """Print the counts below the tests; for `pytest_terminal_summary`."""
    if SUMMARY:
        reporter.section("statuses held against the conditions contract")
        while SUMMARY:
            reporter.line(SUMMARY.pop())


def audited(lines: Iterator[str]) -> Iterator[tuple[str, Object]]:
    """(time, object) after each change of our objects that an audit log holds, but for what people wrote by hand.

    A status that a test wrote, and what stands beside it until the operator has written again, says nothing of us.
    """
    spoiled: set[str] = set()
    for line in lines:
        event = json.loads(line)
        obj = event.get("responseObject") or {}
        if obj.get("kind") not in contract.KINDS or "dryRun" in event.get("requestURI", ""):
            continue
        uid = obj["metadata"].get("uid", "")
        ours = event.get("userAgent") == "vvol-replication-operator"
        if event["objectRef"].get("subresource") == "status":
            (spoiled.discard if ours else spoiled.add)(uid)
        if uid not in spoiled:
            yield event["stageTimestamp"], obj
