"""What became of the one call: `Complete` only when the last sync's data is at the target (invariants 2 and 8).

Nothing here asks for anything again. What cannot be found out ends as `OutcomeUnknown`, with all evidence that there
is, and the group counts as prepared.
"""

from __future__ import annotations

from dataclasses import replace

from vvol_replication.api.reasons import Reason
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.outcomes import Done
from vvol_replication.domain.points import TaskReading, TaskState
from vvol_replication.reconcile.core.checks import role_problem, rows_too_old
from vvol_replication.reconcile.core.identify import Finding, identify, unexplained
from vvol_replication.reconcile.core.observation import Query, Reading, rows
from vvol_replication.reconcile.core.steps import Decided, Park, PreparationDecision, Read
from vvol_replication.reconcile.core.summarize import not_listed, transfer_status
from vvol_replication.reconcile.core.takeover import taken_over

from .completion import completed, identified, point_status
from .context import BoundPreparation


def after_the_call(bound: BoundPreparation) -> PreparationDecision | None:
    """The call was made, or may have been. What became of it?"""
    if not bound.called:
        return None
    taken = taken_over(bound)
    if taken is not None:
        return taken
    if bound.prepare.task is None:
        return _look_for_effect(bound, "The answer to the prepare call is not known")
    if bound.prepare.snapshot is not None:
        return _follow(bound, bound.prepare.snapshot, proven=True)  # the task's success is behind us
    task = _known(bound)
    if not task.state.ended:
        # Once something has landed, the task ends at any moment.
        within = bound.tuning.task_every if bound.seen.landed_at is None else bound.tuning.look_again
        looking = bound.read(Query.PREPARE_TASK, within=within)
        if looking is not None:
            return looking
    if task.state is TaskState.SUCCESS:
        return _find_the_snapshot(bound)
    if task.state is TaskState.ERROR:
        return _in_error(bound, task)
    if task.state is TaskState.FORGOTTEN:
        return _look_for_effect(bound, "The vCenter does not know the task of the prepare call any more")
    return _under_way(bound, task)


def _known(bound: BoundPreparation) -> TaskReading:
    """The task's last reading. One whose end was seen is not asked again, for SMS forgets tasks that ended."""
    reading = bound.seen.prepare_task
    return (reading.value if reading is not None else None) or TaskReading(TaskState.FORGOTTEN)


def _under_way(bound: BoundPreparation, task: TaskReading) -> PreparationDecision:
    until = bound.now + bound.tuning.look_again
    target = bound.seen.target_snapshots
    if target is not None and not isinstance(target.outcome, Done):  # polled: it is not known how far the sync is
        unseen = target.outcome
        return bound.wait(unseen.reason, f"{unseen.message}{_too_late(bound)}", until=until, follow=True)
    done = f" ({task.progress} %)" if task.progress is not None else ""
    arriving = next((row for row in rows(bound.seen.target_snapshots) if _arrives(bound, row)), None)
    status = bound.status if arriving is None else replace(bound.status, transfer=transfer_status(arriving))
    more = f"{bound.standstill(arriving) if arriving else ''}{_too_late(bound)}"
    text = f"The source group is being prepared{done}: its last sync is on its way to the target.{more}"
    return replace(bound, status=status).run(Park(until, follow=True), Reason.TRANSFERRING, text)


def _arrives(bound: BoundPreparation, row: Snapshot) -> bool:
    return row.under_way and bool(bound.new_at_source([row]))


def _too_late(bound: BoundPreparation) -> str:
    return " spec.suspend was set after the call and has no effect." if bound.request.spec.suspend else ""


def _source_after(bound: BoundPreparation, task: Reading[TaskReading] | None) -> PreparationDecision | None:
    """Read the source after the task's end was seen: only such a list can hold what the task made."""
    return bound.read_after(Query.SOURCE_SNAPSHOTS, task.at if task else None, bound.tuning.poller_silent)


