"""What the runs that are there, and those that are not there any more, say to the status of their schedule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from vvol_replication.api.schedule import (
    ACTIVE_LIMIT,
    RECENT_LIMIT,
    USED_LIMIT,
    ActiveRun,
    LastRun,
    ReplicationScheduleStatus,
)
from vvol_replication.api.status import Phase

from .runs import Run, Schedule, fingerprint

T = TypeVar("T")


def absorb(
    schedule: Schedule, status: ReplicationScheduleStatus, runs: Sequence[Run], now: datetime
) -> ReplicationScheduleStatus:
    """Take in all runs of the schedule that the API server has right now.

    A run that the status does not know of was started by a process that died before it could write so, or the status
    was wiped. One that the status calls active and that is not there was deleted in flight: it counts as ended.
    """
    there = {run.name: run for run in runs}
    known = {one.name for one in status.active}
    ended = [_ended(one, there.get(one.name), now) for one in status.active if not _under_way(there.get(one.name))]
    ended += [_told(run, _text(schedule, run)) for run in runs if run.finished_at and run.name not in known]
    active = [one for one in status.active if _under_way(there.get(one.name))]
    active += [
        ActiveRun(run.name, run.at, _text(schedule, run)) for run in runs if _under_way(run) and run.name not in known
    ]
    before = status.used_run_now
    fresh = [one for one in ended if one.run_now and (one.name in known or fingerprint(one.run_now) not in before)]
    credited = max(fresh, key=_order, default=None)
    good = [one.finished_at for one in ended if one.phase is Phase.SUCCEEDED]
    times = [run.at for run in runs if run.at is not None]
    return replace(
        status,
        active=tuple(active[:ACTIVE_LIMIT]),
        last_run=max([*ended, *_given(status.last_run)], key=_order, default=None),
        last_run_now=status.last_run_now if credited is None else credited.run_now,
        last_run_now_result=status.last_run_now_result if credited is None else credited,
        last_successful_time=max([*good, *_given(status.last_successful_time)], default=None),
        last_schedule_time=max([*times, *_given(status.last_schedule_time)], default=None),
        recent_schedule_times=decided(status, times),
        used_run_now=used(status, (run.mark for run in runs if run.mark is not None)),
    )


def decided(status: ReplicationScheduleStatus, times: Iterable[datetime]) -> tuple[datetime, ...]:
    """The times that have been decided upon, newest first, with these."""
    return tuple(sorted({*status.recent_schedule_times, *times}, reverse=True)[:RECENT_LIMIT])


def used(status: ReplicationScheduleStatus, marks: Iterable[str]) -> tuple[str, ...]:
    """The fingerprints of the texts that had their run, newest last, with these."""
    fresh = [mark for mark in dict.fromkeys(marks) if mark not in status.used_run_now]
    return (*status.used_run_now, *fresh)[-USED_LIMIT:]


def _under_way(run: Run | None) -> bool:
    return run is not None and run.finished_at is None


def _ended(one: ActiveRun, run: Run | None, now: datetime) -> LastRun:
    if run is None:
        return LastRun(one.name, now, one.scheduled_at, one.run_now)
    return _told(run, one.run_now)


def _told(run: Run, text: str | None) -> LastRun:
    assert run.finished_at is not None, "a run that has not ended has no end to tell"  # noqa: S101 - for mypy
    return LastRun(run.name, run.finished_at, run.at, text, run.phase, run.reason, run.point_in_time)


def _text(schedule: Schedule, run: Run) -> str | None:
    """The text that asked for a run: as its annotation says, or the schedule. None: it is not known any more."""
    for text in (run.text, schedule.spec.run_now):
        if text is not None and run.mark == fingerprint(text):
            return text
    return None


def _order(one: LastRun) -> tuple[datetime, str]:
    return one.finished_at, one.name


def _given(value: T | None) -> list[T]:
    return [] if value is None else [value]
