"""What a ReplicationGroup stood for when it was last read, for requests that need the arrays alone.

The vCenter may be down, and the operator may have been restarted since: the group's own status remembers ids, names
and states. It is believed only where a vCenter cannot be asked, and where it fits what the spec says now.
"""

from __future__ import annotations

from vvol_replication.api.group import ReplicationGroupSpec, ReplicationGroupStatus, SourceSide, TargetSide
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import GroupRef, Resolved
from vvol_replication.domain.arrays import ArrayAbout
from vvol_replication.domain.groups import GroupId, GroupState, SourceGroup, TargetGroup

from .arrays import array_of_id
from .by_name import bind_by_name
from .world import Binding, Unbound, World


def fits(spec: ReplicationGroupSpec, status: ReplicationGroupStatus) -> bool:
    """Is what the status says of both sides about the group that the spec names now?"""
    source, target = status.source, status.target
    if source is None or target is None or target.vcenter != spec.recovery_site:
        return False
    if spec.target is not None:
        same = GroupRef(target.fault_domain or "", target.device_group or "") == spec.target
    else:
        same = (source.name or "").casefold() == (spec.group_name or "").casefold()
    return same and spec.target_array in (None, target.array)


def cannot_be_asked(spec: ReplicationGroupSpec, unbound: Unbound, world: World) -> bool:
    """Is the group unbound because a vCenter, or its VASA provider, does not tell? Anything else is an answer."""
    sites = [world.sites.get(name) for name in (spec.recovery_site, spec.protected_site or spec.recovery_site)]
    silent = any(one is not None and (one.about is None or one.inventory is None) for one in sites)
    return silent or unbound.reason is Reason.INVENTORY_INCOMPLETE


def bind_by_memory(
    spec: ReplicationGroupSpec, status: ReplicationGroupStatus, unbound: Unbound, world: World
) -> Binding | Unbound:
    """Make a group concrete from its status and the arrays' own answers; or say why that cannot be done."""
    if not cannot_be_asked(spec, unbound, world):
        return unbound
    source, target = status.source, status.target
    if source is None and target is None:
        return bind_by_name(spec, unbound, world)
    if source is None or target is None or not fits(spec, status) or not _whole(source, target):
        return Unbound(
            unbound.reason,
            f"{unbound.message} The group was never read as its spec is now, so its arrays are not known either; "
            "it has to be read by vSphere once.",
        )
    sides = _arrays(source, target, world)
    if isinstance(sides, Unbound):
        return sides
    (source_object, source_about), (target_object, target_about) = sides
    target_id = GroupId(target.fault_domain or "", target.device_group or "")
    source_id = GroupId(source.fault_domain or "", source.device_group or "")
    return Binding(
        resolved=Resolved(
            recovery_vcenter=spec.recovery_site,
            recovery_vcenter_uuid=target.vcenter_uuid or "",
            target_group=GroupRef(target_id.fault_domain, target_id.device_group),
            source_group=GroupRef(source_id.fault_domain, source_id.device_group),
            source_array=source_object,
            source_array_id=source_about.id,
            source_array_name=source_about.name,
            target_array=target_object,
            target_array_id=target_about.id,
            target_array_name=target_about.name,
            protection_group=spec.protection_group or source.protection_group or "",
            protected_vcenter=source.vcenter,
            protected_vcenter_uuid=source.vcenter_uuid,
            source_group_name=source.name if spec.protection_group is None else None,
        ),
        target=TargetGroup(target_id, source_id, GroupState.parse(target.state)),
        source=SourceGroup(source_id, source.name, GroupState.parse(source.state), (target_id,)),
        suspended=spec.suspend,
        min_push_interval=spec.min_push_interval,
    )


def target_by_memory(
    spec: ReplicationGroupSpec, status: ReplicationGroupStatus, unbound: Unbound, world: World
) -> TargetSide | None:
    """The target side whose points in time can be listed although the group is not bound, as its status pins it.

    That is so where the group is unbound because its source site, or an array, does not tell, and the vCenter that
    listed it before can be asked. What is an answer, such as a group that is gone, makes the status past.
    """
    target, recovery = status.target, world.sites.get(spec.recovery_site)
    if target is None or not (target.fault_domain and target.device_group and target.vcenter_uuid):
        return None
    if recovery is None or recovery.about is None or recovery.problem is not None:
        return None
    if recovery.about.instance_uuid != target.vcenter_uuid or not fits(spec, status):
        return None
    return target if cannot_be_asked(spec, unbound, world) or _array_silent(status, world) else None


def _array_silent(status: ReplicationGroupStatus, world: World) -> bool:
    """Is one of the group's arrays not known, while some array has not told yet who it is?"""
    sides = (status.source.array_id if status.source else None, status.target.array_id if status.target else None)
    known = {view.about.id for view in world.arrays.values() if view.about is not None}
    return any(view.about is None for view in world.arrays.values()) and not known.issuperset(sides)


def _whole(source: SourceSide, target: TargetSide) -> bool:
    """Is all there that a ledger pins? An older operator wrote less."""
    needed = (
        source.array_id,
        source.protection_group,
        source.fault_domain,
        source.device_group,
        target.array_id,
        target.fault_domain,
        target.device_group,
        target.vcenter_uuid,
        target.state,
    )
    return all(needed)


def _arrays(
    source: SourceSide, target: TargetSide, world: World
) -> tuple[tuple[str, ArrayAbout], tuple[str, ArrayAbout]] | Unbound:
    at_source = array_of_id("the source array", source.array_id or "", world)
    if isinstance(at_source, Unbound):
        return at_source
    at_target = array_of_id("the target array", target.array_id or "", world)
    return at_target if isinstance(at_target, Unbound) else (at_source, at_target)
