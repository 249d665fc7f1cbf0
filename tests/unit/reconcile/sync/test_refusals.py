"""Refusals, and what is wrong with groups and arrays: each waits or ends with its own reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from unit.reconcile.model.driver import Driver
from unit.reconcile.model.flows import landed
from unit.reconcile.model.world import BINDING, World

from vvol_replication.api.status import Phase
from vvol_replication.api.sync import SyncSpec
from vvol_replication.domain.groups import GroupState
from vvol_replication.domain.outcomes import Refused, Unavailable
from vvol_replication.reconcile.core.observation import Query
from vvol_replication.reconcile.core.steps import Park


@pytest.mark.parametrize(("call", "reason"), [("arm", "SyncRefused"), ("push", "PushRefused")])
@pytest.mark.parametrize("limit", [0, 2])
def test_refusals_are_borne_up_to_the_limit(call: str, reason: str, limit: int) -> None:
    world = World()
    (world.arm_faults if call == "arm" else world.push_faults).extend(["refused"] * 9)
    driver = Driver(world, SyncSpec(group="erp", retry_limit=limit)).run()
    assert driver.reason() == reason
    assert driver.steps.count(call) == limit + 1


@pytest.mark.parametrize("call", ["arm", "push"])
def test_an_endpoint_that_is_down_is_asked_again_later_and_counts_for_no_limit(call: str) -> None:
    world = World()
    (world.arm_faults if call == "arm" else world.push_faults).extend(["down"] * 12)
    driver = Driver(world)
    for _ in range(60):
        driver.until_parked()
        if driver.reason() == "Transferring":
            break
        assert driver.reason() == "Unreachable"
        driver.wait()
    assert driver.steps.count(call) == 13


def test_a_refusal_after_a_lost_answer_keeps_the_ledger_for_the_sync_may_be_armed() -> None:
    driver = Driver(World(arm_faults=["after", *["refused"] * 9])).run()
    assert driver.reason() == "SyncRefused"
    assert driver.reason("Named") == "NameStillPending"


def test_a_task_in_error_is_armed_again_later_and_later_up_to_the_limit() -> None:
    driver = Driver(World(), SyncSpec(group="erp", retry_limit=2))
    while not driver.ended:
        driver.step()
        if driver.steps[-1] == "arm":
            driver.world.fail_task()
        if driver.decision and isinstance(driver.decision.step, Park):
            assert driver.reason() == "PeerNotReachable"
            driver.wait()
    assert driver.reason() == "SyncRefused"
    assert driver.arms == 3
    assert driver.world.copies == []


def test_a_forgotten_task_may_be_pending_still_and_is_taken_up_again() -> None:
    driver = Driver(World())
    driver.until_step("arm")
    driver.world.forget_tasks()
    driver.until_parked()
    assert "does not know" in driver.message()
    driver.wait()
    driver.until_step("arm")
    for task in driver.world.tasks:
        task.forgotten = False
    driver.until_step("push")
    assert len(driver.world.tasks) == 1


def test_armings_are_bounded() -> None:
    driver = Driver(World())
    driver.tuning = replace(driver.tuning, most_armings=3)
    while not driver.ended:
        driver.step()
        if driver.steps[-1] == "arm":
            driver.world.schedule()
            driver.world.tick(1)
            driver.world.land()
    assert driver.reason() == "SyncRefused"
    assert driver.arms == 3


# What is wrong with the groups and the arrays: each waits with its own reason, and heals by itself


def _state(**changes: object) -> dict[str, object]:
    return changes


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (_state(target_state=GroupState.INTEST), "InTest"),
        (_state(target_state=GroupState.UNKNOWN), "StateUnknown"),
        (_state(target_state=GroupState.SOURCE), "WrongState"),
        (_state(source_state=GroupState.UNKNOWN), "StateUnknown"),
        (_state(reversed=True), "WrongSide"),
        (_state(allowed=False), "TargetNotAllowed"),
        (_state(connected=False), "ArraysNotConnected"),
        (_state(group_present=False), "ProtectionGroupNotFound"),
        (_state(group_destroyed=True), "ProtectionGroupDestroyed"),
    ],
)
def test_what_can_be_lifted_is_waited_for_and_heals(changes: dict[str, object], reason: str) -> None:
    world = World()
    for name, value in changes.items():
        setattr(world, name, value)
    driver = Driver(world)
    driver.until_parked()
    assert driver.reason() == reason
    assert driver.status.phase is Phase.WAITING
    assert driver.arms == 0
    world.heal()
    for _ in range(4):
        driver.wait()
        driver.until_parked()
    assert driver.steps.count("push") == 1


@pytest.mark.parametrize("side", ["target_state", "source_state"])
@pytest.mark.parametrize("state", [GroupState.FAILEDOVER, GroupState.REMOTE_FAILEDOVER])
@pytest.mark.parametrize("step", ["record", "arm"])
def test_a_group_that_failed_over_ends_the_request_before_any_further_call(
    side: str, state: GroupState, step: str
) -> None:
    driver = Driver(World())
    driver.until_step(step)
    setattr(driver.world, side, state)
    driver.world.tick(11)
    calls = len([call for call in driver.world.calls if call in ("arm", "push")])
    driver.run()
    assert driver.reason() == "GroupFailedOver"
    assert len([call for call in driver.world.calls if call in ("arm", "push")]) == calls


def test_the_source_group_on_the_wrong_side_is_told() -> None:
    world = World()
    driver = Driver(world)
    driver.step()
    target = driver.seen.target_group
    driver.seen = replace(driver.seen, source_group=target)
    driver.step()
    assert driver.reason() == "WrongSide"


NOT_READ = (Query.REPLICA_GROUP, Query.MEMBERS, Query.PREPARE_TASK, Query.TARGET_CONNECTIONS)


@pytest.mark.parametrize("query", [one for one in Query if one not in NOT_READ])
def test_what_cannot_be_read_is_waited_for_with_growing_pauses(query: Query) -> None:
    world = World(unreadable={query: Unavailable("Unreachable", "No connection.")})
    driver = Driver(world)
    for _ in range(10):
        driver.until_parked()
        if driver.ended or (query is Query.TASK and driver.arms):
            break
        driver.wait()
    driver.until_parked()
    assert driver.reason() == "Unreachable"
    assert driver.world.calls.count(query.value) < 13
    world.heal()
    driver.wait()
    driver.until_step("push")


def test_an_endpoint_that_names_a_time_is_not_asked_before_it() -> None:
    world = World(unreadable={Query.POINTS: Unavailable("EndpointBusy", "Later.", retry_after=300)})
    driver = Driver(world)
    step = driver.until_parked().step
    assert isinstance(step, Park)
    assert step.until is not None
    assert step.until - world.now > timedelta(seconds=290)


@pytest.mark.parametrize("query", [Query.TARGET_GROUP, Query.SOURCE_SNAPSHOTS])
def test_another_identity_at_a_reading_ends_the_request(query: Query) -> None:
    world = World(unreadable={query: Refused("IdentityChanged", "It answers as another one.")})
    assert Driver(world).run().reason() == "IdentityChanged"


def test_another_identity_at_the_call_ends_the_request() -> None:
    assert Driver(World(arm_faults=["identity"])).run().reason() == "IdentityChanged"


def test_a_floor_between_pushes_is_kept() -> None:
    world = World()
    first = Driver(world)
    first.until_parked()
    landed(first)
    first.run()
    second = Driver(world, uid="u2")
    second.bound = replace(BINDING, min_push_interval=timedelta(minutes=10))
    second.until_parked()
    assert second.reason() == "RateLimited"
    world.tick(601)
    second.until_step("push")
