"""What an answer changes in a sync's ledger and observation, after a reading or a mutating call."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Operation, PushLedger, SyncLedger, SyncStatus
from vvol_replication.domain.arrays import AlreadyThere, Pushed
from vvol_replication.domain.outcomes import Done, Indeterminate, Outcome, Refused, Unavailable
from vvol_replication.domain.points import OngoingSync, StartedSync, TaskReading, TaskState
from vvol_replication.reconcile.core.absorb import landed_suffixes, taken_in, trouble_of
from vvol_replication.reconcile.core.observation import Moment, Observation, Query

Absorbed = tuple[SyncStatus, Observation]


NOT_OURS = "A sync of this group is under way that may be of somebody else. Waiting for it."


_NEVER = datetime.min.replace(
    tzinfo=UTC
)  # no call is answered without an intent in the ledger; the types do not say so


def absorb_reading(
    status: SyncStatus, seen: Observation, query: Query, outcome: Outcome[Any], moment: Moment
) -> Observation:
    """A reading replaces the last one of its kind; some make others worthless."""
    now, after = moment.now, taken_in(seen, query, outcome, moment)
    if query is Query.TASK and isinstance(outcome, Done) and outcome.value.state is TaskState.SUCCESS:
        return replace(after, success_at=seen.success_at or now)
    if query is Query.TARGET_SNAPSHOTS and isinstance(outcome, Done):
        return _transfers_changed(status, seen, after, now)
    return after


def _transfers_changed(status: SyncStatus, seen: Observation, after: Observation, now: datetime) -> Observation:
    """What landed since the last look makes the task worth asking, and the list of points in time."""
    landed = landed_suffixes(after)
    suffix = status.operation.suffix if status.operation else None
    if seen.target_snapshots is not None and landed != landed_suffixes(seen):
        after = replace(after, task=None)
    if suffix in landed and seen.landed_at is None:
        after = replace(after, landed_at=now, points=None)
    return after


def absorb_recorded(seen: Observation, *, fresh: bool = True) -> Observation:
    """A ledger was stored by this process. `fresh`: it holds a new intent, and the call it announces was not made.

    Whether the sync before it has ended, only its task can tell: one that was forgotten may be pending still.
    """
    if not fresh:
        return replace(seen, task=None)
    task: TaskReading | None = seen.task.value if seen.task is not None else None
    ended = task is None or task.state is not TaskState.FORGOTTEN
    return replace(seen, intent_unused=ended, lost_syncs=0, success_at=None, task=None)


def is_fresh(before: SyncStatus, after: SyncStatus) -> bool:
    """Does this ledger announce a call that the one before did not?"""
    return _intent(before) != _intent(after)


def _intent(status: SyncStatus) -> tuple[datetime | None, datetime | None]:
    operation = status.operation
    sync, push = (operation.sync, operation.push) if operation else (None, None)
    return sync.intent_at if sync else None, push.intent_at if push else None


def absorb_armed(
    status: SyncStatus, seen: Observation, outcome: Outcome[StartedSync | OngoingSync], moment: Moment
) -> Absorbed:
    """What the target answered to the sync call. The source's role is beyond the reach of a call to the target."""
    after = seen.after_effect(Query.SOURCE_GROUP)
    if isinstance(outcome, Done):
        return _sync_answered(status, seen, after, outcome.value, moment)
    if isinstance(outcome, Indeterminate):
        return status, replace(after, lost_syncs=seen.lost_syncs + 1, intent_unused=False)
    after = replace(after, trouble=trouble_of(seen, outcome, moment))
    if isinstance(outcome, Unavailable):
        return status, after
    return _not_armed(status, replace(after, naming_given_up=_has_snapshot(status)))


def _sync_answered(
    status: SyncStatus, seen: Observation, after: Observation, answer: StartedSync | OngoingSync, moment: Moment
) -> Absorbed:
    doubt = None if seen.intent_unused else moment.now
    if isinstance(answer, StartedSync):
        return _armed(status, answer.task, doubt), _calm(after)
    anothers = seen.armed is not None and seen.armed.task == answer.task
    if doubt is not None and answer.task is not None and not anothers:
        return _armed(status, answer.task, doubt), _calm(after)
    ongoing = Unavailable(Reason.SYNC_ONGOING, NOT_OURS)
    return _not_armed(status, replace(after, trouble=trouble_of(seen, ongoing, moment)))


def absorb_pushed(
    status: SyncStatus, seen: Observation, outcome: Outcome[Pushed | AlreadyThere], moment: Moment
) -> Absorbed:
    """What the source answered to the push."""
    after = seen.after_effect()
    if isinstance(outcome, Done):
        answer = outcome.value
        if isinstance(answer, Pushed):
            after = seen.after_effect(
                Query.TASK
            )  # it was pending a moment ago, and is asked again while it is followed
            push = replace(_push(status), snapshot=answer.snapshot, created=answer.created)
            return replace(status, operation=replace(_operation(status), push=push)), _calm(after)
        outcome = Refused(Reason.SNAPSHOT_DESTROYED if answer.destroyed else Reason.ARRAY_REFUSED, answer.message)
    lost = isinstance(outcome, Indeterminate)
    unused = seen.intent_unused and not lost
    trouble, lost_at = trouble_of(seen, outcome, moment), moment.now if lost else None
    return status, replace(after, trouble=trouble, push_lost_at=lost_at, intent_unused=unused)


def _operation(status: SyncStatus) -> Operation:
    return status.operation or Operation(request_id="")


def _sync(status: SyncStatus) -> SyncLedger:
    return _operation(status).sync or SyncLedger(_NEVER, armings=1)


def _push(status: SyncStatus) -> PushLedger:
    return _operation(status).push or PushLedger(_NEVER)


def _has_snapshot(status: SyncStatus) -> bool:
    return _push(status).snapshot is not None


def _armed(status: SyncStatus, task: str, doubt: datetime | None) -> SyncStatus:
    operation = _operation(status)
    sync = replace(_sync(status), task=task, unanswered_at=doubt)
    return replace(status, operation=replace(operation, sync=sync))


def _not_armed(status: SyncStatus, seen: Observation) -> Absorbed:
    """The call was refused. Where no earlier one can have armed a sync, the request begins anew from its look."""
    operation = _operation(status)
    if not seen.intent_unused or _has_snapshot(status) or _sync(status).armings > 1:
        return status, seen
    fresh = replace(operation, sync=None, push=None, resolved=None, baseline=None)
    return replace(status, operation=fresh), replace(seen, intent_unused=False)


def _calm(seen: Observation) -> Observation:
    return replace(seen, intent_unused=False, lost_syncs=0, push_lost_at=None, trouble=None, success_at=None)
