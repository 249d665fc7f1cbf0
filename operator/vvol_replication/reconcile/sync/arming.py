"""From nothing to a sync that was seen pending, and the push that waits for it: watchdog first (invariant 3)."""

from __future__ import annotations

from dataclasses import replace

from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Method, Operation, PushLedger, SyncLedger
from vvol_replication.domain.points import TaskReading, TaskState
from vvol_replication.reconcile.binding.world import Binding
from vvol_replication.reconcile.core.identify import baseline_of
from vvol_replication.reconcile.core.observation import Query, rows
from vvol_replication.reconcile.core.steps import Arm, Decision, Park, Push, Read, Record
from vvol_replication.reconcile.core.summarize import Situation, Verdict
from vvol_replication.reconcile.core.takeover import taken_over

from .borrowed import borrowable, borrowed
from .context import Turn, View
from .max_age import clocks_problem
from .preflight import check_roles, ready_to_arm, role_queries
from .rearming import not_pending

MOST_LOST = 1  # a lost answer to the sync call may be followed by one repeat (invariant 5)
BEFORE_PUSH = (Query.TASK, Query.SOURCE_SNAPSHOTS)


def prepare(turn: Turn) -> Decision:
    """Nothing is recorded yet: look at everything, then record the intent of the sync and of its push together."""
    return held_back(turn) or ready_to_arm(turn) or done_already(turn) or unseen(turn) or _record_intent(turn)


def unseen(turn: Turn) -> Decision | None:
    """The acceptance is not in the API server yet, as far as is known: nothing may be done."""
    if turn.seen.confirmed:
        return None
    return turn.run(Park(None), Reason.ACCEPTED, "Waiting until the acceptance is seen in the API server.")


def done_already(turn: Turn) -> Decision | None:
    """The arrays have no snapshot of this id, but another object tells that it was carried out (invariant 1)."""
    twin = turn.seen.claims.twin
    if twin is None or not twin.complete:
        return None
    text = (
        f"ReplicationSync {twin.label!r} with the same requestID has completed it already. Nothing was asked for; what "
        "it made is told here as it was then."
    )
    verdict = Verdict(Situation.SUCCEEDED, Reason.ALREADY_DONE, text)
    return turn.end(verdict, point_in_time=twin.point_in_time, transfer=twin.transfer)


def _record_intent(turn: Turn) -> Decision:
    """Write down, before asking, under which name the sync and under which suffix the push will be asked for.

    Where an earlier request left its sync armed there is nothing to ask for: this one goes under that sync.
    """
    seen, ledger = turn.seen, turn.operation
    earlier = borrowable(turn)
    sync = SyncLedger(intent_at=turn.now, armings=1)
    text = f"Arming the sync {ledger.point_in_time_name!r} at the target."
    if earlier is not None:
        sync = SyncLedger(intent_at=turn.now, armings=0, task=earlier.task, borrowed=borrowed(earlier))
        text = (
            f"The sync {earlier.point_in_time_name!r} of ReplicationSync {earlier.request!r} is still armed, and is "
            "used: the point in time will have that name."
        )
    note = clocks_problem(turn)
    operation = replace(
        ledger,
        resolved=turn.resolved,
        baseline=baseline_of(rows(seen.points), rows(seen.target_snapshots), rows(seen.source_snapshots)),
        sync=sync,
        push=PushLedger(intent_at=turn.now) if turn.request.spec.method is Method.COORDINATED else None,
        holder=turn.holder,
    )
    return turn.run(Record(), Reason.ARMING, f"{text} {note}" if note else text, operation=operation)


def look_for_push(turn: Turn) -> Decision | None:
    """Before anything else: is the snapshot on the source? None: it is not, and no push is on its way (invariant 1)."""
    lost_at = turn.seen.push_lost_at
    looking = turn.read(Query.SOURCE_SNAPSHOTS, within=None if lost_at is None else turn.tuning.look_again)
    if looking is not None:
        return looking
    if lost_at is not None and turn.now < lost_at + turn.tuning.settle:
        return turn.run(
            Park(turn.now + turn.tuning.look_again),
            Reason.LOOKING_AFTER_LOST_ANSWER,
            "The answer to the push was lost, and its snapshot is not on the source; looking again.",
        )
    return None


def arm_and_push(turn: Turn, sync: SyncLedger) -> Decision:
    """The intent is recorded, the snapshot is not known to exist: look for it before anything else (invariant 1)."""
    waiting = taken_over(turn) or look_for_push(turn)
    if waiting is not None:
        # What the push needs beside it is read in the same go, where there is no more to be found out before.
        together = sync.task is not None and turn.seen.push_lost_at is None and isinstance(waiting.step, Read)
        return (turn.read(*role_queries(turn), *BEFORE_PUSH) if together else None) or waiting
    stopped = missed(turn) or suspended(turn) or held_back(turn) or unseen(turn)
    if stopped is not None:
        return stopped
    if sync.task is None:
        return unknown(turn) or ready_to_arm(turn) or arm(turn, sync)
    return _push_when_pending(turn, sync)


def missed(view: View) -> Decision | None:
    """`notAfter` counts until the push: nothing is armed or pushed after it."""
    not_after = view.request.spec.not_after
    if not_after is None or view.now <= not_after:
        return None
    text = f"notAfter {not_after:%Y-%m-%dT%H:%M:%SZ} passed while the request waited. {view.left_behind()}"
    return view.end(Verdict(Situation.MISSED, Reason.MISSED, text + " Create a new ReplicationSync."))


def suspended(turn: Turn) -> Decision | None:
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
    if trouble.reason == Reason.SNAPSHOT_DESTROYED:
        return turn.fail(
            Reason.SNAPSHOT_DESTROYED,
            f"{trouble.message} A destroyed snapshot of this request is on the source, so it is not pushed again: "
            "recover it on the array and create a new ReplicationSync with the same requestID, or ask anew.",
        )
    if trouble.refusals > turn.retry_limit:
        pushing = turn.task_known or turn.request.spec.method is Method.ARRAY_ONLY
        reason = Reason.PUSH_REFUSED if pushing else Reason.SYNC_REFUSED
        return turn.fail(reason, f"Given up after {trouble.refusals} refusals in a row. The last: {trouble.message}")
    if turn.now < trouble.retry_at:
        return turn.wait(trouble.reason, trouble.message, until=trouble.retry_at)
    return None


def unknown(turn: Turn) -> Decision | None:
    """Whether the sync is armed cannot be found out by asking once more."""
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
    """Invariant 3: the task is asked, after the call, and is pending; invariant 7: the roles are what they should be.

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
    seen_pending = replace(sync, pending_seen_at=sync.pending_seen_at or turn.now)
    return push(turn, "The sync is armed; replicating", turn.with_operation(sync=seen_pending))


def push(turn: Turn, what: str, operation: Operation) -> Decision:
    """Tell the source array to replicate now."""
    group, suffix = turn.resolved.protection_group, turn.operation.suffix or ""
    text = f"{what} protection group {group!r} now as snapshot {suffix!r}."
    return turn.run(Push(group, suffix), Reason.PUSHING, text, operation=operation)
