"""A sync that is in the way: ours after a lost answer, or a stranger's; told by the call or inside the task."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.reconcile.model.driver import Driver
from unit.reconcile.model.flows import landed, pushed
from unit.reconcile.model.world import World

from vvol_replication.api.sync import Method, SyncSpec
from vvol_replication.domain.points import TaskState

PLACES = pytest.mark.parametrize("ongoing_in_task", [False, True])
METHODS = pytest.mark.parametrize("method", [Method.COORDINATED, Method.AWAIT_SCHEDULE])


def _until(driver: Driver, name: str) -> None:
    while name not in driver.steps:
        driver.until_parked()
        if name not in driver.steps:
            driver.wait()


@PLACES
@METHODS
@pytest.mark.parametrize("crash", [False, True])
def test_after_a_lost_answer_the_sync_that_is_in_the_way_is_ours(
    method: Method, *, ongoing_in_task: bool, crash: bool
) -> None:
    world = World(arm_faults=["after"], ongoing_in_task=ongoing_in_task)
    driver = Driver(world, SyncSpec(group="erp", method=method))
    driver.until_step("arm")
    if crash:
        driver.crash()
    driver.until_step("arm")
    driver.until_parked()
    if method is Method.AWAIT_SCHEDULE:
        world.schedule()
    landed(driver)
    driver.run()
    assert driver.reason("Named") == "Named"
    assert driver.arms == 2
    assert [task.reading.state for task in world.tasks].count(TaskState.SUCCESS) == 1


@METHODS
@pytest.mark.parametrize("history", [0, 2])
def test_a_strangers_sync_that_the_task_tells_of_is_waited_for_and_never_taken(method: Method, history: int) -> None:
    world = World(ongoing_in_task=True).with_history(history)
    world.steal("somebody else's")
    driver = Driver(world, SyncSpec(group="erp", method=method))
    for _ in range(20):
        driver.until_parked()
        assert driver.reason() == "SyncOngoing"
        driver.wait()
    assert 2 <= driver.arms <= 20
    assert "push" not in driver.steps
    world.schedule()
    world.tick(1)
    world.land()
    armed = driver.arms
    while driver.arms == armed:
        driver.until_parked()
        driver.wait()
    driver.until_parked()
    if method is Method.AWAIT_SCHEDULE:
        world.tick(2)
        world.schedule()
    landed(driver)
    driver.run()
    assert driver.reason("Named") == "Named"


def test_a_stranger_that_is_not_named_is_a_stranger() -> None:
    world = World(arm_faults=["before"], ongoing_in_task=True, task_in_ongoing=False)
    world.steal("somebody else's")
    driver = Driver(world)
    driver.until_step("arm")
    driver.until_step("arm")
    driver.until_parked()
    assert driver.reason() == "SyncOngoing"


def test_a_strangers_sync_that_was_taken_for_ours_is_told_by_the_name_that_it_gave() -> None:
    """Nothing tells them apart after a lost answer while the sync is pending; once it has ended its name does."""
    world = World(arm_faults=["before"])
    driver = Driver(world)
    driver.until_step("arm")
    world.steal("somebody else's")
    driver.until_step("push")
    landed(driver)
    driver.run()
    assert (driver.reason(), driver.reason("Named")) == ("PointInTimeCreated", "NotNamed")
    assert "for this request's own: \"somebody else's\"" in driver.message("Named")


def test_a_stranger_that_was_taken_for_ours_and_named_older_data_counts_for_no_credit_of_ours() -> None:
    world = World(arm_faults=["before"], rows_shown_at_target=False)
    world.schedule()
    driver = Driver(world)
    driver.until_step("arm")
    world.steal("somebody else's")
    driver.until_step("arm")
    world.tick(1)
    world.land()
    _until(driver, "push")
    landed(driver)
    driver.run()
    assert (driver.reason(), driver.reason("Named")) == ("PointInTimeCreated", "Named")
    assert driver.status.operation is not None
    assert driver.status.operation.sync is not None
    assert driver.status.operation.sync.credited == ()


def test_another_sync_in_the_way_of_the_name_does_not_hold_up_the_data() -> None:
    world = World(rows_shown_at_target=False, ongoing_in_task=True)
    world.schedule()
    driver = pushed(world)
    driver.until_parked()
    world.tick(1)
    world.land()
    world.steal("somebody else's")
    driver.poll()
    driver.until_step("arm")
    driver.until_parked()
    assert driver.reason() == "Transferring"
    for _ in range(20):
        driver.wait()
        driver.until_parked()
    assert driver.arms >= 3
    landed(driver)
    driver.run()
    assert driver.reason() == "PointInTimeCreated"


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("explicit", [False, True])
def test_a_provider_that_pushes_by_itself_brings_true_data(method: Method, *, explicit: bool) -> None:
    world = World(provider_pushes=True).with_history(1)
    name = "before-upgrade" if explicit else None
    driver = Driver(world, SyncSpec(group="erp", method=method, point_in_time_name=name))
    while not driver.ended:
        driver.until_parked()
        if driver.parked:
            world.begin()
            world.tick(2)
            world.land()
            driver.poll()
            driver.wait()
    assert driver.reason("Complete")
    assert driver.steps.count("push") == (0 if method is Method.AWAIT_SCHEDULE else 1)
    if method is not Method.ARRAY_ONLY:
        named = driver.status.named_point_in_time
        if method is Method.AWAIT_SCHEDULE:
            assert (driver.reason("Named"), named) == ("Named", None)
        else:  # both landed in one second
            assert driver.reason("Named") == "PointInTimeAmbiguous"
            assert "In both cases its data is from after the request." in driver.message("Named")
            assert named is not None
            assert driver.status.operation is not None
            assert named.name == driver.status.operation.point_in_time_name


def test_a_suffix_that_a_destroyed_snapshot_reserves_is_an_end() -> None:
    world = World(destroyed_shown=False)
    landed(pushed(world))
    world.destroy()
    again = Driver(world)  # its status was wiped
    again.run()
    assert again.reason() == "SnapshotDestroyed"
    assert again.steps.count("push") == 1
    assert len(world.copies) == 1


def test_the_same_point_in_time_name_twice_is_told_with_the_id_to_use() -> None:
    world = World()
    spec = SyncSpec(group="erp", point_in_time_name="nightly")
    first = Driver(world, spec)
    landed(first)
    first.run()
    assert first.reason("Named") == "Named"
    world.tick(600)
    second = Driver(world, spec, uid="u2")
    landed(second)
    second.run()
    assert (second.reason(), second.reason("Named")) == ("PointInTimeCreated", "NameAlsoOnOlderPointInTime")
    assert second.status.point_in_time is not None
    assert str(second.status.point_in_time.id) in second.message("Named")


@pytest.mark.parametrize("step", ["record", "arm", "push"])
@pytest.mark.parametrize("method", list(Method))
def test_an_array_that_is_renamed_on_the_way_is_the_same_array(method: Method, step: str) -> None:
    world = World(rows_shown_at_target=False).with_history(3)
    driver = Driver(world, SyncSpec(group="erp", method=method))
    if step in ("record", "arm" if method is not Method.ARRAY_ONLY else "push"):
        driver.until_step(step)
    world.rename("fa-z")
    world.tick(11)
    driver.until_parked()
    if method is Method.AWAIT_SCHEDULE:
        world.schedule()
    landed(driver)
    driver.run()
    assert driver.reason("Complete")
    assert driver.status.transfer is not None
    assert str(driver.status.transfer.snapshot).startswith("fa-z:erp.")
    assert replace(driver.status.transfer, snapshot=None).percent == 100
