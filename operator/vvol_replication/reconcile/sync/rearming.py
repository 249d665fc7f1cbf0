"""A sync that is not pending any more although our data has not landed: why, and is it asked for again?"""

from __future__ import annotations

from dataclasses import replace

from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import CREDITED_LIMIT, Credit, SyncLedger
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.counts import counted
from vvol_replication.domain.points import TaskReading, TaskState
from vvol_replication.reconcile.core.baseline import baseline_of, is_older, landed_since, listed_before
from vvol_replication.reconcile.core.observation import Query, rows
from vvol_replication.reconcile.core.steps import Decision, Park, Record
from vvol_replication.reconcile.core.summarize import describe, point_status

from .absorb import NOT_OURS
from .context import ActiveSync

LENT_ENDED = "The sync that an earlier request left is not pending any more. Arming this request's own."


def not_pending(active: ActiveSync, sync: SyncLedger, task: TaskReading) -> Decision:
    """The sync ended, or was forgotten, before anything was pushed: stop until it is known why."""
    looked = (
        seen_after(active, Query.TARGET_SNAPSHOTS)
        or seen_after(active, Query.POINTS)
        or met_another(active, sync, task)
    )
    if looked is not None:
        return looked
    if sync.borrowed is not None:
        return rearm(active, sync, LENT_ENDED)
    if task.state is not TaskState.SUCCESS:
        return in_error(active, sync, task)
    landed = other_landed(active)
    if landed:
        return rearm(active, sync, f"The transfer {landed[-1].name} landed first and took the name. Arming again.")
    return quiet_success(active)


def met_another(active: ActiveSync, sync: SyncLedger, task: TaskReading) -> Decision | None:
    """The task tells that another sync is under way (`SyncOngoing`): this call armed nothing.

    If an earlier call of ours may have armed one, that is the one in the way, as far as anybody can tell; otherwise it
    is a stranger's: it is waited for, and then ours is asked for again.
    """
    if task.state is not TaskState.ERROR or task.reason != Reason.SYNC_ONGOING:
        return None
    earlier = active.seen.armed
    if sync.unanswered_at is not None and task.ongoing is not None and not (earlier and earlier.task == task.ongoing):
        text = "The sync whose answer was lost is under way. Following it."
        operation = active.with_operation(sync=replace(sync, task=task.ongoing, pending_seen_at=None))
        return active.run(Record(), Reason.ARMING, text, operation=replace(operation, holder=active.holder))
    again_at = sync.intent_at + active.tuning.task_every
    if active.now < again_at:
        return active.wait(Reason.SYNC_ONGOING, NOT_OURS, until=again_at)
    again = replace(sync, intent_at=active.now, task=None, pending_seen_at=None, unanswered_at=None)
    return _record(active, again, "Another sync was under way. Arming again.")


def seen_after(active: ActiveSync, query: Query) -> Decision | None:
    """Read this after the task's end was seen: only such a reading can hold what made the task end."""
    task = active.seen.task
    return active.read_after(query, task.at if task else None, active.tuning.poller_silent)


def other_landed(active: ActiveSync) -> tuple[Snapshot, ...]:
    """Transfers, ours aside, that landed since the request's look, in order of landing."""
    return landed_since(rows(active.seen.target_snapshots), active.operation.suffix or "", active.operation.baseline)


def in_error(active: ActiveSync, sync: SyncLedger, task: TaskReading) -> Decision:
    """The sync ended in error, or its task is not known any more: it is asked for again, each time later."""
    what = _cause(task)
    if sync.armings > active.retry_limit:
        return active.fail(
            Reason.SYNC_REFUSED, f"The sync failed {counted(sync.armings, 'time')}. Nothing was pushed. {what}"
        )
    again_at = sync.intent_at + active.tuning.backoff(sync.armings, jitter=0)
    if active.now < again_at:
        text = f"The sync failed before the push. It is asked for again. {what}"
        forgotten = task.state is TaskState.FORGOTTEN
        reason = task.reason or (Reason.TASK_FORGOTTEN if forgotten else Reason.ENDPOINT_FAULT)
        return active.wait(reason, text, until=again_at)
    return rearm(active, sync, f"The sync failed before the push. Arming again. {what}")


def _cause(task: TaskReading) -> str:
    if task.state is TaskState.FORGOTTEN:
        return "The vCenter does not know the sync's task any more."
    return task.message or "The vCenter gave no cause."


