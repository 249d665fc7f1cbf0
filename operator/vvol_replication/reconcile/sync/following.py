"""From a snapshot that exists to a point in time that is listed: `Complete` says this and no more (invariant 2)."""

from __future__ import annotations

from dataclasses import replace

from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Method, PointInTimeStatus, SyncLedger
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.points import TaskReading, TaskState
from vvol_replication.reconcile.core.checks import rows_too_old
from vvol_replication.reconcile.core.identify import Finding, identify
from vvol_replication.reconcile.core.observation import Query, rows
from vvol_replication.reconcile.core.steps import Decided, Decision, Park, Read
from vvol_replication.reconcile.core.summarize import Situation, Verdict, transfer_status
from vvol_replication.reconcile.core.takeover import taken_over

from .arming import MOST_LOST, arm, held_back
from .context import Turn
from .max_age import clocks_problem
from .naming import Naming, names_of
from .preflight import check_roles, role_queries
from .rearming import describe, met_another, other_landed, rearm, seen_after


def follow(turn: Turn) -> Decision:
    """The snapshot exists. Where is it?"""
    looking = turn.read(Query.TARGET_SNAPSHOTS, within=turn.tuning.poller_silent)
    if looking is not None:
        return replace(looking, step=replace(looking.step, follow=True)) if isinstance(looking.step, Park) else looking
    mine = turn.my_row(rows(turn.seen.target_snapshots))
    if mine is None:
        return _not_at_target(turn)
    turn = replace(turn, status=replace(turn.status, transfer=transfer_status(mine)))
    if mine.destroyed:
        return _destroyed(turn, mine.name)
    if mine.landed:
        return _replicated(turn, mine) if turn.request.spec.method is Method.ARRAY_ONLY else verify(turn, mine)
    return _watch_task(turn) or _in_transfer(turn, mine)


def _replicated(turn: Turn, mine: Snapshot) -> Decision:
    """ArrayOnly: the arrays' word is all that is asked for."""
    found = turn.operation.baseline is None
    reason = Reason.ALREADY_DONE if found else Reason.SNAPSHOT_REPLICATED
    text = f"Snapshot {mine.name} has landed on the target array. No point in time is claimed: vSphere was not asked."
    if turn.seen.armed is not None:
        text = f"{text} The sync {turn.seen.armed.point_in_time_name!r} that was still armed may have named it."
    return turn.end(Verdict(Situation.SUCCEEDED, reason, text))


def _in_transfer(turn: Turn, mine: Snapshot) -> Decision:
    done = "not begun" if mine.progress is None else f"{mine.progress:.0%} done"
    message = f"Snapshot {mine.name} is being transferred to the target ({done}).{_too_late(turn)}"
    return turn.run(Park(turn.now + turn.tuning.task_every, follow=True), Reason.TRANSFERRING, message)


def _too_late(turn: Turn) -> str:
    return " spec.suspend was set after the push, where it has no effect." if turn.request.spec.suspend else ""


def _destroyed(turn: Turn, name: str) -> Decision:
    return turn.fail(
        Reason.SNAPSHOT_DESTROYED,
        f"The snapshot {name} was destroyed, so its data cannot be proven. It is not pushed again: "
        "recover it on the array and create a new ReplicationSync with the same requestID, or ask anew.",
    )


def _not_at_target(turn: Turn) -> Decision:
    """Queued, or never to come: the source tells after a while."""
    push = turn.operation.push
    snapshot, asked_at = (push.snapshot, push.intent_at) if push else (None, turn.now)
    waiting = turn.run(
        Park(turn.now + turn.tuning.look_again, follow=True),
        Reason.TRANSFERRING,
        f"Snapshot {snapshot} is on the source; the target does not show its transfer yet.{_too_late(turn)}",
    )
    if turn.now < asked_at + turn.tuning.settle:
        return _watch_task(turn) or waiting
    looking = turn.read(Query.SOURCE_SNAPSHOTS, Query.PROTECTION_GROUP, within=turn.tuning.task_every)
    if looking is not None:
        return looking
    at_source = turn.my_row(rows(turn.seen.source_snapshots))
    if at_source is None:
        return turn.fail(
            Reason.SNAPSHOT_DESTROYED,
            f"The snapshot {snapshot} is neither on the source nor on the target any more. It is not pushed again.",
        )
    if at_source.destroyed:
        return _destroyed(turn, at_source.name)
    group = turn.seen.protection_group.value if turn.seen.protection_group else None
    if at_source.started is None and group is not None and not any(target.allowed for target in group.targets):
        return turn.fail(
            Reason.NEVER_SENT,
            f"The snapshot {snapshot} stayed on the source: its protection group has no allowed target. "
            "Allow the group on the target array, then create a new ReplicationSync with another requestID.",
        )
    return _watch_task(turn) or waiting


def _watch_task(turn: Turn) -> Decision | None:
    """Is the sync still pending? One that was credited to other data is armed again at once (invariant 4).

    The data is on its way: a sync is asked for only for the name, and nothing that it meets ends the request.
    """
    sync = turn.operation.sync
    if sync is None or turn.seen.naming_given_up or turn.seen.lost_syncs > MOST_LOST:
        return None
    if sync.task is None:
        return _reading(turn.read(Query.TARGET_SNAPSHOTS, *role_queries(turn))) or _arm_for_name(turn, sync)
    looking = turn.read(Query.TASK, within=turn.tuning.task_every)
    if looking is not None:
        return _reading(looking)
    task = turn.seen.task.value if turn.seen.task else None
    if task is None or task.state.pending or task.state is TaskState.FORGOTTEN:
        return None
    another = met_another(turn, sync, task)
    if another is not None:
        return None if isinstance(another.step, Park) else another
    return _ended_early(turn, sync, task)


