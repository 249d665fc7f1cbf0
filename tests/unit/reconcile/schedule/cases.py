"""A schedule of every ten minutes, its runs, and what is decided about it, as the tests of it say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from vvol_replication.api.refs import PointInTimeStatus
from vvol_replication.api.schedule import ActiveRun, ReplicationScheduleSpec, ReplicationScheduleStatus, Timetable
from vvol_replication.api.status import Phase
from vvol_replication.domain.cron import CronSchedule, parse_schedule
from vvol_replication.reconcile.schedule.decide import Plan, decide
from vvol_replication.reconcile.schedule.runs import Ask, Run, Schedule, fingerprint

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
EVERY = "*/10 * * * *"


def at(minute: int, second: int = 0) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minute, seconds=second)


def schedule(**spec: Any) -> Schedule:
    """`prod/nightly`, made at noon."""
    said = ReplicationScheduleSpec(**{"group": "erp", "schedule": EVERY, **spec})
    return Schedule("prod", "nightly", "uid-1", 3, NOON, said)


def cron(of: Schedule) -> CronSchedule:
    return parse_schedule(of.spec.schedule, of.spec.time_zone)


def status(since: datetime = NOON, **fields: Any) -> ReplicationScheduleStatus:
    """Its times until `since` have been decided upon."""
    return ReplicationScheduleStatus(**{"timetable": Timetable(EVERY, since), **fields})


def run(of: Schedule, ask: Ask, phase: Phase | None = None, finished: datetime | None = None, **fields: Any) -> Run:
    """The object of a run; with a phase it has ended."""
    text = ask.text
    said: dict[str, Any] = {
        "name": of.run_name(ask),
        "uid": f"uid of {of.run_name(ask)}",
        "version": "7",
        "at": ask.at,
        "mark": fingerprint(text) if text is not None else None,
        "text": text,
        "phase": phase,
        "finished_at": None if phase is None else finished or (ask.at or NOON) + timedelta(minutes=1),
        "reason": None if phase is None else "PointInTimeCreated",
        "point_in_time": PointInTimeStatus("id-1") if phase is Phase.SUCCEEDED else None,
    }
    return Run(**{**said, **fields})


def active(of: Schedule, ask: Ask) -> ActiveRun:
    return ActiveRun(of.run_name(ask), ask.at, ask.text)


def decided(of: Schedule, before: ReplicationScheduleStatus, now: datetime, *runs: Run) -> Plan:
    return decide(of, before, runs, now, cron(of))
