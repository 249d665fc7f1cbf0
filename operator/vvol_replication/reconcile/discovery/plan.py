"""Which ReplicationGroups a VCenter's discovery keeps: one for each pair of groups of which it lists a side.

Pure: (the VCenter's name, what all sites list, the ReplicationGroups of the namespace) -> what to apply, and what to
tell. Ids are the identity: names are neither unique nor stable (docs/facts/vsphere.md#identity). Nothing follows from
absence (invariant 10): a side that is not listed right now leaves an object as it is, and a name that would be made
without the source's is made only once all sites were read completely and none lists the source.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vvol_replication.api.group import ReplicationGroupSpec
from vvol_replication.api.names import API_VERSION, REPLICATION_GROUP, label_value
from vvol_replication.api.reasons import Reason
from vvol_replication.domain.groups import GroupId, SourceGroup, TargetGroup
from vvol_replication.reconcile.binding.sides import Sides, domain_of, find_sides, site
from vvol_replication.reconcile.binding.world import Unbound, World

from .names import DISCOVERED_BY, MANAGED_BY, MANAGER, object_name

_CHOOSES_NONE = frozenset({Reason.SEVERAL_TARGETS, Reason.SEVERAL_GROUPS, Reason.INVALID_GROUP_NAME})
"""Why a ReplicationGroup stands for no group, whatever else is read: it does not say which one."""


@dataclass(frozen=True, slots=True)
class Known:
    """A ReplicationGroup that exists in the namespace. `seen` is the target group that its status showed last."""

    name: str
    uid: str
    generation: int
    labels: Mapping[str, str]
    spec: ReplicationGroupSpec | None
    seen: GroupId | None

    def made_by(self, vcenter: str) -> bool:
        """Did the discovery of this VCenter make it, and does nobody say otherwise?"""
        labels = self.labels
        return labels.get(MANAGED_BY) == MANAGER and labels.get(DISCOVERED_BY) == label_value(vcenter)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a ReplicationGroup is to say. With a uid it is that object, kept up to date; without, a new one."""

    name: str
    target: GroupId
    recovery: str
    protected: str | None
    uid: str | None = None

    def manifest(self, vcenter: str, namespace: str) -> dict[str, Any]:
        """All that is ours in the object, for a server-side apply."""
        spec: dict[str, Any] = {
            "recoverySite": {"vCenterRef": {"name": self.recovery}},
            "group": {"target": {"faultDomainID": self.target.fault_domain, "deviceGroupID": self.target.device_group}},
        }
        if self.protected is not None:
            spec["protectedSite"] = {"vCenterRef": {"name": self.protected}}
        metadata: dict[str, Any] = {
            "name": self.name,
            "namespace": namespace,
            "labels": {MANAGED_BY: MANAGER, DISCOVERED_BY: label_value(vcenter)},
        }
        if self.uid is not None:
            metadata["uid"] = self.uid
        return {"apiVersion": API_VERSION, "kind": REPLICATION_GROUP.kind, "metadata": metadata, "spec": spec}


@dataclass(frozen=True, slots=True)
class Plan:
    """What discovery is to do, and what it found.

    `wishes` are to be applied. `ours` and `others` count the pairs that have an object, made by this discovery or not.
    `targetless` are source groups whose target no connected VCenter lists; `nameless` are targets whose source is not
    seen while something could not be read; `taken` are names that an object for something else has.
    """

    wishes: tuple[Wish, ...] = ()
    found: int = 0
    ours: int = 0
    others: int = 0
    targetless: tuple[str, ...] = ()
    nameless: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()


@dataclass(slots=True)
class _Listing:
    """Who lists what: site names by group."""

    targets: dict[GroupId, dict[str, TargetGroup]]
    sources: dict[GroupId, dict[str, SourceGroup]]
    whole: bool
    """All sites were read completely: what is not here is not there."""


def discover(vcenter: str, world: World, existing: Iterable[Known]) -> Plan:
    """Plan the ReplicationGroups for all pairs of which this VCenter lists a side."""
    listing = _listed(world)
    known = sorted(existing, key=lambda one: one.name)
    names = {one.name: one for one in known}
    standing, unresolved = _standing(known, world, listing)
    wishes: list[Wish] = []
    nameless: list[str] = []
    taken: list[str] = []
    targets, targetless = _pairs(vcenter, world, listing)
    ours = others = 0
    for target in targets:
        objects = standing.get(target, [])
        made = next(((one, one.spec) for one in objects if one.spec and one.made_by(vcenter) and one.spec.target), None)
        if made is not None:
            ours += 1
            wish = _kept(*made, _new(made[0].name, target, vcenter, listing), world, listing)
            wishes += [wish] if wish is not None else []
        elif objects or _stands_for_its_name(unresolved, target, listing):
            others += 1
        elif (name := _name(target, listing, world)) is None:
            nameless.append(str(target))
        elif name in names:
            taken.append(name)
        else:
            wishes.append(_new(name, target, vcenter, listing))
    return Plan(tuple(wishes), len(targets) + len(targetless), ours, others, targetless, tuple(nameless), tuple(taken))


