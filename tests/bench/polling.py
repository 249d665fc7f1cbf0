"""What waiting costs the storage: calls a minute while 1, 100 and 1,000 requests wait for held transfers."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from bench.applying import apply, ended
from bench.figures import called, table
from bench.stand import Stand, load_groups

from testbed import stage
from testbed.waiting import eventually

WAITING = (1, 100, 1000)
_NAMESPACE = "load"
_MINUTE = 60.0
_CALM = 75.0
"""Seconds until the pace of the polls, which begins fast for a young transfer, is that of one that takes hours."""
_LOGINS = frozenset({"Login", "POST auth/session", "POST login"})


@dataclass(frozen=True)
class Waiting:
    """Calls in one minute, by kind of endpoint and call. `logins` are those among them that opened a session."""

    requests: int
    calls: Counter[tuple[str, str]]
    logins: int

    @property
    def total(self) -> int:
        """All calls."""
        return sum(self.calls.values())


@dataclass(frozen=True)
class Polling:
    """The measured minutes, from the fewest to the most requests."""

    minutes: tuple[Waiting, ...]

    def report(self) -> list[str]:
        """Lines for people."""
        kinds = sorted({key for one in self.minutes for key in one.calls})
        rows = [["calls a minute while waiting", *(f"{one.requests} requests" for one in self.minutes)]]
        rows += [[f"{kind} {call}", *(str(one.calls[kind, call]) for one in self.minutes)] for kind, call in kinds]
        rows.append(["all", *(str(one.total) for one in self.minutes)])
        rows.append(["logins", *(str(one.logins) for one in self.minutes)])
        return [f"Polling: requests on {len(load_groups())} groups of 4 arrays, all transfers held", table(rows)]

    def as_dict(self) -> dict[str, Any]:
        """For the report as JSON."""
        return {
            str(one.requests): {"calls": {" ".join(key): count for key, count in one.calls.items()}, "all": one.total}
            for one in self.minutes
        }


def measure(stand: Stand) -> Polling:
    """Hold all transfers, let that many requests wait, count for a minute, let them end; then more of them."""
    groups = load_groups()
    stand.connect_groups(_NAMESPACE, groups)
    stand.settled()
    return Polling(tuple(_minute(stand, groups, number) for number in WAITING))


def _minute(stand: Stand, groups: list[str], number: int) -> Waiting:
    for group in groups:
        stand.simulator.action("hold", protectionGroup=group)
    apply(
        stand, [stage.sync(f"wait-{number}-{one:04}", _NAMESPACE, groups[one % len(groups)]) for one in range(number)]
    )
    heads = min(number, len(groups))
    with stand.api() as api:
        eventually(
            lambda: sum(_transferring(one) for one in api.list_syncs(_NAMESPACE)),
            what=f"{heads} transfers to be followed",
            until=lambda found: found == heads,
            timeout=300,
            every=1,
        )
    time.sleep(_CALM)
    before = stand.simulator.counters()
    time.sleep(_MINUTE)
    calls = called(before, stand.simulator.counters())
    for group in groups:
        stand.simulator.action("release", protectionGroup=group)
    ended(stand, _NAMESPACE)
    return Waiting(number, _by_kind(stand, calls), sum(count for (_, call), count in calls.items() if call in _LOGINS))


def _by_kind(stand: Stand, calls: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    sites, found = stand.simulator.ready["vcenters"], Counter[tuple[str, str]]()
    for (endpoint, call), count in calls.items():
        found["vCenters" if endpoint in sites else "arrays", call] += count
    return found


def _transferring(sync: stage.Object) -> bool:
    return (stage.condition(sync, "Ready") or {}).get("reason") == "Transferring"
