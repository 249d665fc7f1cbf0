"""Which snapshots a retention drops (docs/facts/flasharray.md#retention). Pure."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from .protection import Retention

DAY = 86_400.0
FOREVER = -1


class Kept(NamedTuple):
    """All snapshots for `all_for` seconds; then the newest `per_day` of each day for `days` days. -1 is for ever."""

    all_for: int
    per_day: int
    days: int

    @classmethod
    def on_source(cls, keep: Retention) -> "Kept":
        """On the source array."""
        return cls(keep.all_for, keep.per_day, keep.days)

    @classmethod
    def on_targets(cls, keep: Retention) -> "Kept":
        """On each target."""
        return cls(keep.target_all_for, keep.target_per_day, keep.target_days)

    def ends(self) -> tuple[float, ...]:
        """Ages at which a snapshot may be dropped, in seconds."""
        if self.all_for == FOREVER:
            return ()
        return (float(self.all_for), *(() if self.days == FOREVER else (self.all_for + self.days * DAY,)))

    def dropped(self, created: Iterable[float], now: float) -> set[float]:
        """Those moments of creation whose snapshots are dropped at the latest by `now`."""
        if self.all_for == FOREVER:
            return set()
        of_day: Counter[float] = Counter()
        gone = set()
        for moment in sorted(set(created), reverse=True):
            of_day[moment // DAY] += 1
            if now - moment < self.all_for:
                continue
            late = self.days != FOREVER and now - moment >= self.all_for + self.days * DAY
            if late or of_day[moment // DAY] > self.per_day:
                gone.add(moment)
        return gone
