"""The history of a ReplicationGroup: what its last requests came to, kept when their objects are gone."""

from dataclasses import dataclass
from datetime import datetime

from . import wire
from .refs import PointInTimeStatus

HISTORY_LIMIT = 20


@dataclass(frozen=True, slots=True)
class AskedBy:
    """Who asked, as far as the object's metadata tells it: names that clients give themselves, no proven identities.

    `manager` and `operation` (`Apply` or `Update`) are those of the entry of `managedFields` that owns
    `spec.groupRef`. `owner` is the controller among the object's owners, as `Kind/name`.
    """

    manager: str | None = None
    operation: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One request as it ended. `kind`, `name` and `uid` are its object's; kind and uid tell entries apart.

    `outcome` is the phase it ended in, or `Deleted`; `reason` is that of its condition Ready. `method` is a sync's, or
    `DryRun`. `started_at` is when it had its turn; empty where it never had. Ages are Go-style durations: that of the
    newest point in time listed right before anything was asked for, and at the end, by the target array's clock.
    """

    kind: str
    name: str
    uid: str
    outcome: str
    finished_at: datetime
    reason: str | None = None
    request_id: str | None = None
    asked_by: AskedBy | None = None
    method: str | None = None
    point_in_time: PointInTimeStatus | None = None
    snapshot: str | None = None
    newest_point_age_before: str | None = None
    newest_point_age_after: str | None = None
    accepted_at: datetime | None = None
    started_at: datetime | None = None


def read_history(raw: object) -> tuple[HistoryEntry, ...]:
    """`status.history` as it is stored; an entry that cannot be read is left out."""
    return wire.read_each(HistoryEntry, raw, "status.history")[:HISTORY_LIMIT]
