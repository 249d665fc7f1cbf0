"""Before the call: who waits, who ends, who may go on; with the reason that each guard has of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from unit.reconcile.model.world import BINDING, RESOLVED
from unit.reconcile.preparation.case import (
    AWAY,
    LAST,
    NOW,
    OLD,
    SOURCE,
    SPEC,
    TARGET,
    TUNING,
    VALUES,
    at_target,
    called,
    decide,
    says,
    seen,
    text,
    vm,
)

from vvol_replication.api.group import ArmedSync, PreparedStatus
from vvol_replication.api.preparation import CheckResult
from vvol_replication.api.refs import PointInTimeStatus
from vvol_replication.api.times import full_second
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.groups import GroupId, GroupState
from vvol_replication.domain.members import Membership, PowerState
from vvol_replication.domain.outcomes import Refused
from vvol_replication.reconcile.binding.world import Unbound
from vvol_replication.reconcile.core.claims import OtherClaims
from vvol_replication.reconcile.core.observation import Observation, Prepared, Query, Reading, Trouble
from vvol_replication.reconcile.core.steps import Finish, LeaveTurn, Park, Prepare, Read, Record, TakeTurn
from vvol_replication.reconcile.preparation.preflight import INTERLOCKS, first_refused

RUNNING = replace(LAST, completed=None, progress=0.25)
POINT = PointInTimeStatus("pit-9", None, NOW)
RECORD = PreparedStatus(NOW, RESOLVED.source_group, proven=True, by="prod/other", uid="u9", point_in_time=POINT)
ARMED = ArmedSync("prod/old", "u8", "nightly", NOW, RESOLVED.target_group)

WAITS: dict[str, tuple[dict[Query, Any], dict[str, Any], str]] = {
    "VM on": ({Query.MEMBERS: Membership((vm(PowerState.ON),))}, {}, "VMPoweredOn"),
    "VM suspended": ({Query.MEMBERS: Membership((vm(PowerState.SUSPENDED),))}, {}, "VMSuspended"),
    "VM unreadable": ({Query.MEMBERS: Membership((vm(PowerState.UNKNOWN),), (), ("a",))}, {}, "VMPowerUnknown"),
    "member unaccounted": ({Query.MEMBERS: Membership((vm(PowerState.OFF),), ("x",))}, {}, "MembersUnaccounted"),
    "VMs unreadable": ({Query.MEMBERS: Membership((vm(PowerState.OFF),), (), ("y",))}, {}, "MembersUnreadable"),
    "no VM": ({Query.MEMBERS: Membership(())}, {}, "NoMembers"),
    "in test": ({Query.TARGET_GROUP: replace(VALUES[Query.TARGET_GROUP], state=GroupState.INTEST)}, {}, "InTest"),
    "state unknown": (
        {Query.SOURCE_GROUP: replace(VALUES[Query.SOURCE_GROUP], state=GroupState.UNKNOWN)},
        {},
        "StateUnknown",
    ),
    "wrong side": ({Query.TARGET_GROUP: VALUES[Query.SOURCE_GROUP]}, {}, "WrongSide"),
    "source is a target": ({Query.SOURCE_GROUP: VALUES[Query.TARGET_GROUP]}, {}, "WrongSide"),
    "target of another source": (
        {Query.SOURCE_GROUP: replace(VALUES[Query.SOURCE_GROUP], targets=(GroupId("x", "y"),))},
        {},
        "TargetGroupNotFound",
    ),
    "no targets told, and the target is another source's": (
        {
            Query.SOURCE_GROUP: replace(VALUES[Query.SOURCE_GROUP], targets=()),
            Query.TARGET_GROUP: replace(VALUES[Query.TARGET_GROUP], source=GroupId("x", "y")),
        },
        {},
        "TargetGroupNotFound",
    ),
    "target not allowed": (
        {
            Query.PROTECTION_GROUP: replace(
                VALUES[Query.PROTECTION_GROUP],
                targets=(replace(VALUES[Query.PROTECTION_GROUP].targets[0], allowed=False),),
            )
        },
        {},
        "TargetNotAllowed",
    ),
    "arrays apart": ({Query.CONNECTIONS: ()}, {}, "ArraysNotConnected"),
    "older transfer": ({Query.TARGET_SNAPSHOTS: (at_target(RUNNING),)}, {}, "OlderTransferInFlight"),
    "older transfer not begun": (
        {Query.TARGET_SNAPSHOTS: (at_target(replace(RUNNING, progress=None)),)},
        {},
        "OlderTransferInFlight",
    ),
    "stalled transfer": (
        {Query.TARGET_SNAPSHOTS: (at_target(RUNNING),)},
        {"moved_at": NOW - TUNING.stalled},
        "TransferStalled",
    ),
    "sync armed": ({}, {"armed": ARMED}, "EarlierSyncArmed"),
    "unreachable": ({Query.SOURCE_SNAPSHOTS: AWAY}, {}, "Unreachable"),
}
ENDS: dict[str, tuple[dict[Query, Any], dict[str, Any], str]] = {
    "failed over": (
        {Query.TARGET_GROUP: replace(VALUES[Query.TARGET_GROUP], state=GroupState.FAILEDOVER)},
        {},
        "GroupFailedOver",
    ),
    "source failed over": (
        {Query.SOURCE_GROUP: replace(VALUES[Query.SOURCE_GROUP], state=GroupState.REMOTE_FAILEDOVER)},
        {},
        "GroupFailedOver",
    ),
    "prepared": ({}, {"prepared": Prepared(RECORD, relied_on=True)}, "AlreadyPrepared"),
    "prepared by somebody": (
        {},
        {"prepared": Prepared(PreparedStatus(NOW, RESOLVED.source_group), relied_on=False)},
        "AlreadyPrepared",
    ),
}


def test_a_provider_that_tells_no_targets_is_believed_what_the_target_says() -> None:
    """`SourceGroupInfo.replica` is optional in VMware's WSDL."""
    told = decide(seen({Query.SOURCE_GROUP: replace(VALUES[Query.SOURCE_GROUP], targets=())}, in_turn=True))
    assert told.step == Record()


