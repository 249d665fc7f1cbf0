"""Which of a schedule's times are to be decided upon: those that have come since the last one was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vvol_replication.api.schedule import ReplicationScheduleStatus, Timetable
from vvol_replication.domain.cron import CronError, CronSchedule, parse_schedule

from .runs import Schedule

COUNTED = 100
"""More times than this, at once, are not counted: `missed` grows by this many."""
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Due:
    """What is due. `latest`: the newest time, if anything is. `older`: how many before it, and the newest of those."""

    latest: datetime | None = None
    older: int = 0
    older_latest: datetime | None = None


def due(cron: CronSchedule, since: datetime, until: datetime, decided: frozenset[datetime] = frozenset()) -> Due:
    """The times later than `since` and not later than `until`, but for those that have been decided upon."""
    found = cron.due(since, until, COUNTED + 1)
    latest = found.latest
    if latest is None:
        return Due()
    older = found.count - 1 - sum(1 for one in decided if since < one < latest)
    if older <= 0:
        return Due(latest)
    return Due(latest, older, cron.due(since, latest - _SECOND, 1).latest)


def in_force(schedule: Schedule, status: ReplicationScheduleStatus, now: datetime) -> ReplicationScheduleStatus:
    """The status with the timetable that counts now.

    - A new schedule counts from its creation; one whose status was wiped, from the newest run that is there.
    - One whose text, zone or suspension was edited counts from now: what had not started by then is replaced, and what
      should have been, by the old text, is missed. So an edit never starts a time that has passed.
    - If the clock went back before the last decision, it counts from now; decided times are remembered apart.
    """
    spec, table = schedule.spec, status.timetable
    said = Timetable(spec.schedule, now, spec.time_zone, spec.suspend)
    if table is None:
        since = max([schedule.created, *status.recent_schedule_times[:1]])
        return replace(status, timetable=said if spec.suspend else replace(said, since=min(since, now)))
    if replace(table, since=now) != said:
        return replace(_missed_by_edit(schedule, status, table, now), timetable=said)
    return replace(status, timetable=said) if table.since > now else status


def _missed_by_edit(
    schedule: Schedule, status: ReplicationScheduleStatus, table: Timetable, now: datetime
) -> ReplicationScheduleStatus:
    if table.suspended:
        return status
    try:
        cron = parse_schedule(table.schedule, table.time_zone)
    except CronError:
        return status
    found = due(cron, table.since, now - schedule.offset, frozenset(status.recent_schedule_times))
    latest = found.latest if found.latest not in status.recent_schedule_times else None
    count = found.older + (latest is not None)
    return status if not count else missed(status, count, latest or found.older_latest)


def missed(status: ReplicationScheduleStatus, count: int, latest: datetime | None) -> ReplicationScheduleStatus:
    """So many times more have passed without a run, which nobody could start in time."""
    return replace(status, missed=(status.missed or 0) + count, last_missed_time=latest)


def skipped(status: ReplicationScheduleStatus, count: int, latest: datetime | None) -> ReplicationScheduleStatus:
    """So many times more have passed without a run, because one was under way."""
    return replace(status, skipped=(status.skipped or 0) + count, last_skipped_time=latest)


def counted_from(status: ReplicationScheduleStatus, since: datetime) -> ReplicationScheduleStatus:
    """The times until then have been decided upon."""
    table = status.timetable
    assert table is not None, "a timetable is in force before anything is decided by it"  # noqa: S101 - for mypy
    return replace(status, timetable=replace(table, since=since))
