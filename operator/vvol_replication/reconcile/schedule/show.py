"""What a schedule's status says to people and tools."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from vvol_replication.api.conditions import Wanted, merge
from vvol_replication.api.durations import spoken_duration
from vvol_replication.api.reasons import Reason
from vvol_replication.api.schedule import LastRun, ReplicationScheduleStatus, Timetable
from vvol_replication.api.status import Phase
from vvol_replication.api.times import format_time, whole_seconds
from vvol_replication.domain.cron import CronSchedule

from .decide import next_after
from .runs import Schedule, fingerprint


@dataclass(frozen=True, slots=True)
class Around:
    """What the schedule's own objects do not say.

    `group_there`: its ReplicationGroup is. `refused`: what the API server said to the creation of a run.
    `marks`: conditions that others decide upon.
    """

    group_there: bool
    refused: str | None = None
    marks: tuple[Wanted, ...] = ()


def show(
    schedule: Schedule, status: ReplicationScheduleStatus, now: datetime, cron: CronSchedule, around: Around
) -> ReplicationScheduleStatus:
    """The status with its conditions and the next time."""
    status = replace(status, next_schedule_time=next_after(schedule, status, now, cron))
    wanted = [*_ready(schedule, status, around), *_last_run(status), *_run_now(schedule, status), *around.marks]
    conditions = merge(status.conditions, wanted, schedule.generation, now)
    return replace(status, observed_generation=schedule.generation, conditions=conditions)


def show_invalid(
    status: ReplicationScheduleStatus, generation: int, now: datetime, reason: Reason, message: str
) -> ReplicationScheduleStatus:
    """The status of a schedule that cannot be read: nothing is started, and what is under way goes on."""
    wanted = [Wanted("Ready", "False", reason, message), Wanted("Stalled", "True", reason, message), *_last_run(status)]
    conditions = merge(status.conditions, wanted, generation, now)
    table = status.timetable
    # Until it is corrected no time of it counts, and none of those that pass is made good by the correction.
    none = table if table is not None and not table.schedule else Timetable("", now, suspended=True)
    status = replace(status, timetable=none, next_schedule_time=None)
    return replace(status, observed_generation=generation, conditions=conditions)


def _ready(schedule: Schedule, status: ReplicationScheduleStatus, around: Around) -> list[Wanted]:
    if around.refused is not None:
        text = f"The API server did not accept a run of this schedule: {around.refused}. It is tried again."
        return _waits(Reason.RUN_REFUSED, text)
    if not around.group_there:
        text = (
            f"There is no ReplicationGroup {schedule.spec.group!r} in namespace {schedule.namespace!r}. "
            "Create it, or correct spec.groupRef. Then the schedule goes on by itself. Runs wait until then."
        )
        return _waits(Reason.GROUP_NOT_FOUND, text)
    if schedule.spec.suspend:
        return [Wanted("Ready", "True", Reason.SUSPENDED, "Suspended by spec.suspend: no run is started.")]
    time = status.next_schedule_time
    if time is None:
        return [Wanted("Ready", "True", Reason.SCHEDULED, "The schedule has no time within the next five years.")]
    text = f"The next run is for {format_time(time)}"
    if schedule.offset:
        text += f", and starts {spoken_duration(schedule.offset)} later (spec.stagger)"
    return [Wanted("Ready", "True", Reason.SCHEDULED, f"{text}.")]


def _waits(reason: Reason, message: str) -> list[Wanted]:
    return [Wanted("Ready", "False", reason, message), Wanted("Reconciling", "True", reason, message)]


def _last_run(status: ReplicationScheduleStatus) -> list[Wanted]:
    return [] if status.last_run is None else [_outcome("LastRunSucceeded", status.last_run)]


def _run_now(schedule: Schedule, status: ReplicationScheduleStatus) -> list[Wanted]:
    text = schedule.spec.run_now
    if text is None:
        return []
    active = next((one.name for one in status.active if one.run_now == text), None)
    if active is not None:
        message = f"ReplicationSync {active!r} runs for it."
        return [Wanted("RunNowSucceeded", "Unknown", Reason.RUN_NOW_UNDER_WAY, message)]
    if text == status.last_run_now and status.last_run_now_result is not None:
        return [_outcome("RunNowSucceeded", status.last_run_now_result)]
    if fingerprint(text) in status.used_run_now:
        message = f"runNow {text!r} had its run before. Write a text that was not used yet, like the time."
        return [Wanted("RunNowSucceeded", "Unknown", Reason.RUN_NOW_USED_BEFORE, message)]
    why = "the schedule is suspended" if schedule.spec.suspend else "another run starts or ends first"
    message = f"runNow {text!r} waits: {why}."
    return [Wanted("RunNowSucceeded", "Unknown", Reason.RUN_NOW_WAITING, message)]


def _outcome(kind: str, run: LastRun) -> Wanted:
    if run.phase is None:
        text = f"ReplicationSync {run.name!r} was deleted before it had ended."
        return Wanted(kind, "False", Reason.DELETED, text)
    text = f"ReplicationSync {run.name!r} ended {run.phase} at {format_time(whole_seconds(run.finished_at))}."
    reason = run.reason or str(run.phase)
    return Wanted(kind, "True" if run.phase is Phase.SUCCEEDED else "False", reason, text)
