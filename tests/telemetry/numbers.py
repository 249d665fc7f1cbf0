"""What a test knows of a number that it cannot know exactly: between which two it is, also of one that time moves."""

from __future__ import annotations

from dataclasses import dataclass, replace

SLACK = 4.0
"""Seconds: between something that happens and the time that a status has of it, which may be cut to a whole second."""


@dataclass(frozen=True)
class Number:
    """From `low` to `high`, both included. `moves`: by how much a second that changes since 1970.

    `optional`: the row with this number need not be there.
    """

    low: float
    high: float
    moves: int = 0
    optional: bool = False

    def holds(self, value: float, at: float) -> bool:
        """Whether it is this, at that time. A NaN is nothing."""
        return self.low <= value - self.moves * at <= self.high


def exactly(value: float) -> Number:
    """This, but for what floating point leaves."""
    return Number(value - 1e-9, value + 1e-9)


def between(low: float, high: float) -> Number:
    """Both included."""
    return Number(low, high)


def since(time: float, slack: float = SLACK) -> Number:
    """The seconds that have passed since that time."""
    return Number(-time - slack, -time + slack, moves=1)


def until(time: float, slack: float = SLACK) -> Number:
    """The seconds that are left until that time."""
    return Number(time - slack, time + slack, moves=-1)


def maybe(number: Number) -> Number:
    """It, if the row is there."""
    return replace(number, optional=True)
