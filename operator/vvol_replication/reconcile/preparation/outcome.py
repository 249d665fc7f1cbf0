"""What became of the one call: `Complete` only when the last sync's data is at the target (invariants 2 and 8).

Nothing here asks for anything again. What cannot be found out ends as `OutcomeUnknown`, with all evidence that there
is, and the group counts as prepared.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from vvol_replication.api.reasons import Reason
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.points import TaskReading, TaskState
from vvol_replication.reconcile.core.checks import role_problem, rows_too_old
from vvol_replication.reconcile.core.identify import Finding, identify
from vvol_replication.reconcile.core.observation import Query, Reading, rows
from vvol_replication.reconcile.core.steps import Decided, Park, PreparationDecision, Read
from vvol_replication.reconcile.core.summarize import transfer_status
from vvol_replication.reconcile.core.takeover import taken_over

from .completion import completed, identified, point_status
from .context import Ready


def after_the_call(ready: Ready) -> PreparationDecision:
    """The call was made, or may have been. What became of it?"""
    taken = taken_over(ready)
    if taken is not None:
        return taken
    if ready.prepare.task is None:
        return _look_for_effect(ready, "The answer to the prepare call is not known")
    if ready.prepare.snapshot is not None:
        return _follow(ready, ready.prepare.snapshot, proven=True)  # the task's success is behind us
    task = _known(ready)
    if not task.state.ended:
        # Once something has landed, the task ends at any moment.
        within = ready.tuning.task_every if ready.seen.landed_at is None else ready.tuning.look_again
        looking = ready.read(Query.PREPARE_TASK, within=within)
        if looking is not None:
            return looking
    if task.state is TaskState.SUCCESS:
        return _find_the_snapshot(ready)
    if task.state is TaskState.ERROR:
        return _in_error(ready, task)
    if task.state is TaskState.FORGOTTEN:
        return _look_for_effect(ready, "The vCenter does not know the task of the prepare call any more")
    return _under_way(ready, task)


def _known(ready: Ready) -> TaskReading:
    """What the task was read as; one whose end was seen is not asked again, for SMS forgets those that ended."""
    reading = ready.seen.prepare_task
    return (reading.value if reading is not None else None) or TaskReading(TaskState.FORGOTTEN)


def _under_way(ready: Ready, task: TaskReading) -> PreparationDecision:
    done = f" ({task.progress} %)" if task.progress is not None else ""
    arriving = next((row for row in rows(ready.seen.target_snapshots) if _arrives(ready, row)), None)
    status = ready.status if arriving is None else replace(ready.status, transfer=transfer_status(arriving))
    text = f"The source group is being prepared{done}: its last sync is on its way to the target.{_too_late(ready)}"
    park = Park(ready.now + ready.tuning.look_again, follow=True)
    return replace(ready, status=status).run(park, Reason.TRANSFERRING, text)


def _arrives(ready: Ready, row: Snapshot) -> bool:
    return row.under_way and bool(ready.new_at_source([row]))


def _too_late(ready: Ready) -> str:
    return " spec.suspend was set after the call, where it has no effect." if ready.request.spec.suspend else ""


def _seen_since(reading: Reading[object] | None, moment: datetime | None) -> bool:
    """Was this read after that moment?"""
    return reading is not None and (moment is None or reading.at > moment)


def _source_after(ready: Ready, task: Reading[TaskReading] | None) -> PreparationDecision | None:
    """What made a task end is in no list from before its end was seen."""
    if not _seen_since(ready.seen.source_snapshots, task.at if task is not None else None):
        return Decided(Read(frozenset({Query.SOURCE_SNAPSHOTS})), ready.status)
    return ready.read(Query.SOURCE_SNAPSHOTS, within=ready.tuning.poller_silent)


def _in_error(ready: Ready, task: TaskReading) -> PreparationDecision:
    """The provider refused; but a refusal that left a snapshot behind may have done the rest as well."""
    looking = _source_after(ready, ready.seen.prepare_task)
    if looking is not None:
        return looking
    cause = task.message or "The vCenter gave no cause."
    new = ready.new_at_source(rows(ready.seen.source_snapshots))
    if not new:
        return ready.fail(
            Reason.PREPARE_REFUSED,
            f"The source group refused to be prepared, and nothing new is on the source. {cause} "
            "Remove the cause, then create a new FailoverPreparation.",
        )
    return ready.fail(
        Reason.OUTCOME_UNKNOWN,
        f"The prepare task ended in error, but the new snapshot {new[-1].name} is on the source. {cause} "
        f"{ready.left_behind()}",
    )


def _find_the_snapshot(ready: Ready) -> PreparationDecision:
    """The task succeeded. Its own word is not enough: which snapshot is the last sync's?"""
    looking = _source_after(ready, ready.seen.prepare_task)
    if looking is not None:
        return looking
    new = ready.new_at_source(rows(ready.seen.source_snapshots))
    if not new:
        return _not_found(ready)
    # The newest: it was taken with all VMs off, and holds what any other new one holds.
    prepare = replace(ready.prepare, snapshot=new[-1].name)
    known = replace(ready, status=replace(ready.status, operation=ready.with_ledger(prepare=prepare)))
    return _follow(known, new[-1].name, proven=True)


def _not_found(ready: Ready) -> PreparationDecision:
    since = ready.seen.success_at or ready.now
    if ready.now < since + ready.tuning.settle:
        text = "The prepare task succeeded; its snapshot is being looked for on the source."
        park = Park(ready.now + ready.tuning.look_again)
        return ready.due(Query.SOURCE_SNAPSHOTS, within=ready.tuning.look_again) or ready.run(
            park, Reason.VERIFYING, text
        )
    return ready.fail(
        Reason.LAST_SYNC_NOT_FOUND,
        "The prepare task succeeded, but no new snapshot is on the source: the group was prepared before, or its last "
        f"data cannot be proven. {ready.left_behind()} Compare the points in time with when the VMs were shut down.",
    )