def quiet_success(active: ActiveSync) -> Decision:
    """Success although nothing landed is what a prepared group answers: it is never `Complete` (invariant 9)."""
    since = active.seen.success_at or active.now
    if active.now < since + active.tuning.settle:
        return active.run(
            Park(active.now + active.tuning.look_again),
            Reason.VERIFYING,
            "The sync succeeded although nothing was pushed. Looking for what landed.",
        )
    if (unseen := _unseen_landing(active)) is not None:
        return active.run(Park(active.now + active.tuning.older_every), Reason.VERIFYING, unseen)
    last = max(rows(active.seen.points), key=lambda point: point.time, default=None)
    known = f"The last real point in time is {describe(last)}." if last else "No point in time is listed."
    return active.fail(
        Reason.GROUP_PREPARED,
        "The target answers success without new data: the group was prepared for failover. Nothing was pushed. "
        f"{known} If the failover was called off, replicate on the array itself: a sync brings no new data there.",
        point_in_time=point_status(last) if last else None,
    )


def _unseen_landing(active: ActiveSync) -> str | None:
    """Why it is not known that nothing landed: the target array shows nothing of what must be there (invariant 10).

    An array that does not know the protection group by the name that it was asked by answers as if it had no transfers.
    So it is for a moment after the source array was renamed.
    """
    baseline, arrived = active.operation.baseline, rows(active.seen.target_snapshots)
    if baseline is None or arrived:
        return None
    new = next((point for point in rows(active.seen.points) if not listed_before(point, baseline)), None)
    if new is None and not baseline.transfers:
        return None
    seen = f"lists the new point in time {new.id!r}" if new else "had transfers when this request began"
    return (
        f"The sync succeeded although nothing was pushed. The target {seen}. But the target array shows no transfer of "
        "the group now, so it is not known what landed. If the source array was renamed, this goes on when its new "
        "name was read. Otherwise check the group's snapshots on the target array."
    )


def rearm(active: ActiveSync, sync: SyncLedger, message: str) -> Decision:
    """Record that the sync is to be armed once more, under the same name."""
    if sync.armings >= active.tuning.most_armings:
        return active.fail(
            Reason.SYNC_REFUSED,
            f"The sync was armed {counted(sync.armings, 'time')} and never stayed pending. The last time: {message}",
        )
    again = replace(
        sync,
        intent_at=active.now,
        armings=sync.armings + 1,
        task=None,
        pending_seen_at=None,
        credited=(*sync.credited, *_credit(active, sync))[-CREDITED_LIMIT:],
        unanswered_at=None,
        borrowed=None,
    )
    return _record(active, again, message)


def _record(active: ActiveSync, sync: SyncLedger, message: str) -> Decision:
    if not active.pushed and (looking := _source_after_points(active)) is not None:
        return looking
    baseline = active.operation.baseline
    if not active.pushed and baseline is not None:
        # Nothing of ours is on its way yet: what is listed at this moment is not ours either.
        baseline = replace(
            baseline_of(
                rows(active.seen.points), rows(active.seen.target_snapshots), rows(active.seen.source_snapshots)
            ),
            newest_snapshot=baseline.newest_snapshot,
            snapshot_fingerprints=baseline.snapshot_fingerprints,
        )
    operation = active.with_operation(sync=sync, baseline=baseline, holder=active.holder)
    return active.run(Record(), Reason.ARMING, message, operation=operation)


def _source_after_points(active: ActiveSync) -> Decision | None:
    """A push of ours that took effect late shows on the source before its point in time is listed.

    So only a look at the source that is younger than the list tells that nothing in the list is ours.
    """
    listed = active.seen.points
    return active.read_after(Query.SOURCE_SNAPSHOTS, listed.at if listed else None, active.tuning.poller_silent)


def _credit(active: ActiveSync, sync: SyncLedger) -> tuple[Credit, ...]:
    """The older point in time that the last sync gave our name to, if its success came from older data."""
    task = active.seen.task.value if active.seen.task else None
    if task is None or task.state is not TaskState.SUCCESS or sync.borrowed is not None:
        return ()
    if task.point_name not in (None, active.operation.point_in_time_name):
        return ()  # a stranger's sync that was taken for ours: it gave another name
    if not any(is_older(row, active.operation.baseline) for row in other_landed(active)):
        return ()
    return (Credit(task.point_id, task.point_time, sync.task),)
