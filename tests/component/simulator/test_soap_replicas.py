"""/sms/sdk through pyVmomi: points in time."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from component.simulator.soap_sites import (
    ERP_SOURCE,
    ERP_TARGET,
    NOWHERE,
    Client,
    R,
    Sites,
    land,
    points,
    running,
    wire_id,
)
from pyVmomi import sms, vim, vmodl


@pytest.fixture
def sites() -> Iterator[Sites]:
    with running() as sites:
        yield sites


@pytest.fixture
def austin(sites: Sites) -> Client:
    return sites.connect("austin")


@pytest.fixture
def dallas(sites: Sites) -> Client:
    return sites.connect("dallas")


def test_points_in_time_named_and_unnamed(sites: Sites, dallas: Client) -> None:
    provider = dallas.provider()
    land(sites, "first")
    provider.SyncReplicationGroup_Task([wire_id(ERP_TARGET)], "before-upgrade")
    land(sites, "second")
    result = points(provider, preferDetails=True)
    assert isinstance(result, R.QueryPointInTimeReplicaSuccessResult)
    assert [point.pitName for point in result.replicaInfo] == ["", "before-upgrade"]
    assert all(point.id.id and point.timeStamp.tzinfo is not None for point in result.replicaInfo)
    assert result.replicaInfo[1].timeStamp - result.replicaInfo[0].timeStamp == timedelta(seconds=20)


@pytest.mark.parametrize("query", [{}, {"preferDetails": False}, {"pitName": ".*"}])
def test_without_interval_and_wish_for_details_there_is_a_summary(
    sites: Sites, dallas: Client, query: dict[str, object]
) -> None:
    land(sites, "first", "second")
    result = points(dallas.provider(), ERP_TARGET, **query)
    assert isinstance(result, R.QueryPointInTimeReplicaSummaryResult)
    assert [interval.number for interval in result.intervalResults] == [2]
    assert result.intervalResults[0].fromDate < result.intervalResults[0].toDate


def test_a_provider_may_summarize_whatever_is_preferred(sites: Sites, dallas: Client) -> None:
    sites.switch("pointsInTime", "summary")
    result = points(dallas.provider(), preferDetails=True)
    assert isinstance(result, R.QueryPointInTimeReplicaSummaryResult)
    assert result.intervalResults == []


def test_intervals_select_from_either_end(sites: Sites, dallas: Client) -> None:
    provider = dallas.provider()
    land(sites, "s1", "s2", "s3", "s4")
    times = [point.timeStamp for point in points(provider, preferDetails=True).replicaInfo]

    def selected(**interval: object) -> list[int]:
        return [times.index(point.timeStamp) for point in points(provider, ERP_TARGET, **interval).replicaInfo]

    assert selected(fromDate=times[1], toDate=times[3]) == [1, 2]
    assert selected(fromDate=times[1], number=2) == [1, 2]
    assert selected(toDate=times[3], number=2) == [1, 2]
    assert selected(toDate=times[1], number=9) == [0]


@pytest.mark.parametrize(
    "interval",
    [("fromDate",), ("toDate",), ("number",), ("fromDate", "toDate", "number")],
    ids="+".join,
)
def test_other_intervals_are_invalid(sites: Sites, dallas: Client, interval: tuple[str, ...]) -> None:
    now = dallas.si.CurrentTime()
    values: dict[str, object] = {"fromDate": now - timedelta(hours=1), "toDate": now, "number": 1}
    with pytest.raises(vmodl.fault.InvalidArgument) as caught:
        points(dallas.provider(), ERP_TARGET, **{name: values[name] for name in interval})
    assert caught.value.invalidProperty == "replicaTimeQueryParam"
    assert sites.world.counters.as_dict()["dallas"]["QueryPointInTimeReplica"] == 1


def test_the_name_is_a_regular_expression(sites: Sites, dallas: Client) -> None:
    provider = dallas.provider()
    for name in ("nightly-1", "nightly-2", "x.nightly-3"):
        provider.SyncReplicationGroup_Task([wire_id(ERP_TARGET)], name)
        land(sites, f"s{name[-1]}")

    def names(expression: str) -> list[str]:
        return [point.pitName for point in points(provider, pitName=expression, preferDetails=True).replicaInfo]

    assert names("nightly-.") == ["nightly-1", "nightly-2"]
    assert names(re.escape("x.nightly-3")) == ["x.nightly-3"]
    assert names("nightly") == []
    with pytest.raises(vmodl.fault.InvalidArgument):
        names("(")


def test_refused_queries_of_points_in_time(sites: Sites, austin: Client, dallas: Client) -> None:
    land(sites, "first", "second")
    with pytest.raises(vmodl.fault.InvalidArgument):
        dallas.provider().QueryPointInTimeReplica([])
    assert isinstance(points(dallas.provider(), NOWHERE).error[0], vim.fault.NotFound)
    wrong_side = points(austin.provider(), ERP_SOURCE).error[0]
    assert isinstance(wrong_side, sms.fault.replication.InvalidFunctionTarget)
    with pytest.raises(vmodl.fault.InvalidArgument):
        points(dallas.provider(), ERP_TARGET, toDate=dallas.si.CurrentTime(), number=0)
    sites.switch("pointsInTimeAtMost", 1)
    assert isinstance(points(dallas.provider(), preferDetails=True).error[0], sms.fault.TooMany)


def test_a_list_that_is_too_long_may_become_a_summary(sites: Sites, dallas: Client) -> None:
    land(sites, "first", "second")
    sites.switch("pointsInTimeAtMost", 1)
    sites.switch("pointsInTimeTooMany", "summary")
    result = points(dallas.provider(), preferDetails=True)
    assert [interval.number for interval in result.intervalResults] == [2]


@pytest.mark.parametrize(
    ("rounded", "way"), [("down", lambda told, real: told <= real), ("up", lambda told, real: told >= real)]
)
def test_a_summary_may_round_its_bounds(
    sites: Sites, dallas: Client, rounded: str, way: Callable[[datetime, datetime], bool]
) -> None:
    land(sites, "first", "second")
    times = [point.timeStamp for point in points(dallas.provider(), preferDetails=True).replicaInfo]
    sites.switch("summaryBounds", rounded)
    sites.switch("summaryBoundsSeconds", 17)
    (interval,) = points(dallas.provider()).intervalResults
    for told, real in zip((interval.fromDate, interval.toDate), times, strict=True):
        assert told.timestamp() % 17 == 0
        assert way(told, real)
        assert timedelta(0) < abs(told - real) < timedelta(seconds=17)
