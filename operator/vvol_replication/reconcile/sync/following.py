"""From a snapshot that exists to a point in time that is listed: `Complete` says this and no more (invariant 2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Method, PointInTimeStatus, SyncLedger
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.points import TaskReading, TaskState
from vvol_replication.reconcile.core.checks import rows_too_old
from vvol_replication.reconcile.core.identify import Finding, unexplained
from vvol_replication.reconcile.core.observation import Query, rows
from vvol_replication.reconcile.core.steps import Decided, Decision, Park, Read
from vvol_replication.reconcile.core.summarize import (
    Situation,
    Verdict,
    describe,
    not_listed,
    point_status,
    transfer_status,
)
from vvol_replication.reconcile.core.takeover import taken_over

from .arming import MOST_LOST, arm, held_back
from .context import ActiveSync
from .max_age import clocks_problem
from .naming import Naming, names_of
from .preflight import check_roles, role_queries
from .rearming import met_another, other_landed, rearm, seen_after


def follow(active: ActiveSync) -> Decision:
    """The snapshot exists. Where is it?"""
    looking = active.read(Query.TARGET_SNAPSHOTS, within=active.tuning.poller_silent)
    if looking is not None:
        return replace(looking, step=replace(looking.step, follow=True)) if isinstance(looking.step, Park) else looking
    mine = active.my_row(rows(active.seen.target_snapshots))
    if mine is None:
        return _not_at_target(active)
    active = replace(active, status=replace(active.status, transfer=transfer_status(mine)))
    if mine.destroyed:
        return _destroyed(active, mine.name)
    if mine.landed:
        return _replicated(active, mine) if active.request.spec.method is Method.ARRAY_ONLY else verify(active, mine)
    return _watch_task(active) or _in_transfer(active, mine)


def _replicated(active: ActiveSync, mine: Snapshot) -> Decision:
    """ArrayOnly: the arrays' word is all that is asked for."""
    found = active.operation.baseline is None
    reason = Reason.ALREADY_DONE if found else Reason.SNAPSHOT_REPLICATED
    text = (
        f"Snapshot {mine.name} has landed on the target array. Its point in time is not known: vSphere was not asked."
    )
    if active.seen.armed is not None:
        text = (
            f"{text} The sync {active.seen.armed.point_in_time_name!r} that was still armed may have given it a name."
        )
    if active.request.spec.point_in_time_name is not None:  # refused by the API server since; older objects have it
        text = f"{text} spec.pointInTimeName has no effect with method ArrayOnly."
    return active.end(Verdict(Situation.SUCCEEDED, reason, text))


def _in_transfer(active: ActiveSync, mine: Snapshot) -> Decision:
    done = "not begun" if mine.progress is None else f"{mine.progress:.0%} done"
    moving = f"Snapshot {mine.name} is being transferred to the target ({done}).{active.standstill(mine)}"
    return active.run(
        Park(active.now + active.tuning.task_every, follow=True), Reason.TRANSFERRING, moving + _too_late(active)
    )


def _too_late(active: ActiveSync) -> str:
    return " spec.suspend was set after the push and has no effect." if active.request.spec.suspend else ""


def _destroyed(active: ActiveSync, name: str) -> Decision:
    return active.fail(
        Reason.SNAPSHOT_DESTROYED,
        f"The snapshot {name} was destroyed, so its data cannot be proven. It is not pushed again. "
        "Recover it on the array and create a ReplicationSync with the same requestID. Or use another requestID.",
    )


def _not_at_target(active: ActiveSync) -> Decision:
    """Queued, or never to come: the source tells after a while."""
    push = active.operation.push
    snapshot, asked_at = (push.snapshot, push.intent_at) if push else (None, active.now)
    waiting = active.run(
        Park(active.now + active.tuning.look_again, follow=True),
        Reason.TRANSFERRING,
        f"Snapshot {snapshot} is on the source. {_not_shown(active)}{_too_late(active)}",
    )
    if active.now < asked_at + active.tuning.settle:
        return _watch_task(active) or waiting
    looking = active.read(Query.SOURCE_SNAPSHOTS, Query.PROTECTION_GROUP, within=active.tuning.task_every)
    if looking is not None:
        return looking
    at_source = active.my_row(rows(active.seen.source_snapshots))
    if at_source is None:
        return active.fail(
            Reason.SNAPSHOT_DESTROYED,
            f"The snapshot {snapshot} is neither on the source nor on the target any more. It is not pushed again.",
        )
    if at_source.destroyed:
        return _destroyed(active, at_source.name)
    group = active.seen.protection_group.value if active.seen.protection_group else None
    if at_source.started is None and group is not None and not any(target.allowed for target in group.targets):
        return active.fail(
            Reason.NEVER_SENT,
            f"The snapshot {snapshot} stayed on the source: its protection group has no allowed target. "
            "Allow the group on the target array. Then create a new ReplicationSync with another requestID.",
        )
    return _watch_task(active) or waiting


def _not_shown(active: ActiveSync) -> str:
    """Not yet, or not any more: a snapshot that had landed may have been eradicated at the target."""
    transfer = active.status.transfer
    if transfer is None or transfer.completed_at is None:
        return "The target does not show its transfer yet."
    return (
        "It had landed, but the target array does not show it any more. If the source array was renamed, this goes on "
        "when its new name was read. If the snapshot was eradicated on the target array, cancel this request."
    )


