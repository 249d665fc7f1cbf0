"""Lost answers and lost processes: look, never repeat blindly."""

from __future__ import annotations

import pytest
from unit.reconcile.model.driver import Driver
from unit.reconcile.model.flows import landed
from unit.reconcile.model.world import World

from vvol_replication.api.sync import SyncSpec
from vvol_replication.reconcile.core.steps import Park


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_to_the_sync_call_is_followed_by_one_repeat(when: str) -> None:
    world = World(arm_faults=[when])
    driver = Driver(world)
    driver.until_step("push")
    assert driver.arms == 2
    assert len(world.tasks) == 1


def test_two_lost_answers_in_a_row_end_with_nothing_pushed() -> None:
    driver = Driver(World(arm_faults=["after", "after"])).run()
    assert driver.reason() == "SyncOutcomeUnknown"
    assert driver.reason("Named") == "NameStillPending"
    assert "push" not in driver.steps


def test_a_lost_answer_to_the_push_after_its_effect_is_found_by_looking() -> None:
    driver = Driver(World(push_faults=["after"]))
    driver.until_parked()
    assert driver.steps.count("push") == 1
    assert driver.reason() == "Transferring"
    landed(driver)
    assert driver.run().reason() == "PointInTimeCreated"


def test_a_lost_answer_to_the_push_before_its_effect_is_repeated_only_after_looking_for_a_while() -> None:
    driver = Driver(World(push_faults=["before"]))
    driver.until_parked()
    assert driver.reason() == "LookingAfterLostAnswer"
    lost_at = driver.world.now
    while driver.steps.count("push") == 1:
        driver.until_parked()
        driver.wait()
    assert driver.world.now - lost_at >= driver.tuning.settle


def test_a_push_that_lands_late_is_adopted_and_not_made_again() -> None:
    driver = Driver(World(push_faults=["late"]))
    driver.until_parked()
    driver.wait()
    driver.until_parked()
    driver.world.arrive()
    driver.wait()
    driver.until_parked()
    assert driver.steps.count("push") == 1
    assert driver.reason() == "Transferring"


def test_a_push_that_lands_between_look_and_repeat_is_met_by_the_arrays_own_refusal() -> None:
    driver = Driver(World(push_faults=["late"]))
    while driver.steps.count("task") < 2:
        if isinstance(driver.step().step, Park):
            driver.wait()
    driver.world.arrive()
    driver.until_parked()
    assert driver.steps.count("push") == 2
    assert driver.reason() == "Transferring"
    assert len(driver.world.copies) == 1


# Crashes


@pytest.mark.parametrize("after", ["record", "arm", "task", "push"])
def test_killed_after_any_step_it_goes_on_and_pushes_once(after: str) -> None:
    world = World()
    driver = Driver(world)
    driver.until_step(after)
    driver.crash()
    driver.until_parked()
    landed(driver)
    driver.run()
    assert driver.reason() == "PointInTimeCreated"
    assert len(world.copies) == 1
    assert driver.reason("Named") == "Named"


def test_a_request_id_that_was_done_before_is_complete_without_a_push() -> None:
    world = World()
    spec = SyncSpec(group="erp", request_id="CHG-1")
    first = Driver(world, spec)
    first.until_parked()
    landed(first)
    first.run()
    again = Driver(world, spec, uid="u2")
    again.run()
    assert again.reason() == "AlreadyDone"
    assert again.arms == 0
