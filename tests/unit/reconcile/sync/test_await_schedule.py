"""Method AwaitSchedule: the sync is armed, the array's own schedule brings the data."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from unit.reconcile.model.driver import Driver
from unit.reconcile.model.world import BINDING, World

from vvol_replication.api.status import Phase
from vvol_replication.api.sync import Method, SyncSpec
from vvol_replication.domain.points import TaskReading, TaskState

WAITS = SyncSpec(group="erp", method=Method.AWAIT_SCHEDULE)
NAMED = replace(WAITS, point_in_time_name="before-upgrade")


def armed(world: World, spec: SyncSpec = WAITS) -> Driver:
    driver = Driver(world, spec)
    driver.until_step("arm")
    driver.until_parked()
    return driver


def scheduled(driver: Driver, *, begin: bool = True) -> None:
    """The schedule replicates."""
    driver.world.tick(60)
    driver.world.schedule()
    driver.world.tick(2)
    if begin:
        driver.world.begin()
        driver.poll()
        driver.until_parked()
    driver.world.tick(3)
    driver.world.land()
    driver.poll()


@pytest.mark.parametrize("spec", [WAITS, NAMED])
@pytest.mark.parametrize("history", [0, 1, 18])
def test_it_completes_with_the_next_scheduled_replication(spec: SyncSpec, history: int) -> None:
    driver = armed(World().with_history(history), spec)
    assert driver.reason() == "AwaitingTransfer"
    assert "schedule of protection group 'erp'" in driver.message()
    scheduled(driver)
    driver.run()
    assert (driver.reason(), driver.reason("Named")) == ("ScheduledTransferLanded", "Named")
    assert "push" not in driver.steps
    assert driver.status.operation is not None
    assert driver.status.operation.push is None


def test_it_tells_what_it_waits_for() -> None:
    driver = armed(World())
    driver.world.schedule()
    driver.world.begin()
    driver.poll()
    driver.until_parked()
    assert "fa-a:erp.s0 is being transferred (50% done)" in driver.message()


def test_a_landing_that_the_provider_has_not_seen_is_waited_for() -> None:
    driver = armed(World())
    scheduled(driver)
    driver.world.tasks[0].reading = TaskReading(TaskState.RUNNING)
    driver.until_parked()
    assert "Waiting until vSphere gives it" in driver.message()


def test_an_older_transfer_is_waited_for_before_arming() -> None:
    world = World()
    world.schedule()
    world.begin()
    driver = Driver(world, WAITS)
    driver.until_parked()
    assert driver.reason() == "OlderTransferInFlight"
    assert driver.arms == 0


@pytest.mark.parametrize("spec", [WAITS, NAMED])
def test_a_credit_for_an_older_transfer_arms_again(spec: SyncSpec) -> None:
    """It was on the source when the request looked, and had not begun where that can be seen."""
    world = World(rows_shown_at_target=False).with_history(1)
    world.schedule()
    driver = Driver(world, spec)
    driver.until_step("arm")
    world.tick(2)
    world.land()
    for _ in range(3):
        driver.until_parked()
        driver.wait()
    assert driver.arms == 2
    assert not driver.ended
    scheduled(driver)
    driver.run()
    assert (driver.reason(), driver.reason("Named")) == ("ScheduledTransferLanded", "NameAlsoOnOlderPointInTime")


def test_new_data_beside_a_name_on_older_data_arms_again_while_that_is_allowed() -> None:
    world = World(rows_shown_at_target=False).with_history(1)
    world.schedule()
    driver = Driver(world, NAMED)
    driver.tuning = replace(driver.tuning, most_armings=1)
    driver.until_step("arm")
    world.tick(2)
    world.land()
    world.schedule()
    world.tick(2)
    world.land()
    driver.run()
    assert driver.reason() == "NameOnOlderPointInTime"
    assert driver.status.phase is Phase.FAILED


def test_a_transfer_that_is_destroyed_is_no_news() -> None:
    driver = armed(World())
    driver.world.schedule()
    driver.world.tick(2)
    driver.world.land()
    driver.world.destroy()
    driver.poll()
    driver.until_step("arm")
    assert driver.arms == 2
    scheduled(driver, begin=False)
    assert driver.run().reason() == "ScheduledTransferLanded"


def test_a_task_in_error_is_asked_for_again() -> None:
    driver = armed(World())
    driver.world.fail_task()
    while driver.arms < 2:
        driver.until_parked()
        driver.wait()
    scheduled(driver, begin=False)
    assert driver.run().reason() == "ScheduledTransferLanded"


def test_of_two_new_transfers_the_one_that_has_the_name_is_told() -> None:
    """The first landed while no sync was armed: new data, and without the name."""
    driver = armed(World(), NAMED)
    driver.world.fail_task()
    driver.world.schedule()
    driver.world.tick(2)
    driver.world.land()
    driver.poll()
    while driver.arms < 2:
        driver.until_parked()
        driver.wait()
    scheduled(driver, begin=False)
    assert driver.run().reason() == "ScheduledTransferLanded"
    point = driver.status.point_in_time
    assert (point and point.id, driver.reason("Named")) == ("pit-s1", "Named")


def test_armed_without_an_answer_and_credited_before_the_restart_it_is_not_armed_again() -> None:
    driver = Driver(World(arm_faults=["after"]), WAITS)
    driver.until_step("arm")
    driver.crash()
    driver.world.schedule()
    driver.world.tick(2)
    driver.world.land()
    driver.run()
    assert (driver.reason(), driver.arms) == ("ScheduledTransferLanded", 1)


def test_a_forgotten_task_whose_credit_is_listed_is_done() -> None:
    driver = armed(World())
    driver.world.schedule()
    driver.world.tick(2)
    driver.world.land()
    driver.world.forget_tasks()
    driver.poll()
    driver.run()
    assert (driver.reason(), driver.arms) == ("ScheduledTransferLanded", 1)


def test_a_snapshot_that_was_pushed_under_its_id_is_a_conflict() -> None:
    world = World()
    first = Driver(world, SyncSpec(group="erp", request_id="one"))
    first.until_step("push")
    second = Driver(world, replace(WAITS, request_id="one"), uid="u2")
    second.run()
    assert second.reason() == "RequestIDConflict"
    assert second.arms == 0


@pytest.mark.parametrize("step", ["target_snapshots", "record"])
def test_suspended_before_arming(step: str) -> None:
    driver = Driver(World(), WAITS)
    driver.until_step(step)
    driver.respecify(suspend=True)
    driver.until_parked()
    assert driver.status.phase is Phase.SUSPENDED
    assert driver.arms == 0


def test_suspended_after_arming_it_goes_on_and_says_so() -> None:
    driver = armed(World())
    driver.respecify(suspend=True)
    driver.until_parked()
    assert "no effect once the sync is armed" in driver.message()
    scheduled(driver, begin=False)
    assert driver.run().reason() == "ScheduledTransferLanded"


def test_not_after_counts_until_the_first_arming() -> None:
    late = replace(WAITS, not_after=World().now + timedelta(seconds=30))
    driver = Driver(World(), late)
    driver.until_step("record")
    driver.world.tick(31)
    assert driver.run().status.phase is Phase.MISSED
    driver = armed(World(), late)
    driver.world.tick(31)
    scheduled(driver, begin=False)
    assert driver.run().reason() == "ScheduledTransferLanded"


def test_cancelled_while_it_waits_it_leaves_its_sync_and_the_group_remembers() -> None:
    driver = armed(World())
    driver.respecify(cancel=True)
    driver.run()
    assert driver.reason("Named") == "NameStillPending"
    assert "Nothing was pushed" in driver.message()
    assert driver.world.memory is not None
    assert driver.world.memory.request == "prod/sync-u1"


def test_the_floor_and_pods_are_for_pushes_only() -> None:
    world = World(pod="pod-1::")
    driver = Driver(world, WAITS)
    driver.bound = replace(BINDING, min_push_interval=timedelta(hours=9))
    driver.until_step("arm")


def test_without_a_schedule_its_deadline_ends_it() -> None:
    driver = armed(World(), replace(WAITS, timeout=timedelta(minutes=5)))
    driver.world.tick(301)
    driver.run()
    assert driver.reason() == "TimedOut"
    assert "Waiting until the schedule" in driver.message()
