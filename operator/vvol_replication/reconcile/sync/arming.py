"""From nothing to a sync that was seen pending, and the push that waits for it: watchdog first (invariant 3)."""

from __future__ import annotations

from dataclasses import replace

from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Method, Operation, PushLedger, SyncLedger
from vvol_replication.domain.counts import counted
from vvol_replication.domain.points import TaskReading, TaskState
from vvol_replication.reconcile.binding.world import Binding
from vvol_replication.reconcile.core.baseline import baseline_of
from vvol_replication.reconcile.core.checks import group_called
from vvol_replication.reconcile.core.newest import newest_listed
from vvol_replication.reconcile.core.observation import Query, rows
from vvol_replication.reconcile.core.steps import Arm, Decision, Park, Push, Read, Record
from vvol_replication.reconcile.core.summarize import Situation, Verdict
from vvol_replication.reconcile.core.takeover import taken_over

from .borrowed import borrowable, borrowed
from .context import ActiveSync, SyncContext
from .max_age import clocks_problem
from .preflight import check_roles, ready_to_arm, role_queries
from .rearming import not_pending

MOST_LOST = 1  # a lost answer to the sync call may be followed by one repeat (invariant 5)
BEFORE_PUSH = (Query.TASK, Query.SOURCE_SNAPSHOTS)


def record_sync_intent(active: ActiveSync) -> Decision | None:
    """Nothing is recorded yet: look at everything, then record the intent of the sync and of its push together."""
    if active.operation.sync is not None:
        return None
    return held_back(active) or ready_to_arm(active) or done_already(active) or unseen(active) or _record_intent(active)


def unseen(active: ActiveSync) -> Decision | None:
    """The acceptance is not in the API server yet, as far as is known: nothing may be done."""
    if active.seen.confirmed:
        return None
    return active.run(Park(None), Reason.ACCEPTED, "Waiting until the API server shows that the request is accepted.")


def done_already(active: ActiveSync) -> Decision | None:
    """The arrays have no snapshot of this id, but another object tells that it was carried out (invariant 1)."""
    twin = active.seen.claims.twin
    if twin is None or not twin.complete:
        return None
    text = (
        f"ReplicationSync {twin.label!r} with the same requestID has already completed it. Nothing was asked for. "
        "This status shows what that request made, as it was then."
    )
    verdict = Verdict(Situation.SUCCEEDED, Reason.ALREADY_DONE, text)
    return active.end(verdict, point_in_time=twin.point_in_time, transfer=twin.transfer)


def _record_intent(active: ActiveSync) -> Decision:
    """Write down, before asking, under which name the sync and under which suffix the push will be asked for.

    Where an earlier request left its sync armed there is nothing to ask for: this one goes under that sync.
    """
    seen, ledger = active.seen, active.operation
    earlier = borrowable(active)
    sync = SyncLedger(intent_at=active.now, armings=1)
    text = f"Arming the sync {ledger.point_in_time_name!r} at the target."
    if earlier is not None:
        sync = SyncLedger(intent_at=active.now, armings=0, task=earlier.task, borrowed=borrowed(earlier))
        text = (
            f"The sync {earlier.point_in_time_name!r} of ReplicationSync {earlier.request!r} is still armed and is "
            "used: the point in time will have that name."
        )
    note = clocks_problem(active)
    newest = newest_listed(seen, active.now, active.tuning.fresh)
    operation = replace(
        ledger,
        resolved=active.resolved,
        baseline=baseline_of(rows(seen.points), rows(seen.target_snapshots), rows(seen.source_snapshots), newest),
        sync=sync,
        push=PushLedger(intent_at=active.now) if active.request.spec.method is Method.COORDINATED else None,
        holder=active.holder,
    )
    return active.run(Record(), Reason.ARMING, f"{text} {note}" if note else text, operation=operation)


def look_for_push(active: ActiveSync) -> Decision | None:
    """Before any call: is the snapshot on the source? None: it is not, and no push is on its way (invariant 1)."""
    waiting = taken_over(active) or _look_at_source(active)
    if waiting is None:
        return None
    # What the push needs beside it is read in the same go, where there is no more to be found out before.
    together = active.task_known and active.seen.push_lost_at is None and isinstance(waiting.step, Read)
    return (active.read(*role_queries(active), *BEFORE_PUSH) if together else None) or waiting


def _look_at_source(active: ActiveSync) -> Decision | None:
    lost_at = active.seen.push_lost_at
    looking = active.read(Query.SOURCE_SNAPSHOTS, within=None if lost_at is None else active.tuning.look_again)
    if looking is not None:
        return looking
    if lost_at is not None and active.now < lost_at + active.tuning.settle:
        return active.run(
            Park(active.now + active.tuning.look_again),
            Reason.LOOKING_AFTER_LOST_ANSWER,
            "The answer to the push was lost, and its snapshot is not on the source. Looking again.",
        )
    return None