def _ended_early(turn: Turn, sync: SyncLedger, task: TaskReading) -> Decision | None:
    if sync.armings >= turn.tuning.most_armings:
        return None
    if task.state is TaskState.ERROR:
        again_at = sync.intent_at + turn.tuning.backoff(sync.armings, jitter=0)
        if sync.armings > turn.retry_limit or turn.now < again_at:
            return None
        return rearm(turn, sync, "The sync ended in error while its data is on the way; arming again.")
    looking = seen_after(turn, Query.TARGET_SNAPSHOTS)
    if looking is not None:
        return _reading(looking)
    landed = other_landed(turn)
    if not landed:
        return None
    return rearm(turn, sync, f"The transfer {landed[-1].name} landed first and took the name; arming again.")


def _reading(decision: Decision | None) -> Decision | None:
    """Only a reading: a site that cannot be asked for the name does not hold up the data."""
    return decision if decision is not None and isinstance(decision.step, Read) else None


def _arm_for_name(turn: Turn, sync: SyncLedger) -> Decision | None:
    if turn.read(*role_queries(turn)) or check_roles(turn) or held_back(turn) or not turn.seen.confirmed:
        return None
    return _not_parked(taken_over(turn), arm(turn, sync))


def _not_parked(first: Decision | None, then: Decision) -> Decision | None:
    """What is waited for does not hold up the data."""
    if first is None:
        return then
    return None if isinstance(first.step, Park) else first


def verify(turn: Turn, mine: Snapshot) -> Decision:
    """The data is there. Is its point in time listed, and whose is the name?"""
    looking = turn.read(Query.POINTS, within=turn.tuning.poller_silent) or _rows_of(turn) or _armed_late(turn)
    return looking or settle_points(turn, mine)


def settle_points(turn: Turn, mine: Snapshot) -> Decision:
    """All was read: judge it, or wait until what is missing is listed."""
    finding = identify(mine, rows(turn.seen.target_snapshots), rows(turn.seen.points), turn.operation.baseline)
    naming = names_of(turn, mine, finding)
    settling = turn.now < (turn.seen.landed_at or turn.seen.success_at or turn.now) + turn.tuning.settle
    if finding.listed and (naming.settled or not settling):
        return _complete(turn, mine, finding, naming)
    queries = [Query.TARGET_SNAPSHOTS, Query.POINTS, *([Query.TASK] if turn.task_known else [])]
    looking = turn.read(*queries, within=turn.tuning.look_again)
    if looking is not None:
        return looking
    if finding.listed or settling:
        what = "is listed; waiting for its name" if finding.listed else "its point in time is not listed yet"
        text = f"Snapshot {mine.name} has landed and {what}."
        return turn.run(Park(turn.now + turn.tuning.look_again, follow=True), Reason.VERIFYING, text)
    text = f"Snapshot {mine.name} has landed, but vSphere does not list its point in time; look at the VASA provider."
    until = turn.now + turn.tuning.older_every
    return turn.wait(Reason.POINT_IN_TIME_NOT_LISTED, text, until=until, follow=True)


def _rows_of(turn: Turn) -> Decision | None:
    if not rows_too_old(turn.seen, turn.tuning):
        return None
    return Decided(Read(frozenset({Query.TARGET_SNAPSHOTS})), turn.status)


def _armed_late(turn: Turn) -> Decision | None:
    """A sync that was not seen pending before the push may have missed the data, and is pending still."""
    sync = turn.operation.sync
    if sync is None or sync.task is None or sync.pending_seen_at is not None:
        return None
    return _reading(turn.read(Query.TASK, within=turn.tuning.poller_silent))


def _complete(turn: Turn, mine: Snapshot, finding: Finding, naming: Naming) -> Decision:
    point = finding.point
    status = PointInTimeStatus(point.id, point.name, point.time) if point else PointInTimeStatus()
    what = f"point in time {describe(point)}" if point else "a point in time that cannot be told from its neighbours"
    extra = (naming.wanted, naming.identified(finding))
    if naming.fatal:
        text = f"{naming.wanted.message} The data that was asked for is {what}, snapshot {mine.name}."
        return turn.fail(Reason.NAME_ON_OLDER_POINT_IN_TIME, text, extra=extra, point_in_time=status)
    reason = Reason.POINT_IN_TIME_CREATED if turn.operation.sync is not None else Reason.ALREADY_DONE
    message = f"Snapshot {mine.name} has landed on the target as {what}."
    if turn.request.spec.method is Method.AWAIT_SCHEDULE:
        reason = Reason.SCHEDULED_TRANSFER_LANDED
        message = f"{message} It was not on the source when the sync was armed."
    if (note := clocks_problem(turn)) is not None:
        message = f"{message} ({note})"
    return turn.end(Verdict(Situation.SUCCEEDED, reason, message, extra), point_in_time=status)