def test_a_vm_that_is_on_is_asked_for_again_at_the_next_look() -> None:
    readings = {Query.MEMBERS: Membership((vm(PowerState.ON),))}
    waits = decide(seen(readings))
    assert isinstance(waits.step, Park)
    assert waits.step.until == NOW + TUNING.older_every
    assert decide(seen(readings), now=waits.step.until).step == Read(frozenset({Query.MEMBERS}))


@pytest.mark.parametrize("in_turn", [False, True])
@pytest.mark.parametrize("case", WAITS)
def test_what_a_person_or_time_can_lift_is_waited_for_without_the_turn(case: str, in_turn: bool) -> None:  # noqa: FBT001 - a table
    readings, more, reason = WAITS[case]
    decision = decide(seen(readings, in_turn=in_turn, **more))
    if in_turn:
        assert decision.step == LeaveTurn()
        decision = decide(seen(readings, **more))
    assert isinstance(decision.step, Park)
    assert decision.step.until is not None
    assert decision.step.until <= NOW + timedelta(minutes=1)
    assert says(decision) == ("False", reason)
    assert says(decision, "Reconciling") == ("True", reason)


@pytest.mark.parametrize("case", ENDS)
def test_what_nobody_can_lift_ends(case: str) -> None:
    readings, more, reason = ENDS[case]
    decision = decide(seen({**readings, Query.MEMBERS: Membership((vm(PowerState.ON),))}, **more))
    assert isinstance(decision.step, Finish)
    assert says(decision, "Failed") == ("True", reason)


def test_a_group_that_was_prepared_is_refused_with_its_last_point_in_time() -> None:
    decision = decide(seen(prepared=Prepared(RECORD, relied_on=True)))
    assert decision.status.point_in_time == POINT
    assert "'pit-9'" in text(decision)
    assert "'prod/other'" in text(decision)


