"""The points in time of a target group: the list, also from a provider that would rather give a count.

A provider may answer with a summary (how many in which interval) or with `TooMany`; then the interval is halved until
it lists. An answer that never becomes a list is a failure, not a shorter list.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from vvol_replication.domain.outcomes import Unavailable
from vvol_replication.storage import reasons

from . import convert
from .providers import answered
from .session import Ended, Session
from .transport import Unreadable
from .vmomi import sms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vvol_replication.domain.groups import GroupId
    from vvol_replication.domain.points import PointInTime

Interval = tuple[datetime, datetime]

# vVols are younger and replicas do not outlive this: the whole of time, without asking any clock.
_EVER: Interval = (datetime(2010, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
_SHORTEST = timedelta(seconds=1)
_MOST_QUESTIONS = 200


class PointsQuery:
    """One question to one provider, with all the calls that its answer takes."""

    def __init__(self, session: Session, provider: Any, group: GroupId) -> None:
        self._session = session
        self._provider = provider
        self._group = group
        self._asked = 0
        self._counted = 0

    def run(self) -> tuple[PointInTime, ...]:
        """Every point in time, oldest first. Raises the group's fault where the provider gives one."""
        found: dict[str, PointInTime] = {}
        intervals: list[Interval | None] = [None]
        while intervals:
            interval = intervals.pop()
            result = self._ask(interval)
            if result is None:
                intervals.extend(self._halves(interval or _EVER))
            elif isinstance(result, sms.storage.replication.QueryPointInTimeReplicaSummaryResult):
                intervals.extend(self._narrowed(interval, result))
            else:
                for wire in result.replicaInfo or ():
                    point = convert.point_in_time(wire)
                    found[point.id] = point
        if len(found) < self._counted:
            raise self._ended(
                f"its storage provider counted {self._counted} and listed {len(found)}; it is asked again"
            )
        return tuple(sorted(found.values(), key=lambda point: (point.time, point.id)))

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
        if len(rows) != 1:
            raise Unreadable(f"{len(rows)} answers about one group")
        fault = convert.error_of(rows[0])
        if isinstance(fault, sms.fault.TooMany):
            return None
        if fault is not None:
            raise fault
        replication = sms.storage.replication
        kinds = (replication.QueryPointInTimeReplicaSuccessResult, replication.QueryPointInTimeReplicaSummaryResult)
        if not isinstance(rows[0], kinds):
            raise Unreadable("neither points in time nor their number")
        return rows[0]

    def _narrowed(self, interval: Interval | None, summary: Any) -> Iterator[Interval]:
        """The intervals to list after a summary: those that may hold any, and shorter than what was asked before."""
        for part in summary.intervalResults or ():
            # The end is exclusive, and a summary may end at the very time of its last point in time.
            begin, end = convert.moment(part.fromDate), convert.moment(part.toDate) + _SHORTEST
            if interval is not None:
                begin, end = max(begin, interval[0]), min(end, interval[1])
            if not part.number:
                # 0 is what pyVmomi makes of a missing number too: it counts if the very interval is told to hold none.
                if begin < end and (begin, end) != interval:
                    yield begin, end
            elif interval is None:
                self._counted += part.number
                yield begin, end
            else:
                yield from self._halves((begin, end))

    def _halves(self, interval: Interval) -> Iterator[Interval]:
        begin, end = interval
        if end - begin <= _SHORTEST:
            raise self._never_lists()
        middle = begin + (end - begin) / 2
        yield begin, middle
        yield middle, end

    def _never_lists(self) -> Ended:
        return self._ended("its storage provider counts them and does not list them; look at the provider's version")

    def _ended(self, seen: str) -> Ended:
        asked = self._session.asked("QueryPointInTimeReplica", self._group)
        return Ended(Unavailable(reasons.ENDPOINT_FAULT, asked.line(seen)))
