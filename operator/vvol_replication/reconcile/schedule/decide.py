"""What a schedule does next: start a run, delete old ones, wait. Pure and total.

(the schedule, its status, all its runs, the time) -> the status to show, and what to do. Nothing follows from which
event came, and all that is needed is in the API server: after a crash anywhere, or in a second replica, the same runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from vvol_replication.api.schedule import ActiveRun, ConcurrencyPolicy, ReplicationScheduleStatus
from vvol_replication.domain.cron import CronSchedule

from .absorb import absorb, decided, used
from .due import counted_from, due, in_force, missed, skipped
from .runs import Ask, Run, Schedule, fingerprint


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now, in this order: start that run, store the status, delete those runs.

    `status` is that of before the start; `started` makes it that of after.
    """

    status: ReplicationScheduleStatus
    start: Ask | None = None
    drop: tuple[Run, ...] = ()


def decide(
    schedule: Schedule, status: ReplicationScheduleStatus, runs: Sequence[Run], now: datetime, cron: CronSchedule
) -> Plan:
    """What to do, given all runs of this schedule that the API server has right now."""
    known = status.timetable is not None
    status = in_force(schedule, absorb(schedule, status, runs, now), now)
    if not known:
        # From when its times count is stored before the first is decided upon: a crash in between would forget some.
        return Plan(status, drop=superfluous(schedule, status, runs))
    status, by_time = _by_time(schedule, status, now, cron)
    by_text = _by_text(schedule, status)
    # A time that may wait lets the text go first: runs that each last longer than the interval would never let it.
    first = by_text or by_time if schedule.spec.concurrency_policy is ConcurrencyPolicy.QUEUE else by_time or by_text
    return Plan(status, first, superfluous(schedule, status, runs))


def started(status: ReplicationScheduleStatus, ask: Ask, name: str) -> ReplicationScheduleStatus:
    """The status after the run's object was made, or was found to have been made before."""
    active = (*(run for run in status.active if run.name != name), ActiveRun(name, ask.at, ask.text))
    status = replace(status, active=active)
    if ask.at is None:
        return replace(status, used_run_now=used(status, [fingerprint(ask.text or "")]))
    latest = max(ask.at, status.last_schedule_time or ask.at)
    return _passed(replace(status, last_schedule_time=latest), ask.at)


def look_at(
    schedule: Schedule, status: ReplicationScheduleStatus, now: datetime, cron: CronSchedule
) -> datetime | None:
    """When time alone asks for another decision: what is due, the next start, a waiting run's deadline. None: never.

    What could be started now is due, be it by a text: whoever only stored from when times count has yet to start it.
    """
    table, offset = status.timetable, schedule.offset
    if _by_text(schedule, status) is not None:
        return now
    if table is None or table.suspended:
        return None
    waiting, deadline = due(cron, table.since, now - offset).latest, schedule.spec.starting_deadline
    if waiting is not None and not status.active:
        return now
    next_time = next_after(schedule, status, now, cron)
    moments = [] if next_time is None else [next_time + offset]
    if waiting is not None and deadline is not None:
        moments.append(waiting + offset + deadline)
    return min(moments, default=None)


def next_after(
    schedule: Schedule, status: ReplicationScheduleStatus, now: datetime, cron: CronSchedule
) -> datetime | None:
    """The next time that has not been decided upon and whose start is to come; None: there is none."""
    table = status.timetable
    if table is None or table.suspended:
        return None
    # From the last one that has come: the times of `@every` count from each other, and not from whenever one looks.
    passed = due(cron, table.since, now - schedule.offset).latest
    return cron.next_after(passed or table.since)


def superfluous(schedule: Schedule, status: ReplicationScheduleStatus, runs: Sequence[Run]) -> tuple[Run, ...]:
    """The ended runs beyond the history limits. What proves that something was run already stays, whatever they say."""
    spec = schedule.spec
    mark, newest = fingerprint(spec.run_now) if spec.run_now is not None else "", status.last_schedule_time
    ended = sorted((run for run in runs if run.finished_at is not None), key=_newest_last, reverse=True)
    good, bad = [run for run in ended if run.succeeded], [run for run in ended if not run.succeeded]
    old = [*good[spec.successful_history_limit :], *bad[spec.failed_history_limit :]]
    return tuple(run for run in old if run.mark != mark and (run.at is None or run.at != newest))


def _by_time(
    schedule: Schedule, status: ReplicationScheduleStatus, now: datetime, cron: CronSchedule
) -> tuple[ReplicationScheduleStatus, Ask | None]:
    """What becomes of the times that are due. Of several only the newest can be run; the others have passed."""
    table, spec, offset = status.timetable, schedule.spec, schedule.offset
    if table is None or table.suspended:
        return status, None
    known, busy = frozenset(status.recent_schedule_times), bool(status.active)
    found = due(cron, table.since, now - offset, known)
    if found.latest is None:
        return status, None
    if found.older and found.older_latest is not None:
        status = (skipped if busy else missed)(status, found.older, found.older_latest)
        status = counted_from(status, found.older_latest)
    if found.latest in known:
        return counted_from(status, found.latest), None
    if spec.starting_deadline is not None and now > found.latest + offset + spec.starting_deadline:
        return _passed(missed(status, 1, found.latest), found.latest), None
    if not busy:
        return status, Ask(at=found.latest)
    if spec.concurrency_policy is ConcurrencyPolicy.QUEUE:
        return status, None
    return _passed(skipped(status, 1, found.latest), found.latest), None


def _by_text(schedule: Schedule, status: ReplicationScheduleStatus) -> Ask | None:
    """The run that `spec.runNow` asks for, once nothing else of the schedule is under way."""
    text = schedule.spec.run_now
    if text is None or schedule.spec.suspend or status.active or fingerprint(text) in status.used_run_now:
        return None
    return None if text == status.last_run_now else Ask(text=text)


def _passed(status: ReplicationScheduleStatus, time: datetime) -> ReplicationScheduleStatus:
    """That time, and all before it, have been decided upon."""
    return counted_from(replace(status, recent_schedule_times=decided(status, [time])), time)


def _newest_last(run: Run) -> tuple[datetime, str]:
    assert run.finished_at is not None, "only runs that have ended are sorted by their ends"  # noqa: S101 - for mypy
    return run.finished_at, run.name