def _follow(ready: Ready, snapshot: str, *, proven: bool) -> PreparationDecision:
    """From the snapshot on the source to its point in time at the target."""
    looking = ready.read(Query.TARGET_SNAPSHOTS, within=ready.tuning.poller_silent)
    if looking is not None:
        step = looking.step
        return replace(looking, step=replace(step, follow=True)) if isinstance(step, Park) else looking
    suffix = snapshot.rpartition(".")[2]
    mine = next((row for row in rows(ready.seen.target_snapshots) if row.suffix == suffix), None)
    again = Park(ready.now + ready.tuning.look_again, follow=True)
    if mine is None:
        text = f"Snapshot {snapshot} is on the source; the target does not show its transfer yet.{_too_late(ready)}"
        return _gone_from_source(ready, suffix) or ready.run(again, Reason.TRANSFERRING, text)
    ready = replace(ready, status=replace(ready.status, transfer=transfer_status(mine)))
    if mine.destroyed:
        return _destroyed(ready, mine.name)
    if not mine.landed:
        done = "not begun" if mine.progress is None else f"{mine.progress:.0%} done"
        text = f"The last sync, snapshot {mine.name}, is being transferred ({done}).{_too_late(ready)}"
        return ready.run(again, Reason.TRANSFERRING, text)
    return _listed(ready, mine, proven=proven)


def _gone_from_source(ready: Ready, suffix: str) -> PreparationDecision | None:
    looking = ready.read(Query.SOURCE_SNAPSHOTS, within=ready.tuning.task_every)
    if looking is not None:
        return looking
    at_source = next((row for row in rows(ready.seen.source_snapshots) if row.suffix == suffix), None)
    if at_source is None or at_source.destroyed:
        return _destroyed(ready, at_source.name if at_source else suffix)
    return None


def _destroyed(ready: Ready, name: str) -> PreparationDecision:
    return ready.fail(
        Reason.SNAPSHOT_DESTROYED,
        f"The last sync's snapshot {name} is destroyed, so its data cannot be proven. {ready.left_behind()}",
    )


def _listed(ready: Ready, mine: Snapshot, *, proven: bool) -> PreparationDecision:
    if not _seen_since(ready.seen.points, ready.seen.landed_at):
        return Decided(Read(frozenset({Query.POINTS})), ready.status)
    looking = ready.read(Query.POINTS, within=ready.tuning.poller_silent)
    if looking is not None:
        return looking
    if rows_too_old(ready.seen, ready.tuning):
        return Decided(Read(frozenset({Query.TARGET_SNAPSHOTS})), ready.status)
    finding = identify(mine, rows(ready.seen.target_snapshots), rows(ready.seen.points), ready.ledger.baseline)
    if finding.listed:
        return completed(ready, mine, finding) if proven else _unproven(ready, mine, finding)
    due = ready.due(Query.TARGET_SNAPSHOTS, Query.POINTS, within=ready.tuning.look_again)
    if due is not None:
        return due
    landed_at = ready.seen.landed_at or ready.seen.success_at or ready.prepare.intent_at
    settling = ready.now < landed_at + ready.tuning.settle
    text = f"The last sync, snapshot {mine.name}, has landed; its point in time is not listed yet."
    if settling:
        return ready.run(Park(ready.now + ready.tuning.look_again, follow=True), Reason.VERIFYING, text)
    until = ready.now + ready.tuning.older_every
    return ready.wait(Reason.POINT_IN_TIME_NOT_LISTED, f"{text} Look at the VASA provider.", until=until, follow=True)


def _look_for_effect(ready: Ready, why: str) -> PreparationDecision:
    """No task tells. The states and a new snapshot may; the call is never made again."""
    looking = ready.read(Query.TARGET_GROUP, Query.SOURCE_GROUP, Query.SOURCE_SNAPSHOTS, within=ready.tuning.look_again)
    if looking is not None:
        return looking
    role = role_problem(ready.seen, "FailoverPreparation", "preparation")
    if role is not None and role.final:
        return ready.fail(Reason.OUTCOME_UNKNOWN, f"{why}; since then: {role.message} {ready.left_behind()}")
    new = ready.new_at_source(rows(ready.seen.source_snapshots))
    if new:
        return _follow(ready, new[-1].name, proven=False)
    since = max(
        one for one in (ready.prepare.intent_at, ready.seen.prepare_lost_at, ready.seen.taken_up_at) if one is not None
    )
    if ready.now < since + ready.tuning.settle:
        text = f"{why}, and no new snapshot is on the source; looking again. The call is not repeated."
        return ready.run(Park(ready.now + ready.tuning.look_again), Reason.LOOKING_AFTER_LOST_ANSWER, text)
    return ready.fail(
        Reason.OUTCOME_UNKNOWN,
        f"{why}, and {ready.tuning.settle.total_seconds():.0f} s later no new snapshot is on the source and no state "
        f"has changed. The call is not repeated. {ready.left_behind()}",
    )


def _unproven(ready: Ready, mine: Snapshot, finding: Finding) -> PreparationDecision:
    """The data is there; whether the group was told to expect no more is not known, and is not guessed."""
    return ready.fail(
        Reason.OUTCOME_UNKNOWN,
        f"No answer to the prepare call is known. The new snapshot {mine.name}, taken after all VMs were found off, "
        f"has landed on the target and is listed, but it may be the schedule's. {ready.left_behind()} "
        "Fail over to this point in time by its id.",
        point_in_time=point_status(finding),
        extra=(identified(finding),),
    )
