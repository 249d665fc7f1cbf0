"""After the call: nothing is asked for again, and only data that is at the target is `Complete`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from unit.reconcile.preparation.case import (
    AWAY,
    LAST,
    LAST_POINT,
    NOW,
    OLD,
    OLD_POINT,
    SPEC,
    TUNING,
    VALUES,
    at_target,
    called,
    decide,
    says,
    seen,
    succeeded,
    text,
    vm,
)

from vvol_replication.api.times import full_second
from vvol_replication.domain.groups import GroupState
from vvol_replication.domain.members import Membership, PowerState
from vvol_replication.domain.outcomes import Done
from vvol_replication.domain.points import PointInTime, TaskReading, TaskState
from vvol_replication.reconcile.core.observation import Query, Reading
from vvol_replication.reconcile.core.steps import Finish, Park, Prepare, Read, Record

RUNNING = replace(LAST, completed=None, progress=0.25)


def task(state: TaskState, message: str | None = None, *, ago: float = 0.0) -> Reading[TaskReading]:
    """The task as it was read so many seconds ago."""
    return Reading(Done(TaskReading(state, 40, message=message)), NOW - timedelta(seconds=ago))


def parked(decision: Any) -> Park:
    assert isinstance(decision.step, Park)
    return decision.step


def test_while_the_task_runs_the_last_sync_is_followed() -> None:
    running = replace(
        seen({Query.TARGET_SNAPSHOTS: (at_target(OLD), at_target(RUNNING))}), prepare_task=task(TaskState.RUNNING)
    )
    decision = decide(running, status=called())
    assert parked(decision).follow
    assert says(decision) == ("Unknown", "Transferring")
    assert "(40 %)" in text(decision)
    assert decision.status.transfer is not None
    assert decision.status.transfer.percent == 25
    suspended = decide(running, status=called(), spec=replace(SPEC, suspend=True))
    assert "no effect" in text(suspended)
    queued = replace(seen(), prepare_task=Reading(Done(TaskReading(TaskState.QUEUED)), NOW))
    assert "%" not in text(decide(queued, status=called()))


@pytest.mark.parametrize("state", [TaskState.RUNNING, TaskState.SUCCESS])
def test_a_last_sync_that_does_not_move_is_told_as_one(state: TaskState) -> None:
    there: dict[Query, Any] = {
        Query.SOURCE_SNAPSHOTS: (OLD, LAST),
        Query.TARGET_SNAPSHOTS: (at_target(OLD), at_target(RUNNING)),
    }
    moved = NOW - TUNING.stalled
    for since, words in ((moved, f"has not moved since {moved:%Y-%m-%dT%H:%M:%SZ}. Check"), (NOW, None)):
        stands = replace(seen(there, moved_at=since), prepare_task=task(state, ago=1))
        decision = decide(stands, status=called())
        assert says(decision) == ("Unknown", "Transferring")
        assert (words or "") in text(decision)
        assert ("not moved" in text(decision)) == (words is not None)


def test_while_the_task_runs_a_target_array_that_does_not_answer_is_told() -> None:
    running = replace(seen({Query.TARGET_SNAPSHOTS: AWAY}), prepare_task=task(TaskState.RUNNING))
    decision = decide(running, status=called())
    assert parked(decision).follow
    assert says(decision) == ("False", "Unreachable")
    assert AWAY.message in text(decision)


@pytest.mark.parametrize(("query", "since"), [(Query.SOURCE_SNAPSHOTS, "success_at"), (Query.POINTS, "landed_at")])
def test_what_was_read_before_is_read_again_and_what_failed_in_that_moment_is_waited_for(
    query: Query, since: str
) -> None:
    """Where an array is known to be away, the answer comes at once: to ask again at once would never end."""
    known: dict[str, Any] = {since: NOW}
    at_once = replace(succeeded(None, **known), prepare_task=task(TaskState.SUCCESS))
    later = {query.value: replace(getattr(at_once, query.value), at=NOW + timedelta(seconds=1)) for query in VALUES}
    settled = replace(at_once, **later)
    for old in (NOW - timedelta(seconds=1), NOW):
        decision = decide(settled.with_reading(query, replace(getattr(at_once, query.value), at=old)), status=called())
        assert decision.step == Read(frozenset({query}))
    failed = decide(settled.with_reading(query, Reading(AWAY, NOW, failures=1)), status=called())
    assert parked(failed).until is not None
    assert says(failed) == ("False", "Unreachable")
    earlier = decide(
        settled.with_reading(query, Reading(AWAY, NOW - timedelta(seconds=1), failures=1)), status=called()
    )
    assert earlier.step == Read(frozenset({query}))


def test_it_is_complete_when_the_snapshot_landed_and_is_listed_and_the_vms_were_read_again() -> None:
    decision = decide(succeeded(), status=called(), spec=replace(SPEC, valid_for=timedelta(hours=4)))
    assert isinstance(decision.step, Finish)
    assert says(decision, "Complete") == ("True", "FailoverPrepared")
    assert says(decision, "Valid") == ("True", "FailoverPrepared")
    assert says(decision, "PointInTimeIdentified") == ("True", "Identified")
    status = decision.status
    assert status.point_in_time is not None
    assert status.point_in_time.id == LAST_POINT.id
    assert status.valid_until == full_second(NOW) + timedelta(hours=4)
    assert status.operation is not None
    assert status.operation.prepare is not None
    assert status.operation.prepare.snapshot == LAST.name


def test_vms_that_were_read_before_the_end_of_the_task_are_read_again() -> None:
    known = succeeded()
    assert known.members is not None
    before = replace(known, members=replace(known.members, at=NOW - timedelta(seconds=6)))
    assert decide(before, status=called()).step == Read(frozenset({Query.MEMBERS}))
    assert decide(replace(known, members=None), status=called()).step == Read(frozenset({Query.MEMBERS}))


@pytest.mark.parametrize(
    ("members", "valid"),
    [
        (Membership((vm(PowerState.ON),)), ("False", "VMPoweredOn")),
        (Membership((vm(PowerState.OFF),), ("x",)), ("Unknown", "MembersUnreadable")),
        (AWAY, ("Unknown", "Unreachable")),
    ],
)
def test_a_vm_that_was_started_meanwhile_is_reported(members: Any, valid: tuple[str, str]) -> None:
    decision = decide(succeeded({Query.MEMBERS: members}), status=called())
    assert says(decision, "Complete") == ("True", "FailoverPrepared")
    assert says(decision, "Valid") == valid
    assert ("Do not fail over:" in text(decision)) == (valid[0] == "False")
    assert ("Fail over to it" in text(decision)) == (valid[0] == "True")


def test_neighbours_that_cannot_be_told_apart_leave_the_point_in_time_empty() -> None:
    twin = replace(LAST, name="erp.3")
    points = (OLD_POINT, LAST_POINT, PointInTime("pit-3", None, LAST_POINT.time))
    rows = (at_target(OLD), at_target(LAST), at_target(twin))
    both = succeeded({Query.SOURCE_SNAPSHOTS: (OLD, LAST, twin), Query.TARGET_SNAPSHOTS: rows, Query.POINTS: points})
    decision = decide(both, status=called())
    assert says(decision, "Complete") == ("True", "FailoverPrepared")
    assert says(decision, "PointInTimeIdentified") == ("False", "PointInTimeAmbiguous")
    assert decision.status.point_in_time is not None
    assert decision.status.point_in_time.id is None


def test_a_list_from_before_the_landing_proves_nothing() -> None:
    early = succeeded(landed_at=NOW)
    assert decide(early, status=called()).step == Read(frozenset({Query.POINTS}))
    failed = succeeded({Query.POINTS: AWAY})
    assert says(decide(failed, status=called())) == ("False", "Unreachable")
    rows = Reading(Done((at_target(OLD), at_target(LAST))), NOW - timedelta(seconds=4))
    older = replace(succeeded(landed_at=NOW - timedelta(seconds=5)), target_snapshots=rows)
    assert decide(older, status=called()).step == Read(frozenset({Query.TARGET_SNAPSHOTS}))


def test_landed_and_not_listed_is_looked_for_and_then_waited_for() -> None:
    missing = {Query.POINTS: (OLD_POINT,)}
    old = decide(succeeded(missing, at=NOW - timedelta(seconds=3)), status=called())
    assert isinstance(old.step, Read)
    settling = decide(succeeded(missing, landed_at=NOW - timedelta(seconds=10)), status=called())
    assert says(settling) == ("Unknown", "Verifying")
    late = decide(succeeded(missing, landed_at=NOW - TUNING.settle), status=called())
    assert says(late) == ("False", "PointInTimeNotListed")


def test_a_success_without_a_new_snapshot_is_not_complete() -> None:
    nothing = {Query.SOURCE_SNAPSHOTS: (OLD,), Query.TARGET_SNAPSHOTS: (at_target(OLD),)}
    settling = decide(succeeded(nothing), status=called())
    assert says(settling) == ("Unknown", "Verifying")
    again = decide(succeeded(nothing, at=NOW - timedelta(seconds=3)), status=called())
    assert again.step == Read(frozenset({Query.SOURCE_SNAPSHOTS}))
    late = decide(succeeded(nothing, success_at=NOW - TUNING.settle), status=called())
    assert says(late, "Failed") == ("True", "LastSyncNotFound")
    assert "counts as prepared" in text(late)


def test_a_list_of_the_source_from_before_the_end_of_the_task_is_read_again() -> None:
    fresh = replace(succeeded(), prepare_task=task(TaskState.SUCCESS))
    assert decide(fresh, status=called()).step == Read(frozenset({Query.SOURCE_SNAPSHOTS}))
    away = succeeded({Query.SOURCE_SNAPSHOTS: AWAY})
    assert says(decide(away, status=called())) == ("False", "Unreachable")


def test_the_way_of_the_snapshot() -> None:
    status = called(snapshot=LAST.name)
    unseen = decide(succeeded({Query.TARGET_SNAPSHOTS: (at_target(OLD),)}), status=status)
    assert parked(unseen).follow
    assert says(unseen) == ("Unknown", "Transferring")
    running = decide(succeeded({Query.TARGET_SNAPSHOTS: (at_target(RUNNING),)}), status=status)
    assert "25% done" in text(running)
    waiting = decide(succeeded({Query.TARGET_SNAPSHOTS: (at_target(replace(RUNNING, progress=None)),)}), status=status)
    assert "not begun" in text(waiting)
    away = decide(succeeded({Query.TARGET_SNAPSHOTS: AWAY}), status=status)
    assert parked(away).follow
    assert says(away) == ("False", "Unreachable")
    unread = decide(succeeded({Query.TARGET_SNAPSHOTS: None}), status=status)
    assert unread.step == Read(frozenset({Query.TARGET_SNAPSHOTS}))


@pytest.mark.parametrize(
    "rows",
    [
        {Query.TARGET_SNAPSHOTS: (at_target(replace(LAST, destroyed=True)),)},
        {Query.TARGET_SNAPSHOTS: (), Query.SOURCE_SNAPSHOTS: (OLD,)},
        {Query.TARGET_SNAPSHOTS: (), Query.SOURCE_SNAPSHOTS: (replace(LAST, destroyed=True),)},
    ],
)
def test_a_destroyed_snapshot_proves_nothing(rows: dict[Query, Any]) -> None:
    decision = decide(succeeded(rows), status=called(snapshot=LAST.name))
    assert says(decision, "Failed") == ("True", "SnapshotDestroyed")
    assert "counts as prepared" in text(decision)


def test_the_source_is_asked_again_for_a_snapshot_that_the_target_does_not_show() -> None:
    known = succeeded({Query.TARGET_SNAPSHOTS: (), Query.SOURCE_SNAPSHOTS: None})
    decision = decide(known, status=called(snapshot=LAST.name))
    assert decision.step == Read(frozenset({Query.SOURCE_SNAPSHOTS}))


@pytest.mark.parametrize(("new", "reason"), [((), "PrepareRefused"), ((LAST,), "OutcomeUnknown")])
def test_an_error_is_a_refusal_only_if_nothing_new_is_on_the_source(new: tuple[Any, ...], reason: str) -> None:
    known = replace(seen({Query.SOURCE_SNAPSHOTS: (OLD, *new)}), prepare_task=task(TaskState.ERROR, "not now", ago=1))
    decision = decide(known, status=called())
    assert says(decision, "Failed") == ("True", reason)
    assert "not now" in text(decision)
    again = replace(known, prepare_task=task(TaskState.ERROR))
    assert decide(again, status=called()).step == Read(frozenset({Query.SOURCE_SNAPSHOTS}))


def test_a_task_that_cannot_be_asked_is_waited_for() -> None:
    away: Reading[Any] = Reading(AWAY, NOW, failures=1)
    assert says(decide(replace(seen(), prepare_task=away), status=called())) == ("False", "Unreachable")
    assert decide(seen(), status=called()).step == Read(frozenset({Query.PREPARE_TASK}))


LOOKED = {Query.SOURCE_SNAPSHOTS: (OLD, LAST), Query.TARGET_SNAPSHOTS: (at_target(OLD), at_target(LAST))}


@pytest.mark.parametrize("known", [None, TaskState.FORGOTTEN])
def test_without_a_task_to_tell_it_is_looked_for_and_ends_undecided(known: TaskState | None) -> None:
    status = called(task=None if known is None else "prepare-1")
    reading: dict[str, Any] = {} if known is None else {"prepare_task": task(known)}
    settling = decide(replace(seen(taken_up_at=NOW), **reading), status=status)
    assert says(settling) == ("Unknown", "LookingAfterLostAnswer")
    late = decide(replace(seen(), **reading), status=status)
    assert says(late, "Failed") == ("True", "OutcomeUnknown")
    assert "counts as prepared" in text(late)
    lost = decide(replace(seen(prepare_lost_at=NOW), **reading), status=status)
    assert says(lost) == ("Unknown", "LookingAfterLostAnswer")
    old = decide(replace(seen(at=NOW - timedelta(seconds=3)), **reading), status=status)
    assert isinstance(old.step, Read)


def test_a_new_snapshot_is_followed_and_told_as_evidence_but_proves_no_preparation() -> None:
    found = seen({**LOOKED, Query.POINTS: (OLD_POINT, LAST_POINT)}, landed_at=NOW - timedelta(seconds=10))
    decision = decide(found, status=called(task=None))
    assert says(decision, "Failed") == ("True", "OutcomeUnknown")
    assert decision.status.point_in_time is not None
    assert decision.status.point_in_time.id == LAST_POINT.id
    assert says(decision, "PointInTimeIdentified") == ("True", "Identified")
    running = seen({Query.SOURCE_SNAPSHOTS: (OLD, RUNNING), Query.TARGET_SNAPSHOTS: (at_target(RUNNING),)})
    assert says(decide(running, status=called(task=None))) == ("Unknown", "Transferring")


def test_a_failover_in_between_is_told() -> None:
    over = {Query.TARGET_GROUP: replace(VALUES[Query.TARGET_GROUP], state=GroupState.FAILEDOVER)}
    decision = decide(seen(over), status=called(task=None))
    assert says(decision, "Failed") == ("True", "OutcomeUnknown")
    assert "failed over" in text(decision)


def test_cancel_and_timeout_say_that_the_group_counts_as_prepared() -> None:
    cancelled = decide(seen(), status=called(), spec=replace(SPEC, cancel=True))
    assert says(cancelled, "Failed") == ("True", "Cancelled")
    late = decide(seen(), status=called(), spec=replace(SPEC, timeout=timedelta(seconds=30)))
    assert says(late, "Failed") == ("True", "TimedOut")
    for one in (cancelled, late):
        assert "counts as prepared" in text(one)
        assert "Fail over" not in text(one)  # its last data may not be at the target
        assert "Before you fail over, read condition Prepared" in text(one)
        assert one.status.operation is not None
        assert one.status.operation.prepare is not None
    told = replace(called(), conditions=decide(status=None).status.conditions)
    assert "The last message was:" in text(
        decide(seen(), status=told, spec=replace(SPEC, timeout=timedelta(seconds=30)))
    )


def test_another_process_may_be_inside_the_call_still() -> None:
    status = called(task=None, holder="process-1")
    waiting = decide(seen(identity="process-2", taken_up_at=NOW), status=status)
    assert says(waiting) == ("Unknown", "LookingAfterLostAnswer")
    cancelled = decide(seen(identity="process-2", taken_up_at=NOW), status=status, spec=replace(SPEC, cancel=True))
    assert isinstance(cancelled.step, Park)
    over = decide(seen(identity="process-2", taken_up_at=NOW - timedelta(minutes=2)), status=status)
    assert over.step == Record()
    assert over.status.operation is not None
    assert over.status.operation.holder == "process-2"


def test_a_turn_that_another_has_is_waited_for_also_then() -> None:
    assert says(decide(seen(behind="requests from before"), status=called())) == ("False", "GroupBusy")


def test_a_ledger_that_does_not_say_what_was_acted_on_is_not_followed() -> None:
    status = called()
    blind = replace(status, operation=replace(status.operation, resolved=None))
    assert says(decide(seen(), status=blind), "Failed") == ("True", "OutcomeUnknown")
    bare = replace(status, operation=replace(status.operation, baseline=None))
    assert says(decide(succeeded(success_at=NOW - TUNING.settle), status=bare), "Failed") == (
        "True",
        "LastSyncNotFound",
    )


@pytest.mark.parametrize("state", TaskState)
@pytest.mark.parametrize("answer", ["prepare-1", None])
def test_from_the_call_on_nothing_is_ever_asked_for_again(state: TaskState, answer: str | None) -> None:
    for observation in (seen(), seen(LOOKED), succeeded(), seen(at=NOW - timedelta(hours=1))):
        known = replace(observation, prepare_task=task(state))
        assert not isinstance(decide(known, status=called(task=answer)).step, Prepare)
