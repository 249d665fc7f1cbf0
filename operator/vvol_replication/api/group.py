"""ReplicationGroup: binds a namespace to one replication group, and shows it live."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from . import wire
from .errors import SpecError
from .history import HISTORY_LIMIT, HistoryEntry, read_history
from .reading import Reader, Shape, at
from .refs import GroupRef, PointInTimeStatus
from .status import Status

__all__ = [
    "POINTS_LIMIT",
    "ArmedSync",
    "ArrayPolicyStatus",
    "GroupRef",
    "PointInTimeStatus",
    "PreparedStatus",
    "ReplicationGroupSpec",
    "ReplicationGroupStatus",
    "RetentionStatus",
    "SourceSide",
    "TargetSide",
]

POINTS_LIMIT = 10

_NAME = "[A-Za-z0-9]([-A-Za-z0-9_]{0,61}[A-Za-z0-9])?"
PROTECTION_GROUP = Shape(
    rf"^({_NAME}::)?{_NAME}$",
    128,
    "a protection group's name: 1 to 63 letters, digits, '-' and '_', with 'pod::' before it if it is in a pod",
)
GROUP_NAME = Shape(
    r"^[^\x00-\x20\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f])?$",
    256,
    "the source group's name as vSphere shows it, without blanks at either end",
)


@dataclass(frozen=True, slots=True)
class ReplicationGroupSpec:
    """Exactly one of `group_name` and `target` says which group is meant. Sites and `target_array` name objects."""

    recovery_site: str = field(metadata=at("recoverySite.vCenterRef.name"))
    protected_site: str | None = field(default=None, metadata=at("protectedSite.vCenterRef.name"))
    group_name: str | None = field(default=None, metadata=at("group.name"))
    target: GroupRef | None = field(default=None, metadata=at("group.target"))
    target_array: str | None = field(default=None, metadata=at("targetArrayRef.name"))
    protection_group: str | None = field(default=None, metadata=at("protectionGroup"))
    recovery_point_objective: timedelta | None = field(default=None, metadata=at("recoveryPointObjective"))
    min_push_interval: timedelta | None = field(default=None, metadata=at("minPushInterval"))
    suspend: bool = field(default=False, metadata=at("suspend"))
    failover_called_off_at: datetime | None = field(default=None, metadata=at("failoverCalledOffAt"))

    @classmethod
    def parse(cls, spec: object) -> "ReplicationGroupSpec":
        """Read `spec`.

        Raises:
            SpecError: at the exact path, for the first field that does not hold what it must.
        """
        reader = Reader(spec, "spec")
        group = reader.require("group", reader.child("group"))
        name, target = group.text("name", GROUP_NAME), group.child("target")
        if (name is None) == (target is None):
            raise SpecError(reader.where("group"), "must hold exactly one of name and target")
        return cls(
            recovery_site=reader.require("recoverySite", _site(reader, "recoverySite")),
            protected_site=_site(reader, "protectedSite"),
            group_name=name,
            target=None if target is None else GroupRef.read(target),
            target_array=reader.reference("targetArrayRef"),
            protection_group=reader.text("protectionGroup", PROTECTION_GROUP),
            recovery_point_objective=reader.duration("recoveryPointObjective"),
            min_push_interval=reader.duration("minPushInterval"),
            suspend=reader.flag("suspend"),
            failover_called_off_at=reader.time("failoverCalledOffAt"),
        )


def _site(spec: Reader, key: str) -> str | None:
    site = spec.child(key)
    return None if site is None else site.require("vCenterRef", site.reference("vCenterRef"))


@dataclass(frozen=True, slots=True)
class SourceSide:
    """The source group as last read. `array` names the FlashArray object, `array_id` is that array's identity.

    `vcenter` names the VCenter object that showed the group, `vcenter_uuid` is that vCenter's identity.
    """

    fault_domain: str | None = None
    device_group: str | None = None
    name: str | None = None
    state: str | None = None
    array: str | None = None
    array_id: str | None = None
    protection_group: str | None = None
    vcenter: str | None = None
    vcenter_uuid: str | None = None


@dataclass(frozen=True, slots=True)
class TargetSide:
    """The target group as last read. `name` is known to vSphere from 8.0.2 on; the rest is as in `SourceSide`."""

    fault_domain: str | None = None
    device_group: str | None = None
    name: str | None = None
    state: str | None = None
    array: str | None = None
    array_id: str | None = None
    vcenter: str | None = None
    vcenter_uuid: str | None = None


@dataclass(frozen=True, slots=True)
class ArmedSync:
    """A sync that a request left armed when it ended: whatever lands next at that target group gets its name.

    `request` is namespace/name of the ReplicationSync, `uid` its uid. `task` is empty where the sync call's answer is
    not known. `newest_point_time`: the newest point in time listed when it was remembered; a younger one ends it.
    `snapshot`: what that request had pushed; empty where it pushed nothing, or where that is not known.
    """

    request: str
    uid: str
    point_in_time_name: str
    since: datetime
    target_group: GroupRef
    task: str | None = None
    newest_point_time: datetime | None = None
    snapshot: str | None = None


@dataclass(frozen=True, slots=True)
class PreparedStatus:
    """Since when a group counts as prepared: a sync there succeeds at once and brings no data (invariant 9).

    `by` is namespace/name of the FailoverPreparation, `uid` and `request_id` are its own; all are empty where a sync
    told that somebody else prepared the group. `proven`: the last sync's data was seen at the target as
    `point_in_time`, from `snapshot`. Otherwise `point_in_time` is the newest that was listed.
    """

    since: datetime
    source_group: GroupRef
    proven: bool = False
    by: str | None = None
    uid: str | None = None
    request_id: str | None = None
    snapshot: str | None = None
    point_in_time: PointInTimeStatus | None = None


@dataclass(frozen=True, slots=True)
class RetentionStatus:
    """How long the targets keep snapshots: all for `all_for`, then `per_day` of each day for `days` days.

    Without `all_for`, or `days`: for ever.
    """

    per_day: int
    all_for: str | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class ArrayPolicyStatus:
    """What the source array does with the protection group by itself; what is absent it did not tell.

    `unknown` is the reason why nothing is known of it. `blackout`: how long a day no replication begins.
    """

    replicates: bool | None = None
    interval: str | None = None
    blackout: str | None = None
    retention: RetentionStatus | None = None
    unknown: str | None = None


@dataclass(frozen=True, slots=True)
class ReplicationGroupStatus(Status):
    """The group as last read. `points_in_time` are the newest ten, newest first; the count is of all.

    `history` are the last twenty requests that ended, newest first.
    `newest_named_point_in_time` is the newest of those that have a name. `behind_objective_since`: in the target
    array's clock; it stays while the recovery point is unknown.
    """

    source: SourceSide | None = None
    target: TargetSide | None = None
    points_in_time: tuple[PointInTimeStatus, ...] = ()
    point_in_time_count: int | None = None
    newest_point_in_time: datetime | None = None
    newest_named_point_in_time: PointInTimeStatus | None = None
    behind_objective_since: datetime | None = None
    array_policy: ArrayPolicyStatus | None = None
    last_read_at: datetime | None = None
    armed_sync: ArmedSync | None = None
    prepared: PreparedStatus | None = None
    history: tuple[HistoryEntry, ...] = ()

    def __post_init__(self) -> None:
        if len(self.points_in_time) > POINTS_LIMIT:
            raise ValueError(f"status holds the newest {POINTS_LIMIT} points in time, not {len(self.points_in_time)}")
        if len(self.history) > HISTORY_LIMIT:
            raise ValueError(f"status holds the last {HISTORY_LIMIT} requests, not {len(self.history)}")

    @classmethod
    def _read(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        points = wire.read_each(PointInTimeStatus, raw.get("pointsInTime"), "status.pointsInTime")[:POINTS_LIMIT]
        lists = {"points_in_time": points, "history": read_history(raw.get("history"))}
        others = {key: value for key, value in raw.items() if key not in ("pointsInTime", "history")}
        return super(ReplicationGroupStatus, cls)._read(others) | lists
