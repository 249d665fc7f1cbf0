"""The runs of a schedule: ReplicationSyncs whose names and request ids follow from what asked for them alone.

So whoever decides the same twice, after a crash, in two replicas, with a status that was wiped, asks for the same
object; and whatever became of that object, its request id finds the snapshot that was made for it (invariant 1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from vvol_replication.api.conditions import find
from vvol_replication.api.durations import format_duration
from vvol_replication.api.errors import SpecError
from vvol_replication.api.names import API_VERSION, GROUP, REPLICATION_SCHEDULE, REPLICATION_SYNC, label_value
from vvol_replication.api.refs import PointInTimeStatus
from vvol_replication.api.schedule import ReplicationScheduleSpec
from vvol_replication.api.status import Phase
from vvol_replication.api.sync import SyncStatus
from vvol_replication.api.times import format_time, full_second, parse_time

SCHEDULE_UID = f"{GROUP}/schedule-uid"
"""Label by which the runs of a schedule are listed."""
SCHEDULE = f"{GROUP}/schedule"
"""Label for people: the schedule's name, cut to what a label may hold."""
RUN_NOW = f"{GROUP}/run-now"
"""Annotation: the text that asked for the run."""

_OBJECT_NAME = 40
_POINT_NAME = 80
_TEXT = "run-now"


@dataclass(frozen=True, slots=True)
class Ask:
    """What asks for one run: a time of the schedule, or a text in `spec.runNow`. Exactly one is there."""

    at: datetime | None = None
    text: str | None = None

    def __str__(self) -> str:
        return f"for {format_time(self.at)}" if self.at is not None else f"for runNow {self.text!r}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A ReplicationSchedule as decisions see it. `created` is the API server's creationTimestamp."""

    namespace: str
    name: str
    uid: str
    generation: int
    created: datetime
    spec: ReplicationScheduleSpec

    @property
    def offset(self) -> timedelta:
        """How much later than its time each run starts: whole seconds below `spec.stagger`, by the uid alone."""
        stagger = self.spec.stagger
        if stagger is None:
            return timedelta()
        return timedelta(seconds=int(_digest(self.uid)[:12], 16) % int(stagger.total_seconds()))

    def request_id(self, ask: Ask) -> str:
        """The request id of a run: the same for the same schedule and time, or text."""
        return run_request_id(self.uid, ask.at, ask.text)

    def run_name(self, ask: Ask) -> str:
        """The name of a run's object: `nightly-20261201-013000-4f1c9a`, or `nightly-now-4f1c9a03b2`; a DNS label."""
        digest, name = _digest(self.request_id(ask)), self.name[:_OBJECT_NAME].rstrip(".-").replace(".", "-")
        if ask.at is not None:
            return f"{name}-{ask.at.astimezone(UTC):%Y%m%d-%H%M%S}-{digest[:6]}"
        return f"{name}-now-{digest[:10]}"

    def point_in_time_name(self, ask: Ask) -> str | None:
        """The name that a run asks for; None where `pointInTimeNamePrefix` is not set."""
        prefix = self.spec.point_in_time_name_prefix
        if prefix is None:
            return None
        if ask.at is not None:
            return f"{prefix}-{ask.at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        text = (ask.text or "").strip()
        name = f"{prefix}-{text}"
        return name if text and name.isprintable() and len(name) <= _POINT_NAME else f"{prefix}-{fingerprint(text)}"

    def manifest(self, ask: Ask) -> dict[str, Any]:
        """The run's object. A run that somebody asked for by text makes a point in time, however young the last is."""
        said, starts = self.spec, None if ask.at is None else ask.at + self.offset
        not_after = None if starts is None or said.starting_deadline is None else starts + said.starting_deadline
        spec = {
            "groupRef": {"name": said.group},
            "requestID": self.request_id(ask),
            "method": None if said.method is None else said.method.value,
            "maxAge": None if said.max_age is None or ask.at is None else format_duration(said.max_age),
            "timeout": None if said.timeout is None else format_duration(said.timeout),
            "pointInTimeName": self.point_in_time_name(ask),
            "notAfter": None if not_after is None else format_time(full_second(not_after)),
        }
        metadata: dict[str, Any] = {
            "name": self.run_name(ask),
            "namespace": self.namespace,
            "labels": {SCHEDULE: label_value(self.name), SCHEDULE_UID: self.uid},
            "ownerReferences": [
                {
                    "apiVersion": API_VERSION,
                    "kind": REPLICATION_SCHEDULE.kind,
                    "name": self.name,
                    "uid": self.uid,
                    "controller": True,
                }
            ],
        }
        if ask.text is not None:
            metadata["annotations"] = {RUN_NOW: ask.text}
        said_of_it = {key: value for key, value in spec.items() if value is not None}
        return {"apiVersion": API_VERSION, "kind": REPLICATION_SYNC.kind, "metadata": metadata, "spec": said_of_it}


