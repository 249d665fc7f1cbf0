"""The list of points in time from providers that would rather count, each with manners of its own."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyVmomi import sms

from vvol_replication.domain.groups import GroupId
from vvol_replication.storage.redaction import Redactor
from vvol_replication.storage.vsphere import convert
from vvol_replication.storage.vsphere.asked import Asked
from vvol_replication.storage.vsphere.points import PointsQuery
from vvol_replication.storage.vsphere.session import Ended, Session
from vvol_replication.storage.vsphere.transport import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

R: Any = sms.storage.replication
GROUP = GroupId("fd-b", "erp")
START = datetime(2026, 1, 1, tzinfo=UTC)
WIRE = convert.wire_group_id(GROUP)


class DirectSession:
    """Asks at once; nothing of it can fail."""

    def asked(self, method: str, group: GroupId) -> Asked:
        return Asked("vc", method, str(group), redactor=Redactor(""))

    def call(self, ask: Callable[[], Any]) -> Any:
        return ask()


class Provider:
    """Has points in time at these seconds after START, and a manner to answer."""

    def __init__(self, seconds: list[int], manner: Callable[[list[Any], Any], Any]) -> None:
        info = R.QueryPointInTimeReplicaSuccessResult.PointInTimeReplicaInfo
        self.points = [
            info(id=R.PointInTimeReplicaId(id=f"p{n}"), pitName="", timeStamp=START + timedelta(seconds=at))
            for n, at in enumerate(seconds)
        ]
        self.manner = manner
        self.calls = 0

    def QueryPointInTimeReplica(self, groups: list[Any], query: Any) -> list[Any]:  # noqa: N802 - the wire's name
        assert convert.group_id(groups[0]) == GROUP
        assert query.preferDetails is True
        self.calls += 1
        interval = query.replicaTimeQueryParam
        inside = [p for p in self.points if interval is None or interval.fromDate <= p.timeStamp < interval.toDate]
        return [self.manner(inside, interval)]


def listed(points: list[Any]) -> Any:
    return R.QueryPointInTimeReplicaSuccessResult(groupId=WIRE, replicaInfo=points)


def counted(points: list[Any]) -> Any:
    if not points:
        return R.QueryPointInTimeReplicaSummaryResult(groupId=WIRE, intervalResults=[])
    times = sorted(point.timeStamp for point in points)
    part = R.QueryPointInTimeReplicaSummaryResult.ReplicaIntervalQueryResult
    return R.QueryPointInTimeReplicaSummaryResult(
        groupId=WIRE, intervalResults=[part(fromDate=times[0], toDate=times[-1], number=len(points))]
    )


def too_many(_: list[Any]) -> Any:
    return R.GroupErrorResult(groupId=WIRE, error=[sms.fault.TooMany()])


def throws(_: list[Any]) -> Any:
    raise sms.fault.TooMany


def at_most(
    limit: int, otherwise: Callable[[list[Any]], Any], *, first: bool = False
) -> Callable[[list[Any], Any], Any]:
    """Lists up to `limit`; `first`: but never when no interval was asked for."""

    def manner(points: list[Any], interval: Any) -> Any:
        if len(points) > limit or (first and interval is None):
            return otherwise(points)
        return listed(points)

    return manner


def run(provider: Provider) -> list[str]:
    points = PointsQuery(cast("Session", DirectSession()), provider, GROUP).run()
    assert [point.time for point in points] == sorted(point.time for point in points)
    return [point.id for point in points]


@given(
    seconds=st.lists(st.integers(0, 400 * 86400), max_size=12, unique=True),
    otherwise=st.sampled_from([counted, too_many, throws]),
    limit=st.integers(2, 4),
    first=st.booleans(),
)
def test_the_list_is_whole_whatever_the_manner(
    seconds: list[int], otherwise: Callable[[list[Any]], Any], limit: int, *, first: bool
) -> None:
    provider = Provider(seconds, at_most(limit, otherwise, first=first))
    assert run(provider) == [f"p{n}" for n in sorted(range(len(seconds)), key=lambda n: seconds[n])]


@given(
    seconds=st.lists(st.integers(0, 40 * 86400), max_size=12, unique=True),
    unit=st.sampled_from([1, 10, 60, 300, 3600, 5400, 86400]),
    rounded=st.sampled_from([math.floor, math.ceil, round]),
    limit=st.integers(2, 12),
)
def test_the_list_is_whole_however_the_bounds_of_a_count_are_rounded(
    seconds: list[int], unit: int, rounded: Callable[[float], int], limit: int
) -> None:
    def coarse(points: list[Any]) -> Any:
        summary = counted(points)
        for part in summary.intervalResults:
            for bound in ("fromDate", "toDate"):
                at = rounded((getattr(part, bound) - START).total_seconds() / unit) * unit
                setattr(part, bound, START + timedelta(seconds=at))
        return summary

    provider = Provider(seconds, at_most(limit, coarse, first=True))
    assert run(provider) == [f"p{n}" for n in sorted(range(len(seconds)), key=lambda n: seconds[n])]


@pytest.mark.parametrize("rounded", [math.floor, math.ceil])
def test_bounds_in_whole_minutes_cost_no_call_more(rounded: Callable[[float], int]) -> None:
    def coarse(points: list[Any]) -> Any:
        times = [point.timeStamp for point in points]
        part = R.QueryPointInTimeReplicaSummaryResult.ReplicaIntervalQueryResult
        bounds = [START + timedelta(minutes=rounded((time - START).total_seconds() / 60)) for time in times]
        return R.QueryPointInTimeReplicaSummaryResult(
            groupId=WIRE, intervalResults=[part(fromDate=bounds[0], toDate=bounds[-1], number=len(points))]
        )

    provider = Provider([31, 200, 1001], at_most(10, coarse, first=True))
    assert run(provider) == ["p0", "p1", "p2"]
    assert provider.calls == 2


def test_a_provider_that_lists_at_once_is_asked_once() -> None:
    provider = Provider([3, 1, 2], at_most(10, counted))
    assert run(provider) == ["p1", "p2", "p0"]
    assert provider.calls == 1


def test_a_count_of_one_interval_costs_one_more_call() -> None:
    provider = Provider([1, 2], at_most(10, counted, first=True))
    assert run(provider) == ["p0", "p1"]
    assert provider.calls == 2


@pytest.mark.parametrize("otherwise", [counted, too_many])
def test_a_provider_that_never_lists_ends_the_question(otherwise: Callable[[list[Any]], Any]) -> None:
    provider = Provider([1, 1, 1], lambda points, _: otherwise(points))
    with pytest.raises(Ended) as ended:
        run(provider)
    assert ended.value.outcome.reason == "EndpointFault"
    assert provider.calls <= 200


def test_fewer_listed_than_counted_is_no_answer() -> None:
    provider = Provider([1, 2, 3], lambda points, interval: counted(points) if interval is None else listed(points[:1]))
    with pytest.raises(Ended) as ended:
        run(provider)
    assert "counted 3 and listed 1" in ended.value.outcome.message


def numberless(points: list[Any]) -> Any:
    summary = counted(points)
    for part in summary.intervalResults:
        part.number = 0
    return summary


def test_an_interval_whose_number_is_missing_is_not_an_empty_one() -> None:
    """There pyVmomi reads 0."""
    provider = Provider([1, 2], lambda points, at: numberless(points) if at is None else listed(points))
    assert run(provider) == ["p0", "p1"]


def test_an_interval_that_is_told_twice_to_hold_none_is_empty() -> None:
    part = R.QueryPointInTimeReplicaSummaryResult.ReplicaIntervalQueryResult

    def none(_: list[Any], at: Any) -> Any:
        begin, end = (at.fromDate, at.toDate) if at else (START, START + timedelta(days=1))
        empty = part(fromDate=begin, toDate=end, number=0)
        return R.QueryPointInTimeReplicaSummaryResult(groupId=WIRE, intervalResults=[empty])

    provider = Provider([], none)
    assert run(provider) == []
    assert provider.calls == 2


def test_a_summary_without_its_times_is_unreadable() -> None:
    part = R.QueryPointInTimeReplicaSummaryResult.ReplicaIntervalQueryResult
    holed = R.QueryPointInTimeReplicaSummaryResult(groupId=WIRE, intervalResults=[part()])
    with pytest.raises(Unreadable):
        run(Provider([1], lambda *_: holed))


def test_a_groups_own_fault_is_raised() -> None:
    provider = Provider([], lambda *_: R.GroupErrorResult(groupId=WIRE, error=[sms.fault.ProviderBusy()]))
    with pytest.raises(sms.fault.ProviderBusy):
        run(provider)


def test_another_kind_of_answer_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        run(Provider([], lambda *_: R.GroupOperationResult(groupId=WIRE)))