def stopped(active: ActiveSync) -> Decision | None:
    """What keeps a request from its next mutating call: time, people, a call that was refused before."""
    return missed(active) or suspended(active) or held_back(active) or unseen(active)


def ask_for_sync(active: ActiveSync) -> Decision | None:
    """No task of this request is known: ask the target for the sync, which moves no data by itself."""
    sync = active.operation.sync
    if sync is None or sync.task is not None:
        return None
    return unknown(active) or ready_to_arm(active) or arm(active, sync)


def missed(context: SyncContext) -> Decision | None:
    """`notAfter` counts until the push: nothing is armed or pushed after it."""
    not_after = context.request.spec.not_after
    if not_after is None or context.now <= not_after:
        return None
    text = f"notAfter {not_after:%Y-%m-%dT%H:%M:%SZ} passed while the request waited. {context.left_behind()}"
    return context.end(Verdict(Situation.MISSED, Reason.MISSED, text + " Create a new ReplicationSync."))


def suspended(active: ActiveSync) -> Decision | None:
    """Until the push, a request can be suspended, and so can its group; a sync that is armed stays armed."""
    if active.request.spec.suspend:
        return active.suspended()
    if isinstance(active.seen.bound, Binding) and active.seen.bound.suspended:
        text = f"ReplicationGroup {active.request.spec.group!r} is suspended. To go on, set its spec.suspend to false."
        return active.wait(Reason.GROUP_SUSPENDED, text)
    return None


def held_back(active: ActiveSync) -> Decision | None:
    """A mutating call that did not work is not repeated at once, and where it was refused not for ever."""
    trouble = active.seen.trouble
    if trouble is None:
        return None
    if trouble.reason == Reason.IDENTITY_CHANGED:
        return active.fail(Reason.IDENTITY_CHANGED, trouble.message)
    if trouble.reason == Reason.SNAPSHOT_DESTROYED:
        return active.fail(
            Reason.SNAPSHOT_DESTROYED,
            f"{trouble.message} A destroyed snapshot of this request is on the source, so it is not pushed again. "
            "Recover it on the array and create a ReplicationSync with the same requestID. Or use another requestID.",
        )
    if trouble.refusals > active.retry_limit:
        pushing = active.task_known or active.request.spec.method is Method.ARRAY_ONLY
        reason = Reason.PUSH_REFUSED if pushing else Reason.SYNC_REFUSED
        return active.fail(
            reason, f"Given up after {counted(trouble.refusals, 'refusal')} in a row. The last one: {trouble.message}"
        )
    if active.now < trouble.retry_at:
        return active.wait(trouble.reason, trouble.message, until=trouble.retry_at)
    return None


def unknown(active: ActiveSync) -> Decision | None:
    """Whether the sync is armed cannot be found out by asking once more."""
    if active.seen.lost_syncs <= MOST_LOST:
        return None
    return active.fail(
        Reason.SYNC_OUTCOME_UNKNOWN,
        "Two answers to the sync call were lost in a row, so it is not known whether the sync is armed. "
        "Nothing was pushed. Check the vCenter, then create a new ReplicationSync.",
    )


def arm(active: ActiveSync, sync: SyncLedger) -> Decision:
    """Ask the target for the sync: the first time, again after a lost answer (once), or after a wrong credit."""
    name = active.operation.point_in_time_name or ""
    attempt = "" if sync.armings == 1 else f" (arming {sync.armings})"
    return active.run(Arm(name), Reason.ARMING, f"Arming the sync {name!r} at the target{attempt}.")


def push_when_pending(active: ActiveSync) -> Decision | None:
    """Invariant 3: the task is asked, after the call, and is pending; invariant 7: the roles are what they should be.

    Arming acts on the target, so the source's role as read before it counts while it is fresh.
    """
    sync = active.operation.sync
    if sync is None:
        return None
    looking = active.read(*role_queries(active), *BEFORE_PUSH)
    if looking is not None:
        return looking
    task = active.seen.task.value if active.seen.task and active.seen.task.value else TaskReading(TaskState.FORGOTTEN)
    if not task.state.pending:
        return not_pending(active, sync, task)
    refused = check_roles(active)
    if refused is not None:
        return refused
    seen_pending = replace(sync, pending_seen_at=sync.pending_seen_at or active.now)
    return push(active, "The sync is armed; replicating", active.with_operation(sync=seen_pending))


def push(active: ActiveSync, what: str, operation: Operation) -> Decision:
    """Tell the source array to replicate now."""
    group, suffix = active.seen.group_called or active.resolved.protection_group, active.operation.suffix or ""
    called = group_called(active.resolved, active.seen)
    text = f"{what} protection group {called} now as snapshot {suffix!r}."
    return active.run(Push(group, suffix), Reason.PUSHING, text, operation=operation)
