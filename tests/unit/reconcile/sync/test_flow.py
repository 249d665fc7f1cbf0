"""The way of one request, step by step: what is asked, in which order, and what is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from unit.reconcile.model.driver import Driver
from unit.reconcile.model.flows import landed, pushed
from unit.reconcile.model.world import BINDING, START, World

from vvol_replication.api.conditions import find
from vvol_replication.api.status import Phase
from vvol_replication.api.sync import SyncSpec
from vvol_replication.api.times import full_second
from vvol_replication.reconcile.sync.borrowed import left_armed
from vvol_replication.reconcile.sync.context import SyncContext

FIRST_LOOK = [
    "connections",
    "points",
    "protection_group",
    "source_group",
    "source_snapshots",
    "target_group",
    "target_snapshots",
]
EXPLICIT = SyncSpec(group="erp", point_in_time_name="before-upgrade")


def test_the_happy_path_takes_thirteen_calls_besides_polling() -> None:
    driver = Driver(World().with_history(3))
    driver.until_parked()
    driver.world.begin()
    driver.world.tick(10)
    driver.poll()
    driver.until_parked()
    assert "50%" in driver.message()
    landed(driver)
    driver.until_parked()
    before_push = [*FIRST_LOOK, "record", "arm", "source_snapshots", "target_group", "task", "push"]
    assert [step for step in driver.steps if step != "park"] == [*before_push, "target_snapshots", "points", "finish"]
    asked = driver.world.calls
    polls = asked[asked.index("push") + 1 :].count("target_snapshots")
    assert len(asked) - polls == 13
    assert driver.reason() == "PointInTimeCreated"
    assert driver.reason("Named") == "Named"
    assert driver.reason("PointInTimeIdentified") == "Identified"
    assert "still armed" not in driver.message("Named")


def test_a_source_role_that_grew_old_is_read_again_before_the_push() -> None:
    driver = Driver(World())
    driver.until_step("arm")
    driver.world.tick(11)
    driver.until_step("push")
    assert driver.steps[-5:-1] == ["source_group", "source_snapshots", "target_group", "task"]


def test_without_a_protected_vcenter_only_the_target_role_is_read() -> None:
    driver = Driver(World())
    hidden = replace(BINDING.resolved, protected_vcenter=None, protected_vcenter_uuid=None)
    driver.bound = replace(BINDING, resolved=hidden, source=None)
    driver.until_step("push")
    assert "source_group" not in driver.steps


def test_the_turn_gives_deadline_suffix_and_name_and_they_follow_the_group_until_the_first_intent() -> None:
    driver = Driver(World())
    driver.step()
    operation = driver.status.operation
    assert operation is not None
    assert driver.status.deadline == full_second(START) + timedelta(hours=2), "no sooner than was asked"
    driver.bound = replace(BINDING, resolved=replace(BINDING.resolved, protection_group="crm"))
    driver.step()
    changed = driver.status.operation
    assert changed is not None
    assert changed.suffix != operation.suffix


def test_an_older_transfer_under_way_is_waited_for_and_nothing_else_is_read_meanwhile() -> None:
    world = World()
    older = world.schedule()
    world.begin()
    driver = Driver(world)
    driver.until_parked()
    assert driver.reason() == "OlderTransferInFlight"
    reads = len(driver.steps)
    for _ in range(20):
        driver.wait()
        driver.until_parked()
    assert set(driver.steps[reads:]) == {"park"}
    assert driver.arms == 0
    world.land()
    driver.poll()
    driver.until_step("push")
    assert older.completed is not None


def test_an_older_transfer_that_only_the_source_shows_is_waited_for_too() -> None:
    world = World(rows_shown_at_target=False)
    world.schedule().started = START
    driver = Driver(world)
    driver.until_parked()
    assert driver.reason() == "OlderTransferInFlight"


def assert_both_are_named_with_their_ids(driver: Driver) -> None:
    """Two points in time have the name, both from after the request: a person reads which is the request's own."""
    ours, other = driver.status.point_in_time, driver.status.named_point_in_time
    assert (driver.reason(), driver.reason("Named")) == ("PointInTimeCreated", "NameAlsoOnOtherPointInTime")
    assert ours is not None
    assert other is not None
    assert ours.id == f"pit-{next(iter(driver.suffixes))}"
    assert ours.name == other.name
    assert f"This request's own is {ours.id!r}. Fail over by id." in driver.message("Named")
    assert f"too: {other.id!r} named " in driver.message("Named")


@pytest.mark.parametrize("spec", [None, EXPLICIT])
def test_one_that_starts_after_the_look_and_lands_before_the_push_costs_another_arming(spec: SyncSpec | None) -> None:
    world = World().with_history(1)
    driver = Driver(world, spec)
    driver.until_step("record")
    world.tick(1)
    world.schedule()
    world.tick(1)
    driver.until_step("arm")
    world.land()
    driver.until_step("push")
    assert driver.arms == 2
    landed(driver)
    driver.run()
    assert_both_are_named_with_their_ids(driver)


