"""Clocks of arrays that are ahead, and are put right: what is new looks older than what is old."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from unit.reconcile.model.driver import Driver
from unit.reconcile.model.world import BINDING, START, Copy, Listed, World

from vvol_replication.api.sync import Method, SyncSpec
from vvol_replication.reconcile.core.baseline import fingerprints

HALF_A_DAY = timedelta(hours=12)
SIDES = ["source", "target", "both"]


def ahead(history: int, side: str, by: timedelta = HALF_A_DAY, *, of_completion: bool = False) -> World:
    """A world with a history from when a clock was ahead; it is right now."""
    made = World(time_of_completion=of_completion)
    made.source_skew = timedelta() if side == "target" else by
    made.target_skew = timedelta() if side == "source" else by
    made.with_history(history)
    made.source_skew = made.target_skew = timedelta()
    return made


def landed(driver: Driver) -> None:
    driver.world.tick(1)
    driver.world.begin()
    driver.world.tick(4)
    driver.world.land()
    driver.poll()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("of_completion", [False, True])
@pytest.mark.parametrize("by", [HALF_A_DAY, -HALF_A_DAY])
def test_a_clock_that_was_put_right_before_the_sync(side: str, by: timedelta, *, of_completion: bool) -> None:
    driver = Driver(ahead(40, side, by, of_completion=of_completion))
    driver.until_step("push")
    landed(driver)
    driver.run()
    assert (driver.reason(), driver.reason("Named")) == ("PointInTimeCreated", "Named")
    assert driver.reason("PointInTimeIdentified") == "Identified"
    assert driver.arms == 1


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("history", [1, 40])
def test_a_clock_that_was_put_right_before_the_schedule_brings_its_data(side: str, history: int) -> None:
    driver = Driver(ahead(history, side), SyncSpec(group="erp", method=Method.AWAIT_SCHEDULE))
    driver.until_step("arm")
    driver.until_parked()
    driver.world.tick(60)
    driver.world.schedule()
    landed(driver)
    driver.run()
    assert (driver.reason(), driver.reason("Named")) == ("ScheduledTransferLanded", "Named")
    assert driver.arms == 1


def test_what_was_there_is_known_after_a_crash_and_forgotten_after_the_end() -> None:
    driver = Driver(ahead(40, "both"))
    driver.until_step("push")
    operation = driver.stored.operation
    assert operation is not None
    assert operation.baseline is not None
    assert operation.baseline.snapshot_fingerprints == fingerprints(f"s{number}" for number in range(40))
    driver.crash()
    landed(driver)
    driver.run()
    assert driver.reason() == "PointInTimeCreated"
    assert driver.status.operation is not None
    assert driver.status.operation.baseline is not None
    assert driver.status.operation.baseline.snapshot_fingerprints is None


def test_where_times_have_to_do_it_says_that_the_clock_went_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vvol_replication.reconcile.core.baseline.FINGERPRINTS_LIMIT", 30)
    driver = Driver(ahead(40, "both"))
    driver.until_step("push")
    landed(driver)
    for _ in range(30):
        driver.until_parked()
        driver.world.tick(10)
    assert driver.reason() == "PointInTimeNotListed"
    assert "The source array's clock went back after" in driver.message()


def test_a_push_from_when_the_clock_was_ahead_holds_nobody_up_for_longer_than_the_interval() -> None:
    world = World()
    world.copies.append(Copy("vr-earlier", START, START.replace(microsecond=0) + HALF_A_DAY))
    world.begin()
    world.land()
    driver = Driver(world)
    driver.bound = replace(BINDING, min_push_interval=timedelta(minutes=10))
    driver.until_parked()
    assert driver.reason() == "RateLimited"
    world.tick(601)
    driver.until_step("push")


def test_one_that_may_be_of_another_transfer_is_not_said_to_be_missing() -> None:
    """Somebody else's transfer landed in the same second as ours; one point in time is listed, and is of either."""
    driver = Driver(World())
    driver.until_step("push")
    other = driver.world.schedule("other")
    landed(driver)
    mine = driver.world.copies[0]
    other.created, other.started, other.completed = mine.created, mine.started, mine.completed
    driver.poll()
    for _ in range(30):
        driver.until_parked()
        driver.world.tick(10)
    assert driver.reason() == "Verifying"
    assert "may be its own, or of another transfer" in driver.message()
    listed = driver.world.listed[0]
    unnamed = replace(listed.point, id="pit-other", name=None)
    driver.world.listed.append(Listed(unnamed, other, driver.world.now))
    driver.run()
    assert (driver.reason(), driver.reason("PointInTimeIdentified")) == ("PointInTimeCreated", "PointInTimeAmbiguous")


def test_without_a_push_of_ours_on_the_source_nothing_is_held_up() -> None:
    driver = Driver(World().with_history(2))
    driver.bound = replace(BINDING, min_push_interval=timedelta(minutes=10))
    driver.until_step("push")