def test_a_preparation_that_was_called_off_does_not_stand_in_the_way() -> None:
    prepared = Prepared(RECORD, relied_on=False, called_off=True)
    assert decide(seen(prepared=prepared)).step == TakeTurn()


def test_a_request_whose_preparation_was_called_off_is_not_asked_for_again() -> None:
    """Its object may have lost its status, or been created anew by who keeps it in a repository."""
    again = replace(RECORD, request_id="uid-1", by="prod/dr")
    decision = decide(seen(prepared=Prepared(again, relied_on=False, called_off=True)))
    assert says(decision, "Failed") == ("True", "FailoverCalledOff")
    assert "another requestID" in text(decision)
    foreign = Prepared(replace(again, by="elsewhere/dr"), relied_on=False, called_off=True)
    assert decide(seen(prepared=foreign)).step == TakeTurn()


@pytest.mark.parametrize(
    ("record", "ending"),
    [
        ({"request_id": "uid-1", "by": "prod/dr"}, ("Complete", "AlreadyDone")),
        ({"request_id": "uid-1", "by": "prod/dr", "proven": False}, ("Failed", "OutcomeUnknown")),
        ({"request_id": "uid-1", "by": "elsewhere/dr"}, ("Failed", "AlreadyPrepared")),
        ({"request_id": "uid-1", "by": None}, ("Failed", "AlreadyPrepared")),
        ({"request_id": "another", "by": "prod/dr"}, ("Failed", "AlreadyPrepared")),
    ],
)
def test_a_request_id_is_asked_for_once(record: dict[str, Any], ending: tuple[str, str]) -> None:
    decision = decide(seen(prepared=Prepared(replace(RECORD, **record), relied_on=True)))
    assert says(decision, ending[0]) == ("True", ending[1])


def test_consent_has_to_repeat_the_name_also_without_the_schema() -> None:
    decision = decide(spec=replace(SPEC, consent="crm"))
    assert says(decision, "Failed") == ("True", "ConsentMismatch")
    assert "'crm'" in text(decision)


def test_all_culprits_are_named_up_to_a_few_and_split_ones_are_marked() -> None:
    names = [f"vm-{number}" for number in range(7)]
    crowd = tuple(vm(PowerState.ON, name, elsewhere=(GroupId("f", "d"),)) for name in names)
    told = text(decide(seen({Query.MEMBERS: Membership(crowd)})))
    assert "7 VMs are powered on: 'vm-0' (split over groups), 'vm-1'" in told
    assert "and 2 more" in told
    assert "Shut them down" in told
    alone = text(decide(seen({Query.MEMBERS: Membership((vm(PowerState.UNKNOWN),), (), ("The host is away.",))})))
    assert ". The host is away. " in alone


LOST = "disconnected, host esxi-1, last seen poweredOff"


def test_a_vm_whose_host_is_not_connected_is_named_with_host_and_state() -> None:
    lost = vm(PowerState.UNKNOWN, "db", state=LOST, elsewhere=(GroupId("f", "d"),))
    unread = vm(PowerState.UNKNOWN, "web")
    alone = text(decide(seen({Query.MEMBERS: Membership((lost,), problems=("A long line.",))})))
    assert alone.startswith(f"VM 'db' (split over groups; {LOST}) is not known to be off, which counts as on.")
    assert "connect its host" in alone
    assert "A long line." not in alone
    both = text(decide(seen({Query.MEMBERS: Membership((lost, unread), problems=("A long line.",))})))
    assert f"2 VMs are not known to be off, which counts as on: 'db' (split over groups; {LOST}), 'web'" in both
    assert ". A long line. " in both
    assert "connect their hosts" in both