def _watch_task(active: ActiveSync) -> Decision | None:
    """Is the sync still pending? One that was credited to other data is armed again at once (invariant 4).

    The data is on its way: a sync is asked for only for the name, and nothing that it meets ends the request.
    """
    sync = active.operation.sync
    if sync is None or active.seen.naming_given_up or active.seen.lost_syncs > MOST_LOST:
        return None
    if sync.task is None:
        return _reading(active.read(Query.TARGET_SNAPSHOTS, *role_queries(active))) or _arm_for_name(active, sync)
    looking = active.read(Query.TASK, within=active.tuning.task_every)
    if looking is not None:
        return _reading(looking)
    task = active.seen.task.value if active.seen.task else None
    if task is None or task.state.pending or task.state is TaskState.FORGOTTEN:
        return None
    another = met_another(active, sync, task)
    if another is not None:
        return None if isinstance(another.step, Park) else another
    return _ended_early(active, sync, task)


def _ended_early(active: ActiveSync, sync: SyncLedger, task: TaskReading) -> Decision | None:
    if sync.armings >= active.tuning.most_armings:
        return None
    if task.state is TaskState.ERROR:
        again_at = sync.intent_at + active.tuning.backoff(sync.armings, jitter=0)
        if sync.armings > active.retry_limit or active.now < again_at:
            return None
        return rearm(active, sync, "The sync ended in error while its data is on the way. Arming again.")
    looking = seen_after(active, Query.TARGET_SNAPSHOTS)
    if looking is not None:
        return _reading(looking)
    landed = other_landed(active)
    if not landed:
        return None
    return rearm(active, sync, f"The transfer {landed[-1].name} landed first and took the name. Arming again.")


def _reading(decision: Decision | None) -> Decision | None:
    """The decision if it reads; None if it waits, for a site that cannot be asked for the name holds up no data."""
    return decision if decision is not None and isinstance(decision.step, Read) else None


def _arm_for_name(active: ActiveSync, sync: SyncLedger) -> Decision | None:
    if active.read(*role_queries(active)) or check_roles(active) or held_back(active) or not active.seen.confirmed:
        return None
    return _not_parked(taken_over(active), arm(active, sync))


def _not_parked(first: Decision | None, then: Decision) -> Decision | None:
    """The first decision unless it waits; then the other one, for waiting must not hold up the data."""
    if first is None:
        return then
    return None if isinstance(first.step, Park) else first


def verify(active: ActiveSync, mine: Snapshot) -> Decision:
    """The data is there. Is its point in time listed, and whose is the name?"""
    looking = active.read(Query.POINTS, within=active.tuning.poller_silent) or _rows_of(active) or _armed_late(active)
    return looking or settle_points(active, mine)


def settle_points(active: ActiveSync, mine: Snapshot) -> Decision:
    """All was read: judge it, or wait until what is missing is listed."""
    finding = active.identify(mine)
    naming = names_of(active, mine, finding)
    settling = active.now < (active.seen.landed_at or active.seen.success_at or active.now) + active.tuning.settle
    if finding.listed and (naming.settled or not settling):
        return _complete(active, mine, finding, naming)
    queries = [Query.TARGET_SNAPSHOTS, Query.POINTS, *([Query.TASK] if active.task_known else [])]
    looking = active.read(*queries, within=active.tuning.look_again)
    if looking is not None:
        return looking
    if finding.listed or settling:
        what = "is listed. Waiting for its name" if finding.listed else "its point in time is not listed yet"
        text = f"Snapshot {mine.name} has landed and {what}."
        return active.run(Park(active.now + active.tuning.look_again, follow=True), Reason.VERIFYING, text)
    until = active.now + active.tuning.older_every
    baseline = active.operation.baseline
    strange = unexplained(rows(active.seen.target_snapshots), rows(active.seen.points), baseline)
    return active.wait(*not_listed(mine, finding, baseline, strange), until=until, follow=True)


def _rows_of(active: ActiveSync) -> Decision | None:
    if not rows_too_old(active.seen, active.tuning):
        return None
    return Decided(Read(frozenset({Query.TARGET_SNAPSHOTS})), active.status)


def _armed_late(active: ActiveSync) -> Decision | None:
    """A sync that was not seen pending before the push may have missed the data, and is pending still."""
    sync = active.operation.sync
    if sync is None or sync.task is None or sync.pending_seen_at is not None:
        return None
    return _reading(active.read(Query.TASK, within=active.tuning.poller_silent))


def _complete(active: ActiveSync, mine: Snapshot, finding: Finding, naming: Naming) -> Decision:
    point = finding.point
    status, named = point_status(point) if point else PointInTimeStatus(), naming.shown_elsewhere
    what = f"point in time {describe(point)}" if point else "a point in time that is not certain, because several fit"
    extra = (naming.wanted, naming.identified(finding))
    if naming.fatal:
        text = f"{naming.wanted.message} The data that was asked for is {what}, snapshot {mine.name}."
        told: dict[str, Any] = {"point_in_time": status, "named_point_in_time": named}
        return active.fail(Reason.NAME_ON_OLDER_POINT_IN_TIME, text, extra=extra, **told)
    reason = Reason.POINT_IN_TIME_CREATED if active.operation.sync is not None else Reason.ALREADY_DONE
    message = f"Snapshot {mine.name} has landed on the target as {what}."
    if active.request.spec.method is Method.AWAIT_SCHEDULE:
        reason = Reason.SCHEDULED_TRANSFER_LANDED
        message = f"{message} It was not on the source when the sync was armed."
    if (note := clocks_problem(active)) is not None:
        message = f"{message} ({note})"
    verdict = Verdict(Situation.SUCCEEDED, reason, message, extra)
    return active.end(verdict, point_in_time=status, named_point_in_time=named)
