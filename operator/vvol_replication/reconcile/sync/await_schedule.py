"""Method AwaitSchedule: the sync is armed at the target, and the array's own schedule brings the data. Never a push.

`Complete` says: a snapshot that was not on the source when the sync was armed first has landed, and its point in time
is listed. A credit for anything older arms again.
"""

from __future__ import annotations

from dataclasses import replace

from vvol_replication.api.conditions import Wanted
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import SyncLedger
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.points import PointInTime, TaskState
from vvol_replication.reconcile.core.baseline import is_older
from vvol_replication.reconcile.core.checks import group_called
from vvol_replication.reconcile.core.observation import Query, rows
from vvol_replication.reconcile.core.steps import Decision, Park
from vvol_replication.reconcile.core.summarize import transfer_status
from vvol_replication.reconcile.core.takeover import taken_over

from .arming import arm, held_back, missed, suspended, unknown, unseen
from .context import ActiveSync
from .following import settle_points, verify
from .naming import names_of
from .preflight import ready_to_arm
from .rearming import LENT_ENDED, in_error, met_another, other_landed, quiet_success, rearm, seen_after


def refuse_pushed_id(active: ActiveSync) -> Decision | None:
    """The arrays remember that this request id was used by a method that pushes."""
    row = active.my_row(rows(active.seen.target_snapshots)) or active.my_row(rows(active.seen.source_snapshots))
    if row is None:
        return None
    return active.fail(
        Reason.REQUEST_ID_CONFLICT,
        f"Snapshot {row.name} was pushed under this requestID, so it was used with another method. "
        "Create a new ReplicationSync with another requestID.",
    )


def arm_for_schedule(active: ActiveSync) -> Decision | None:
    """The sync call is to be made, or its answer is not known: it may have been armed, and even been credited."""
    sync = active.operation.sync
    if sync is None or sync.task is not None:
        return None
    held = taken_over(active) or (missed(active) if sync.armings == 1 else None)
    held = held or suspended(active) or held_back(active) or unseen(active) or unknown(active) or ready_to_arm(active)
    return held or _done(active, named_only=True) or arm(active, sync)


def await_credit(active: ActiveSync) -> Decision | None:
    """The sync is armed: wait until it is credited, and see with what."""
    sync = active.operation.sync
    if sync is None:
        return None
    looking = active.read(Query.TARGET_SNAPSHOTS, within=active.tuning.poller_silent)
    looking = looking or active.read(Query.TASK, within=active.tuning.task_every)
    if looking is not None:
        return replace(looking, step=replace(looking.step, follow=True)) if isinstance(looking.step, Park) else looking
    task = active.seen.task.value if active.seen.task else None
    if task is None or task.state.pending:
        return _pending(active, sync)
    looked = seen_after(active, Query.TARGET_SNAPSHOTS) or seen_after(active, Query.POINTS)
    looked = looked or seen_after(active, Query.SOURCE_SNAPSHOTS) or met_another(active, sync, task)
    if looked is not None:
        return looked
    done = _done(active, named_only=task.state is not TaskState.SUCCESS)
    if done is not None:
        return done
    if sync.borrowed is not None:
        return rearm(active, sync, LENT_ENDED)
    if task.state is not TaskState.SUCCESS:
        return in_error(active, sync, task)
    landed = other_landed(active)
    if landed:
        text = f"The transfer {landed[-1].name} took the name, but its data is older or destroyed. Arming again."
        return rearm(active, sync, text)
    return quiet_success(active)


def _news(active: ActiveSync) -> list[Snapshot]:
    """What has landed since arming, and was not on the source then."""
    return [row for row in other_landed(active) if not is_older(row, active.operation.baseline) and not row.destroyed]


def _done(active: ActiveSync, *, named_only: bool) -> Decision | None:
    """New data has landed: is it listed, and whose is the name? None: there is none, or the name went to older data."""
    judged = [(mine, *_judged(active, mine)) for mine in _news(active)]
    for mine, point, _ in judged:
        if point is not None and point.name == active.operation.point_in_time_name:
            return settle_points(_with_transfer(active, mine), mine)
    for mine, _, named in judged:
        on_older = named.reason == Reason.NAME_ON_OLDER_POINT_IN_TIME
        if not named_only and not (on_older and _may_arm_again(active)):
            return verify(_with_transfer(active, mine), mine)
    return None


def _judged(active: ActiveSync, mine: Snapshot) -> tuple[PointInTime | None, Wanted]:
    finding = active.identify(mine)
    return finding.point, names_of(active, mine, finding).wanted


def _with_transfer(active: ActiveSync, mine: Snapshot) -> ActiveSync:
    return replace(active, status=replace(active.status, transfer=transfer_status(mine)))


def _may_arm_again(active: ActiveSync) -> bool:
    sync = active.operation.sync
    return sync is not None and sync.armings < active.tuning.most_armings


def _pending(active: ActiveSync, sync: SyncLedger) -> Decision:
    seen = replace(sync, pending_seen_at=sync.pending_seen_at or active.now)
    group, name = group_called(active.resolved, active.seen), active.operation.point_in_time_name
    under_way = [row for row in rows(active.seen.target_snapshots) if row.under_way]
    if _news(active):
        what = f"Snapshot {_news(active)[0].name} has landed. Waiting until vSphere gives it to the sync."
    elif under_way:
        row = under_way[0]
        done = "not begun" if row.progress is None else f"{row.progress:.0%} done"
        what = f"Snapshot {row.name} is being transferred ({done}).{active.standstill(row)}"
    else:
        what = f"Waiting until the schedule of protection group {group}, or a person, replicates it."
    late = " spec.suspend has no effect once the sync is armed." if active.request.spec.suspend else ""
    armed = f"The sync {name!r} is armed."
    if seen.borrowed is not None:
        armed = f"The sync {seen.borrowed.name!r} that ReplicationSync {seen.borrowed.request!r} left is armed."
    text = f"{armed} {what}{late}"
    until = active.now + active.tuning.task_every
    operation = active.with_operation(sync=seen)
    return active.run(Park(until, follow=True), Reason.AWAITING_TRANSFER, text, operation=operation)
