"""What one sync costs: calls to the storage and writes to the API server."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from bench.figures import called, table, typical
from bench.rest import Api
from bench.stand import OURS, SLOW, Stand

from testbed import stage
from testbed.waiting import eventually

ROUNDS = 7
_TARGET_POLL = ("array-1b", "GET pgroup")
_LIVE_STATUS = ("dallas", "QueryPointInTimeReplica")


@dataclass(frozen=True)
class Counts:
    """The typical sync: calls by (endpoint, call), writes by (resource, how). `slow`: with a transfer of 2 s."""

    calls: dict[tuple[str, str], int]
    writes: dict[tuple[str, str], int]
    slow_calls: dict[tuple[str, str], int]
    slow_writes: dict[tuple[str, str], int]

    @property
    def polls(self) -> int:
        """The looks at the transfer: all at the target's snapshots but the one before arming."""
        return self.calls.get(_TARGET_POLL, 0) - 1

    @property
    def needed(self) -> int:
        """The calls besides polling."""
        return sum(self.calls.values()) - self.polls

    def own(self, writes: dict[tuple[str, str], int]) -> int:
        """The writes to the sync itself, of all those that it caused."""
        return sum(count for (resource, _), count in writes.items() if resource == "replicationsyncs")

    def report(self) -> list[str]:
        """Lines for people."""
        slow = self.own(self.slow_writes)
        rows = [["storage calls of one sync", "transfer over at once", "transfer of 2 s"]]
        rows += [
            [f"{endpoint} {call}", str(self.calls.get(key, 0)), str(self.slow_calls.get(key, 0))]
            for key in sorted(self.calls.keys() | self.slow_calls.keys())
            for endpoint, call in (key,)
        ]
        rows += [
            [f"write: {resource} {how}", str(self.writes.get(key, 0)), str(self.slow_writes.get(key, 0))]
            for key in sorted(self.writes.keys() | self.slow_writes.keys())
            for resource, how in (key,)
        ]
        return [
            f"Calls of one sync, sessions open (median of {ROUNDS}; monitors' rounds fall out of it)",
            f"  storage calls besides polling: {self.needed} (goal: 13); looks at the transfer: {self.polls}",
            f"  writes of the sync: {self.own(self.writes)} (goal: 4); with 2 s of transfer: {slow}",
            table(rows),
        ]

    def as_dict(self) -> dict[str, Any]:
        """For the report as JSON."""

        def plain(found: dict[tuple[str, str], int]) -> dict[str, int]:
            return {" ".join(key): count for key, count in found.items()}

        return {
            "storageCalls": self.needed,
            "polls": self.polls,
            "writes": self.own(self.writes),
            "calls": plain(self.calls),
            "allWrites": plain(self.writes),
            "slowCalls": plain(self.slow_calls),
            "slowWrites": plain(self.slow_writes),
        }


def measure(stand: Stand) -> Counts:
    """Some syncs of each kind, one at a time."""
    stand.connect_groups("single", [OURS, SLOW])
    with stand.api() as api:
        quick = [_round(stand, api, OURS, number) for number in range(ROUNDS)]
        slow = [_round(stand, api, SLOW, number) for number in range(3)]
    return Counts(
        calls=typical(calls for calls, _ in quick),
        writes=typical(writes for _, writes in quick),
        slow_calls=typical(calls for calls, _ in slow),
        slow_writes=typical(writes for _, writes in slow),
    )


Counted = tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]


def _round(stand: Stand, api: Api, group: str, number: int) -> Counted:
    name = f"count-{group}-{number}"
    stand.settled()
    before, written = stand.simulator.counters(), len(stand.plane.audit())
    api.create(stage.sync(name, "single", group))
    eventually(
        lambda: api.sync("single", name),
        what=f"{name} to be Complete and free of its finalizer",
        until=lambda one: stage.is_true(one, "Complete") and not one["metadata"].get("finalizers"),
        every=0.2,
    )
    stand.settled()
    calls = called(before, stand.simulator.counters())
    # The audit log lags behind the answers. The finalizer comes and goes by two patches; one is the last write.
    writes = eventually(
        lambda: _writes(stand, written),
        what=f"all writes of {name} to be in the audit log",
        until=lambda found: found["replicationsyncs", "patch"] >= 2,
        timeout=10,
    )
    return calls, writes


def _writes(stand: Stand, since: int) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for event in stand.plane.audit()[since:]:
        ref = event.get("objectRef", {})
        if event["verb"] in {"patch", "update", "post"} and ref.get("namespace") == "single":
            part = f"{event['verb']} {ref['subresource']}" if ref.get("subresource") else event["verb"]
            found[ref["resource"], part] += 1
    return found
