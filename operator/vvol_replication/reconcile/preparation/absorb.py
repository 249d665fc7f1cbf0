"""What an answer changes for a preparation, after a reading or after the call. Pure, like the decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.domain.outcomes import Done, Indeterminate, Outcome
from vvol_replication.domain.points import StartedPrepare, TaskState
from vvol_replication.reconcile.core.absorb import landed_suffixes, taken_in, trouble_of
from vvol_replication.reconcile.core.observation import Moment, Observation, Query

Absorbed = tuple[PreparationStatus, Observation]


def absorb_reading(
    status: PreparationStatus, seen: Observation, query: Query, outcome: Outcome[Any], moment: Moment
) -> Observation:
    """A reading replaces the last one of its kind; some make others worthless."""
    after = taken_in(seen, query, outcome, moment)
    if query is Query.PREPARE_TASK and isinstance(outcome, Done) and outcome.value.state is TaskState.SUCCESS:
        return replace(after, success_at=seen.success_at or moment.now)
    if query is Query.TARGET_SNAPSHOTS and isinstance(outcome, Done):
        return _arrived(status, seen, after, moment.now)
    return after


def _arrived(status: PreparationStatus, seen: Observation, after: Observation, now: datetime) -> Observation:
    """A landing makes the task worth asking, and the list of points in time."""
    called = status.operation is not None and status.operation.prepare is not None
    known = seen.target_snapshots is not None and seen.target_snapshots.value is not None
    if called and known and landed_suffixes(seen) != landed_suffixes(after):
        return replace(after, prepare_task=None, landed_at=now, points=None)
    return after


def absorb_recorded(status: PreparationStatus, seen: Observation) -> Observation:
    """A ledger was stored by this process: one with an intent whose call was not made, or one that took it back.

    What the checks read before is worth nothing any more: they are made once more between the intent and the call.
    """
    announced = status.operation is not None and status.operation.prepare is not None
    return replace(seen.after_effect(Query.TARGET_SNAPSHOTS), intent_unused=announced, success_at=None, landed_at=None)


def is_intent(before: PreparationStatus, after: PreparationStatus) -> bool:
    """Does this ledger announce, or take back, a call that the one before did not?"""
    return _intent(before) != _intent(after)


def _intent(status: PreparationStatus) -> datetime | None:
    prepare = status.operation.prepare if status.operation else None
    return prepare.intent_at if prepare is not None else None


def absorb_prepared(
    status: PreparationStatus, seen: Observation, outcome: Outcome[StartedPrepare], moment: Moment
) -> Absorbed:
    """What the source answered to the call.

    A refusal changed nothing, and is the end. What could not be asked changed nothing either, and is asked later, after
    all checks. A lost answer is looked for, never asked for again.
    """
    after = seen.after_effect(Query.TARGET_SNAPSHOTS)
    if isinstance(outcome, Done):
        operation = status.operation
        prepare = operation.prepare if operation is not None else None
        if operation is None or prepare is None:
            return status, replace(after, intent_unused=False)
        known = replace(operation, prepare=replace(prepare, task=outcome.value.task))
        return replace(status, operation=known), replace(after, intent_unused=False, trouble=None)
    if isinstance(outcome, Indeterminate):
        return status, replace(after, intent_unused=False, prepare_lost_at=moment.now)
    return status, replace(after, trouble=trouble_of(seen, outcome, moment))
