"""FailoverPreparation: one request to prepare a planned failover, guarded."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from .ledger import Baseline, Resolved
from .reading import DNS_SUBDOMAIN, Reader, at
from .refs import NewestPoint, PointInTimeStatus
from .status import RequestStatus
from .sync import REQUEST_ID, TTL_MAXIMUM, TransferStatus

CHECKS_LIMIT = 16
MACHINES_LIMIT = 128
SNAPSHOTS_LIMIT = 16


@dataclass(frozen=True, slots=True)
class PreparationSpec:
    """What was asked for. `consent` repeats the group's name; `not_after` is always there."""

    group: str = field(metadata=at("groupRef.name"))
    consent: str = field(metadata=at("consent"))
    not_after: datetime = field(metadata=at("notAfter"))
    valid_for: timedelta | None = field(default=None, metadata=at("validFor"))
    dry_run: bool = field(default=False, metadata=at("dryRun"))
    request_id: str | None = field(default=None, metadata=at("requestID"))
    timeout: timedelta | None = field(default=None, metadata=at("timeout"))
    suspend: bool = field(default=False, metadata=at("suspend"))
    cancel: bool = field(default=False, metadata=at("cancel"))
    ttl_seconds_after_finished: int | None = field(default=None, metadata=at("ttlSecondsAfterFinished"))

    @classmethod
    def parse(cls, spec: object) -> "PreparationSpec":
        """Read `spec`.

        Raises:
            SpecError: at the exact path, for the first field that does not hold what it must.
        """
        reader = Reader(spec, "spec")
        return cls(
            group=reader.require("groupRef", reader.reference("groupRef")),
            consent=reader.require("consent", reader.text("consent", DNS_SUBDOMAIN)),
            not_after=reader.require("notAfter", reader.time("notAfter")),
            valid_for=reader.duration("validFor"),
            dry_run=reader.flag("dryRun"),
            request_id=reader.text("requestID", REQUEST_ID),
            timeout=reader.duration("timeout"),
            suspend=reader.flag("suspend"),
            cancel=reader.flag("cancel"),
            ttl_seconds_after_finished=reader.number("ttlSecondsAfterFinished", 0, TTL_MAXIMUM),
        )


class CheckResult(StrEnum):
    """What became of a check. `NotChecked`: something that it needs is not known, or an earlier check made it idle."""

    PASSED = "Passed"
    REFUSED = "Refused"
    NOT_CHECKED = "NotChecked"


@dataclass(frozen=True, slots=True)
class CheckStatus:
    """One interlock as it was read last. `reason` and `message` say why it would refuse."""

    name: str
    result: CheckResult
    reason: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class MachineStatus:
    """A VM of the group that was read and found powered off, right before the call."""

    name: str
    instance_uuid: str | None = None


@dataclass(frozen=True, slots=True)
class PrepareLedger:
    """The call at the source. `task` is the answer, `snapshot` the last sync's, found once the task had succeeded.

    `snapshots_before` are the newest snapshots on the source before the call, at most 16.
    """

    intent_at: datetime
    snapshots_before: tuple[str, ...] = ()
    task: str | None = None
    snapshot: str | None = None

    def __post_init__(self) -> None:
        if len(self.snapshots_before) > SNAPSHOTS_LIMIT:
            raise ValueError(f"snapshotsBefore holds at most {SNAPSHOTS_LIMIT} names")


@dataclass(frozen=True, slots=True)
class PreparationLedger:
    """The whole ledger. What is empty has not been decided, or not been asked for, yet.

    `holder` is the operator process that recorded the intent: another one waits before it looks for the effect.
    `newest_at_end` is for the group's history.
    """

    request_id: str
    turn_at: datetime | None = None
    resolved: Resolved | None = None
    baseline: Baseline | None = None
    prepare: PrepareLedger | None = None
    holder: str | None = None
    newest_at_end: NewestPoint | None = None

    @property
    def task(self) -> str | None:
        """The task of the prepare call at the source."""
        return self.prepare.task if self.prepare is not None else None


@dataclass(frozen=True, slots=True)
class PreparationStatus(RequestStatus):
    """What is known of the request. Times, never ages. `machines` are the first 128 of `machine_count`, by name."""

    valid_until: datetime | None = None
    checks: tuple[CheckStatus, ...] = ()
    machines: tuple[MachineStatus, ...] = ()
    machine_count: int | None = None
    operation: PreparationLedger | None = None
    point_in_time: PointInTimeStatus | None = None
    transfer: TransferStatus | None = None