def _listed(world: World) -> _Listing:
    listing = _Listing(defaultdict(dict), defaultdict(dict), whole=True)
    for name in sorted(world.sites):
        inventory = world.sites[name].inventory
        if inventory is None or not inventory.complete:
            listing.whole = False
        for group in inventory.groups if inventory is not None else ():
            if isinstance(group, TargetGroup):
                listing.targets[group.id][name] = group
            else:
                listing.sources[group.id][name] = group
    return listing


def _pairs(vcenter: str, world: World, listing: _Listing) -> tuple[list[GroupId], tuple[str, ...]]:
    """The target groups of all pairs of which this VCenter lists a side, and the sources without a listed target."""
    view = world.sites.get(vcenter)
    targets: set[GroupId] = set()
    targetless: set[str] = set()
    for group in view.inventory.groups if view is not None and view.inventory is not None else ():
        if isinstance(group, TargetGroup):
            targets.add(group.id)
            continue
        listed = [target for target in group.targets if target in listing.targets]
        targets.update(listed)
        if len(listed) < len(group.targets):
            targetless.add(group.name or str(group.id))
    return sorted(targets), tuple(sorted(targetless))


def _standing(
    known: Sequence[Known], world: World, listing: _Listing
) -> tuple[Mapping[GroupId, list[Known]], list[Known]]:
    """The objects by the target group that each stands for: as its spec says, else as its status showed last.

    Apart from them, those by a name that cannot be looked up right now.
    """
    found: dict[GroupId, list[Known]] = defaultdict(list)
    unresolved: list[Known] = []
    for one in known:
        if one.spec is None:
            continue
        if one.spec.target is not None:
            found[GroupId(one.spec.target.fault_domain, one.spec.target.device_group)].append(one)
            continue
        if one.seen is not None and _is_named(one.seen, one.spec.group_name or "", listing):
            found[one.seen].append(one)  # as its status says; to look it up costs a walk over all groups
            continue
        sides = _sides(one.spec, world)
        if isinstance(sides, Sides):
            found[sides.target.id].append(one)
        elif one.seen is not None:
            found[one.seen].append(one)
        elif sides.reason not in _CHOOSES_NONE:
            unresolved.append(one)
    return found, unresolved


def _sides(spec: ReplicationGroupSpec, world: World) -> Sides | Unbound:
    recovery = site(spec.recovery_site, world)
    if isinstance(recovery, Unbound):
        return recovery
    protected = site(spec.protected_site or spec.recovery_site, world)
    return protected if isinstance(protected, Unbound) else find_sides(spec, recovery, protected, world)


def _stands_for_its_name(unresolved: Sequence[Known], target: GroupId, listing: _Listing) -> bool:
    """Is there an object by the source's name whose group cannot be told yet? It may well be this one."""
    names = {(source.name or "").casefold() for source in listing.sources.get(_source(target, listing), {}).values()}
    return any(one.spec is not None and (one.spec.group_name or "").casefold() in names for one in unresolved)


def _is_named(target: GroupId, name: str, listing: _Listing) -> bool:
    """Is that target listed, and its source under that name?"""
    sources = listing.sources.get(_source(target, listing), {}) if target in listing.targets else {}
    return any((source.name or "").casefold() == name.casefold() for source in sources.values())


def _source(target: GroupId, listing: _Listing) -> GroupId:
    """The source as the target names it, by the first site that lists it."""
    return next(iter(listing.targets[target].values())).source


def _name(target: GroupId, listing: _Listing, world: World) -> str | None:
    """The name of a new object. None: the source's name is not known, and may become known."""
    sources = listing.sources.get(_source(target, listing))
    if sources:
        name = next((one.name for one in sources.values() if one.name), None)
        return object_name(name, target)
    if not listing.whole:
        return None
    listed = listing.targets[target]
    name = next((one.name for one in listed.values() if one.name), None)
    inventory = world.sites[next(iter(listed))].inventory
    domain = domain_of(target, inventory) if inventory is not None else None
    return object_name(name or (domain.name if domain is not None else None), target)


def _new(name: str, target: GroupId, vcenter: str, listing: _Listing) -> Wish:
    return Wish(
        name,
        target,
        recovery=_first(listing.targets[target], vcenter) or vcenter,
        protected=_first(listing.sources.get(_source(target, listing), {}), vcenter),
    )


def _kept(one: Known, spec: ReplicationGroupSpec, new: Wish, world: World, listing: _Listing) -> Wish | None:
    """What to apply to an object of discovery's own. A field stays while it is true, or not known to be false."""
    sources = listing.sources.get(_source(new.target, listing), {})
    recovery = _still(spec.recovery_site, listing.targets[new.target], world) or new.recovery
    protected = _still(spec.protected_site, sources, world) or new.protected or spec.protected_site
    if (recovery, protected) == (spec.recovery_site, spec.protected_site):
        return None
    return Wish(one.name, new.target, recovery, protected, one.uid)


def _still(said: str | None, listed: Mapping[str, object], world: World) -> str | None:
    """The site that the object names, unless it is known to list the group no more."""
    if said is None or said in listed:
        return said
    view = world.sites.get(said)
    if view is None:
        return None
    known = view.inventory is not None and view.inventory.complete and view.problem is None
    return None if known else said


def _first(listed: Mapping[str, object], vcenter: str) -> str | None:
    """Of the sites that list a group: this VCenter if it does, else the first by name."""
    return vcenter if vcenter in listed else next(iter(sorted(listed)), None)
