"""ReplicationSchedule: ReplicationSyncs by a cron schedule, and on demand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from . import wire
from .errors import SpecError
from .reading import Reader, Shape, at
from .refs import PointInTimeStatus
from .status import Phase, Status
from .sync import POINT_IN_TIME_NAME, Method, printable_name

__all__ = [
    "ACTIVE_LIMIT",
    "DEFAULT_FAILED_HISTORY",
    "DEFAULT_SUCCESSFUL_HISTORY",
    "HISTORY_MAXIMUM",
    "RECENT_LIMIT",
    "RUN_NOW_LIMIT",
    "STAGGER_MAXIMUM",
    "USED_LIMIT",
    "ActiveRun",
    "ConcurrencyPolicy",
    "LastRun",
    "ReplicationScheduleSpec",
    "ReplicationScheduleStatus",
    "Timetable",
]

DEFAULT_SUCCESSFUL_HISTORY = 3
DEFAULT_FAILED_HISTORY = 3
HISTORY_MAXIMUM = 100
STAGGER_MAXIMUM = timedelta(hours=1)
ACTIVE_LIMIT = 10
RECENT_LIMIT = 20
USED_LIMIT = 50

CRON = Shape(
    r"^[^\x00-\x08\x0a-\x1f\x7f-\x9f]+$",
    256,
    "five fields (minute, hour, day of month, month, day of week) like 30 2 * * *, or a word like @daily or @every 6h",
)
CRON_WORDS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
CRON_EVERY = "@every "
_BLANK = r"\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""What Go takes for white space; without the brackets of a class."""
CRON_FIELDS = re.compile(rf"^[{_BLANK}]*([^{_BLANK}]+[{_BLANK}]+){{4}}[^{_BLANK}]+[{_BLANK}]*$")
CRON_EVERY_DURATION = re.compile(r"^@every [+-]?(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$")
TIME_ZONE = Shape(r"^[A-Za-z0-9_+/-]+$", 64, "the name of a time zone, like Europe/Berlin or Etc/UTC")
_MACHINES_OWN = ("Local", "local")
NAME_PREFIX = replace(POINT_IN_TIME_NAME, max_length=60)
RUN_NOW_LIMIT = 128
RUN_NOW = Shape(r"^[^\x00-\x1f\x7f-\x9f]+$", RUN_NOW_LIMIT, "a text of one line, like CHG-4711")


class ConcurrencyPolicy(StrEnum):
    """What becomes of a run that is due while the one before is under way."""

    FORBID = "Forbid"
    QUEUE = "Queue"


@dataclass(frozen=True, slots=True)
class ReplicationScheduleSpec:
    """What is asked for. `schedule` is judged where it is read for times; None is "not said"."""

    group: str = field(metadata=at("groupRef.name"))
    schedule: str = field(metadata=at("schedule"))
    time_zone: str | None = field(default=None, metadata=at("timeZone"))
    suspend: bool = field(default=False, metadata=at("suspend"))
    starting_deadline: timedelta | None = field(default=None, metadata=at("startingDeadline"))
    concurrency_policy: ConcurrencyPolicy = field(default=ConcurrencyPolicy.FORBID, metadata=at("concurrencyPolicy"))
    method: Method | None = field(default=None, metadata=at("method"))
    max_age: timedelta | None = field(default=None, metadata=at("maxAge"))
    timeout: timedelta | None = field(default=None, metadata=at("timeout"))
    point_in_time_name_prefix: str | None = field(default=None, metadata=at("pointInTimeNamePrefix"))
    stagger: timedelta | None = field(default=None, metadata=at("stagger"))
    successful_history_limit: int = field(default=DEFAULT_SUCCESSFUL_HISTORY, metadata=at("successfulHistoryLimit"))
    failed_history_limit: int = field(default=DEFAULT_FAILED_HISTORY, metadata=at("failedHistoryLimit"))
    run_now: str | None = field(default=None, metadata=at("runNow"))

    @classmethod
    def parse(cls, spec: object) -> "ReplicationScheduleSpec":
        """Read `spec`.

        Raises:
            SpecError: at the exact path, for the first field that does not hold what it must.
        """
        reader = Reader(spec, "spec")
        kept = reader.number("successfulHistoryLimit", 1, HISTORY_MAXIMUM)
        failed = reader.number("failedHistoryLimit", 1, HISTORY_MAXIMUM)
        return cls(
            group=reader.require("groupRef", reader.reference("groupRef")),
            schedule=reader.require("schedule", _cron(reader)),
            time_zone=_time_zone(reader),
            suspend=reader.flag("suspend"),
            starting_deadline=reader.duration("startingDeadline"),
            concurrency_policy=reader.word("concurrencyPolicy", ConcurrencyPolicy) or ConcurrencyPolicy.FORBID,
            method=reader.word("method", Method),
            max_age=reader.duration("maxAge"),
            timeout=reader.duration("timeout"),
            point_in_time_name_prefix=_prefix(reader),
            stagger=_stagger(reader),
            successful_history_limit=DEFAULT_SUCCESSFUL_HISTORY if kept is None else kept,
            failed_history_limit=DEFAULT_FAILED_HISTORY if failed is None else failed,
            run_now=reader.text("runNow", RUN_NOW),
        )


