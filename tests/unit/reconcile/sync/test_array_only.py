"""Method ArrayOnly: the arrays alone, while vSphere may be away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from unit.reconcile.model.driver import Driver
from unit.reconcile.model.flows import landed
from unit.reconcile.model.world import BINDING, UNREACHABLE, World

from vvol_replication.api.group import ArmedSync
from vvol_replication.api.reasons import Reason
from vvol_replication.api.status import Phase
from vvol_replication.api.sync import GroupRef, Method, SyncSpec
from vvol_replication.domain.arrays import ArrayConnection
from vvol_replication.domain.groups import GroupId, GroupState, TargetGroup
from vvol_replication.reconcile.binding.by_name import UNKNOWN_GROUP
from vvol_replication.reconcile.binding.world import Binding, Unbound
from vvol_replication.reconcile.core.observation import Query

ALONE = SyncSpec(group="erp", method=Method.ARRAY_ONLY)
VSPHERE = (Query.TARGET_GROUP, Query.SOURCE_GROUP, Query.POINTS, Query.TASK)


def _vsphere_down(world: World) -> World:
    world.unreadable.update(dict.fromkeys(VSPHERE, UNREACHABLE))
    world.arm_faults.extend(["down"] * 9)
    return world


def test_it_pushes_and_follows_while_vsphere_is_away_and_claims_no_point_in_time() -> None:
    driver = Driver(_vsphere_down(World().with_history(2)), ALONE)
    landed(driver)
    driver.run()
    assert driver.reason() == "SnapshotReplicated"
    assert driver.status.point_in_time is None
    assert driver.status.transfer is not None
    assert driver.status.transfer.snapshot == f"fa-a:erp.{next(iter(driver.suffixes))}"
    assert driver.reason("Named") is None
    assert driver.steps.count("push") == 1


def test_an_older_transfer_does_not_hold_it_up() -> None:
    world = World()
    world.schedule()
    world.begin()
    Driver(world, ALONE).until_step("push")


@pytest.mark.parametrize("crashes", [0, 1])
@pytest.mark.parametrize("fault", ["before", "after", "late"])
def test_a_lost_answer_is_looked_after(fault: str, crashes: int) -> None:
    driver = Driver(World(push_faults=[fault]), ALONE)
    driver.until_step("push")
    for _ in range(crashes):
        driver.crash()
    driver.until_parked()
    driver.world.arrive()
    while not driver.ended:
        driver.until_parked()
        if driver.parked:
            driver.wait()
            landed(driver)
    assert driver.reason() == "SnapshotReplicated"
    assert len(driver.world.copies) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"replica_of": None}, "NotATarget"),
        ({"replica_of": "fa-z"}, "NotTarget"),
        ({"source_name": "fa-z", "replica_of": "fa-z"}, None),
        ({"allowed": False}, "TargetNotAllowed"),
        ({"connected": False}, "ArraysNotConnected"),
        ({"group_present": False}, "ProtectionGroupNotFound"),
    ],
)
def test_roles_are_read_from_both_arrays(changes: dict[str, object], reason: str | None) -> None:
    world = World()
    for name, value in changes.items():
        setattr(world, name, value)
    driver = Driver(world, ALONE)
    driver.until_parked()
    assert reason is None or driver.reason() == reason
    assert ("push" in driver.steps) == (reason is None)


def test_it_waits_where_the_group_was_never_read() -> None:
    driver = Driver(World(), ALONE)
    driver.bound = Unbound(Reason.UNREACHABLE, "VCenter does not answer; the group was never read.")
    driver.until_parked()
    assert driver.reason() == "Unreachable"
    assert driver.status.phase is Phase.WAITING
    driver.bound = BINDING
    driver.until_step("push")


def test_what_the_group_is_has_to_be_known_at_the_push_too() -> None:
    driver = Driver(World(), ALONE)
    driver.until_step("record")
    driver.bound = Unbound(Reason.GROUP_NOT_FOUND, "It was deleted.")
    driver.until_parked()
    assert driver.reason() == "GroupNotReady"
    assert driver.world.copies == []
    driver.bound = BINDING
    driver.until_step("push")


def test_a_group_that_was_pointed_elsewhere_before_the_push_ends_it() -> None:
    driver = Driver(World(), ALONE)
    driver.until_step("record")
    driver.bound = replace(BINDING, resolved=replace(BINDING.resolved, target_group=GroupRef("fd-c", "dg-c")))
    driver.run()
    assert driver.reason() == "IdentityChanged"
    assert driver.world.copies == []


def test_refusals_are_borne_up_to_the_limit_and_are_the_pushs() -> None:
    driver = Driver(World(push_faults=["refused"] * 9), replace(ALONE, retry_limit=1)).run()
    assert driver.reason() == "PushRefused"
    assert driver.steps.count("push") == 2


def test_the_floor_between_pushes_holds_for_it_too() -> None:
    world = World()
    first = Driver(world, ALONE)
    landed(first)
    first.run()
    second = Driver(world, ALONE, uid="u2")
    second.bound = replace(BINDING, min_push_interval=timedelta(minutes=10))
    second.until_parked()
    assert second.reason() == "RateLimited"


def test_suspended_before_the_push() -> None:
    driver = Driver(World(), ALONE)
    driver.until_step("record")
    driver.respecify(suspend=True)
    driver.until_parked()
    assert driver.status.phase is Phase.SUSPENDED
    assert driver.world.copies == []


def test_missed_before_the_push() -> None:
    driver = Driver(World(), ALONE)
    driver.until_step("record")
    driver.respecify(not_after=driver.world.now + timedelta(seconds=5))
    driver.world.tick(6)
    driver.run()
    assert driver.status.phase is Phase.MISSED
    assert driver.world.copies == []


@pytest.mark.parametrize(("step", "told"), [("record", "Nothing was pushed"), ("push", "may still arrive")])
def test_cancelled_it_tells_what_may_still_come(step: str, told: str) -> None:
    driver = Driver(World(), ALONE)
    driver.until_step(step)
    driver.respecify(cancel=True)
    driver.run()
    assert told in driver.message()


def test_cancelled_after_a_crash_it_does_not_know_of_a_push() -> None:
    driver = Driver(World(push_faults=["late"]), ALONE)
    driver.until_step("push")
    driver.crash()
    driver.respecify(cancel=True)
    driver.run()
    assert "Look for the suffix" in driver.message()


def test_an_armed_sync_of_an_earlier_request_is_no_hindrance_but_told() -> None:
    world = World()
    world.steal("before-upgrade")
    world.memory = ArmedSync(
        "prod/earlier", "u0", "before-upgrade", world.now, BINDING.resolved.target_group, world.tasks[0].id
    )
    driver = Driver(world, replace(ALONE, point_in_time_name="another"))
    landed(driver)
    driver.run()
    assert driver.reason() == "SnapshotReplicated"
    assert "'before-upgrade'" in driver.message()
    assert "spec.pointInTimeName has no effect with method ArrayOnly." in driver.message()


NEVER_READ = replace(
    BINDING,
    resolved=replace(
        BINDING.resolved,
        recovery_vcenter_uuid="",
        target_group=UNKNOWN_GROUP,
        source_group=UNKNOWN_GROUP,
        protected_vcenter=None,
        protected_vcenter_uuid=None,
    ),
    target=TargetGroup(GroupId("", ""), GroupId("", ""), GroupState.UNKNOWN),
    source=None,
    never_read=True,
)


def test_a_group_that_vsphere_was_never_asked_about_is_pushed_where_both_arrays_agree() -> None:
    driver = Driver(_vsphere_down(World()), ALONE)
    driver.bound = NEVER_READ
    driver.until_step("record")
    assert "vSphere was never asked about this group" in driver.message()
    landed(driver)
    driver.run()
    assert driver.reason() == "SnapshotReplicated"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"replica_of": None}, "NotATarget"),
        ({"replica_of": "fa-z"}, "NotTarget"),
        ({"connections_back": ()}, "ArraysNotConnected"),
        (
            {"connections_back": (ArrayConnection("fa-a", "id-a", connected=False, status="connecting"),)},
            "ArraysNotConnected",
        ),
        ({"unreadable": {Query.TARGET_CONNECTIONS: UNREACHABLE}}, "Unreachable"),
        ({"connected": False}, "ArraysNotConnected"),
    ],
)
def test_a_group_that_was_never_read_is_not_pushed_where_the_arrays_do_not_agree(
    changes: dict[str, object], reason: str
) -> None:
    world = World()
    for name, value in changes.items():
        setattr(world, name, value)
    driver = Driver(world, ALONE)
    driver.bound = NEVER_READ
    driver.until_parked()
    assert driver.reason() == reason
    assert "push" not in driver.steps


@pytest.mark.parametrize(("first", "then"), [(NEVER_READ, BINDING), (BINDING, NEVER_READ)])
def test_vsphere_that_answers_or_falls_silent_between_intent_and_push_makes_no_other_group_of_it(
    first: Binding, then: Binding
) -> None:
    driver = Driver(World(), ALONE)
    driver.bound = first
    driver.until_step("record")
    driver.bound = then
    driver.until_step("push")


def test_other_arrays_than_those_of_the_intent_are_another_group_where_no_ids_tell() -> None:
    driver = Driver(World(), ALONE)
    driver.bound = NEVER_READ
    driver.until_step("record")
    driver.bound = replace(BINDING, resolved=replace(BINDING.resolved, target_array_id="id-c"))
    driver.until_parked()
    assert driver.reason() == "IdentityChanged"
    assert "push" not in driver.steps