def test_members_of_vms_without_a_configuration_are_told_with_these_as_likely_owners() -> None:
    owner = "'erp-db' (inaccessible, host esxi-1, last seen poweredOff)"
    told = text(decide(seen({Query.MEMBERS: Membership((), ("VVolId 1", "VVolId 2"), unread=(owner,))})))
    assert "2 members of the group belong to no VM whose configuration could be read: VVolId 1, VVolId 2." in told
    assert f"The likely owners are the VMs whose configuration was not shown: {owner}." in told
    assert "They count as powered on" in told
    nobody = text(decide(seen({Query.MEMBERS: Membership((), ("VVolId 1",))})))
    assert "that the operator's account can see" in nobody
    assert "likely owners" not in nobody


def test_everything_is_read_first_and_again_when_it_is_old() -> None:
    nothing = Observation(confirmed=True, bound=BINDING)
    step = decide(nothing).step
    assert isinstance(step, Read)
    assert {Query.MEMBERS, Query.TARGET_GROUP, Query.SOURCE_GROUP, Query.POINTS} <= step.queries
    old = decide(seen(at=NOW - TUNING.fresh)).step
    assert isinstance(old, Read)
    assert Query.MEMBERS in old.queries


def test_checks_then_the_turn_then_the_intent_then_the_checks_again_then_the_call() -> None:
    assert decide().step == TakeTurn()
    waiting = decide(seen(in_turn=True, behind="prod/one"))
    assert isinstance(waiting.step, Park)
    assert says(waiting) == ("False", "GroupBusy")
    unseen = decide(replace(seen(in_turn=True), confirmed=False))
    assert isinstance(unseen.step, Park)
    assert says(unseen) == ("Unknown", "Accepted")
    recorded = decide(seen(in_turn=True, identity="process-1"))
    assert recorded.step == Record()
    ledger = recorded.status.operation
    assert ledger is not None
    assert ledger.prepare is not None
    assert (ledger.resolved, ledger.turn_at, ledger.holder) == (RESOLVED, NOW, "process-1")
    assert ledger.prepare.snapshots_before == (OLD.name,)
    assert recorded.status.deadline == full_second(NOW) + TUNING.timeout
    assert [one.name for one in recorded.status.machines] == ["erp-db"]
    assert {one.result for one in recorded.status.checks} == {CheckResult.PASSED}
    ours: dict[str, Any] = {"in_turn": True, "intent_unused": True, "identity": "process-1"}
    stale = decide(Observation(confirmed=True, bound=BINDING, **ours), status=recorded.status)
    assert isinstance(stale.step, Read)
    assert decide(seen(**ours), status=recorded.status).step == Prepare()


WITHDRAWN: dict[str, dict[str, Any]] = {
    "a VM was started": {"readings": {Query.MEMBERS: Membership((vm(PowerState.ON),))}},
    "an endpoint went away": {"readings": {Query.MEMBERS: AWAY}},
    "the group was suspended": {"bound": replace(BINDING, suspended=True)},
    "the call could not be made": {"trouble": Trouble("EndpointBusy", "later", 0, 1, NOW + timedelta(seconds=1))},
}


@pytest.mark.parametrize("case", WITHDRAWN)
def test_what_changes_between_intent_and_call_takes_the_intent_back(case: str) -> None:
    changes = dict(WITHDRAWN[case])
    observation = seen(changes.pop("readings", None), in_turn=True, intent_unused=True)
    decision = decide(replace(observation, **changes), status=called(task=None))
    assert decision.step == Record()
    assert decision.status.operation is not None
    assert decision.status.operation.prepare is None
    assert decision.status.deadline is None


def test_a_suspension_between_intent_and_call_takes_it_back_too() -> None:
    decision = decide(seen(intent_unused=True), status=called(task=None), spec=replace(SPEC, suspend=True))
    assert decision.step == Record()


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (Trouble("WrongState", "not now", 1, 1, NOW), "PrepareRefused"),
        (Trouble("IdentityChanged", "another one", 1, 1, NOW), "IdentityChanged"),
    ],
)
def test_a_refusal_of_the_call_ends_and_nothing_is_said_to_have_been_called(trouble: Trouble, reason: str) -> None:
    decision = decide(seen(intent_unused=True, trouble=trouble), status=called(task=None))
    assert says(decision, "Failed") == ("True", reason)
    assert decision.status.operation is not None
    assert decision.status.operation.prepare is None


