"""Two operator processes: an unanswered intent of another one is looked at only after a while."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from unit.reconcile.model.driver import Driver
from unit.reconcile.model.flows import landed
from unit.reconcile.model.world import World

from vvol_replication.api.sync import Method, SyncSpec
from vvol_replication.reconcile.core.steps import Park

CASES = pytest.mark.parametrize(
    ("method", "step"),
    [
        (Method.COORDINATED, "record"),
        (Method.COORDINATED, "arm"),
        (Method.ARRAY_ONLY, "record"),
        (Method.AWAIT_SCHEDULE, "record"),
    ],
)


def _taken_over(method: Method, step: str) -> Driver:
    driver = Driver(World(), SyncSpec(group="erp", method=method))
    driver.until_step(step)
    if step == "arm":
        # The task is told with the next write of the status.
        driver.stored = driver.status
    driver.take_over()
    return driver


@CASES
def test_it_waits_for_lease_and_longest_call_then_records_itself_and_goes_on(method: Method, step: str) -> None:
    driver = _taken_over(method, step)
    began = driver.world.now
    parked = driver.until_parked().step
    assert isinstance(parked, Park)
    assert parked.until == began + driver.tuning.lease + driver.tuning.longest_call
    assert driver.reason() == "LookingAfterLostAnswer"
    assert "'process-1'" in driver.message()
    driver.world.tick(76)
    driver.until_step("record")
    assert driver.stored.operation is not None
    assert driver.stored.operation.holder == "process-2"
    if method is Method.AWAIT_SCHEDULE:
        driver.until_parked()
        driver.world.schedule()
    landed(driver)
    driver.run()
    assert driver.status.phase is not None
    assert driver.reason("Complete")
    assert len(driver.world.copies) == 1


@CASES
@pytest.mark.parametrize("ending", ["cancel", "timeout"])
def test_an_end_waits_as_well_for_the_turn_is_not_free_before(method: Method, step: str, ending: str) -> None:
    driver = _taken_over(method, step)
    if ending == "cancel":
        driver.respecify(cancel=True)
    else:
        driver.respecify(timeout=timedelta(seconds=1))
        driver.world.tick(2)
    assert isinstance(driver.until_parked().step, Park)
    driver.world.tick(76)
    driver.until_parked()
    assert driver.ended
    assert driver.reason() == ("Cancelled" if ending == "cancel" else "TimedOut")


def test_the_same_process_does_not_wait_for_itself() -> None:
    driver = Driver(World())
    driver.until_step("record")
    driver.crash()
    driver.until_step("push")


@pytest.mark.parametrize(("identity", "holder"), [("", "process-1"), ("process-2", None)])
def test_nor_does_one_that_is_the_only_one(identity: str, holder: str | None) -> None:
    driver = Driver(World())
    driver.until_step("record")
    driver.crash()
    driver.identity = identity
    assert driver.status.operation is not None
    driver.status = replace(driver.status, operation=replace(driver.status.operation, holder=holder))
    driver.step()
    driver.step()
    assert "park" not in driver.steps


def test_what_is_found_is_followed_without_waiting() -> None:
    driver = Driver(World())
    driver.until_step("push")
    driver.crash()
    driver.identity = "process-2"
    driver.world.tick(76)
    landed(driver)
    assert driver.run().reason() == "PointInTimeCreated"


def test_the_name_is_not_asked_for_again_before_that_but_the_data_is_followed() -> None:
    driver = Driver(World())
    driver.until_step("push")
    driver.until_parked()
    assert driver.status.operation is not None
    assert driver.status.operation.sync is not None
    nameless = replace(driver.status.operation.sync, task=None)
    driver.stored = replace(driver.status, operation=replace(driver.status.operation, sync=nameless))
    driver.crash()
    driver.identity = "process-2"
    driver.world.begin()
    driver.until_parked()
    assert driver.reason() == "Transferring"
    assert driver.arms == 1
    driver.world.tick(76)
    driver.until_step("record")
    driver.until_step("arm")
    assert driver.arms == 2


def test_a_timeout_still_counts_while_it_waits() -> None:
    driver = Driver(World(), SyncSpec(group="erp", timeout=timedelta(seconds=30)))
    driver.until_step("record")
    driver.take_over()
    driver.until_parked()
    driver.world.tick(31)
    assert driver.run().reason() == "TimedOut"
