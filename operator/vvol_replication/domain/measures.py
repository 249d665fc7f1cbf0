"""What is counted of calls: how many ended how, and how long they took."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Sequence

CALL_BOUNDS = (0.05, 0.25, 1.0, 5.0, 15.0, 45.0)
"""Seconds: an answer from nearby, one of a busy endpoint, and the deadline of a call."""


class Durations:
    """How often something took how long: a histogram."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        """`bounds` in seconds, ascending: what took no longer than one is counted there; the last count is the rest."""
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0
        """Seconds, of all together."""

    def observe(self, seconds: float) -> None:
        """It took so long once more."""
        self.counts[bisect.bisect_left(self.bounds, seconds)] += 1
        self.total += seconds

    def copy(self) -> Durations:
        """As it is now."""
        other = Durations(self.bounds)
        other.counts[:], other.total = self.counts, self.total
        return other


class Calls:
    """The calls of one port by operation, each a word of a closed list. Kept and read on the event loop."""

    __slots__ = ("ended", "took")

    def __init__(self) -> None:
        self.ended: Counter[tuple[str, str]] = Counter()
        """By operation and outcome: the name of one of the four classes."""
        self.took: dict[str, Durations] = {}

    def note(self, operation: str, outcome: object, seconds: float) -> None:
        """A call has ended with this outcome, after so long."""
        self.ended[operation, type(outcome).__name__] += 1
        took = self.took.get(operation)
        if took is None:
            took = self.took[operation] = Durations(CALL_BOUNDS)
        took.observe(seconds)

    def copy(self) -> Calls:
        """As they are now."""
        other = Calls()
        other.ended = self.ended.copy()
        other.took = {operation: took.copy() for operation, took in self.took.items()}
        return other
