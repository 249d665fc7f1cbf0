"""One preparation at one moment, put together by hand: everything is well unless a test says otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from unit.reconcile.model.world import BINDING, RESOLVED, START

from vvol_replication.api.preparation import PreparationLedger, PreparationSpec, PreparationStatus, PrepareLedger
from vvol_replication.api.sync import Baseline
from vvol_replication.domain.arrays import ArrayConnection, ProtectionGroup, ReplicationTarget, Snapshot
from vvol_replication.domain.groups import GroupId, GroupState, SourceGroup, TargetGroup
from vvol_replication.domain.members import GroupVM, Membership, PowerState
from vvol_replication.domain.outcomes import Done, Outcome, Unavailable
from vvol_replication.domain.points import PointInTime, TaskReading, TaskState
from vvol_replication.reconcile.core.observation import Observation, Query, Reading
from vvol_replication.reconcile.core.request import Preparation
from vvol_replication.reconcile.core.steps import PreparationDecision
from vvol_replication.reconcile.core.tuning import Tuning
from vvol_replication.reconcile.preparation.decide import decide_preparation

NOW = START
TUNING = Tuning()
TARGET = GroupId(RESOLVED.target_group.fault_domain, RESOLVED.target_group.device_group)
SOURCE = GroupId(RESOLVED.source_group.fault_domain, RESOLVED.source_group.device_group)
OLD = Snapshot("erp.1", NOW - timedelta(hours=1), NOW - timedelta(hours=1), NOW - timedelta(minutes=59), 1.0)
OLD_POINT = PointInTime("pit-1", None, NOW - timedelta(minutes=59))
LAST = Snapshot("erp.2", NOW - timedelta(seconds=50), NOW - timedelta(seconds=50), NOW - timedelta(seconds=20), 1.0)
LAST_POINT = PointInTime("pit-2", None, NOW - timedelta(seconds=20))
AWAY = Unavailable("Unreachable", "no connection")
SPEC = PreparationSpec("erp", "erp", NOW + timedelta(hours=1))


def vm(power: PowerState, name: str = "erp-db", **more: Any) -> GroupVM:
    """A VM of the group."""
    return GroupVM(f"vm-{name}", name, f"uuid-{name}", power, home=True, **more)


def at_target(row: Snapshot) -> Snapshot:
    """The same snapshot as the target array shows it."""
    return replace(row, name=f"{RESOLVED.source_array_name}:{row.name}")


VALUES: dict[Query, Any] = {
    Query.TARGET_GROUP: TargetGroup(TARGET, SOURCE, GroupState.TARGET),
    Query.SOURCE_GROUP: SourceGroup(SOURCE, "a:erp", GroupState.SOURCE, (TARGET,)),
    Query.MEMBERS: Membership((vm(PowerState.OFF),)),
    Query.PROTECTION_GROUP: ProtectionGroup(
        RESOLVED.protection_group,
        RESOLVED.source_array_name,
        (ReplicationTarget(RESOLVED.target_array_name, allowed=True),),
    ),
    Query.CONNECTIONS: (
        ArrayConnection(RESOLVED.target_array_name, RESOLVED.target_array_id, connected=True, status="connected"),
    ),
    Query.SOURCE_SNAPSHOTS: (OLD,),
    Query.TARGET_SNAPSHOTS: (at_target(OLD),),
    Query.POINTS: (OLD_POINT,),
}


def seen(readings: dict[Query, Any] | None = None, *, at: datetime = NOW, **more: Any) -> Observation:
    """Everything read just now; `readings` are other values, or outcomes that failed. None: not read."""
    observation = Observation(confirmed=True, bound=BINDING, **more)
    for query, value in {**VALUES, **(readings or {})}.items():
        if value is not None:
            failed = isinstance(value, Unavailable)
            outcome: Outcome[Any] = value if failed else Done(value)
            observation = observation.with_reading(query, Reading(outcome, at, failures=int(failed)))
    return observation


def called(*, task: str | None = "prepare-1", snapshot: str | None = None, holder: str | None = None) -> Any:
    """The status of a preparation whose call was made a minute ago."""
    intent = NOW - timedelta(minutes=1)
    return PreparationStatus(
        accepted_at=intent,
        operation=PreparationLedger(
            request_id="uid-1",
            turn_at=intent,
            resolved=RESOLVED,
            baseline=Baseline((OLD_POINT.id,), None, (at_target(OLD).name,), None, OLD.created),
            prepare=PrepareLedger(intent, (OLD.name,), task, snapshot),
            holder=holder,
        ),
    )


def succeeded(readings: dict[Query, Any] | None = None, **more: Any) -> Observation:
    """The task has succeeded, and what came of it was read after that."""
    task = Reading(Done(TaskReading(TaskState.SUCCESS, 100)), NOW - timedelta(seconds=5))
    there: dict[Query, Any] = {
        Query.SOURCE_SNAPSHOTS: (OLD, LAST),
        Query.TARGET_SNAPSHOTS: (at_target(OLD), at_target(LAST)),
        Query.POINTS: (OLD_POINT, LAST_POINT),
    }
    known = {"success_at": task.at, "landed_at": NOW - timedelta(seconds=10), **more}
    return replace(seen({**there, **(readings or {})}, **known), prepare_task=task)


def decide(
    observation: Observation | None = None,
    *,
    status: PreparationStatus | None = None,
    spec: PreparationSpec = SPEC,
    now: datetime = NOW,
    request_id: str = "uid-1",
) -> PreparationDecision:
    """What comes next."""
    request = Preparation(request_id, "prod", "dr", 1, NOW - timedelta(minutes=2), spec)
    accepted = PreparationStatus(accepted_at=NOW - timedelta(minutes=2))
    return decide_preparation(request, status or accepted, observation or seen(), now, TUNING)


def says(decision: PreparationDecision, type_: str = "Ready") -> tuple[str, str] | None:
    """Status and reason of a condition."""
    found = [one for one in decision.status.conditions if one.type == type_]
    return (found[0].status, found[0].reason) if found else None


def text(decision: PreparationDecision, type_: str = "Ready") -> str:
    """The message of a condition."""
    return next(one.message for one in decision.status.conditions if one.type == type_)
