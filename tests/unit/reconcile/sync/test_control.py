"""What people and clocks decide: cancel, suspend, notAfter, timeout, turns."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from unit.reconcile.model.driver import Driver
from unit.reconcile.model.flows import landed, pushed
from unit.reconcile.model.world import BINDING, START, World

from vvol_replication.api.reasons import Reason
from vvol_replication.api.status import Phase
from vvol_replication.api.sync import SyncSpec
from vvol_replication.domain.groups import GroupState
from vvol_replication.reconcile.binding.world import Unbound
from vvol_replication.reconcile.core.steps import Park


def test_cancelled_before_anything_was_done() -> None:
    driver = Driver(World())
    driver.until_step("target_snapshots")
    driver.respecify(cancel=True)
    assert driver.run().reason() == "Cancelled"
    assert "Nothing was pushed" in driver.message()
    assert driver.reason("Named") is None


def test_cancelled_between_arming_and_push_says_that_the_name_is_pending() -> None:
    driver = Driver(World())
    driver.until_step("arm")
    driver.respecify(cancel=True)
    assert driver.run().reason("Named") == "NameStillPending"
    assert driver.world.copies == []


def test_cancelled_after_the_push_says_that_data_may_still_arrive() -> None:
    driver = pushed(World())
    driver.respecify(cancel=True)
    assert driver.run().status.phase is Phase.CANCELLED
    assert "may still arrive" in driver.message()


@pytest.mark.parametrize("step", ["target_snapshots", "record", "arm"])
def test_suspended_before_the_push_it_holds_and_goes_on(step: str) -> None:
    driver = Driver(World())
    driver.until_step(step)
    driver.respecify(suspend=True)
    driver.until_parked()
    assert driver.status.phase is Phase.SUSPENDED
    assert driver.world.copies == []
    driver.respecify(suspend=False)
    driver.until_step("push")


@pytest.mark.parametrize("step", ["target_snapshots", "record", "arm"])
def test_a_suspended_group_holds_its_requests(step: str) -> None:
    driver = Driver(World())
    driver.until_step(step)
    driver.bound = replace(BINDING, suspended=True)
    driver.until_parked()
    assert driver.reason() == "GroupSuspended"
    driver.bound = BINDING
    driver.until_step("push")


def test_suspended_after_the_push_it_goes_on_and_says_so() -> None:
    driver = pushed(World())
    driver.respecify(suspend=True)
    driver.until_parked()
    assert "and has no effect" in driver.message()
    landed(driver)
    assert driver.run().reason() == "PointInTimeCreated"


def test_suspended_time_before_the_turn_does_not_count() -> None:
    driver = Driver(World(), SyncSpec(group="erp", suspend=True))
    driver.until_parked()
    driver.world.tick(100_000)
    driver.until_parked()
    assert driver.status.phase is Phase.SUSPENDED
    driver.respecify(suspend=False)
    driver.until_step("push")


@pytest.mark.parametrize("step", ["target_snapshots", "record", "arm"])
def test_missed_when_not_after_passes_before_the_push(step: str) -> None:
    driver = Driver(World(), SyncSpec(group="erp", not_after=START + timedelta(minutes=1)))
    driver.until_step(step)
    driver.world.tick(61)
    driver.run()
    assert driver.status.phase is Phase.MISSED
    assert driver.world.copies == []


def test_not_after_means_nothing_once_pushed() -> None:
    driver = pushed(World(), SyncSpec(group="erp", not_after=START + timedelta(minutes=1)))
    driver.world.tick(61)
    landed(driver)
    assert driver.run().reason() == "PointInTimeCreated"


def test_it_wakes_for_not_after() -> None:
    driver = Driver(World(), SyncSpec(group="erp", not_after=START + timedelta(minutes=1)))
    driver.behind = "prod/other"
    step = driver.until_parked().step
    assert isinstance(step, Park)
    assert step.until == START + timedelta(minutes=1, milliseconds=1)


@pytest.mark.parametrize("step", ["target_snapshots", "record", "arm", "push"])
def test_timed_out_in_each_phase(step: str) -> None:
    driver = Driver(World(), SyncSpec(group="erp", timeout=timedelta(minutes=5)))
    driver.until_step(step)
    driver.world.tick(301)
    driver.run()
    assert driver.reason() == "TimedOut"


def test_a_larger_timeout_is_obeyed() -> None:
    driver = pushed(World(), SyncSpec(group="erp", timeout=timedelta(minutes=5)))
    driver.respecify(timeout=timedelta(hours=1))
    driver.world.tick(301)
    landed(driver)
    assert driver.run().reason() == "PointInTimeCreated"


def test_waiting_for_the_turn_has_no_deadline() -> None:
    driver = Driver(World())
    driver.behind = "prod/other"
    driver.until_parked()
    driver.world.tick(100_000)
    driver.until_parked()
    assert driver.reason() == "GroupBusy"
    driver.bound = None
    driver.until_parked()
    assert driver.reason() == "Reading"
    driver.bound, driver.behind = Unbound(Reason.VCENTER_NOT_FOUND, "There is none."), None
    driver.until_parked()
    assert driver.reason() == "VCenterNotFound"


def test_a_group_that_cannot_be_made_concrete_is_waited_for_until_a_deadline_that_can_be_raised() -> None:
    driver = Driver(World(), SyncSpec(group="erp", timeout=timedelta(minutes=5)))
    driver.bound = Unbound(Reason.VCENTER_NOT_FOUND, "There is none.")
    driver.until_parked()
    driver.world.tick(301)
    driver.respecify(timeout=timedelta(minutes=10))
    driver.until_parked()
    assert driver.reason() == "VCenterNotFound"
    driver.world.tick(301)
    assert driver.run().reason() == "TimedOut"


def test_an_ended_request_stays_as_it_is() -> None:
    driver = Driver(World(target_state=GroupState.FAILEDOVER)).run()
    told, driver.ended = driver.status, False
    driver.behind = "somebody"
    assert driver.step().status == told


def test_nothing_is_done_before_the_acceptance_is_seen() -> None:
    driver = Driver(World())
    driver.confirmed = False
    driver.until_parked()
    assert driver.reason() == "Accepted"
    assert "record" not in driver.steps
    driver.confirmed = True
    driver.until_step("push")
