"""How old the newest point in time was at a moment: kept as two times, told as an age in a group's history."""

from __future__ import annotations

from datetime import datetime, timedelta

from vvol_replication.api.durations import format_duration
from vvol_replication.api.refs import NewestPoint

from .observation import Observation, rows

_CLOCKS_DIFFER = timedelta(minutes=1)
"""A point in time that is further in the future than this has no age that says anything."""


def newest_listed(seen: Observation, now: datetime, fresh: timedelta) -> NewestPoint | None:
    """The newest point in time as it was listed just now, and when that was by the target array's clock.

    None where the list is empty or older than `fresh`, or where that array's clock is not known.
    """
    reading, target = seen.points, seen.target_array
    if reading is None or target is None or target.skew is None or now - reading.at > fresh:
        return None
    newest = max((point.time for point in rows(reading)), default=None)
    return None if newest is None else NewestPoint(newest, reading.at + target.skew)


def age_of(newest: NewestPoint | None) -> str | None:
    """How old it was then, as a Go-style duration; None where that is not known."""
    if newest is None:
        return None
    age = newest.read_at - newest.time
    return None if age < -_CLOCKS_DIFFER else format_duration(max(age, timedelta()))