def _in_error(bound: BoundPreparation, task: TaskReading) -> PreparationDecision:
    """The provider refused; but a refusal that left a snapshot behind may have done the rest as well."""
    looking = _source_after(bound, bound.seen.prepare_task)
    if looking is not None:
        return looking
    cause = task.message or "The vCenter gave no cause."
    new = bound.new_at_source(rows(bound.seen.source_snapshots))
    if not new:
        return bound.fail(
            Reason.PREPARE_REFUSED,
            f"The source group refused to be prepared, and nothing new is on the source. {cause} "
            "Remove the cause, then create a new FailoverPreparation.",
        )
    return bound.fail(
        Reason.OUTCOME_UNKNOWN,
        f"The prepare task ended in error, but the new snapshot {new[-1].name} is on the source. {cause} "
        f"{bound.left_behind()}",
    )


def _find_the_snapshot(bound: BoundPreparation) -> PreparationDecision:
    """The task succeeded. Its own word is not enough: which snapshot is the last sync's?"""
    looking = _source_after(bound, bound.seen.prepare_task)
    if looking is not None:
        return looking
    new = bound.new_at_source(rows(bound.seen.source_snapshots))
    if not new:
        return _not_found(bound)
    # The newest: it was taken with all VMs off, and holds what any other new one holds.
    prepare = replace(bound.prepare, snapshot=new[-1].name)
    known = replace(bound, status=replace(bound.status, operation=bound.with_ledger(prepare=prepare)))
    return _follow(known, new[-1].name, proven=True)


def _not_found(bound: BoundPreparation) -> PreparationDecision:
    since = bound.seen.success_at or bound.now
    if bound.now < since + bound.tuning.settle:
        text = "The prepare task succeeded. The operator looks for its snapshot on the source."
        park = Park(bound.now + bound.tuning.look_again)
        return bound.due(Query.SOURCE_SNAPSHOTS, within=bound.tuning.look_again) or bound.run(
            park, Reason.VERIFYING, text
        )
    return bound.fail(
        Reason.LAST_SYNC_NOT_FOUND,
        "The prepare task succeeded, but no new snapshot is on the source: the group was prepared before, or its last "
        f"data cannot be proven. {bound.left_behind()} Compare the points in time with the time of the VMs' shutdown.",
    )


def _follow(bound: BoundPreparation, snapshot: str, *, proven: bool) -> PreparationDecision:
    """From the snapshot on the source to its point in time at the target."""
    looking = bound.read(Query.TARGET_SNAPSHOTS, within=bound.tuning.poller_silent)
    if looking is not None:
        step = looking.step
        return replace(looking, step=replace(step, follow=True)) if isinstance(step, Park) else looking
    suffix = snapshot.rpartition(".")[2]
    mine = next((row for row in rows(bound.seen.target_snapshots) if row.suffix == suffix), None)
    again = Park(bound.now + bound.tuning.look_again, follow=True)
    if mine is None:
        text = f"Snapshot {snapshot} is on the source. The target does not show its transfer yet.{_too_late(bound)}"
        return _gone_from_source(bound, suffix) or bound.run(again, Reason.TRANSFERRING, text)
    bound = replace(bound, status=replace(bound.status, transfer=transfer_status(mine)))
    if mine.destroyed:
        return _destroyed(bound, mine.name)
    if not mine.landed:
        done = "not begun" if mine.progress is None else f"{mine.progress:.0%} done"
        more = f"{bound.standstill(mine)}{_too_late(bound)}"
        text = f"The last sync, snapshot {mine.name}, is being transferred ({done}).{more}"
        return bound.run(again, Reason.TRANSFERRING, text)
    return _listed(bound, mine, proven=proven)


def _gone_from_source(bound: BoundPreparation, suffix: str) -> PreparationDecision | None:
    looking = bound.read(Query.SOURCE_SNAPSHOTS, within=bound.tuning.task_every)
    if looking is not None:
        return looking
    at_source = next((row for row in rows(bound.seen.source_snapshots) if row.suffix == suffix), None)
    if at_source is None or at_source.destroyed:
        return _destroyed(bound, at_source.name if at_source else suffix)
    return None


