"""Which endpoints, ids and names a ReplicationGroup stands for, worked out from what its sites and arrays said.

Pure: the engine hands in the group's spec and the latest readings of the endpoints, and gets a `Binding`, or an
`Unbound` that says what is missing and what to do. Nothing here is guessed: the source group's name is VASA's, an
array is the one whose live id its fault domain carries (docs/facts/flasharray.md#fault-domains).
"""

from __future__ import annotations

from vvol_replication.api.group import ReplicationGroupSpec
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import GroupRef, Resolved
from vvol_replication.domain.groups import GroupName, SourceGroup

from .arrays import source_array, target_array
from .sides import find_sides, site
from .world import Binding, Unbound, World


def bind(spec: ReplicationGroupSpec, world: World) -> Binding | Unbound:
    """Make a group concrete, or say what stands in the way."""
    recovery = site(spec.recovery_site, world)
    if isinstance(recovery, Unbound):
        return recovery
    protected = site(spec.protected_site or spec.recovery_site, world)
    if isinstance(protected, Unbound):
        return protected
    sides = find_sides(spec, recovery, protected, world)
    if isinstance(sides, Unbound):
        return sides
    name = _source_name(spec, sides.source)
    if isinstance(name, Unbound):
        return name
    source = source_array(name, sides, world)
    if isinstance(source, Unbound):
        return source
    target = target_array(sides, recovery, world, spec.target_array)
    if isinstance(target, Unbound):
        return target
    group = sides.target
    return Binding(
        resolved=Resolved(
            recovery_vcenter=recovery.name,
            recovery_vcenter_uuid=recovery.about.instance_uuid,
            target_group=GroupRef(group.id.fault_domain, group.id.device_group),
            source_group=GroupRef(group.source.fault_domain, group.source.device_group),
            source_array=source[0],
            source_array_id=source[1].id,
            source_array_name=source[1].name,
            target_array=target[0],
            target_array_id=target[1].id,
            target_array_name=target[1].name,
            protection_group=spec.protection_group or name.protection_group,
            protected_vcenter=sides.source_site.name,
            protected_vcenter_uuid=sides.source_site.about.instance_uuid,
            source_group_name=sides.source.name if spec.protection_group is None else None,
        ),
        target=group,
        source=sides.source,
        suspended=spec.suspend,
        min_push_interval=spec.min_push_interval,
    )


def _source_name(spec: ReplicationGroupSpec, source: SourceGroup) -> GroupName | Unbound:
    name = GroupName.parse(source.name or "")
    if name is not None:
        return name
    if spec.protection_group is not None:
        return GroupName("", spec.protection_group)
    return Unbound(
        Reason.INVALID_GROUP_NAME,
        f"The source group is named {source.name!r}, not <array>:<protection group>, so its protection group is not "
        "known. Set spec.protectionGroup, or rename the group back.",
    )
