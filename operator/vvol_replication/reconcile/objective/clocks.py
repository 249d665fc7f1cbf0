"""By which clock the time of a point in time is told.

Nobody says whether it is the creation of its snapshot, by the source array's clock, or its landing, by the target
array's (docs/facts/flasharray.md#progress). So there is a span of ages, and the older end counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

IN_STEP = timedelta(minutes=1)
"""Clocks that are further apart cannot be compared."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """How far the arrays' clocks are ahead of ours; None: not known.

    Where the source array's is not known, as when its site is lost, ours stands in for it: both are kept by NTP.
    """

    target: timedelta | None
    source: timedelta | None

    @property
    def apart(self) -> timedelta:
        """How far the clocks are apart by which the time may be told."""
        return self._most - self._least

    def target_time(self, now: datetime) -> datetime:
        """Our time `now` by the target array's clock; ours where that is not known."""
        return now + (self.target or timedelta())

    def oldest(self, time: datetime, now: datetime) -> timedelta:
        """How old it is at most."""
        return now + self._most - time

    def youngest(self, time: datetime, now: datetime) -> timedelta:
        """How old it is at least."""
        return now + self._least - time

    def reaches(self, time: datetime, age: timedelta) -> datetime:
        """When, by our clock, `oldest` comes to that age."""
        return time + age - self._most

    @property
    def _most(self) -> timedelta:
        return max(self.target or timedelta(), self.source or timedelta())

    @property
    def _least(self) -> timedelta:
        return min(self.target or timedelta(), self.source or timedelta())
