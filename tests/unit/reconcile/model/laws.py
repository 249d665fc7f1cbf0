"""The rules of the design as assertions about one step of a request in the model."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from vvol_replication.api.conditions import find
from vvol_replication.api.reasons import CATALOGUE, Reason
from vvol_replication.api.status import Phase
from vvol_replication.api.sync import Method, SyncStatus
from vvol_replication.domain.arrays import ProtectionGroup
from vvol_replication.domain.groups import GroupState, SourceGroup, TargetGroup
from vvol_replication.domain.outcomes import Done
from vvol_replication.domain.points import TaskReading
from vvol_replication.reconcile.binding.world import Binding
from vvol_replication.reconcile.core.observation import Query, rows
from vvol_replication.reconcile.core.request import Request
from vvol_replication.reconcile.core.steps import Decision, Finish

if TYPE_CHECKING:
    from unit.reconcile.model.driver import Driver

# Ready, Reconciling, Stalled, Complete, Failed, Finished for each phase
_CONTRACT = {
    Phase.RUNNING: ("Unknown", True, False, False, False, False),
    Phase.WAITING: ("False", True, False, False, False, False),
    Phase.SUSPENDED: ("False", False, False, False, False, False),
    Phase.SUCCEEDED: ("True", False, False, True, False, True),
    Phase.FAILED: ("False", False, True, False, True, True),
    Phase.CANCELLED: ("False", False, True, False, True, True),
    Phase.EXPIRED: ("True", False, False, False, False, True),
    Phase.MISSED: ("False", False, True, False, True, True),
}
_FLAGS = ("Reconciling", "Stalled", "Complete", "Failed", "Finished")


def check_conditions(request: Request, before: SyncStatus, decision: Decision, now: datetime) -> None:
    """The conditions contract, the catalogue, and transition times that move only when a status flips."""
    status = decision.status
    assert status.phase is not None
    ready, *flags = _CONTRACT[status.phase]
    found = {one.type: one for one in status.conditions}
    assert found["Ready"].status == ready
    assert [name in found for name in _FLAGS] == flags
    assert all(found[name].status == "True" for name in _FLAGS if name in found)
    assert (status.finished_at is not None) == ("Finished" in found) == isinstance(decision.step, Finish)
    assert status.observed_generation <= request.generation
    for one in status.conditions:
        assert one.reason in CATALOGUE
        assert one.message
        assert "\n" not in one.message
        old = find(before.conditions, one.type)
        if old is not None and old.status == one.status:
            assert one.last_transition_time == old.last_transition_time
        else:
            assert one.last_transition_time == now.replace(microsecond=0)


def _intent_is_stored(driver: Driver) -> None:
    """Invariant 5."""
    held, stored = driver.status.operation, driver.stored.operation
    assert held is not None
    assert stored is not None
    assert stored.resolved == held.resolved is not None
    assert stored.suffix == held.suffix is not None
    assert stored.point_in_time_name == held.point_in_time_name is not None
    method = driver.request.spec.method
    assert (stored.push is not None) == (method is not Method.AWAIT_SCHEDULE)
    assert stored.baseline is not None
    assert stored.holder == driver.identity, "acts on an intent that another process recorded"
    assert not driver.world.ghosts, "acted while the process before may still be inside its call"
    if method is Method.ARRAY_ONLY:
        assert stored.sync is None
        return
    assert stored.sync is not None
    assert held.sync is not None
    assert stored.sync.armings == held.sync.armings


def _fresh(driver: Driver, *queries: Query, before_mutation: bool = False) -> None:
    """Invariant 7: read a moment ago, and after the last call that changed anything."""
    for query in queries:
        reading = getattr(driver.seen, query.value)
        assert reading is not None, query
        assert isinstance(reading.outcome, Done), query
        assert driver.world.now - reading.at <= driver.tuning.fresh, query
        assert before_mutation or driver.mutated_at is None or reading.at >= driver.mutated_at, query


def _source_is_shown(driver: Driver) -> bool:
    operation = driver.status.operation
    return operation is None or operation.resolved is None or operation.resolved.protected_vcenter is not None


def _roles(driver: Driver) -> None:
    target, source = driver.seen.target_group, driver.seen.source_group
    assert target is not None
    assert isinstance(target.value, TargetGroup)
    assert target.value.state is GroupState.TARGET
    if not _source_is_shown(driver):
        return
    _fresh(driver, Query.SOURCE_GROUP, before_mutation=True)  # a call to the target cannot change the source's role
    assert source is not None
    assert isinstance(source.value, SourceGroup)
    assert source.value.state is GroupState.SOURCE


def _alone(driver: Driver) -> None:
    """Invariant 4: nobody else has an operation under way on this protection group."""
    assert driver.behind is None
    assert not [other for other in driver.others if other.acted and not other.ended]


def check_arm(driver: Driver) -> None:
    """Invariants 3, 4, 5, 7 at the sync call."""
    _intent_is_stored(driver)
    _fresh(driver, Query.TARGET_GROUP, Query.TARGET_SNAPSHOTS)
    _roles(driver)
    _alone(driver)
    assert driver.confirmed
    operation = driver.status.operation
    assert operation is not None
    assert operation.sync is not None
    assert operation.sync.borrowed is None, "asks for a sync although it goes under another"
    if operation.push is None or operation.push.snapshot is None:
        _fresh(driver, Query.POINTS, Query.PROTECTION_GROUP, Query.SOURCE_SNAPSHOTS, Query.CONNECTIONS)
        group = driver.seen.protection_group
        assert group is not None
        assert isinstance(group.value, ProtectionGroup)
        assert not group.value.destroyed
        assert all(target.allowed for target in group.value.targets)
        assert all(one.connected for one in rows(driver.seen.connections))
        older = [row for row in rows(driver.seen.target_snapshots) if row.under_way]
        assert not older, "armed while an older transfer was seen under way"
    else:
        mine = [row for row in rows(driver.seen.target_snapshots) if row.suffix == operation.suffix]
        assert not any(row.landed for row in mine), "armed although our data has landed: nothing would disarm it"


def check_push(driver: Driver, suffix: str) -> None:
    """Invariants 1, 3, 4, 5, 7 at the push."""
    _intent_is_stored(driver)
    _fresh(driver, Query.TARGET_GROUP, Query.TASK, Query.SOURCE_SNAPSHOTS)
    _roles(driver)
    _alone(driver)
    task = driver.seen.task
    assert task is not None
    assert isinstance(task.value, TaskReading)
    assert task.value.state.pending
    operation = driver.status.operation
    assert operation is not None
    assert operation.sync is not None
    if operation.sync.borrowed is None:
        assert driver.crashes or (driver.armed_at is not None and task.at >= driver.armed_at)
    else:
        assert driver.world.pending is None or driver.world.pending.name == operation.sync.borrowed.name
    assert driver.request.spec.method is Method.COORDINATED
    assert not [row for row in rows(driver.seen.source_snapshots) if row.suffix == suffix]
    assert driver.suffixes <= {suffix}, "one request, one suffix"


def check_push_on_arrays(driver: Driver, suffix: str) -> None:
    """Invariants 1, 4, 5, 7 where vSphere is not asked at all."""
    _intent_is_stored(driver)
    _fresh(driver, Query.SOURCE_SNAPSHOTS, Query.PROTECTION_GROUP, Query.REPLICA_GROUP, Query.TARGET_SNAPSHOTS)
    _fresh(driver, Query.CONNECTIONS)
    _alone(driver)
    assert driver.confirmed
    assert isinstance(driver.bound, Binding)
    if not driver.bound.never_read:
        assert driver.bound.target.state is GroupState.TARGET
        assert driver.bound.source is not None
        assert driver.bound.source.state is GroupState.SOURCE
    for reading in (driver.seen.protection_group, driver.seen.replica_group):
        assert reading is not None
        assert isinstance(reading.value, ProtectionGroup)
        assert reading.value.source in {"fa-a", driver.world.source_name}
    assert not [row for row in rows(driver.seen.source_snapshots) if row.suffix == suffix]
    assert driver.suffixes <= {suffix}


_OF_VCENTER = {Query.TARGET_GROUP, Query.SOURCE_GROUP, Query.POINTS, Query.TASK, "arm"}


def check_left(driver: Driver) -> None:
    """Invariant 3: a sync that stays armed is remembered by the group."""
    operation, pending = driver.status.operation, driver.world.pending
    if operation is None or operation.sync is None or pending is None or not driver.arms:
        return
    if pending.id == operation.sync.task and operation.sync.borrowed is None:
        assert driver.world.memory is not None
        assert driver.world.memory.uid == driver.request.uid
        assert driver.world.memory.task == pending.id


def _check_method(driver: Driver) -> None:
    """What each method may never do, whatever happened."""
    method, steps = driver.request.spec.method, set(driver.steps)
    if method is Method.ARRAY_ONLY:
        assert not steps & _OF_VCENTER, "vSphere was asked"
    if method is Method.AWAIT_SCHEDULE:
        assert "push" not in steps


def check_end(driver: Driver, before: SyncStatus) -> None:
    """Invariants 1, 2, 3, 4, 9 at the end, against the truth of the model."""
    world, status = driver.world, driver.status
    operation = status.operation
    suffix = operation.suffix if operation else None
    _check_method(driver)
    assert len({copy.suffix for copy in world.copies}) == len(world.copies)
    name = operation.point_in_time_name if operation else None
    told = " ".join(f"{one.reason} {one.message}" for one in status.conditions)
    if world.pending is not None and name is not None and world.pending.name == name and driver.arms:
        assert Reason.NAME_STILL_PENDING in told or "still armed" in told, told
    if driver.reason() in ("RecentEnough", "AlreadyDone", "GroupPrepared"):
        _check_found(driver)
        return
    if driver.request.spec.method is Method.AWAIT_SCHEDULE:
        _check_scheduled(driver, before)
        return
    mine = [one for one in world.listed if one.copy.suffix == suffix and one.shown_from <= world.now]
    if driver.request.spec.method is Method.ARRAY_ONLY:
        assert status.point_in_time is None, "a point in time is claimed although vSphere was not asked"
        mine = [one for one in world.listed if one.copy.suffix == suffix]
    elif status.point_in_time is not None and status.point_in_time.id is not None:
        assert [one.point.id for one in mine] == [status.point_in_time.id], (
            "that is not the point in time of our snapshot"
        )
    if status.phase is not Phase.SUCCEEDED:
        return
    assert mine, "Complete, and our data is not there or not listed"
    assert mine[0].copy.completed is not None
    assert before.finished_at is None
    if driver.request.spec.method is Method.COORDINATED:
        _check_name(driver, name)


def _check_found(driver: Driver) -> None:
    """What was there already is told, and nothing was done for it by this request."""
    world, status = driver.world, driver.status
    if driver.reason() == "RecentEnough":
        assert status.operation is not None
        assert status.operation.sync is None
        assert status.operation.push is None
        assert driver.request.spec.max_age is not None
        assert world.clocks_told
        assert max(abs(world.source_skew), abs(world.target_skew)) <= driver.tuning.recent_skew
        landed = [one for one in world.listed if one.copy.completed]
        if driver.request.spec.method is Method.ARRAY_ONLY:
            landed = [one for one in landed if _suffix(status) == one.copy.suffix]
        else:
            assert status.point_in_time is not None
            shown = [one for one in landed if one.shown_from <= world.now]
            landed = [one for one in shown if status.point_in_time.id == one.point.id]
        margin = 2 * driver.tuning.recent_skew
        assert any(world.now - one.copy.taken <= driver.request.spec.max_age + margin for one in landed)
    if driver.reason() == "AlreadyDone":
        operation = status.operation
        assert operation is not None
        done = any(copy.suffix == operation.suffix and copy.completed for copy in world.copies)
        assert done or any(one.ended and one.status.phase is Phase.SUCCEEDED for one in driver.others)


def _suffix(status: SyncStatus) -> str | None:
    snapshot = status.transfer.snapshot if status.transfer else None
    return snapshot.rpartition(".")[2] if snapshot else None


def _check_scheduled(driver: Driver, before: SyncStatus) -> None:
    """AwaitSchedule: data that was not on the source when the sync was armed first has landed and is listed."""
    if driver.status.phase is not Phase.SUCCEEDED:
        return
    world, status = driver.world, driver.status
    assert driver.there_before is not None
    new = [one for one in world.listed if one.copy.suffix not in driver.there_before and one.shown_from <= world.now]
    assert new, "Complete, and no new data is listed"
    assert status.transfer is not None
    assert _suffix(status) in {one.copy.suffix for one in new}
    if status.point_in_time is not None and status.point_in_time.id is not None:
        (told,) = [one for one in new if one.point.id == status.point_in_time.id]
        assert _suffix(status) == told.copy.suffix
    named = find(status.conditions, "Named")
    assert named is not None
    name = status.operation.point_in_time_name if status.operation else None
    if named.status == "True":
        assert [one for one in new if one.point.name == name]
    assert before.finished_at is None


def _check_name(driver: Driver, name: str | None) -> None:
    """A name that ended on older data is never told as ours."""
    world, status = driver.world, driver.status
    suffix = status.operation.suffix if status.operation else None
    named = [one for one in world.listed if one.point.name == name]
    mine = [one for one in named if one.copy.suffix == suffix]
    began = driver.request.created
    older = [one for one in named if one.copy.suffix != suffix and one.copy.taken < began]
    told = find(status.conditions, "Named")
    assert told is not None
    if told.status == "True":
        assert [one for one in named if one.copy.suffix == suffix or one.copy.taken >= began]
    if mine and status.point_in_time is not None and status.point_in_time.id is not None and older:
        assert told.reason == Reason.NAME_ALSO_ON_OLDER_POINT_IN_TIME
    if older and not mine and driver.request.spec.point_in_time_name is not None:
        assert told.status != "False" or told.reason != Reason.NAMED
        assert [one for one in named if one.copy.taken >= began], "an explicit name is on older data only"
