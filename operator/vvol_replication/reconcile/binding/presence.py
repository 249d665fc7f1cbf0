"""Is a target group there, gone, or is that not known? Silence concludes nothing (invariant 10)."""

from __future__ import annotations

from enum import Enum, auto

from vvol_replication.domain.groups import GroupId

from .world import SiteView, World


class Presence(Enum):
    """What all that was read says of one pair of groups."""

    LISTED = auto()
    ABSENT = auto()
    UNKNOWN = auto()


def presence(target: GroupId, sites: frozenset[str], world: World) -> Presence:
    """Is the pair with this target group there? `sites` are those that listed it.

    It is as long as any vCenter lists the target, or a source that replicates to it. It is absent only where each of
    `sites` has just been read completely, and one of them still knows the target's array: an array whose provider was
    unregistered takes its groups off the list, and destroys none.
    """
    if any(view.inventory is not None and view.inventory.lists(target) for view in world.sites.values()):
        return Presence.LISTED
    views = [world.sites.get(name) for name in sites]
    if not all(view is not None and _read_whole(view) for view in views):
        return Presence.UNKNOWN
    domains = {domain.id for view in views if view and view.inventory for domain in view.inventory.fault_domains}
    return Presence.ABSENT if target.fault_domain in domains else Presence.UNKNOWN


def _read_whole(view: SiteView) -> bool:
    return view.problem is None and view.inventory is not None and view.inventory.complete
