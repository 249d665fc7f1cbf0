"""What happens to a schedule in a history, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

SCHEDULES = {"*/5 * * * *": 300, "*/10 * * * *": 600, "*/15 * * * *": 900, "0 * * * *": 3600}
"""Schedules, with the seconds between two of their times: multiples of these since midnight, in UTC."""
DISTURBING = frozenset({"wipe", "restore", "clock back", "clock ahead"})
"""After these, more than the schedule's times decides about what is to be expected."""


@dataclass(frozen=True)
class Move:
    """`seconds`: of a pause or a clock; `text`: a schedule, or what runNow says."""

    what: str
    seconds: float = 0.0
    text: str = ""


_WEIGHTS = {
    "wait": 30,
    "kill": 6,
    "outage": 3,
    "losing": 3,
    "run now": 6,
    "run now again": 2,
    "schedule": 4,
    "suspend": 3,
    "resume": 4,
    "touch": 3,
    "delete a run": 3,
    "policy": 2,
    "wipe": 2,
    "save": 2,
    "restore": 2,
    "clock back": 2,
    "clock ahead": 2,
}


def draw(seed: int, *, calm: bool = False) -> tuple[Move, ...]:
    """The moves of a seed; `calm`: without those that disturb the accounts."""
    chance = Random(seed)  # noqa: S311 - no secret
    names = [name for name in _WEIGHTS if not (calm and name in DISTURBING | {"save"})]
    chosen = chance.choices(names, [_WEIGHTS[name] for name in names], k=chance.randint(6, 24))
    return tuple(_move(name, chance, number) for number, name in enumerate(chosen))


def _move(name: str, chance: Random, number: int) -> Move:
    if name == "run now":
        return Move(name, chance.uniform(0, 300), f"CHG-{number}")
    if name == "run now again":
        return Move(name, chance.uniform(0, 900), f"CHG-{chance.randrange(number + 1)}")
    if name == "schedule":
        return Move(name, chance.uniform(0, 300), chance.choice(list(SCHEDULES)))
    if name == "policy":
        return Move(name, 0, chance.choice(["Forbid", "Queue"]))
    longest = {"wait": 5400, "kill": 4000, "outage": 2400, "clock back": 7200, "clock ahead": 7200}.get(name, 600)
    return Move(name, round(chance.uniform(0, longest), 3))
