"""maxAge: a point in time that is young enough satisfies a request, by clocks that can be trusted."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from unit.reconcile.model.driver import Driver
from unit.reconcile.model.flows import landed
from unit.reconcile.model.world import World

from vvol_replication.api.conditions import find
from vvol_replication.api.status import Phase
from vvol_replication.api.sync import Method, SyncSpec
from vvol_replication.domain.groups import GroupState

YOUNG = SyncSpec(group="erp", max_age=timedelta(minutes=10))
METHODS = pytest.mark.parametrize("method", list(Method))


def _world(age: float, **changes: object) -> World:
    world = World(**changes)  # type: ignore[arg-type]  # tests name fields
    world.schedule()
    world.tick(20)
    world.land()
    world.tick(age)
    return world


@METHODS
@pytest.mark.parametrize("time_of_completion", [False, True])
@pytest.mark.parametrize("skew", [0, 45, -45])
def test_young_enough_nothing_is_asked_for(method: Method, skew: int, *, time_of_completion: bool) -> None:
    clocks = {"target_skew": timedelta(seconds=skew), "source_skew": timedelta(seconds=skew)}
    world = _world(300, time_of_completion=time_of_completion, **clocks)
    driver = Driver(world, replace(YOUNG, method=method)).run()
    assert (driver.reason(), driver.status.phase) == ("RecentEnough", Phase.SUCCEEDED)
    assert driver.arms == 0
    assert "push" not in driver.steps
    if method is Method.ARRAY_ONLY:
        assert driver.status.point_in_time is None
        assert driver.status.transfer is not None
        assert driver.status.transfer.snapshot == "fa-a:erp.s0"
    else:
        assert driver.status.point_in_time is not None
        assert driver.status.point_in_time.id == "pit-s0"
        assert driver.status.point_in_time.time is not None
        assert "'pit-s0'" in driver.message()
    at = driver.world.now + timedelta(seconds=skew)
    assert re.search(rf" was (at most )?5 min( \d+ s)? old at {at:%Y-%m-%dT%H:%M:%SZ}, by the target", driver.message())


@METHODS
def test_too_old_a_new_one_is_made(method: Method) -> None:
    driver = Driver(_world(601), replace(YOUNG, method=method))
    driver.until_step("push" if method is not Method.AWAIT_SCHEDULE else "arm")


def test_its_data_counts_not_its_landing() -> None:
    """A point in time may carry the time of its landing; the snapshot behind it is an hour older."""
    world = World(time_of_completion=True)
    world.schedule()
    world.tick(3600)
    world.land()
    Driver(world, YOUNG).until_step("push")


@METHODS
@pytest.mark.parametrize(
    "changes",
    [
        {"target_skew": timedelta(seconds=61)},
        {"target_skew": timedelta(seconds=-61)},
        {"source_skew": timedelta(seconds=61)},
        {"clocks_told": False},
    ],
)
def test_clocks_that_differ_or_are_not_known_satisfy_nothing_and_that_is_told(
    method: Method, changes: dict[str, object]
) -> None:
    driver = Driver(_world(10, **changes), replace(YOUNG, method=method))
    driver.until_step("record")
    assert "maxAge cannot be checked" in driver.message()
    driver.until_step("push" if method is not Method.AWAIT_SCHEDULE else "arm")


def test_what_was_not_judged_is_told_at_the_end_too() -> None:
    driver = Driver(_world(10, clocks_told=False), YOUNG)
    driver.until_step("push")
    landed(driver)
    driver.run()
    assert driver.reason() == "PointInTimeCreated"
    assert "maxAge cannot be checked" in driver.message()


@METHODS
def test_what_lies_in_the_future_is_not_young(method: Method) -> None:
    world = _world(10)
    world.copies[0].created += timedelta(hours=1)
    world.listed[0].point = replace(world.listed[0].point, time=world.copies[0].created)
    driver = Driver(world, replace(YOUNG, method=method))
    driver.until_step("record")


def test_a_point_in_time_without_a_landed_transfer_proves_nothing() -> None:
    world = _world(10)
    world.copies.clear()
    Driver(world, YOUNG).until_step("push")


@METHODS
def test_destroyed_it_proves_nothing(method: Method) -> None:
    world = _world(10)
    world.destroy()
    Driver(world, replace(YOUNG, method=method)).until_step("record")


@pytest.mark.parametrize(
    ("name", "asked", "told"),
    [("before-upgrade", "before-upgrade", "True"), ("other", "before-upgrade", "False"), (None, "x", "False")],
)
def test_whether_it_has_the_asked_name_is_told(name: str | None, asked: str, told: str) -> None:
    world = _world(10)
    world.listed[0].point = replace(world.listed[0].point, name=name)
    driver = Driver(world, replace(YOUNG, point_in_time_name=asked)).run()
    named = find(driver.status.conditions, "Named")
    assert named is not None
    assert (driver.reason(), named.status) == ("RecentEnough", told)


def test_several_transfers_that_fit_count_with_the_oldest() -> None:
    world = World()
    for _ in range(2):
        world.schedule()
    world.tick(20)
    world.land()
    world.land()
    driver = Driver(world, YOUNG).run()
    assert driver.reason() == "RecentEnough"
    assert driver.status.transfer is None, "which of them it is of cannot be told"


def test_it_is_judged_while_an_older_transfer_is_under_way_and_again_when_that_has_landed() -> None:
    world = _world(700)
    world.schedule()
    world.begin()
    driver = Driver(world, YOUNG)
    driver.until_parked()
    assert driver.reason() == "OlderTransferInFlight"
    driver.wait()
    driver.until_parked()
    world.tick(3)
    world.land()
    driver.poll()
    assert driver.run().reason() == "RecentEnough"
    assert driver.arms == 0


def test_a_group_that_is_not_in_order_is_told_as_such() -> None:
    driver = Driver(_world(10, target_state=GroupState.FAILEDOVER), YOUNG).run()
    assert driver.reason() == "GroupFailedOver"
