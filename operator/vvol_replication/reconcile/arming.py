"""From nothing to a sync that was seen pending, and the push that it waits for. The watchdog comes first (rule 3)."""

from __future__ import annotations

from dataclasses import replace

from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import PushLedger, SyncLedger
from vvol_replication.domain.points import TaskReading, TaskState

from .binding import Binding
from .identify import baseline_of
from .observation import Query, rows
from .preflight import check_roles, ready_to_arm, role_queries
from .rearming import not_pending
from .steps import Arm, Decision, Park, Push, Read, Record
from .tell import Situation, Verdict
from .view import Turn, View

MOST_LOST = 1  # a lost answer to the sync call may be followed by one repeat (rule 5)
BEFORE_PUSH = (Query.TASK, Query.SOURCE_SNAPSHOTS)


def prepare(turn: Turn) -> Decision:
    """Nothing is recorded yet: look at everything, then record the intent of the sync and of its push together."""
    return held_back(turn) or ready_to_arm(turn) or _unseen(turn) or _record_intent(turn)


def _unseen(turn: Turn) -> Decision | None:
    if turn.seen.confirmed:
        return None
    return turn.run(Park(None), Reason.ACCEPTED, "Waiting until the acceptance is seen in the API server.")


def _record_intent(turn: Turn) -> Decision:
    """Write down, before asking, under which name the sync and under which suffix the push will be asked for."""
    seen, ledger = turn.seen, turn.operation
    operation = replace(
        ledger,
        resolved=turn.resolved,
        baseline=baseline_of(rows(seen.points), rows(seen.target_snapshots), rows(seen.source_snapshots)),
        sync=SyncLedger(intent_at=turn.now, armings=1),
        push=PushLedger(intent_at=turn.now),
    )
    text = f"Arming the sync {ledger.point_in_time_name!r} at the target."
    return turn.run(Record(), Reason.ARMING, text, operation=operation)


def arm_and_push(turn: Turn, sync: SyncLedger) -> Decision:
    """The intent is recorded, the snapshot is not known to exist: look for it before anything else (rule 1)."""
    lost_at = turn.seen.push_lost_at
    looking = turn.read(Query.SOURCE_SNAPSHOTS, within=None if lost_at is None else turn.tuning.look_again)
    if looking is not None:
        # What the push needs beside it is read in the same go, where there is no more to be found out before.
        together = sync.task is not None and lost_at is None and isinstance(looking.step, Read)
        return (turn.read(*role_queries(turn), *BEFORE_PUSH) if together else None) or looking
    if lost_at is not None and turn.now < lost_at + turn.tuning.settle:
        return turn.run(
            Park(turn.now + turn.tuning.look_again),
            Reason.LOOKING_AFTER_LOST_ANSWER,
            "The answer to the push was lost, and its snapshot is not on the source; looking again.",
        )
    stopped = missed(turn) or _suspended(turn) or held_back(turn) or _unseen(turn)
    if stopped is not None:
        return stopped
    if sync.task is None:
        return _unknown(turn) or ready_to_arm(turn) or arm(turn, sync)
    return _push_when_pending(turn, sync)


def missed(view: View) -> Decision | None:
    """`notAfter` counts until the push: nothing is armed or pushed after it."""
    not_after = view.request.spec.not_after
    if not_after is None or view.now <= not_after:
        return None
    text = f"notAfter {not_after:%Y-%m-%dT%H:%M:%SZ} passed while the request waited. {view.left_behind()}"
    return view.end(Verdict(Situation.MISSED, Reason.MISSED, text + " Create a new ReplicationSync."))


def _suspended(turn: Turn) -> Decision | None:
    """Until the push, a request can be suspended, and so can its group; a sync that is armed stays armed."""
    if turn.request.spec.suspend:
        return turn.suspended()
    if isinstance(turn.seen.bound, Binding) and turn.seen.bound.suspended:
        text = f"ReplicationGroup {turn.request.spec.group!r} is suspended; set its spec.suspend to false to go on."
        return turn.wait(Reason.GROUP_SUSPENDED, text)
    return None


def held_back(turn: Turn) -> Decision | None:
    """A mutating call that did not work is not repeated at once, and where it was refused not for ever."""
    trouble = turn.seen.trouble
    if trouble is None:
        return None
    if trouble.reason == Reason.IDENTITY_CHANGED:
        return turn.fail(Reason.IDENTITY_CHANGED, trouble.message)
    if trouble.refusals > turn.retry_limit:
        reason = Reason.PUSH_REFUSED if turn.task_known else Reason.SYNC_REFUSED
        return turn.fail(reason, f"Given up after {trouble.refusals} refusals in a row. The last: {trouble.message}")
    if turn.now < trouble.retry_at:
        return turn.wait(trouble.reason, trouble.message, until=trouble.retry_at)
    return None


def _unknown(turn: Turn) -> Decision | None:
    if turn.seen.lost_syncs <= MOST_LOST:
        return None
    return turn.fail(
        Reason.SYNC_OUTCOME_UNKNOWN,
        "Two answers to the sync call were lost in a row, so it is not known whether the sync is armed. "
        "Nothing was pushed. Check the vCenter, then create a new ReplicationSync.",
    )


def arm(turn: Turn, sync: SyncLedger) -> Decision:
    """Ask the target for the sync: the first time, again after a lost answer (once), or after a wrong credit."""
    name = turn.operation.point_in_time_name or ""
    attempt = "" if sync.armings == 1 else f" (arming {sync.armings})"
    return turn.run(Arm(name), Reason.ARMING, f"Arming the sync {name!r} at the target{attempt}.")


def _push_when_pending(turn: Turn, sync: SyncLedger) -> Decision:
    """Rule 3: the task is asked, after the call, and is pending; rule 7: the roles are what they should be.

    Arming acts on the target, so the source's role as read before it counts while it is fresh.
    """
    looking = turn.read(*role_queries(turn), *BEFORE_PUSH)
    if looking is not None:
        return looking
    task = turn.seen.task.value if turn.seen.task and turn.seen.task.value else TaskReading(TaskState.FORGOTTEN)
    if not task.state.pending:
        return not_pending(turn, sync, task)
    refused = check_roles(turn)
    if refused is not None:
        return refused
    group, suffix = turn.resolved.protection_group, turn.operation.suffix or ""
    seen_pending = replace(sync, pending_seen_at=sync.pending_seen_at or turn.now)
    return turn.run(
        Push(group, suffix),
        Reason.PUSHING,
        f"The sync is armed; replicating protection group {group!r} now as snapshot {suffix!r}.",
        operation=turn.with_operation(sync=seen_pending),
    )