@dataclass(frozen=True, slots=True)
class Run:
    """A run's object as the API server shows it. `mark` is the fingerprint of the text that asked for it.

    `text` is that text, as far as the annotation still tells it. `finished_at` None: it has not ended.
    """

    name: str
    uid: str
    version: str
    at: datetime | None = None
    mark: str | None = None
    text: str | None = None
    finished_at: datetime | None = None
    phase: Phase | None = None
    reason: str | None = None
    point_in_time: PointInTimeStatus | None = None

    @property
    def succeeded(self) -> bool:
        """It has ended, and well."""
        return self.phase is Phase.SUCCEEDED


def read_schedule(body: Mapping[str, Any]) -> Schedule:
    """A ReplicationSchedule as the API server shows it.

    Raises:
        SpecError: at the path that cannot be read.
    """
    metadata = body["metadata"]
    return Schedule(
        metadata["namespace"],
        metadata["name"],
        metadata["uid"],
        metadata["generation"],
        parse_time(metadata["creationTimestamp"], "metadata.creationTimestamp"),
        ReplicationScheduleSpec.parse(body.get("spec")),
    )


def run_request_id(uid: str, at: datetime | None, text: str | None) -> str:
    """The request id of a schedule's run: for a time of the schedule, or else for a text of `spec.runNow`."""
    asked = format_time(at) if at is not None else f"{_TEXT}/{fingerprint(text or '')}"
    return f"{_prefix(uid)}{asked}"


def owner_uid(body: Mapping[str, Any]) -> str | None:
    """The uid of the ReplicationSchedule whose run an object is; None: of none."""
    for one in body["metadata"].get("ownerReferences") or ():
        if one.get("controller") and one.get("kind") == REPLICATION_SCHEDULE.kind:
            uid: str | None = one.get("uid")
            return uid
    return None


def read_run(body: Mapping[str, Any], uid: str) -> Run | None:
    """One of the runs of the schedule with this uid; None: it is none. What it runs for, its request id says."""
    metadata, spec = body["metadata"], body.get("spec") or {}
    prefix, said = _prefix(uid), str(spec.get("requestID") or "")
    if owner_uid(body) != uid or not said.startswith(prefix):
        return None
    rest = said.removeprefix(prefix)
    mark = rest.removeprefix(f"{_TEXT}/") if rest.startswith(f"{_TEXT}/") else None
    try:
        at = None if mark is not None else parse_time(rest)
    except SpecError:
        return None
    # Its ledger is its own affair: one that cannot be read must not hide the run.
    status = SyncStatus.parse({key: one for key, one in (body.get("status") or {}).items() if key != "operation"})
    ready = find(status.conditions, "Ready")
    return Run(
        name=metadata["name"],
        uid=metadata["uid"],
        version=str(metadata.get("resourceVersion")),
        at=at,
        mark=mark,
        text=(metadata.get("annotations") or {}).get(RUN_NOW) if mark is not None else None,
        finished_at=status.finished_at,
        phase=status.phase if status.finished_at is not None else None,
        reason=ready.reason if ready is not None and status.finished_at is not None else None,
        point_in_time=status.point_in_time if status.finished_at is not None else None,
    )


def fingerprint(text: str) -> str:
    """16 characters that stand for a text of `spec.runNow`."""
    return _digest(text)[:16]


def _prefix(uid: str) -> str:
    return f"schedule/{uid}/"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
