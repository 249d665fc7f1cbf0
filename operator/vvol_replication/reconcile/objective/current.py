"""`RecoveryPointCurrent`: is the newest point in time as young as the recovery point objective wants it?

Messages hold times, never ages by themselves: what is stored must not become untrue by standing there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from vvol_replication.api.conditions import Wanted
from vvol_replication.api.durations import spoken_duration
from vvol_replication.api.reasons import Reason
from vvol_replication.api.refs import PointInTimeStatus
from vvol_replication.api.times import format_time, full_second, whole_seconds
from vvol_replication.reconcile.binding.world import Problem

from .clocks import IN_STEP, Clocks

CURRENT = "RecoveryPointCurrent"
_JITTER = timedelta(seconds=2)
"""Skews are whole seconds: a moment that follows from one moves by so much, and is the same."""
_BEYOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Listing:
    """What is known of a group's points in time: the newest of anybody's, and when they were listed.

    `problem`: why they cannot be read now; then the rest is of before. `newest` None: there is none, or none is known.
    """

    newest: PointInTimeStatus | None
    at: datetime | None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A condition, since when the objective is missed (by the target array's clock), and when time alone turns it."""

    wanted: Wanted
    behind_since: datetime | None
    turns_at: datetime | None = None


def judge_current(
    objective: timedelta | None, listing: Listing, clocks: Clocks, now: datetime, behind_since: datetime | None
) -> Judged | None:
    """The condition as of `now`; None without an objective.

    Parameters:
        behind_since: what was found before, under the same spec. It stays until the objective is held again, also
            while nothing is known.
    """
    if objective is None:
        return None
    if listing.problem is not None:
        return _unknown(listing.problem.reason, listing.problem.message, listing, behind_since)
    point = listing.newest
    if point is None or point.time is None:
        since = behind_since or whole_seconds(clocks.target_time(now))
        text = f"No point in time is listed at the target. The objective is {spoken_duration(objective)}."
        return Judged(Wanted(CURRENT, "False", Reason.NO_POINT_IN_TIME, text), since)
    if clocks.target is None:
        text = "The target array did not report its time, so ages are not known."
        return _unknown(Reason.CLOCK_UNKNOWN, text, listing, behind_since)
    age = clocks.oldest(point.time, now)
    doubtful = clocks.youngest(point.time, now) <= objective < age and clocks.apart > IN_STEP
    if doubtful or age < -IN_STEP:
        return _unknown(Reason.CLOCK_OUT_OF_STEP, _out_of_step(clocks, point, now), listing, behind_since)
    turns_at = clocks.reaches(point.time, objective)
    if age <= objective:
        until = format_time(whole_seconds(clocks.target_time(turns_at)))
        text = (
            f"The {_called(point)} is within the objective of {spoken_duration(objective)} until {until} by the target "
            f"array's clock.{_note(clocks)}"
        )
        return Judged(Wanted(CURRENT, "True", Reason.WITHIN_OBJECTIVE, text), None, turns_at + _BEYOND)
    since = full_second(clocks.target_time(turns_at))
    if behind_since is not None and behind_since <= since + _JITTER:
        since = behind_since
    text = (
        f"At {format_time(whole_seconds(clocks.target_time(now)))} by the target array's clock {_called(point)} was "
        f"{spoken_duration(age)} old. The objective is {spoken_duration(objective)}. It has been missed since "
        f"{format_time(since)}.{_note(clocks)}"
    )
    return Judged(Wanted(CURRENT, "False", Reason.BEHIND_OBJECTIVE, text), since)


def _unknown(reason: Reason, why: str, listing: Listing, behind_since: datetime | None) -> Judged:
    known = listing.newest
    if known is None or known.time is None:
        last = "No point in time is known from before."
    else:
        listed = "" if listing.at is None else f", listed at {format_time(whole_seconds(listing.at))}"
        last = f"The newest that is known is {_called(known)}{listed}."
    return Judged(Wanted(CURRENT, "Unknown", reason, f"{last} {why}"), behind_since)


def _out_of_step(clocks: Clocks, point: PointInTimeStatus, now: datetime) -> str:
    of_source = "the source array's" if clocks.source is not None else "the operator's"
    return (
        f"At {format_time(whole_seconds(now))} by the operator's clock it was "
        f"{format_time(whole_seconds(clocks.target_time(now)))} by the target array's. That clock is "
        f"{spoken_duration(clocks.apart)} apart from {of_source}, and the time of {_called(point)} may be by either. "
        "Set NTP on both arrays and on the operator's node."
    )


def _note(clocks: Clocks) -> str:
    if clocks.source is None:
        return " The source array's clock is not known."
    if clocks.apart <= _JITTER:
        return ""
    return f" The arrays' clocks are {spoken_duration(clocks.apart)} apart: the older reading of its time counts."


def _called(point: PointInTimeStatus) -> str:
    named = f" {point.name!r}" if point.name else f" {point.id!r}" if point.id else ""
    return f"point in time{named}" + (f" of {format_time(point.time)}" if point.time is not None else "")
