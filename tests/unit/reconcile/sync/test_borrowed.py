"""A request that ends with its sync armed: the group remembers, and the next one on it does what is true."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from unit.reconcile.model.driver import Driver
from unit.reconcile.model.exploration import give_turns
from unit.reconcile.model.flows import landed
from unit.reconcile.model.world import World

from vvol_replication.api.sync import Method, SyncSpec

EXPLICIT = SyncSpec(group="erp", point_in_time_name="before-upgrade")


def _left(world: World, spec: SyncSpec = EXPLICIT) -> Driver:
    """A request is cancelled between arming and pushing."""
    driver = Driver(world, spec, uid="u0")
    driver.until_step("arm")
    driver.respecify(cancel=True)
    driver.run()
    assert driver.reason("Named") == "NameStillPending"
    assert world.memory is not None
    assert world.memory.task == world.tasks[0].id
    return driver


@pytest.mark.parametrize("crash", [None, "record", "push"])
def test_one_with_a_derived_name_goes_under_the_armed_sync_and_tells_whose_name_it_got(crash: str | None) -> None:
    world = World().with_history(1)
    _left(world)
    driver = Driver(world)
    if crash:
        driver.until_step(crash)
        driver.crash()
    landed(driver)
    driver.run()
    assert (driver.reason(), driver.reason("Named")) == ("PointInTimeCreated", "NamedForEarlierRequest")
    assert "'before-upgrade' of ReplicationSync 'prod/sync-u0'" in driver.message("Named")
    assert driver.arms == 0
    assert len(world.tasks) == 1
    world.notice()
    assert world.memory is None


def test_one_that_asks_for_the_very_name_goes_under_it_too() -> None:
    world = World()
    _left(world)
    driver = Driver(world, EXPLICIT)
    landed(driver)
    driver.run()
    assert (driver.reason(), driver.reason("Named")) == ("PointInTimeCreated", "Named")
    assert driver.arms == 0


def test_one_with_another_name_waits_without_the_turn_and_says_what_has_to_land() -> None:
    world = World()
    _left(world)
    waits = Driver(world, replace(EXPLICIT, point_in_time_name="mine"), uid="u1")
    derived = Driver(world, uid="u2")
    waits.others, derived.others = [derived], [waits]
    give_turns([waits, derived])
    waits.until_parked()
    assert waits.reason() == "EarlierSyncArmed"
    assert "'before-upgrade', which ReplicationSync 'prod/sync-u0' left" in waits.message()
    assert "must land first" in waits.message()
    landed(derived)
    derived.run()
    assert derived.reason("Named") == "NamedForEarlierRequest"
    world.notice()
    landed(waits)
    waits.run()
    assert (waits.reason(), waits.reason("Named")) == ("PointInTimeCreated", "Named")


def test_where_nothing_ever_lands_its_deadline_ends_the_wait() -> None:
    world = World()
    _left(world)
    driver = Driver(world, replace(EXPLICIT, point_in_time_name="mine", timeout=timedelta(minutes=5)), uid="u1")
    driver.until_parked()
    world.tick(301)
    driver.run()
    assert driver.reason() == "TimedOut"
    assert "must land first" in driver.message()
    assert driver.arms == 0


def test_an_older_transfer_takes_the_earlier_name_and_then_the_request_arms_its_own() -> None:
    world = World(rows_shown_at_target=False)
    _left(world)
    world.schedule()
    driver = Driver(world)
    driver.until_step("record")
    world.tick(1)
    world.land()
    while "push" not in driver.steps:
        driver.until_parked()
        if "push" not in driver.steps:
            driver.wait()
    assert driver.arms == 1
    landed(driver)
    driver.run()
    assert (driver.reason(), driver.reason("Named")) == ("PointInTimeCreated", "Named")


def test_a_memory_that_is_behind_costs_a_look_and_nothing_else() -> None:
    """The sync has ended, and the group's monitor has not seen it yet."""
    world = World()
    _left(world)
    world.schedule()
    world.tick(2)
    world.land()
    world.tick(2)
    driver = Driver(world)
    driver.until_step("push")
    assert driver.arms == 1
    landed(driver)
    assert driver.run().reason("Named") == "Named"


@pytest.mark.parametrize("ending", ["error", "landing"])
def test_the_same_for_one_that_waits_for_the_schedule(ending: str) -> None:
    world = World()
    _left(world)
    driver = Driver(world, SyncSpec(group="erp", method=Method.AWAIT_SCHEDULE))
    driver.until_parked()
    assert "that ReplicationSync 'prod/sync-u0' left is armed" in driver.message()
    if ending == "error":
        world.fail_task()
        while not driver.arms:
            driver.until_parked()
            driver.wait()
    world.tick(5)
    world.schedule()
    world.tick(5)
    world.land()
    driver.poll()
    driver.run()
    assert driver.reason() == "ScheduledTransferLanded"
    assert driver.reason("Named") == ("Named" if ending == "error" else "NamedForEarlierRequest")


def test_cancelled_under_an_earlier_sync_it_is_still_the_earlier_ones() -> None:
    world = World()
    earlier = _left(world)
    driver = Driver(world)
    driver.until_step("record")
    driver.respecify(cancel=True)
    driver.run()
    assert "the name 'before-upgrade'" in driver.message("Named")
    assert world.memory is not None
    assert world.memory.uid == earlier.request.uid


def test_a_stranger_in_the_way_that_is_known_to_be_an_earlier_requests_is_not_taken_for_ours() -> None:
    """The answer was lost in a crash; the sync in the way is the one that the group remembers."""
    world = World(arm_faults=["before"])
    driver = Driver(world)
    driver.until_step("arm")
    driver.crash()
    _left(world)
    driver.until_step("arm")
    assert driver.status.operation is not None
    assert driver.status.operation.sync is not None
    assert driver.status.operation.sync.task is None
    driver.until_parked()
    assert driver.reason() == "SyncOngoing"


def test_while_the_data_lands_before_the_name_is_known_the_pending_name_is_the_earlier_ones() -> None:
    world = World()
    _left(world)
    driver = Driver(world)
    driver.until_step("push")
    task = world.tasks[0].reading
    landed(driver)
    world.tasks[0].reading = task
    world.listed[-1].point = replace(world.listed[-1].point, name=None)
    driver.run()
    assert driver.reason("Named") == "NameStillPending"
    assert "'before-upgrade'" in driver.message("Named")
