"""The status of a ReplicationGroup, from what its monitor knows. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from vvol_replication.api.conditions import Wanted
from vvol_replication.api.group import (
    ArmedSync,
    PointInTimeStatus,
    ReplicationGroupSpec,
    SourceSide,
    TargetSide,
)
from vvol_replication.api.reasons import Reason
from vvol_replication.domain.groups import GroupState
from vvol_replication.domain.points import PointInTime
from vvol_replication.reconcile.binding.world import Binding
from vvol_replication.reconcile.core.left_armed import what_lands


def newest_first(points: Sequence[PointInTime] | None) -> tuple[PointInTimeStatus, ...]:
    """All points in time, as a status shows them. Where times are equal, what is listed later is newer."""
    newest = sorted(points or (), key=lambda point: point.time)[::-1]
    return tuple(PointInTimeStatus(one.id, one.name, one.time) for one in newest)


def newest_named(newest: Sequence[PointInTimeStatus]) -> PointInTimeStatus | None:
    """The first of them that has a name."""
    return next((one for one in newest if one.name), None)


def group_conditions(
    reason: Reason | None, message: str, spec: ReplicationGroupSpec | None, bound: Binding | None
) -> list[Wanted]:
    """Ready (`reason` None: it is), and what keeps requests from the group."""
    wanted = [Wanted("Ready", "True" if reason is None else "False", reason or Reason.READY, message)]
    if spec is not None and spec.suspend:
        text = "spec.suspend is true: no request acts on this group."
        wanted.append(Wanted("Suspended", "True", Reason.SUSPENDED, text))
    if bound is not None and bound.target.state is not GroupState.TARGET:
        text = f"The target group is in state {bound.target.state}. Syncs wait until it is TARGET."
        wanted.append(Wanted("Syncable", "False", Reason.WRONG_STATE, text))
    return wanted


def armed_condition(armed: ArmedSync) -> Wanted:
    """That a request left its sync armed."""
    text = (
        f"ReplicationSync {armed.request!r} left its sync armed: the next data that lands at the target gets the "
        f"name {armed.point_in_time_name!r}. {what_lands(armed, 'the sync ends')}"
    )
    return Wanted("SyncLeftArmed", "True", Reason.NAME_STILL_PENDING, text)


def source_side(bound: Binding) -> SourceSide:
    """The source group, and where it is."""
    resolved = bound.resolved
    return SourceSide(
        fault_domain=resolved.source_group.fault_domain,
        device_group=resolved.source_group.device_group,
        name=bound.source.name if bound.source else None,
        state=str(bound.source.state) if bound.source else None,
        array=resolved.source_array,
        array_id=resolved.source_array_id,
        protection_group=resolved.protection_group,
        vcenter=resolved.protected_vcenter,
        vcenter_uuid=resolved.protected_vcenter_uuid,
    )


def target_side(bound: Binding) -> TargetSide:
    """The target group, and where it is."""
    resolved = bound.resolved
    return TargetSide(
        fault_domain=resolved.target_group.fault_domain,
        device_group=resolved.target_group.device_group,
        name=bound.target.name,
        state=str(bound.target.state),
        array=resolved.target_array,
        array_id=resolved.target_array_id,
        vcenter=resolved.recovery_vcenter,
        vcenter_uuid=resolved.recovery_vcenter_uuid,
    )