def _destroyed(bound: BoundPreparation, name: str) -> PreparationDecision:
    return bound.fail(
        Reason.SNAPSHOT_DESTROYED,
        f"The last sync's snapshot {name} is destroyed, so its data cannot be proven. {bound.left_behind()}",
    )


def _listed(bound: BoundPreparation, mine: Snapshot, *, proven: bool) -> PreparationDecision:
    looking = bound.read_after(Query.POINTS, bound.seen.landed_at, bound.tuning.poller_silent)
    if looking is not None:
        return looking
    if rows_too_old(bound.seen, bound.tuning):
        return Decided(Read(frozenset({Query.TARGET_SNAPSHOTS})), bound.status)
    finding = identify(mine, rows(bound.seen.target_snapshots), rows(bound.seen.points), bound.ledger.baseline)
    if finding.listed:
        return completed(bound, mine, finding) if proven else _unproven(bound, mine, finding)
    due = bound.due(Query.TARGET_SNAPSHOTS, Query.POINTS, within=bound.tuning.look_again)
    if due is not None:
        return due
    landed_at = bound.seen.landed_at or bound.seen.success_at or bound.prepare.intent_at
    settling = bound.now < landed_at + bound.tuning.settle
    if settling:
        text = f"The last sync, snapshot {mine.name}, has landed. Its point in time is not listed yet."
        return bound.run(Park(bound.now + bound.tuning.look_again, follow=True), Reason.VERIFYING, text)
    until = bound.now + bound.tuning.older_every
    baseline = bound.ledger.baseline
    strange = unexplained(rows(bound.seen.target_snapshots), rows(bound.seen.points), baseline)
    return bound.wait(*not_listed(mine, finding, baseline, strange), until=until, follow=True)


def _look_for_effect(bound: BoundPreparation, why: str) -> PreparationDecision:
    """No task tells. The states and a new snapshot may; the call is never made again."""
    looking = bound.read(Query.TARGET_GROUP, Query.SOURCE_GROUP, Query.SOURCE_SNAPSHOTS, within=bound.tuning.look_again)
    if looking is not None:
        return looking
    role = role_problem(bound.seen, "FailoverPreparation", "preparation")
    if role is not None and role.final:
        return bound.fail(Reason.OUTCOME_UNKNOWN, f"{why}. Since then: {role.message} {bound.left_behind()}")
    new = bound.new_at_source(rows(bound.seen.source_snapshots))
    if new:
        return _follow(bound, new[-1].name, proven=False)
    since = max(
        one for one in (bound.prepare.intent_at, bound.seen.prepare_lost_at, bound.seen.taken_up_at) if one is not None
    )
    if bound.now < since + bound.tuning.settle:
        text = f"{why}, and no new snapshot is on the source. Looking again. The call is not repeated."
        return bound.run(Park(bound.now + bound.tuning.look_again), Reason.LOOKING_AFTER_LOST_ANSWER, text)
    return bound.fail(
        Reason.OUTCOME_UNKNOWN,
        f"{why}. {bound.tuning.settle.total_seconds():.0f} s later, no new snapshot is on the source and no state "
        f"has changed. The call is not repeated. {bound.left_behind()}",
    )


def _unproven(bound: BoundPreparation, mine: Snapshot, finding: Finding) -> PreparationDecision:
    """The data is there; whether the group was told to expect no more is not known, and is not guessed."""
    return bound.fail(
        Reason.OUTCOME_UNKNOWN,
        f"No answer to the prepare call is known. The new snapshot {mine.name}, taken after all VMs were found off, "
        f"has landed and is listed. But it may be the schedule's. {bound.left_behind()} "
        "Check that all VMs are still off. Then fail over to this point in time by its id.",
        point_in_time=point_status(finding),
        extra=(identified(finding),),
    )
