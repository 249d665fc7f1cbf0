"""The ledger of a request, `status.operation`: what is about to be asked for, written before it is asked for.

It is what makes a request safe to take up again anywhere. One that is there but cannot be read is never ignored.
"""

from dataclasses import dataclass
from datetime import datetime

from .refs import GroupRef, NewestPoint

BASELINE_LIMIT = 16
FINGERPRINT_LENGTH = 8
FINGERPRINTS_LIMIT = 2048
CREDITED_LIMIT = 8


@dataclass(frozen=True, slots=True)
class Resolved:
    """What the request resolved to when its turn came. An endpoint that answers as another one is refused.

    `recovery_vcenter`, `protected_vcenter`, `source_array` and `target_array` name objects; the ids beside them are
    what the endpoints said of themselves. `source_array_name` and `target_array_name` are the arrays' own names: the
    first begins the names of snapshots on the target, the second is what a protection group calls its target.
    `source_group_name` is what vSphere called the source group, where that tells the protection group: a rename is
    followed by it. None: spec.protectionGroup tells it, or an older operator wrote this; then no rename is followed.
    """

    recovery_vcenter: str
    recovery_vcenter_uuid: str
    target_group: GroupRef
    source_group: GroupRef
    source_array: str
    source_array_id: str
    source_array_name: str
    target_array: str
    target_array_id: str
    target_array_name: str
    protection_group: str
    protected_vcenter: str | None = None
    protected_vcenter_uuid: str | None = None
    source_group_name: str | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was there before the sync was armed, so that it is never taken for news.

    The fingerprints tell it: for each id of a point in time, suffix of a landed transfer and suffix of a snapshot on
    either array, 8 characters: the first 6 bytes of its SHA-256 (UTF-8; suffixes in lower case) in URL-safe base64.
    They are absent where more than 2,048 were there, in ledgers of operators that knew none, and after the end.

    Then times have to do: `points` and `transfers` are the newest of them, at most 16 each; older ones are those before
    `points_before` and `transfers_before`. `newest_snapshot` is when the youngest snapshot on the source was taken, by
    the source's clock: data of a younger one is from after the request.

    `newest_point` is for the group's history; nothing is decided by it.
    """

    points: tuple[str, ...] = ()
    points_before: datetime | None = None
    transfers: tuple[str, ...] = ()
    transfers_before: datetime | None = None
    newest_snapshot: datetime | None = None
    point_fingerprints: str | None = None
    transfer_fingerprints: str | None = None
    snapshot_fingerprints: str | None = None
    newest_point: NewestPoint | None = None

    def __post_init__(self) -> None:
        _bounded("points", self.points, BASELINE_LIMIT)
        _bounded("transfers", self.transfers, BASELINE_LIMIT)


@dataclass(frozen=True, slots=True)
class Credit:
    """An older point in time that got the name which was asked for, and the sync task that credited it."""

    point_id: str | None = None
    point_time: datetime | None = None
    task: str | None = None


@dataclass(frozen=True, slots=True)
class Borrowed:
    """A sync that an earlier request left armed: `request` (namespace/name) asked for `name`, which will be given."""

    name: str
    request: str


@dataclass(frozen=True, slots=True)
class SyncLedger:
    """The sync at the target. `pending_seen_at` is when the task was seen queued or running, after the call.

    `unanswered_at`: the task was learnt after a call whose answer is not known, so that a sync which is in its way may
    be this request's own. `borrowed`: the request did not arm it, and goes under the one that is armed already.
    """

    intent_at: datetime
    armings: int
    task: str | None = None
    pending_seen_at: datetime | None = None
    credited: tuple[Credit, ...] = ()
    unanswered_at: datetime | None = None
    borrowed: Borrowed | None = None

    def __post_init__(self) -> None:
        _bounded("credited", self.credited, CREDITED_LIMIT)


@dataclass(frozen=True, slots=True)
class PushLedger:
    """The push at the source. `snapshot` and `created` are the array's answer; empty while it is not known."""

    intent_at: datetime
    snapshot: str | None = None
    created: datetime | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """The whole ledger. What is empty has not been decided, or not been asked for, yet.

    `holder` is the operator process that recorded the last intent: another one waits before it looks for the effect.
    `newest_at_end` is for the group's history.
    """

    request_id: str
    suffix: str | None = None
    point_in_time_name: str | None = None
    turn_at: datetime | None = None
    resolved: Resolved | None = None
    baseline: Baseline | None = None
    sync: SyncLedger | None = None
    push: PushLedger | None = None
    holder: str | None = None
    newest_at_end: NewestPoint | None = None

    @property
    def task(self) -> str | None:
        """The task of the sync at the target."""
        return self.sync.task if self.sync is not None else None


def _bounded(name: str, items: tuple[object, ...], limit: int) -> None:
    if len(items) > limit:
        raise ValueError(f"{name} holds {len(items)} items; the API server takes at most {limit}")
