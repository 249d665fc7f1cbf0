"""What may happen in a scenario, drawn from a seed: requests, power, states, faults, crashes, second operators.

A move comes at a time, or at the n-th time that something happens ("members" is a reading of the VMs about to be
answered, "members done" one that was; "write FailoverPreparation" a status write about to take effect, and so on).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

POINTS = (
    *("members", "members done", "start_prepare", "start_prepare done", "group done", "snapshots done"),
    *("write FailoverPreparation", "wrote FailoverPreparation", "write ReplicationGroup", "wrote ReplicationGroup"),
    *("task", "task done", "start_sync", "start_sync done", "push", "push done", "points_in_time"),
)
_POINTS_OF_THE_CALL = POINTS[:4] + POINTS[6:10]
METHODS = ("start_prepare", "start_sync", "push", "task", "members", "group", "snapshots", "transfers")
MUTATING_FAULTS = ("unavailable", "refused", "lost before", "lost after", "slow", "hang")
_SECONDS = (0.5, 3.0, 12.0, 30.0)


@dataclass(frozen=True)
class Move:
    """`at` seconds from the start, or at the `nth` time of `point`."""

    what: str
    arguments: tuple[Any, ...] = ()
    at: float = 0.0
    point: str = ""
    nth: int = 0

    def __str__(self) -> str:
        when = f"at {self.point} no. {self.nth}" if self.point else f"at {self.at:.2f} s"
        return f"{self.what}{self.arguments} {when}"


def draw(seed: int) -> tuple[Move, ...]:
    """The moves of a scenario."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    moves = [*_requests(chance)]
    moves.extend(_trouble(chance) for _ in range(chance.randint(1, 6)))
    return tuple(moves)


def _requests(chance: random.Random) -> list[Move]:
    moves: list[Move] = []
    for number in range(1, chance.choice((1, 1, 2, 2, 3)) + 1):
        spec: dict[str, Any] = {"notAfter": chance.choice((20, 120, 120, 240)), "timeout": chance.choice(("1m", "3m"))}
        if chance.random() < 0.35:
            spec["requestID"] = "CHG-1"
        if chance.random() < 0.12:
            spec["dryRun"] = True
        if chance.random() < 0.2:
            spec["validFor"] = "1m"
        namespace = "other" if chance.random() < 0.15 else "prod"
        at = 1.0 if number == 1 else chance.choice((1.0, 1.2, 3.0, chance.uniform(2, 60)))
        moves.append(Move("prepare", (f"dr{number}", namespace, tuple(spec.items())), at))
    for number in range(1, chance.choice((0, 0, 1, 2)) + 1):
        spec = {"method": chance.choice(("Coordinated", "Coordinated", "AwaitSchedule", "ArrayOnly")), "timeout": "3m"}
        if chance.random() < 0.3:
            spec["pointInTimeName"] = "mine"
        namespace = "other" if chance.random() < 0.3 else "prod"
        at = chance.choice((0.5, 1.0, 1.5, chance.uniform(1, 70)))
        moves.append(Move("sync", (f"s{number}", namespace, tuple(spec.items())), at))
    return moves


def _trouble(chance: random.Random) -> Move:
    what = chance.choices(list(_TROUBLES), [weight for weight, _ in _TROUBLES.values()])[0]
    arguments = _TROUBLES[what][1](chance)
    if chance.random() < 0.55:
        of_the_call = chance.random() < 0.7
        point = chance.choice(_POINTS_OF_THE_CALL if of_the_call else POINTS)
        return Move(what, arguments, point=point, nth=chance.choice((1, 1, 2, 2, 3, 3, 4, 5, 8)))
    return Move(what, arguments, chance.choice((0.0, 1.05, chance.uniform(1, 6), chance.uniform(1, 60))))


def _nothing(_: random.Random) -> tuple[Any, ...]:
    return ()


def _name(chance: random.Random) -> tuple[Any, ...]:
    return (chance.choice(("dr1", "dr1", "dr2", "dr3")),)


def _fault(chance: random.Random) -> tuple[Any, ...]:
    method = chance.choice(("start_prepare", "start_prepare", *METHODS))
    faults = MUTATING_FAULTS if method in ("start_prepare", "start_sync", "push") else ("unavailable", "slow", "hang")
    return method, chance.choice(faults), chance.choice(_SECONDS), chance.choice((1, 1, 1, 2))


def _yes_or_no(chance: random.Random) -> tuple[Any, ...]:
    return (chance.random() < 0.6,)


def _one_of(*values: Any) -> Callable[[random.Random], tuple[Any, ...]]:
    return lambda chance: (chance.choice(values),)


_TROUBLES: dict[str, tuple[int, Callable[[random.Random], tuple[Any, ...]]]] = {
    "power": (10, lambda chance: (chance.choice(("erp-db", "erp-app")), chance.choice(("ON", "SUSPENDED", "UNKNOWN")))),
    "all off": (8, _nothing),
    "unaccounted": (3, _yes_or_no),
    "no members": (1, _nothing),
    "state": (4, _one_of("INTEST", "FAILEDOVER", "UNKNOWN", "TARGET", "TARGET")),
    "source state": (2, _one_of("UNKNOWN", "SOURCE")),
    "schedule": (5, _one_of(5.0, 20.0, 400.0)),
    "stall": (2, _nothing),
    "arrays": (3, _one_of("allowed", "connected", "destroyed", "well", "well")),
    "fault": (14, _fault),
    "task error": (2, _yes_or_no),
    "task forgotten": (2, _nothing),
    "task success": (2, _nothing),
    "away": (3, _one_of("vcenter", "a", "b")),
    "back": (3, _nothing),
    "spec": (5, lambda chance: (*_name(chance), chance.choice(("suspend", "resume", "cancel")))),
    "delete": (4, _name),
    "recreate": (4, _name),
    "wipe": (3, _name),
    "group suspend": (2, _yes_or_no),
    "called off": (2, _nothing),
    "group recreate": (1, _nothing),
    "group wipe": (1, _nothing),
    "write": (
        8,
        lambda chance: (
            chance.choice(("FailoverPreparation", "ReplicationGroup")),
            chance.choice(("conflict", "failed", "lost", "hang", "slow")),
            chance.choice((1, 1, 2, 4)),
        ),
    ),
    "api down": (2, _one_of(2.0, 30.0)),
    "lag": (3, _one_of(0.01, 0.5, 4.0)),
    "kill": (8, _one_of(0.1, 2.0, 20.0)),
    "hand over": (7, lambda chance: (chance.choice((0.0, 0.0, 0.5)), chance.choice((0.0, 0.2, 1.0)))),
    "prepared outside": (1, _yes_or_no),
}
"""Each with its weight."""
