"""What an answer changes for a preparation: readings that it makes worthless, and what became of the call."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from unit.reconcile.preparation.case import AWAY, LAST, NOW, TUNING, at_target, called, seen

from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.domain.outcomes import Done, Indeterminate, Refused, Unavailable
from vvol_replication.domain.points import StartedPrepare, TaskReading, TaskState
from vvol_replication.reconcile.core.observation import Moment, Query
from vvol_replication.reconcile.preparation.absorb import absorb_prepared, absorb_reading, absorb_recorded, is_intent

LATER = Moment(NOW + timedelta(seconds=1), TUNING)
UNDER_WAY = replace(at_target(LAST), completed=None, progress=0.5)


def test_the_first_success_of_the_task_is_remembered() -> None:
    done = Done(TaskReading(TaskState.SUCCESS))
    first = absorb_reading(called(), seen(), Query.PREPARE_TASK, done, LATER)
    assert first.success_at == LATER.now
    again = absorb_reading(called(), first, Query.PREPARE_TASK, done, Moment(NOW + timedelta(seconds=9), TUNING))
    assert again.success_at == LATER.now
    assert absorb_reading(called(), seen(), Query.PREPARE_TASK, AWAY, LATER).success_at is None


def test_a_move_of_a_transfer_shows_that_nothing_is_stalled() -> None:
    first = absorb_reading(
        PreparationStatus(), seen({Query.TARGET_SNAPSHOTS: None}), Query.TARGET_SNAPSHOTS, Done((UNDER_WAY,)), LATER
    )
    assert first.moved_at == LATER.now
    then = Moment(NOW + timedelta(minutes=1), TUNING)
    same = absorb_reading(PreparationStatus(), first, Query.TARGET_SNAPSHOTS, Done((UNDER_WAY,)), then)
    assert same.moved_at == LATER.now
    on = absorb_reading(
        PreparationStatus(), first, Query.TARGET_SNAPSHOTS, Done((replace(UNDER_WAY, progress=0.6),)), then
    )
    assert on.moved_at == then.now
    assert on.points is not None, "before the call a landing is nobody's"


def test_a_landing_after_the_call_makes_the_task_and_the_list_worth_asking() -> None:
    before = seen({Query.TARGET_SNAPSHOTS: (UNDER_WAY,), Query.PREPARE_TASK: TaskReading(TaskState.RUNNING)})
    after = absorb_reading(called(), before, Query.TARGET_SNAPSHOTS, Done((at_target(LAST),)), LATER)
    assert (after.prepare_task, after.points, after.landed_at) == (None, None, LATER.now)
    same = absorb_reading(called(), before, Query.TARGET_SNAPSHOTS, Done((UNDER_WAY,)), LATER)
    assert same.points is not None


def test_an_intent_that_is_stored_makes_all_that_was_read_worthless() -> None:
    stored = absorb_recorded(called(), seen(success_at=NOW, landed_at=NOW))
    assert stored.intent_unused
    assert (stored.members, stored.success_at, stored.landed_at) == (None, None, None)
    assert stored.target_snapshots is not None
    assert not absorb_recorded(PreparationStatus(), seen()).intent_unused
    assert is_intent(PreparationStatus(), called())
    assert not is_intent(called(), called())


def test_what_became_of_the_call() -> None:
    status, after = absorb_prepared(called(task=None), seen(), Done(StartedPrepare("prepare-9")), LATER)
    assert status.operation is not None
    assert status.operation.prepare is not None
    assert status.operation.prepare.task == "prepare-9"
    assert after.members is None
    for outcome in (Refused("InvalidReplicationState", "no"), Unavailable("Unreachable", "no")):
        status, after = absorb_prepared(called(task=None), seen(intent_unused=True), outcome, LATER)
        assert after.trouble is not None
        assert after.intent_unused, "nothing was called"
    _, after = absorb_prepared(called(task=None), seen(intent_unused=True), Indeterminate("AnswerLost", "lost"), LATER)
    assert after.prepare_lost_at == LATER.now
    assert not after.intent_unused
    status, after = absorb_prepared(PreparationStatus(), seen(), Done(StartedPrepare("prepare-9")), LATER)
    assert status == PreparationStatus()
    assert not after.intent_unused
