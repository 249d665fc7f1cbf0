"""Afterwards: for how long a preparation holds, what the group remembers, and what that means for syncs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from unit.reconcile.model.world import BINDING, RESOLVED
from unit.reconcile.preparation.case import (
    AWAY,
    LAST,
    LAST_POINT,
    NOW,
    OLD,
    SPEC,
    TUNING,
    at_target,
    called,
    decide,
    says,
    seen,
    succeeded,
    vm,
)

from vvol_replication.api.conditions import Condition, find, merge
from vvol_replication.api.group import GroupRef, PreparedStatus
from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.refs import PointInTimeStatus
from vvol_replication.api.sync import Method, Operation, SyncLedger, SyncSpec, SyncStatus
from vvol_replication.domain.groups import GroupState
from vvol_replication.domain.members import Membership, PowerState
from vvol_replication.domain.outcomes import Done
from vvol_replication.domain.points import StartedPrepare
from vvol_replication.reconcile.core.observation import Moment, Observation, Prepared, Query
from vvol_replication.reconcile.core.prepared import as_remembered, is_used, prepared_condition
from vvol_replication.reconcile.core.request import Preparation, Request
from vvol_replication.reconcile.core.tuning import Tuning
from vvol_replication.reconcile.preparation.absorb import absorb_prepared, absorb_reading
from vvol_replication.reconcile.preparation.already_done import evidence_of, record_of
from vvol_replication.reconcile.preparation.validity import Afterwards, is_watched, judge, restated
from vvol_replication.reconcile.sync.context import SyncContext
from vvol_replication.reconcile.sync.prepared import no_longer, prepared_outside, refused_sync

OFF = Done(Membership((vm(PowerState.OFF),)))
ARRIVED = Done((at_target(OLD), at_target(LAST)))
NEWER = Done((at_target(OLD), at_target(LAST), at_target(replace(LAST, name="erp.3", created=NOW))))
WELL = Afterwards(GroupState.TARGET, called_off=False, members=OFF, arrived=ARRIVED)
STALE = {
    "GroupFailedOver": replace(WELL, target_state=GroupState.FAILEDOVER),
    "FailoverCalledOff": replace(WELL, called_off=True),
    "VMPoweredOn": replace(WELL, members=Done(Membership((vm(PowerState.ON),)))),
    "NewerDataArrived": replace(WELL, arrived=NEWER),
    "ValidityEnded": WELL,
}
RECORD = PreparedStatus(
    NOW,
    RESOLVED.source_group,
    proven=True,
    by="prod/dr",
    uid="uid-1",
    point_in_time=PointInTimeStatus("pit-2", None, NOW),
)


def completed() -> PreparationStatus:
    status = decide(succeeded(), status=called(), spec=replace(SPEC, valid_for=timedelta(hours=4))).status
    assert is_watched(status)
    return status


@pytest.mark.parametrize(
    ("after", "valid"),
    [
        (WELL, ("True", "FailoverPrepared")),
        (Afterwards(None, called_off=False), ("True", "FailoverPrepared")),
        (replace(WELL, target_state=GroupState.FAILEDOVER), ("False", "GroupFailedOver")),
        (replace(WELL, called_off=True), ("False", "FailoverCalledOff")),
        (replace(WELL, members=Done(Membership((vm(PowerState.ON),)))), ("False", "VMPoweredOn")),
        (replace(WELL, members=Done(Membership((vm(PowerState.SUSPENDED),)))), ("False", "VMPoweredOn")),
        (replace(WELL, members=Done(Membership(()))), ("Unknown", "MembersUnreadable")),
        (replace(WELL, members=AWAY), ("Unknown", "Unreachable")),
        (replace(WELL, arrived=AWAY), ("Unknown", "Unreachable")),
        (replace(WELL, members=AWAY, arrived=NEWER), ("False", "NewerDataArrived")),
        (replace(WELL, arrived=Done(())), ("True", "FailoverPrepared")),
    ],
)
def test_what_makes_it_stale(after: Afterwards, valid: tuple[str, str]) -> None:
    validity = judge(completed(), after, NOW)
    assert (validity.status, str(validity.reason)) == valid


def test_its_time_passes() -> None:
    status = completed()
    assert status.valid_until is not None
    assert judge(status, WELL, status.valid_until).reason == "ValidityEnded"
    assert judge(replace(status, valid_until=None), WELL, status.valid_until).status == "True"


def test_the_point_in_time_is_named_by_id_or_by_its_snapshot() -> None:
    status = completed()
    assert repr(LAST_POINT.id) in judge(status, replace(WELL, arrived=NEWER), NOW).message
    blind = replace(status, point_in_time=PointInTimeStatus())
    assert "snapshot" in judge(blind, replace(WELL, arrived=NEWER), NOW).message
    assert judge(replace(status, transfer=None), replace(WELL, arrived=NEWER), NOW).status == "True"


def test_a_crowd_is_named_up_to_a_few() -> None:
    crowd = Done(Membership(tuple(vm(PowerState.ON, f"vm-{number}") for number in range(7))))
    assert "and 2 more" in judge(completed(), replace(WELL, members=crowd), NOW).message


def test_what_is_not_known_of_the_vms_is_told_with_the_vms_that_were_not_read() -> None:
    membership = Membership((vm(PowerState.OFF),), ("VVolId 1",), unread=("'erp-db' (inaccessible)",))
    validity = judge(completed(), replace(WELL, members=Done(membership)), NOW)
    assert (validity.status, validity.reason) == ("Unknown", "MembersUnreadable")
    assert validity.message == "Not all VMs of the group can be read: VM 'erp-db' (inaccessible)."


def test_completed_ones_are_watched_until_their_failover_was_made_or_called_off() -> None:
    assert not is_watched(PreparationStatus())
    assert not is_watched(decide(spec=replace(SPEC, dry_run=True)).status)
    watched = {reason: is_watched(_stale_by(reason)) for reason in STALE}
    assert [reason for reason, one in watched.items() if not one] == ["GroupFailedOver", "FailoverCalledOff"]


@pytest.mark.parametrize("reason", STALE)
def test_a_stale_one_stays_so_and_its_advice_ends_with_the_failover(reason: str) -> None:
    status = _stale_by(reason)
    valid = find(status.conditions, "Valid")
    kept = judge(status, WELL, NOW + timedelta(days=1))
    assert valid is not None
    assert (kept.status, kept.reason, kept.message) == (valid.status, valid.reason, valid.message)
    assert judge(status, replace(WELL, called_off=True), NOW).reason == "FailoverCalledOff"
    assert judge(status, replace(WELL, target_state=GroupState.FAILEDOVER), NOW).reason == "GroupFailedOver"


def _stale_by(reason: str) -> PreparationStatus:
    status = completed()
    at = status.valid_until if reason == "ValidityEnded" and status.valid_until is not None else NOW
    validity = judge(status, STALE[reason], at)
    assert validity.reason == reason
    return replace(status, conditions=merge(status.conditions, restated(status, validity), 1, at))


def test_the_group_remembers_from_the_intent_on_and_knows_what_is_proven() -> None:
    request = Preparation("uid-1", "prod", "dr", 1, NOW, SPEC)
    assert record_of(request, PreparationStatus()) is None
    asked = record_of(request, called())
    assert asked is not None
    assert (asked.by, asked.uid, asked.proven, asked.source_group) == ("prod/dr", "uid-1", False, RESOLVED.source_group)
    done = record_of(request, completed())
    assert done is not None
    assert done.proven
    assert done.snapshot == LAST.name
    assert done.point_in_time == completed().point_in_time


def test_what_has_ended_is_evidence_until_it_has_served() -> None:
    request, status = Preparation("uid-1", "prod", "dr", 1, NOW, SPEC), completed()
    assert evidence_of(request, called()) is None, "it is under way"
    assert evidence_of(request, status) == record_of(request, status)
    served = tuple(replace(one, reason="GroupFailedOver") if one.type == "Valid" else one for one in status.conditions)
    assert evidence_of(request, replace(status, conditions=served)) is None
    unknown = decide(seen(), status=called(task=None)).status
    assert evidence_of(request, unknown) == record_of(request, unknown)


@pytest.mark.parametrize(
    ("record", "off_after", "relied_on", "called_off"),
    [
        (RECORD, None, True, False),
        (RECORD, timedelta(seconds=1), False, True),
        (RECORD, timedelta(seconds=-1), True, False),
        (replace(RECORD, by=None), None, False, False),
    ],
)
def test_what_a_memory_is_worth(record: PreparedStatus, off_after: Any, relied_on: bool, called_off: bool) -> None:  # noqa: FBT001 - a table
    prepared = as_remembered(record, None if off_after is None else NOW + off_after, "prod/erp")
    assert prepared == Prepared(record, relied_on=relied_on, called_off=called_off, group="prod/erp")
    assert as_remembered(None, NOW, "prod/erp") is None


VALID = Condition("Valid", "True", "FailoverPrepared", "All VMs are off.", 1, NOW)


@pytest.mark.parametrize(
    ("valid", "reason", "advice"),
    [
        (VALID, "FailoverPrepared", "Fail over to it by its id."),
        (replace(VALID, status="False", message="Do not."), "PreparationNotValid", "no longer valid. Do not."),
        (replace(VALID, status="Unknown"), "ValidityUnknown", "Do not fail over before you have checked"),
        (None, "ValidityUnknown", "Do not fail over before you have checked"),
    ],
)
def test_the_group_advises_a_failover_only_while_its_preparation_is_valid(
    valid: Condition | None, reason: str, advice: str
) -> None:
    wanted = prepared_condition(Prepared(RECORD, relied_on=True, group="prod/erp"), valid)
    assert (wanted.status, wanted.reason) == ("True", reason)
    assert advice in wanted.message
    assert ("Fail over to it" in wanted.message) == (reason == "FailoverPrepared")


@pytest.mark.parametrize(
    ("after", "do"),
    [
        (replace(WELL, target_state=GroupState.FAILEDOVER), "Do not fail over by it again."),
        (replace(WELL, called_off=True), "Do not fail over to its point in time."),
        (replace(WELL, members=Done(Membership((vm(PowerState.ON),)))), "Shut it down. Then call this failover off"),
        (replace(WELL, arrived=NEWER), "Do not fail over to the newest point in time."),
    ],
)
def test_one_that_is_not_valid_any_more_says_not_to_fail_over_and_what_to_do(after: Afterwards, do: str) -> None:
    status = completed()
    told = {one.type: one for one in restated(status, judge(status, after, NOW))}
    for kind in ("Ready", "Complete", "Finished"):
        assert told[kind].status == "True"
        assert "The preparation is no longer valid." in told[kind].message
        assert do in told[kind].message
        assert "Fail over to it by its id" not in told[kind].message
    back = {one.type: one.message for one in restated(status, judge(status, WELL, NOW))}
    assert back == {one.type: one.message for one in status.conditions}


def test_what_is_not_known_of_it_is_no_advice_to_fail_over() -> None:
    status = completed()
    told = {one.type: one.message for one in restated(status, judge(status, replace(WELL, members=AWAY), NOW))}
    assert "It is not known whether the preparation is still valid." in told["Ready"]
    assert "Fail over to it by its id" not in told["Ready"]
    blind = replace(status, transfer=None)
    told = {one.type: one.message for one in restated(blind, judge(blind, WELL, NOW))}
    assert told["Ready"] == next(one.message for one in status.conditions if one.type == "Ready")


@pytest.mark.parametrize(
    ("record", "called_off", "told"),
    [
        (RECORD, False, ("True", "ValidityUnknown")),
        (replace(RECORD, proven=False), False, ("True", "NotProven")),
        (replace(RECORD, by=None, point_in_time=None), False, ("True", "PreparedOutside")),
        (RECORD, True, ("Unknown", "FailoverCalledOff")),
    ],
)
def test_what_the_group_tells(record: PreparedStatus, called_off: bool, told: tuple[str, str]) -> None:  # noqa: FBT001 - a table
    wanted = prepared_condition(Prepared(record, relied_on=True, called_off=called_off))
    assert (wanted.status, wanted.reason) == told


def test_a_preparation_that_is_not_proven_says_what_to_do_while_its_object_runs_and_when_it_is_gone() -> None:
    said = prepared_condition(Prepared(replace(RECORD, proven=False), relied_on=True)).message
    assert "While that object has not ended, wait for its end. Otherwise compare" in said


def test_it_is_over_when_the_target_leaves_its_state_or_the_sides_change() -> None:
    assert not is_used(RECORD, BINDING)
    assert not is_used(RECORD, replace(BINDING, target=replace(BINDING.target, state=GroupState.UNKNOWN)))
    assert is_used(RECORD, replace(BINDING, target=replace(BINDING.target, state=GroupState.FAILEDOVER)))
    assert is_used(replace(RECORD, source_group=GroupRef("x", "y")), BINDING)


def test_a_sync_that_stays_pending_after_it_shows_that_it_is_no_longer_so() -> None:
    prepared = Prepared(RECORD, relied_on=False)
    pending = SyncStatus(operation=Operation("r", sync=SyncLedger(NOW, 1, "t", NOW + timedelta(seconds=1))))
    assert no_longer(pending, prepared)
    assert not no_longer(pending, None)
    assert not no_longer(SyncStatus(), prepared)
    assert not no_longer(SyncStatus(operation=Operation("r", sync=SyncLedger(NOW, 1, "t"))), prepared)
    early = SyncStatus(operation=Operation("r", sync=SyncLedger(NOW, 1, "t", NOW)))
    assert not no_longer(early, prepared)


def test_a_sync_tells_of_a_preparation_that_nobody_here_made() -> None:
    failed = decide(seen(prepared=Prepared(RECORD, relied_on=True))).status.conditions
    other = tuple(replace(one, reason="GroupPrepared") for one in failed)
    status = SyncStatus(conditions=other, operation=Operation("r", resolved=RESOLVED))
    record = prepared_outside(status, Observation(), NOW)
    assert record == PreparedStatus(NOW, RESOLVED.source_group)
    assert prepared_outside(status, Observation(prepared=Prepared(RECORD, relied_on=False)), NOW) is None
    assert prepared_outside(replace(status, conditions=failed), Observation(), NOW) is None
    assert prepared_outside(replace(status, operation=None), Observation(), NOW) is None
    assert prepared_outside(SyncStatus(), Observation(), NOW) is None


def test_answers_to_a_call_that_is_not_in_the_ledger_change_no_ledger() -> None:
    moment = Moment(NOW, TUNING)
    status, after = absorb_prepared(
        PreparationStatus(), Observation(intent_unused=True), Done(StartedPrepare("t")), moment
    )
    assert status == PreparationStatus()
    assert not after.intent_unused
    seen_twice = absorb_reading(PreparationStatus(), seen(), Query.TARGET_SNAPSHOTS, ARRIVED, moment)
    assert seen_twice.moved_at is None
    assert says(decide(seen_twice)) is not None


def test_a_sync_on_a_prepared_group_is_refused_before_any_call_but_by_the_arrays_alone() -> None:
    def context(method: Method, *, relied_on: bool = True, status: SyncStatus | None = None) -> SyncContext:
        request = Request("u1", "prod", "late", 1, NOW, SyncSpec(group="erp", method=method))
        seen = Observation(prepared=Prepared(RECORD, relied_on=relied_on))
        return SyncContext(request, status or SyncStatus(), seen, NOW, Tuning())

    for method in (Method.COORDINATED, Method.AWAIT_SCHEDULE):
        decision = refused_sync(context(method))
        assert decision is not None
        told = next(one for one in decision.status.conditions if one.type == "Failed")
        assert told.reason == "GroupPrepared"
        assert "none was asked for" in told.message
        assert decision.status.point_in_time == RECORD.point_in_time
    assert refused_sync(context(Method.ARRAY_ONLY)) is None
    assert refused_sync(context(Method.COORDINATED, relied_on=False)) is None
    begun = SyncStatus(operation=Operation("u1", resolved=RESOLVED))
    assert refused_sync(context(Method.COORDINATED, status=begun)) is None
