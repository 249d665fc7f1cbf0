"""A group that is not listed under its name, but under another one: that is told, and nothing is done by guesswork."""

from __future__ import annotations

from vvol_replication.api.group import ReplicationGroupSpec, ReplicationGroupStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.domain.groups import GroupId, SourceGroup

from .from_status import fits
from .world import Unbound, World


def explained(spec: ReplicationGroupSpec, status: ReplicationGroupStatus, unbound: Unbound, world: World) -> Unbound:
    """Why the group is unbound; with the name that its pair has now, where the status remembers the pair's ids."""
    source, target = status.source, status.target
    if unbound.reason is not Reason.SOURCE_GROUP_NOT_FOUND or source is None or target is None:
        return unbound
    if spec.group_name is None or not fits(spec, status):
        return unbound
    wanted = GroupId(source.fault_domain or "", source.device_group or "")
    for site in dict.fromkeys((spec.protected_site or spec.recovery_site, spec.recovery_site)):
        view = world.sites.get(site)
        group = view.inventory.group(wanted) if view is not None and view.inventory is not None else None
        if isinstance(group, SourceGroup) and group.name:
            return Unbound(
                unbound.reason,
                f"Source group {spec.group_name!r} has another name now: VCenter {site!r} lists the same ids as "
                f"{group.name!r}. The array or the protection group was renamed. Write that name into spec.group.name. "
                f"Or set spec.group.target instead, which does not change with a rename: faultDomainID "
                f"{target.fault_domain!r}, deviceGroupID {target.device_group!r}.",
            )
    return unbound