@pytest.mark.parametrize("spec", [None, EXPLICIT])
def test_one_that_lands_after_the_push_is_answered_with_another_arming_at_once(spec: SyncSpec | None) -> None:
    world = World().with_history(1)
    driver = Driver(world, spec)
    driver.until_step("record")
    world.tick(1)
    world.schedule()
    world.tick(1)
    driver.until_step("push")
    driver.until_parked()
    world.land()
    driver.poll()
    driver.until_step("arm")
    landed(driver)
    driver.run()
    assert_both_are_named_with_their_ids(driver)
    assert driver.status.point_in_time is not None
    assert driver.status.point_in_time.id == f"pit-{next(iter(driver.suffixes))}"


def _credited_to_older(spec: SyncSpec | None) -> Driver:
    """A queued snapshot from before the look lands first, and our data before the sync is armed again."""
    world = World().with_history(1)
    world.schedule()
    driver = Driver(world, spec)
    world.tick(5)
    driver.until_step("push")
    driver.until_parked()
    world.land()
    world.tick(1)
    world.land()
    driver.poll()
    return driver.run()


def test_an_explicit_name_that_ended_on_older_data_is_a_failure_with_the_true_point_in_time() -> None:
    driver = _credited_to_older(EXPLICIT)
    assert driver.status.phase is Phase.FAILED
    assert driver.reason() == "NameOnOlderPointInTime"
    assert driver.status.point_in_time is not None
    suffix = next(iter(driver.suffixes))
    assert driver.status.point_in_time.id == f"pit-{suffix}"
    assert driver.status.point_in_time.time is not None
    assert f"pit-{suffix}" in driver.message()


def test_a_derived_name_that_ended_on_older_data_is_complete_and_not_named() -> None:
    driver = _credited_to_older(None)
    assert driver.reason() == "PointInTimeCreated"
    named = find(driver.status.conditions, "Named")
    assert named is not None
    assert (named.status, named.reason) == ("False", "NameOnOlderPointInTime")


def test_armed_again_in_time_the_name_is_on_both_and_that_is_said() -> None:
    world = World().with_history(1)
    world.schedule()
    driver = Driver(world, EXPLICIT)
    world.tick(5)
    driver.until_step("push")
    driver.until_parked()
    world.land()
    driver.poll()
    driver.until_step("arm")
    landed(driver)
    driver.run()
    assert (driver.reason(), driver.reason("Named")) == ("PointInTimeCreated", "NameAlsoOnOlderPointInTime")


@pytest.mark.parametrize("spec", [EXPLICIT, None])
def test_a_name_on_another_point_in_time_of_new_data_is_told_as_that_with_both_points(spec: SyncSpec | None) -> None:
    """A schedule begins after the look and lands before ours: it takes the name; both are newer than the request."""
    driver = Driver(World().with_history(1), spec)
    driver.until_step("arm")
    driver.world.tick(2)
    driver.world.schedule()
    driver.world.begin()
    driver.world.tick(2)
    driver.until_step("push")
    driver.world.tick(3)
    driver.world.land()
    driver.world.tick(3)
    driver.world.begin()
    driver.world.tick(3)
    driver.world.land()
    driver.poll()
    driver.run()
    status, named = driver.status, find(driver.status.conditions, "Named")
    ours, other = status.point_in_time, status.named_point_in_time
    assert driver.reason("Complete") == "PointInTimeCreated"
    assert ours is not None
    assert other is not None
    assert named is not None
    assert (named.status, named.reason) == ("False", "NameOnOtherPointInTime")
    assert (ours.id, ours.name) == (f"pit-{next(iter(driver.suffixes))}", None)
    assert other.name == (status.operation.point_in_time_name if status.operation else None)
    assert other.time is not None
    assert ours.time is not None
    assert other.time < ours.time
    assert f"{other.id!r} named {other.name!r} of " in named.message
    assert f"This request's own is {ours.id!r}." in named.message
    ended = SyncContext(driver.request, status, driver.seen, driver.world.now, driver.tuning)
    assert left_armed(ended) is None, "the sync has ended where its name is"


def test_two_points_in_time_that_both_fit_leave_the_id_empty() -> None:
    driver = pushed(World())
    driver.world.schedule()
    driver.until_parked()
    driver.world.begin()
    driver.world.tick(3)
    driver.world.land()
    driver.world.land()
    driver.poll()
    driver.run()
    assert driver.reason() == "PointInTimeCreated"
    assert driver.reason("PointInTimeIdentified") == "PointInTimeAmbiguous"
    assert driver.status.point_in_time is not None
    assert driver.status.point_in_time.id is None
    named = find(driver.status.conditions, "Named")
    assert named is not None
    assert named.status == "Unknown"
