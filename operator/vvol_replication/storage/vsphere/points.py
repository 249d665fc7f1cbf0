"""The points in time of a target group: the list, also from a provider that would rather give a count.

A provider may answer with a summary (how many in which interval) or with `TooMany`; then the interval is halved until
it lists. An answer that never becomes a list is a failure, not a shorter list.

The bounds that a summary gives may be coarser than the points' own times, and rounded either way
(docs/facts/vsphere.md#points-in-time): they say where to look first, never where there is nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from vvol_replication.domain.outcomes import Unavailable
from vvol_replication.storage import reasons

from . import convert
from .session import Ended, Session
from .transport import Unreadable, answered
from .vmomi import sms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vvol_replication.domain.groups import GroupId
    from vvol_replication.domain.points import PointInTime

Interval = tuple[datetime, datetime]

# vVols are younger and replicas do not outlive this: the whole of time, without asking any clock.
_EVER: Interval = (datetime(2010, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
_SHORTEST = timedelta(seconds=1)
_PRECISIONS = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1))
_MOST_QUESTIONS = 200


class PointsQuery:
    """One question to one provider, with all the calls that its answer takes."""

    def __init__(self, session: Session, provider: Any, group: GroupId) -> None:
        self._session = session
        self._provider = provider
        self._group = group
        self._asked = 0
        self._counted = 0
        self._left_out: list[Interval] = []
        self._found: dict[str, PointInTime] = {}

    def run(self) -> tuple[PointInTime, ...]:
        """Every point in time, oldest first. Raises the group's fault where the provider gives one."""
        self._list([None])
        while len(self._found) < self._counted and self._left_out:
            intervals, self._left_out = self._left_out, []
            self._list([*intervals])
        if len(self._found) < self._counted:
            raise self._ended(
                f"its VASA provider counted {self._counted} and listed {len(self._found)}. It is asked again."
            )
        return _oldest_first(self._found)

    def _list(self, intervals: list[Interval | None]) -> None:
        """Find the points in time of these intervals; None is the one without bounds."""
        while intervals:
            interval = intervals.pop()
            result = self._ask(interval)
            if result is None:
                intervals.extend(self._halves(interval or _EVER))
            elif isinstance(result, sms.storage.replication.QueryPointInTimeReplicaSummaryResult):
                intervals.extend(self._narrowed(interval, result))
            else:
                self._found.update((point.id, point) for point in map(convert.point_in_time, result.replicaInfo or ()))

    def _ask(self, interval: Interval | None) -> Any | None:
        """A success or a summary; None for "too many"."""
        self._asked += 1
        if self._asked > _MOST_QUESTIONS:
            raise self._never_lists()
        parameters = sms.storage.replication.QueryPointInTimeReplicaParam
        query = parameters(preferDetails=True)
        if interval is not None:
            query.replicaTimeQueryParam = parameters.ReplicaQueryIntervalParam(fromDate=interval[0], toDate=interval[1])
        try:
            rows = answered(
                self._session.call(
                    lambda: self._provider.QueryPointInTimeReplica([convert.wire_group_id(self._group)], query)
                )
            )
        except sms.fault.TooMany:
            return None
        row = convert.row_of(rows, self._group)
        fault = convert.error_of(row)
        if isinstance(fault, sms.fault.TooMany):
            return None
        if fault is not None:
            raise fault
        replication = sms.storage.replication
        kinds = (replication.QueryPointInTimeReplicaSuccessResult, replication.QueryPointInTimeReplicaSummaryResult)
        if not isinstance(row, kinds):
            raise Unreadable("neither points in time nor their number")
        return row

    def _narrowed(self, interval: Interval | None, summary: Any) -> Iterator[Interval]:
        """The intervals to list after a summary: those that hold any, and shorter than what was asked before.

        Each is wider than it is told, by its precision on both sides. The end is exclusive besides, and a summary may
        end at the very time of its last point in time.
        """
        parts = [part for part in summary.intervalResults or () if part.number]
        # 0 is what pyVmomi makes of a missing number too: it counts if the very interval is told to hold none.
        unsaid = [_clipped(part, interval or _EVER) for part in summary.intervalResults or () if not part.number]
        bounds = [
            (max(convert.moment(part.fromDate), _EVER[0]), min(convert.moment(part.toDate), _EVER[1])) for part in parts
        ]
        margin = _precision(bounds)
        whole = interval or _EVER
        likely = _within(whole, [(begin - margin, end + margin) for begin, end in bounds])
        if interval is None:
            self._counted = sum(part.number for part in parts)
        elif parts:
            likely = [one for one in likely if one[1] - one[0] > _SHORTEST] or [interval]
        if parts:
            self._left_out += _outside(whole, likely)
        for one in likely:
            yield from (one,) if interval is None else self._halves(one)
        yield from (one for one in unsaid if one[0] < one[1] and one != interval)

    def _halves(self, interval: Interval) -> Iterator[Interval]:
        begin, end = interval
        if end - begin <= _SHORTEST:
            raise self._never_lists()
        middle = begin + (end - begin) / 2
        yield begin, middle
        yield middle, end

    def _never_lists(self) -> Ended:
        return self._ended("its VASA provider counts them and does not list them. Check the provider's version.")

    def _ended(self, seen: str) -> Ended:
        asked = self._session.asked("QueryPointInTimeReplica", self._group)
        return Ended(Unavailable(reasons.ENDPOINT_FAULT, asked.line(seen)))


def points_of(row: Any) -> tuple[PointInTime, ...]:
    """The points in time that one row of an answer lists. Raises `Unreadable` where it is no list."""
    if not isinstance(row, sms.storage.replication.QueryPointInTimeReplicaSuccessResult):
        raise Unreadable("no points in time")
    return _oldest_first({point.id: point for point in map(convert.point_in_time, row.replicaInfo or ())})


def _oldest_first(points: Mapping[str, PointInTime]) -> tuple[PointInTime, ...]:
    return tuple(sorted(points.values(), key=lambda point: (point.time, point.id)))


def _clipped(part: Any, whole: Interval) -> Interval:
    """What a summary's interval has of `whole`. Its end is exclusive, and may be the time of its last point in time."""
    return max(convert.moment(part.fromDate), whole[0]), min(convert.moment(part.toDate) + _SHORTEST, whole[1])


def _precision(bounds: list[Interval]) -> timedelta:
    """The coarsest unit to which all these times may have been rounded; a second at least."""
    spans = [moment - _EVER[0] for interval in bounds for moment in interval]
    return next((unit for unit in _PRECISIONS if not any(span % unit for span in spans)), _SHORTEST)


def _within(whole: Interval, intervals: list[Interval]) -> list[Interval]:
    """What of these intervals lies in the whole."""
    inside = [(max(begin, whole[0]), min(end, whole[1])) for begin, end in intervals]
    return [(begin, end) for begin, end in inside if begin < end]


def _outside(whole: Interval, intervals: list[Interval]) -> list[Interval]:
    """What of the whole is in none of these intervals."""
    outside = []
    at = whole[0]
    for begin, end in sorted(intervals):
        if at < begin:
            outside.append((at, begin))
        at = max(at, end)
    return [*outside, (at, whole[1])] if at < whole[1] else outside
