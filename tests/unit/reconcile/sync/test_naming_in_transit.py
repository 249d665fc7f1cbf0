"""While the data is on its way a sync is asked for only for the name, and nothing that it meets ends the request."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.reconcile.model.driver import Driver
from unit.reconcile.model.world import UNREACHABLE, World

from vvol_replication.api.conditions import find
from vvol_replication.domain.groups import GroupState
from vvol_replication.reconcile.core.observation import Query


def on_its_way(world: World | None = None) -> Driver:
    """The push was answered, and its transfer runs."""
    driver = Driver(world or World())
    driver.until_step("push")
    driver.until_parked()
    driver.world.begin()
    driver.poll()
    driver.until_parked()
    return driver


def minutes(driver: Driver, count: int) -> None:
    for _ in range(count * 30):
        driver.world.tick(2)
        driver.poll()
        driver.until_parked()


def complete(driver: Driver) -> Driver:
    driver.world.land()
    driver.poll()
    return driver.run()


def test_a_task_that_ends_in_error_is_armed_again_a_little_later() -> None:
    driver = on_its_way()
    driver.world.fail_task()
    minutes(driver, 2)
    assert driver.arms == 2
    assert complete(driver).reason("Named") == "Named"
    assert "still armed" not in driver.message("Named")


def test_errors_are_borne_up_to_the_limit_and_then_the_data_comes_unnamed() -> None:
    driver = on_its_way()
    driver.respecify(retry_limit=0)
    driver.world.fail_task()
    minutes(driver, 2)
    assert driver.arms == 1
    assert (complete(driver).reason(), driver.reason("Named")) == ("PointInTimeCreated", "NotNamed")


def test_a_forgotten_task_is_left_alone() -> None:
    driver = on_its_way()
    driver.world.forget_tasks()
    minutes(driver, 2)
    assert driver.arms == 1
    assert complete(driver).reason("Named") == "Named"


def test_armings_are_bounded_here_too() -> None:
    driver = on_its_way()
    driver.tuning = replace(driver.tuning, most_armings=1)
    driver.world.fail_task()
    minutes(driver, 2)
    assert driver.arms == 1


@pytest.mark.parametrize("fault", ["refused", "down", "before", "after", "identity"])
def test_what_meets_the_repeated_call_does_not_end_the_request(fault: str) -> None:
    driver = on_its_way()
    driver.world.fail_task()
    driver.world.arm_faults = [fault] * 3
    minutes(driver, 3)
    assert complete(driver).reason() == "PointInTimeCreated"


def test_a_group_in_test_is_not_armed_again_and_the_data_arrives_all_the_same() -> None:
    driver = on_its_way()
    driver.world.fail_task()
    driver.world.target_state = GroupState.INTEST
    minutes(driver, 1)
    assert (driver.reason(), driver.arms) == ("Transferring", 1)
    assert complete(driver).reason() == "PointInTimeCreated"


@pytest.mark.parametrize("query", [Query.TASK, Query.TARGET_GROUP])
def test_a_site_that_cannot_be_asked_does_not_hold_up_the_data(query: Query) -> None:
    driver = on_its_way()
    driver.world.fail_task()
    driver.world.unreadable[query] = UNREACHABLE
    minutes(driver, 2)
    assert driver.reason() == "Transferring"
    assert complete(driver).reason() == "PointInTimeCreated"


def test_a_success_without_anything_landed_is_not_answered() -> None:
    driver = on_its_way()
    driver.world.prepare()
    minutes(driver, 2)
    assert driver.arms == 1
    assert driver.reason() == "Transferring"


def test_a_sync_that_stays_armed_behind_data_without_its_name_is_told() -> None:
    driver = on_its_way()
    driver.world.tasks[0].name = "taken away"
    pending = driver.world.tasks[0].reading
    driver.world.land()
    driver.world.tasks[0].reading = pending
    driver.poll()
    driver.run()
    named = find(driver.status.conditions, "Named")
    assert named is not None
    assert (named.status, named.reason) == ("False", "NameStillPending")
    assert driver.reason() == "PointInTimeCreated"


def test_killed_after_the_push_and_the_transfer_landed_first_the_name_is_looked_for_not_armed_for() -> None:
    driver = on_its_way()
    driver.world.land()
    driver.crash()
    driver.run()
    assert driver.arms == 1
    assert driver.reason("Named") == "Named"


def test_two_lost_answers_and_a_push_of_another_process_that_shows_at_last() -> None:
    world = World(push_faults=["late"])
    driver = Driver(world)
    driver.until_step("push")
    stored = driver.stored
    assert stored.operation is not None
    assert stored.operation.sync is not None
    assert stored.operation.sync.task is None
    driver.crash()
    world.arm_faults = ["before", "before"]
    while driver.seen.lost_syncs < 2:
        driver.step()
    world.arrive()
    driver.until_parked()
    assert driver.reason() == "Transferring"
    assert complete(driver).reason() == "PointInTimeCreated"