def test_after_a_call_that_could_not_be_made_it_waits_before_it_checks_again() -> None:
    trouble = Trouble("EndpointBusy", "later", 0, 1, NOW + timedelta(seconds=2))
    decision = decide(seen(trouble=trouble))
    assert isinstance(decision.step, Park)
    assert decision.step.until == trouble.retry_at
    assert decide(seen(trouble=trouble, in_turn=True)).step == LeaveTurn()
    assert decide(seen(trouble=trouble), now=trouble.retry_at).step == TakeTurn()


def test_suspended_and_unbound_ones_wait_without_the_turn() -> None:
    asked = replace(SPEC, suspend=True)
    assert says(decide(spec=asked)) == ("False", "Suspended")
    assert decide(seen(in_turn=True), spec=asked).step == LeaveTurn()
    group = replace(seen(), bound=replace(BINDING, suspended=True))
    assert says(decide(group)) == ("False", "GroupSuspended")
    away = replace(seen(), bound=Unbound("GroupNotFound", "There is no ReplicationGroup."))  # type: ignore[arg-type]  # a word
    assert says(decide(away)) == ("False", "GroupNotFound")
    unread = decide(replace(seen(), bound=None))
    assert says(unread) == ("Unknown", "Reading")


def test_not_after_counts_until_the_call_and_never_after_it() -> None:
    late = SPEC.not_after + timedelta(seconds=1)
    assert says(decide(now=late), "Failed") == ("True", "Missed")
    waited = decide(seen({Query.MEMBERS: Membership((vm(PowerState.ON),))})).status
    missed = text(decide(status=waited, now=late))
    assert "The last message was: VM" in missed
    assert missed.endswith("Shut it down.")  # nothing goes on by itself any more
    assert says(decide(seen(intent_unused=True), status=called(task=None), now=late), "Failed") == ("True", "Missed")
    assert not isinstance(decide(seen(), status=called(), now=NOW).step, Finish)
    step = decide(replace(seen(), bound=None)).step
    assert isinstance(step, Park)
    assert step.until == SPEC.not_after + timedelta(milliseconds=1)


def test_cancel_and_conflict_end_before_the_call() -> None:
    cancelled = decide(spec=replace(SPEC, cancel=True))
    assert says(cancelled, "Failed") == ("True", "Cancelled")
    assert "Nothing was called." in text(cancelled)
    clash = decide(seen(claims=OtherClaims(clash="another group")))
    assert says(clash, "Failed") == ("True", "RequestIDConflict")


def test_a_finished_one_is_left_as_it_is() -> None:
    done = replace(called(), finished_at=NOW)
    decision = decide(status=done)
    assert isinstance(decision.step, Finish)
    assert decision.status is done


def test_another_identity_at_a_reading_ends() -> None:
    changed: Reading[Any] = Reading(Refused("IdentityChanged", "another vCenter"), NOW)
    decision = decide(seen().with_reading(Query.MEMBERS, changed))
    assert says(decision, "Failed") == ("True", "IdentityChanged")


def test_the_names_of_the_checks_are_unique_and_all_pass_when_all_is_well() -> None:
    assert len({one.name for one in INTERLOCKS}) == len(INTERLOCKS)
    assert first_refused(()) is None


def test_a_second_of_the_same_time_is_told_apart_by_its_name() -> None:
    twin = Snapshot("erp.7", OLD.created, OLD.created, None, 0.5)
    decision = decide(
        seen({Query.SOURCE_SNAPSHOTS: (OLD, twin), Query.TARGET_SNAPSHOTS: (at_target(OLD), at_target(twin))}),
        status=called(task=None),
    )
    assert says(decision) == ("Unknown", "Transferring"), "the new one is followed"


def test_constants_of_the_two_sides_are_what_the_ledger_pins() -> None:
    assert (TARGET.device_group, SOURCE.device_group) == ("dg-b", "dg-a")