def _cron(reader: Reader) -> str | None:
    """What the CRD's rules can tell of a schedule; the rest is told where it is read for times."""
    text = reader.text("schedule", CRON)
    if text is not None and "TZ" in text:
        raise SpecError(reader.where("schedule"), "must not name a time zone: write that into timeZone")
    if text is not None and text.startswith("@") and text not in CRON_WORDS and not text.startswith(CRON_EVERY):
        known = ", ".join(CRON_WORDS)
        raise SpecError(reader.where("schedule"), f"must be one of {known}, or @every and a duration, like @every 6h")
    if text is not None and not text.startswith("@") and CRON_FIELDS.search(text) is None:
        raise SpecError(reader.where("schedule"), f"must be {CRON.meaning}")
    if text is not None and text.startswith(CRON_EVERY) and CRON_EVERY_DURATION.search(text) is None:
        raise SpecError(reader.where("schedule"), "must have a duration after @every, like @every 6h or @every 90m")
    return text


def _time_zone(reader: Reader) -> str | None:
    zone = reader.text("timeZone", TIME_ZONE)
    if zone in _MACHINES_OWN:
        raise SpecError(reader.where("timeZone"), f"must be {TIME_ZONE.meaning}")
    return zone


def _prefix(reader: Reader) -> str | None:
    prefix = printable_name(reader, "pointInTimeNamePrefix", NAME_PREFIX)
    if prefix is not None and reader.word("method", Method) is Method.ARRAY_ONLY:
        raise SpecError(
            reader.where("pointInTimeNamePrefix"),
            "has no effect with method ArrayOnly, which names no point in time: leave one of the two out",
        )
    return prefix


def _stagger(reader: Reader) -> timedelta | None:
    stagger = reader.duration("stagger")
    if stagger is not None and stagger > STAGGER_MAXIMUM:
        raise SpecError(reader.where("stagger"), "must be at most 1h")
    return stagger


@dataclass(frozen=True, slots=True)
class ActiveRun:
    """A run that was started and has not been seen to end: a ReplicationSync of the same namespace.

    Exactly one of `scheduled_at`, its time by the schedule, and `run_now`, the text that asked for it, is there.
    """

    name: str
    scheduled_at: datetime | None = None
    run_now: str | None = None


@dataclass(frozen=True, slots=True)
class LastRun:
    """The run that ended last. `phase` and `reason` are its own; both are empty where it was deleted in flight."""

    name: str
    finished_at: datetime
    scheduled_at: datetime | None = None
    run_now: str | None = None
    phase: Phase | None = None
    reason: str | None = None
    point_in_time: PointInTimeStatus | None = None


@dataclass(frozen=True, slots=True)
class Timetable:
    """The times that count now: those after `since`, by this schedule. All until then have been decided upon."""

    schedule: str
    since: datetime
    time_zone: str | None = None
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class ReplicationScheduleStatus(Status):
    """What became of the schedule's times. Times, never ages; all but `last_successful_time` are the schedule's own.

    `missed` and `skipped` count since the object was made: times at which nothing was started because nobody could in
    time, and because the run before was under way. `last_run_now` is the text whose own run ended last, and
    `last_run_now_result` how.
    `recent_schedule_times` are times that were decided upon, so that a clock which goes back decides none twice.
    `used_run_now` are fingerprints of texts that had their run (docs/kinds/replicationschedule.md#run-now).
    """

    last_schedule_time: datetime | None = None
    next_schedule_time: datetime | None = None
    last_successful_time: datetime | None = None
    last_run_now: str | None = None
    active: tuple[ActiveRun, ...] = ()
    last_run: LastRun | None = None
    last_run_now_result: LastRun | None = None
    missed: int | None = None
    last_missed_time: datetime | None = None
    skipped: int | None = None
    last_skipped_time: datetime | None = None
    timetable: Timetable | None = None
    recent_schedule_times: tuple[datetime, ...] = ()
    used_run_now: tuple[str, ...] = ()

    @classmethod
    def _read(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        active = wire.read_each(ActiveRun, raw.get("active"), "status.active")[:ACTIVE_LIMIT]
        return super(ReplicationScheduleStatus, cls)._read(raw) | {"active": active}
