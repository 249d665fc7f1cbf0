"""What the status shows of an array's clock: how far it is ahead of ours, and whether that matters."""

from __future__ import annotations

import re
from datetime import timedelta

from vvol_replication.api.conditions import Wanted
from vvol_replication.api.durations import format_duration, spoken_duration
from vvol_replication.api.reasons import Reason
from vvol_replication.reconcile.binding.world import Problem

IN_STEP = timedelta(minutes=1)
"""A larger skew makes ages by that clock worthless."""

_JITTER = timedelta(seconds=2)
"""Whole seconds and the time on the way: a difference this small is none."""

_WRITTEN = re.compile(r"(-?)(?:([0-9]{1,7})h)?(?:([0-9]{1,2})m)?(?:([0-9]{1,2})s)?")


def shown_skew(shown: object, skew: timedelta | None) -> str | None:
    """The skew as the status is to show it; `shown`, what it shows now, stays while it is as good. None: not known."""
    if skew is None:
        return None
    before = read_skew(shown)
    return str(shown) if before is not None and abs(skew - before) <= _JITTER else format_duration(skew)


def clock_condition(shown: str | None, problem: Problem | None) -> Wanted:
    """`ClockInStep`, from the skew as it is shown: the two never disagree. Unknown is said to be unknown."""
    if problem is not None:
        return Wanted("ClockInStep", "Unknown", problem.reason, f"Could not be read now. {problem.message}")
    skew = read_skew(shown)
    if skew is None:
        text = "The array's answers have no time to compare with the operator's clock."
        return Wanted("ClockInStep", "Unknown", Reason.CLOCK_UNKNOWN, text)
    where = "ahead of" if skew >= timedelta(0) else "behind"
    seen = f"The array's clock is {spoken_duration(skew)} {where} the operator's"
    if abs(skew) <= IN_STEP:
        return Wanted("ClockInStep", "True", Reason.CLOCK_IN_STEP, f"{seen}.")
    text = f"{seen}. Until this is corrected, no maxAge is satisfied. Set NTP on the array and on the operator's node."
    return Wanted("ClockInStep", "False", Reason.CLOCK_OUT_OF_STEP, text)


def read_skew(text: object) -> timedelta | None:
    """A skew as the status shows it; None for anything else."""
    found = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
    if found is None or not any(found.groups()[1:]):
        return None
    sign, *parts = found.groups()
    hours, minutes, seconds = (int(part or 0) for part in parts)
    value = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return -value if sign else value
