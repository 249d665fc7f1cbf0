"""Times that say nothing: clocks that are put right, landings of one second, points that outlive their snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from e2e.rig import ARM, REST_1, SOURCE, TARGET, Rig, Site, topology

from testbed import stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.rig import Object

HOURS = 6 * 3600
HISTORY = 20
GROUPS = ("source-ahead", "target-ahead", "schedule", "together", "overtaken", "eradicated")
REST_2 = [f"2.{minor}" for minor in range(27)]


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology(*GROUPS, rest_versions=REST_1 + REST_2)) as made:
        yield made


@pytest.fixture(autouse=True)
def clocks(site: Site) -> Iterator[None]:
    yield
    for endpoint in (SOURCE, TARGET):
        site.simulator.action("set-skew", endpoint=endpoint, seconds=0)
    site.simulator.action("set-switch", name="pointsOutliveSnapshots", value=False)


def bound(site: Site, protection_group: str) -> str:
    name = site.group(protection_group)
    site.wait_group(name)
    return name


def identified(obj: Object) -> str:
    found = stage.condition(obj, "PointInTimeIdentified")
    assert found is not None, obj["status"]
    return str(found["status"])


@pytest.mark.parametrize(("protection_group", "endpoint"), [("source-ahead", SOURCE), ("target-ahead", TARGET)])
def test_a_clock_that_was_ahead_and_is_put_right_hides_no_new_data(
    site: Site, protection_group: str, endpoint: str
) -> None:
    site.simulator.action("set-skew", endpoint=endpoint, seconds=HOURS)
    for _ in range(HISTORY):
        site.act("run-schedule", protection_group)
    site.simulator.action("set-skew", endpoint=endpoint, seconds=0)
    request = site.request(bound(site, protection_group), pointInTimeName="after-the-clock")
    end = request.assert_true_success(protection_group)
    assert identified(end) == "True"
    assert len(site.calls(ARM, protection_group)) == 1


def test_the_schedules_data_is_new_although_the_clock_went_back(site: Site) -> None:
    for endpoint in (SOURCE, TARGET):
        site.simulator.action("set-skew", endpoint=endpoint, seconds=HOURS)
    site.act("run-schedule", "schedule")
    for endpoint in (SOURCE, TARGET):
        site.simulator.action("set-skew", endpoint=endpoint, seconds=0)
    request = site.request(bound(site, "schedule"), method="AwaitSchedule", pointInTimeName="nightly")
    request.wait_reason("AwaitingTransfer")
    scheduled = site.act("run-schedule", "schedule")["suffix"]
    end = request.wait_complete()
    assert end["status"]["transfer"]["snapshot"].endswith(scheduled)
    assert identified(end) == "True"
    assert len(site.calls(ARM, "schedule")) == 1


@pytest.mark.parametrize("protection_group", ["together", "overtaken"])
def test_two_landings_of_one_second_are_told_apart(site: Site, protection_group: str) -> None:
    """Points in time carry whole seconds; the arrays tell milliseconds, and the name is on what landed first."""
    group = bound(site, protection_group)
    site.act("hold", protection_group)
    site.next_second()
    request = site.request(group, pointInTimeName="mine")
    request.wait_reason("Transferring")
    other = site.act("run-schedule", protection_group)["suffix"]
    mine = request.suffix()
    site.next_second()
    order = [mine, other] if protection_group == "together" else [other, mine]
    for suffix in order:
        site.act("land", protection_group, suffix=suffix)
        site.next_millisecond()
    end = request.wait_finished()
    assert identified(end) == "True"
    assert end["status"]["pointInTime"]["id"] == request.point(protection_group)["id"]


def test_points_in_time_without_a_snapshot_do_not_hide_ours(site: Site) -> None:
    """The source's clock is five minutes ahead, so our window is wide, and what is listed from before lies in it."""
    site.simulator.action("set-switch", name="pointsOutliveSnapshots", value=True)
    site.simulator.action("set-skew", endpoint=SOURCE, seconds=300)
    site.simulator.action("set-skew", endpoint=TARGET, seconds=120)
    for _ in range(HISTORY):
        gone = site.act("run-schedule", "eradicated")["suffix"]
        site.act("destroy-snapshot", "eradicated", suffix=gone, target=TARGET)
        site.act("eradicate", "eradicated", suffix=gone, target=TARGET)
    site.simulator.action("set-skew", endpoint=TARGET, seconds=0)
    kept = site.act("run-schedule", "eradicated")["suffix"]
    end = site.request(bound(site, "eradicated"), pointInTimeName="asked").assert_true_success("eradicated")
    assert identified(end) == "True"
    assert kept in {one["suffix"] for one in site.points("eradicated")}
