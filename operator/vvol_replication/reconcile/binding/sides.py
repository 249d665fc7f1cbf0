"""The two sides of a ReplicationGroup, found in what its vCenters list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vvol_replication.api.group import ReplicationGroupSpec
from vvol_replication.api.reasons import Reason
from vvol_replication.domain.arrays import same_array
from vvol_replication.domain.groups import (
    FaultDomain,
    GroupId,
    GroupName,
    Inventory,
    SourceGroup,
    TargetGroup,
    VCenterAbout,
)

from .world import Problem, Unbound, World


@dataclass(frozen=True, slots=True)
class Site:
    """A vCenter that has been read completely at least once."""

    name: str
    about: VCenterAbout
    inventory: Inventory


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides, and the vCenter that shows the source."""

    target: TargetGroup
    source: SourceGroup
    source_site: Site


def site(name: str, world: World) -> Site | Unbound:
    """The vCenter of that name, if enough is known of it."""
    view = world.sites.get(name)
    if view is None:
        return Unbound(
            Reason.VCENTER_NOT_FOUND,
            f"There is no VCenter {name!r}. Create it, or correct the sites of the ReplicationGroup.",
        )
    if view.about is None or view.inventory is None:
        unread = Problem(Reason.NOT_YET_READ, f"VCenter {name!r} has not been read yet.")
        return Unbound.because_of(view.problem or unread)
    return Site(name, view.about, view.inventory)


_LOOK = "Check the name and the sites. Check that its VASA provider is registered and online."


def _unseen(what: str, reason: Reason, where: Site) -> Unbound:
    """Absence, called what it is: unknown while an inventory is incomplete (invariant 10)."""
    if not where.inventory.complete:
        problems = " ".join(where.inventory.problems) or "A VASA provider did not answer."
        return Unbound(
            Reason.INVENTORY_INCOMPLETE, f"{what} was not seen, but not everything could be read. {problems}"
        )
    return Unbound(
        reason,
        f"{what} is not there. {_LOOK}",
    )


def _source_unseen(what: str, spec: ReplicationGroupSpec, where: Site) -> Unbound:
    """A source group that was not seen: without protectedSite it was not looked for where it usually is."""
    unseen = _unseen(what, Reason.SOURCE_GROUP_NOT_FOUND, where)
    if spec.protected_site is not None:
        return unseen
    hint = (
        "spec.protectedSite is not set, so only this VCenter was asked. If another vCenter shows the source array's "
        "groups, set spec.protectedSite to its VCenter."
    )
    if unseen.reason is not Reason.SOURCE_GROUP_NOT_FOUND:
        return Unbound(unseen.reason, f"{unseen.message} {hint}")
    return Unbound(unseen.reason, f"{what} is not there. {hint} Otherwise: {_LOOK[0].lower()}{_LOOK[1:]}")


def find_sides(spec: ReplicationGroupSpec, recovery: Site, protected: Site, world: World) -> Sides | Unbound:
    """Find target and source group as `spec.group` names them: by the source's name, or by the target's ids."""
    if spec.target is not None:
        return _by_target_id(GroupId(spec.target.fault_domain, spec.target.device_group), spec, recovery, protected)
    name = spec.group_name or ""
    if GroupName.parse(name) is None:
        return Unbound(
            Reason.INVALID_GROUP_NAME,
            f"spec.group.name {name!r} does not have the form <array>:<protection group>. Correct it, or set "
            "spec.group.target.",
        )
    named = protected.inventory.sources(name)
    if not named:
        what = f"Source group {name!r} at VCenter {protected.name!r}"
        return _source_unseen(what, spec, protected)
    if len(named) > 1:
        return Unbound(
            Reason.SEVERAL_GROUPS,
            f"{len(named)} source groups at VCenter {protected.name!r} are named "
            f"{name!r}. Set spec.group.target, with the ids.",
        )
    target = _target_of(named[0], spec, recovery, world)
    return target if isinstance(target, Unbound) else Sides(target, named[0], protected)


def _by_target_id(wanted: GroupId, spec: ReplicationGroupSpec, recovery: Site, protected: Site) -> Sides | Unbound:
    found = recovery.inventory.group(wanted)
    if found is None:
        return _unseen(f"Target group {wanted} at VCenter {recovery.name!r}", Reason.TARGET_GROUP_NOT_FOUND, recovery)
    if isinstance(found, SourceGroup):
        return Unbound(
            Reason.WRONG_SIDE,
            f"Group {found.name or wanted!s} at VCenter {recovery.name!r} is a source group ({found.state}). "
            "spec.group.target must be the side that receives.",
        )
    for one in (protected, recovery):
        source = one.inventory.group(found.source)
        if isinstance(source, SourceGroup):
            return Sides(found, source, one)
    name_unknown = f"Source group {found.source}, whose name has the protection group,"
    return _source_unseen(f"{name_unknown} at VCenter {protected.name!r}", spec, protected)


def _target_of(source: SourceGroup, spec: ReplicationGroupSpec, recovery: Site, world: World) -> TargetGroup | Unbound:
    found = [group for wanted in source.targets if (group := recovery.inventory.group(wanted)) is not None]
    targets = [group for group in found if isinstance(group, TargetGroup)]
    if spec.target_array is not None:
        domains = _domains_of(spec.target_array, recovery, world)
        if isinstance(domains, Unbound):
            return domains
        targets = [group for group in targets if group.id.fault_domain in domains] or _without_id(targets, recovery)
    where = f"of {spec.group_name!r} at VCenter {recovery.name!r}"
    if not targets and found and spec.target_array is None:
        return Unbound(
            Reason.WRONG_SIDE,
            f"No target group {where} acts as a target. Check which site recovers, and whether replication was "
            "reversed.",
        )
    if not targets:
        on = f" on FlashArray {spec.target_array!r}" if spec.target_array is not None else ""
        return _unseen(f"A target group {where}{on}", Reason.TARGET_GROUP_NOT_FOUND, recovery)
    if len(targets) > 1:
        return Unbound(
            Reason.SEVERAL_TARGETS,
            f"There are {len(targets)} target groups {where}. Choose one with spec.targetArrayRef.",
        )
    return targets[0]


def _domains_of(array: str, recovery: Site, world: World) -> frozenset[str] | Unbound:
    chosen = world.arrays.get(array)
    if chosen is None:
        return Unbound(Reason.FLASHARRAY_NOT_FOUND, f"There is no FlashArray {array!r} (spec.targetArrayRef).")
    if chosen.about is None:
        unread = Problem(Reason.NOT_YET_READ, f"FlashArray {array!r} has not been read yet.")
        return Unbound.because_of(chosen.problem or unread)
    array_id = chosen.about.id
    return frozenset(domain.id for domain in recovery.inventory.fault_domains if same_array(array_id, domain.array_id))


def _without_id(targets: Sequence[TargetGroup], recovery: Site) -> list[TargetGroup]:
    """The only target, where a complete reading does not say which array it is on: then it is where the spec says."""
    if len(targets) != 1 or not recovery.inventory.complete:
        return []
    domain = domain_of(targets[0].id, recovery.inventory)
    return [] if domain is None or domain.array_id is not None else [targets[0]]


def domain_of(group: GroupId, inventory: Inventory) -> FaultDomain | None:
    """The array that a group is on, as VASA names it."""
    return next((domain for domain in inventory.fault_domains if domain.id == group.fault_domain), None)
