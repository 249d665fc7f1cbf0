"""ReplicationSync: one request for a new point in time."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from .errors import SpecError
from .ledger import (
    BASELINE_LIMIT,
    CREDITED_LIMIT,
    FINGERPRINT_LENGTH,
    FINGERPRINTS_LIMIT,
    Baseline,
    Borrowed,
    Credit,
    Operation,
    PushLedger,
    Resolved,
    SyncLedger,
)
from .reading import Reader, Shape, at
from .refs import GroupRef, PointInTimeStatus
from .status import RequestStatus

__all__ = [
    "BASELINE_LIMIT",
    "CREDITED_LIMIT",
    "DEFAULT_RETRY_LIMIT",
    "DEFAULT_TIMEOUT",
    "FINGERPRINTS_LIMIT",
    "FINGERPRINT_LENGTH",
    "Baseline",
    "Borrowed",
    "Credit",
    "GroupRef",
    "Method",
    "Operation",
    "PointInTimeStatus",
    "PushLedger",
    "Resolved",
    "SyncLedger",
    "SyncSpec",
    "SyncStatus",
    "TransferStatus",
    "printable_name",
]

DEFAULT_TIMEOUT = timedelta(hours=2)
"""What an absent `timeout` means; the CRD's rule that a timeout may only grow knows it too."""
DEFAULT_RETRY_LIMIT = 6
RETRY_LIMIT_MAXIMUM = 100
TTL_MAXIMUM = 365 * 24 * 3600

POINT_IN_TIME_NAME = Shape(
    r"^[^\x00-\x20\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f])?$",
    80,
    "printable characters, without blanks at either end",
)
REQUEST_ID = Shape(r"^[A-Za-z0-9._:/-]+$", 128, "letters, digits and . _ : / -")


class Method(StrEnum):
    """How the point in time is made, and so what `Complete` proves."""

    COORDINATED = "Coordinated"
    ARRAY_ONLY = "ArrayOnly"
    AWAIT_SCHEDULE = "AwaitSchedule"


@dataclass(frozen=True, slots=True)
class SyncSpec:
    """What was asked for. `None` is "not said": `DEFAULT_TIMEOUT` and `DEFAULT_RETRY_LIMIT` then hold."""

    group: str = field(metadata=at("groupRef.name"))
    point_in_time_name: str | None = field(default=None, metadata=at("pointInTimeName"))
    request_id: str | None = field(default=None, metadata=at("requestID"))
    method: Method = field(default=Method.COORDINATED, metadata=at("method"))
    max_age: timedelta | None = field(default=None, metadata=at("maxAge"))
    not_after: datetime | None = field(default=None, metadata=at("notAfter"))
    timeout: timedelta | None = field(default=None, metadata=at("timeout"))
    retry_limit: int | None = field(default=None, metadata=at("retryLimit"))
    suspend: bool = field(default=False, metadata=at("suspend"))
    cancel: bool = field(default=False, metadata=at("cancel"))
    ttl_seconds_after_finished: int | None = field(default=None, metadata=at("ttlSecondsAfterFinished"))

    @classmethod
    def parse(cls, spec: object) -> "SyncSpec":
        """Read `spec`.

        Raises:
            SpecError: at the exact path, for the first field that does not hold what it must.
        """
        reader = Reader(spec, "spec")
        return cls(
            group=reader.require("groupRef", reader.reference("groupRef")),
            point_in_time_name=printable_name(reader, "pointInTimeName", POINT_IN_TIME_NAME),
            request_id=reader.text("requestID", REQUEST_ID),
            method=reader.word("method", Method) or Method.COORDINATED,
            max_age=reader.duration("maxAge"),
            not_after=reader.time("notAfter"),
            timeout=reader.duration("timeout"),
            retry_limit=reader.number("retryLimit", 0, RETRY_LIMIT_MAXIMUM),
            suspend=reader.flag("suspend"),
            cancel=reader.flag("cancel"),
            ttl_seconds_after_finished=reader.number("ttlSecondsAfterFinished", 0, TTL_MAXIMUM),
        )


def printable_name(reader: Reader, key: str, shape: Shape) -> str | None:
    """A name that goes into XML as it is: beyond its shape, what Python calls unprintable is refused too."""
    name = reader.text(key, shape)
    if name is not None and not name.isprintable():
        raise SpecError(reader.where(key), f"must be {shape.meaning}")
    return name


@dataclass(frozen=True, slots=True)
class TransferStatus:
    """The transfer of our snapshot, as the target array last told it. `percent` is 0 to 100."""

    snapshot: str | None = None
    percent: int | None = None
    bytes_transferred: int | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SyncStatus(RequestStatus):
    """What is known of the request. Times, never ages. `method` is the effective one."""

    method: Method | None = None
    operation: Operation | None = None
    point_in_time: PointInTimeStatus | None = None
    named_point_in_time: PointInTimeStatus | None = None
    transfer: TransferStatus | None = None
