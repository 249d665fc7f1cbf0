"""/sms/sdk: points in time of target groups."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyVmomi import sms

from vvol_simulator.model import Fault, GroupId, PointInTime, SmsFaultError, Switches
from vvol_simulator.model.clock import as_datetime

from . import bindings
from .calls import Call, invalid_argument
from .sms_groups import check_batch, per_group, requested, wire_id
from .sms_providers import METHODS, provider_of

R = sms.storage.replication


@dataclass(frozen=True, slots=True)
class ReplicaQuery:
    """What of a group's points in time is wanted.

    Attributes:
        since: inclusive.
        until: exclusive.
        number: how many at most: the oldest from `since` on, or the newest before `until`.
        name: the whole name must match it.
        details: a list rather than a count.
    """

    since: datetime | None = None
    until: datetime | None = None
    number: int | None = None
    name: re.Pattern[str] | None = None
    details: bool = False

    def select(self, points: Sequence[PointInTime]) -> list[PointInTime]:
        """Those of `points` (oldest first) that are wanted, oldest first."""
        found = [
            point
            for point in sorted(points, key=lambda point: point.time)
            if (self.since is None or as_datetime(point.time) >= self.since)
            and (self.until is None or as_datetime(point.time) < self.until)
            and (self.name is None or self.name.fullmatch(point.name or ""))
        ]
        if self.number is None:
            return found
        return found[: self.number] if self.since is not None else found[max(0, len(found) - self.number) :]


def read_query(param: Any) -> ReplicaQuery:
    """The query of a `QueryPointInTimeReplicaParam` (or None), its interval rules checked.

    Allowed intervals: none, from and to, from and number, to and number. Without an interval and without a preference
    the answer is a summary (docs/facts/vsphere.md#points-in-time).
    """
    if param is None:
        return ReplicaQuery()
    interval = param.replicaTimeQueryParam
    prefers = param.preferDetails
    bounded = interval is not None
    since, until, number = (interval.fromDate, interval.toDate, interval.number) if bounded else (None, None, None)
    if bounded and sum(value is not None for value in (since, until, number)) not in (0, 2):
        raise invalid_argument("replicaTimeQueryParam", "set two of fromDate, toDate and number, or none")
    if number is not None and number <= 0:
        raise invalid_argument("replicaTimeQueryParam.number", "it must be positive")
    has_interval = since is not None or until is not None
    return ReplicaQuery(since, until, number, _pattern(param.pitName), has_interval if prefers is None else prefers)


def _pattern(expression: str | None) -> re.Pattern[str] | None:
    if expression is None:
        return None
    try:
        return re.compile(expression)
    except re.error as exc:
        raise invalid_argument("pitName", f"no regular expression: {exc}") from exc


@METHODS.method("QueryPointInTimeReplica")
def _query_point_in_time_replica(call: Call) -> object:
    provider = provider_of(call)
    groups = requested(call.arg("groupId"))
    call.world.vasa.check_provider(provider, groups)
    check_batch(provider, groups)
    query = read_query(call.arg("queryParam"))

    def ask(wanted: GroupId) -> Any:
        group = call.world.vasa.group_at(call.site, wanted, provider)
        if group.state == "SOURCE":
            name = call.world.switches.wrong_side
            raise SmsFaultError(Fault(name, "Points in time are listed at the target group."))
        points = query.select(call.world.vasa.points_in_time(group))
        switches = call.world.switches
        limit = switches.points_in_time_at_most
        too_many = bool(limit) and len(points) > limit
        if (
            not query.details
            or switches.points_in_time == "summary"
            or (too_many and switches.points_in_time_too_many == "summary")
        ):
            return _summary(wanted, points, switches)
        if too_many:
            raise SmsFaultError(
                Fault("TooMany", f"There are {len(points)} points in time; at most {limit} can be listed.")
            )
        return _details(wanted, points)

    return per_group(call, groups, ask)


def _details(group: GroupId, points: Sequence[PointInTime]) -> Any:
    kind = R.QueryPointInTimeReplicaSuccessResult
    return bindings.build(
        kind,
        groupId=wire_id(group),
        replicaInfo=[
            bindings.build(
                kind.PointInTimeReplicaInfo,
                id=bindings.build(R.PointInTimeReplicaId, id=point.id),
                # The field is required on the wire; a point in time without a name has an empty one.
                pitName=point.name or "",
                timeStamp=as_datetime(point.time),
            )
            for point in points
        ],
    )


def _summary(group: GroupId, points: Sequence[PointInTime], switches: Switches) -> Any:
    kind = R.QueryPointInTimeReplicaSummaryResult
    intervals = []
    if points:
        begin, end = _bounds(points[0].time, points[-1].time, switches)
        intervals.append(
            bindings.build(
                kind.ReplicaIntervalQueryResult,
                fromDate=as_datetime(begin),
                toDate=as_datetime(end),
                number=len(points),
            )
        )
    return bindings.build(kind, groupId=wire_id(group), intervalResults=intervals)


def _bounds(first: float, last: float, switches: Switches) -> tuple[float, float]:
    """The bounds that a summary tells of points in time from `first` to `last`."""
    unit = switches.summary_bounds_seconds
    if switches.summary_bounds == "exact" or not unit:
        return first, last + 1
    ways: dict[str, Callable[[float], int]] = {"down": math.floor, "up": math.ceil, "nearest": round}
    rounded = ways[switches.summary_bounds]
    return rounded(first / unit) * unit, rounded(last / unit) * unit
