"""Ends and waits that the storage decides."""

from __future__ import annotations

from datetime import timedelta

import pytest
from unit.reconcile.model.driver import Driver
from unit.reconcile.model.flows import landed, pushed
from unit.reconcile.model.world import World

from vvol_replication.domain.outcomes import Done
from vvol_replication.reconcile.core.observation import Query


def test_destroyed_before_it_landed() -> None:
    driver = pushed(World())
    driver.world.copies[0].destroyed = True
    assert driver.run().reason() == "SnapshotDestroyed"


def test_destroyed_while_it_was_transferred() -> None:
    driver = pushed(World())
    driver.world.begin()
    driver.world.copies[0].destroyed = True
    assert driver.run().reason() == "SnapshotDestroyed"


def test_gone_from_both_arrays() -> None:
    driver = pushed(World())
    driver.world.copies.clear()
    assert driver.run().reason() == "SnapshotDestroyed"


def test_what_had_landed_and_is_not_shown_any_more_is_not_said_to_be_on_its_way() -> None:
    """The target has eradicated its copy before the point in time was listed."""
    driver = pushed(World(listing_lag=timedelta(hours=1)))
    driver.world.begin()
    driver.world.land()
    for _ in range(3):
        driver.until_parked()
        driver.wait()
    assert driver.reason() == "Verifying"
    driver.world.unreadable[Query.TARGET_SNAPSHOTS] = Done(())
    for _ in range(20):
        driver.until_parked()
        driver.wait()
    assert not driver.ended
    assert "had landed, but the target array does not show it any more" in driver.message()
    assert "yet" not in driver.message()


def test_never_sent() -> None:
    world = World()
    driver = Driver(world)
    driver.until_step("task")
    world.allowed = False
    driver.until_step("push")
    driver.run()
    assert driver.reason() == "NeverSent"
    assert driver.reason("Named") == "NameStillPending"


def test_a_prepared_group_is_never_complete_and_its_last_point_in_time_is_told() -> None:
    world = World(prepared=True).with_history(2)
    driver = Driver(world).run()
    assert driver.reason() == "GroupPrepared"
    assert "push" not in driver.steps
    assert driver.status.point_in_time is not None
    assert driver.status.point_in_time.id == "pit-s1"
    assert "pit-s1" in driver.message()


def test_a_prepared_group_without_any_point_in_time() -> None:
    driver = Driver(World(prepared=True)).run()
    assert driver.reason() == "GroupPrepared"
    assert "No point in time is listed" in driver.message()


@pytest.mark.parametrize(
    ("history", "seen"), [(2, "had transfers"), (0, "lists the new point in time 'pit-"), (1, "'pit-")]
)
def test_a_target_array_that_shows_nothing_of_what_was_there_proves_no_prepared_group(history: int, seen: str) -> None:
    """The source array was renamed a moment ago: under the old name the target array knows no protection group."""
    world = World().with_history(history)
    driver = Driver(world)
    driver.until_step("arm")
    world.schedule()
    world.begin()
    copy = world.land()
    assert copy is not None
    if history == 2:
        world.listed.pop()
    world.unreadable[Query.TARGET_SNAPSHOTS] = Done(())
    for _ in range(20):
        driver.until_parked()
        driver.wait()
    assert driver.reason() == "Verifying"
    assert seen in driver.message()
    assert not driver.ended
    del world.unreadable[Query.TARGET_SNAPSHOTS]
    while "push" not in driver.steps:
        driver.until_parked()
        if "push" not in driver.steps:
            driver.wait()
    assert driver.arms == 2


def test_a_strangers_sync_is_waited_for_with_growing_pauses_and_never_credited() -> None:
    world = World()
    world.steal("somebody else's")
    driver = Driver(world)
    for _ in range(40):
        driver.until_parked()
        driver.wait()
    assert driver.reason() == "SyncOngoing"
    assert 3 <= driver.arms <= 40
    assert not driver.acted
    world.schedule()
    world.land()
    while "push" not in driver.steps:
        driver.until_parked()
        if "push" not in driver.steps:
            driver.wait()
    landed(driver)
    assert driver.run().reason("Named") == "Named"


def test_data_that_is_not_listed_is_waited_for_and_told() -> None:
    driver = pushed(World(listing_lag=timedelta(seconds=60)))
    landed(driver)
    driver.until_parked()
    assert driver.reason() == "Verifying"
    for _ in range(12):
        driver.wait()
        driver.until_parked()
    assert driver.reason() == "PointInTimeNotListed"
    assert driver.run().reason() == "PointInTimeCreated"


def test_a_name_that_does_not_come_is_told_after_a_while() -> None:
    driver = pushed(World())
    driver.until_parked()
    driver.world.begin()
    driver.world.tasks[0].name = "something else"
    driver.world.land()
    driver.poll()
    driver.run()
    assert (driver.reason(), driver.reason("Named")) == ("PointInTimeCreated", "NotNamed")
