"""How far apart the runs of a schedule are: whether it can hold an objective."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from .schedule import CronSchedule

RUNS = 400
"""A year of nightly runs, so both changes of the clocks; a week of quarters of an hour at work."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """The shortest and the longest time from one run to the next, and the run that the longest begins with."""

    shortest: timedelta
    longest: timedelta
    longest_from: datetime


def intervals(schedule: CronSchedule, after: datetime, runs: int = RUNS) -> Intervals | None:
    """The distances between the next runs after `after`; None if fewer than two are to come within five years.

    They are the real ones: a night that clocks lengthen, or a run that they skip, is in them. `runs` of at least 2
    bounds how far it looks, so a schedule of every minute with a pause at the weekend asks for more than the default.
    """
    times = [run] if (run := schedule.next_after(after)) is not None else []
    while times and len(times) < runs and (run := schedule.next_after(times[-1])) is not None:
        times.append(run)
    between = [(later - earlier, earlier) for earlier, later in pairwise(times)]
    if not between:
        return None
    longest, since = max(between, key=lambda one: one[0])
    return Intervals(min(between)[0], longest, since)
