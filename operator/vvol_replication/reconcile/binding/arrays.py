"""Which FlashArray objects a group's two sides are: the one whose live id its fault domain carries."""

from __future__ import annotations

from collections.abc import Callable

from vvol_replication.api.reasons import Reason
from vvol_replication.domain.arrays import ArrayAbout, same_array
from vvol_replication.domain.groups import GroupName

from .sides import Sides, Site, domain_of
from .world import Unbound, World


def source_array(name: GroupName, sides: Sides, world: World) -> tuple[str, ArrayAbout] | Unbound:
    """The source array: by id where a vCenter shows its fault domain, else by the name that begins the group's."""
    domain = domain_of(sides.source.id, sides.source_site.inventory)
    array_id = None if domain is None else domain.array_id
    if array_id is not None:
        return array_of_id(f"the source array {name.array!r}", array_id, world)
    if not name.array:
        return Unbound(
            Reason.INVALID_GROUP_NAME,
            "The source group's name does not contain its array, and no vCenter says which array its fault domain is. "
            "Set spec.protectedSite to the VCenter where the source array's VASA provider is registered.",
        )
    return array_called(f"the source array {name.array!r}", name.array, world)


def target_array(sides: Sides, recovery: Site, world: World, named: str | None) -> tuple[str, ArrayAbout] | Unbound:
    """The target array, by the id of the target group's fault domain; `named` is the object in the spec, if any.

    What the spec names counts only where a complete reading gives no id, and where the source group has this target
    alone. Named wrongly it leads nowhere then: nothing is armed before the source array says that it replicates the
    group to that array. Of several targets the wrong one would show transfers that are not this one's.
    """
    target = sides.target
    domain = domain_of(target.id, recovery.inventory)
    if domain is not None and domain.array_id is not None:
        return array_of_id(f"the target array {domain.name!r}", domain.array_id, world)
    unsaid = f"VCenter {recovery.name!r} does not say which array fault domain {target.id.fault_domain} is."
    if domain is None or not recovery.inventory.complete:
        return Unbound(Reason.INVENTORY_INCOMPLETE, f"{unsaid} Check that its VASA provider is online.")
    if sides.source.targets != (target.id,):
        return Unbound(Reason.INVENTORY_INCOMPLETE, f"{unsaid} Check its VASA provider.")
    view = None if named is None else world.arrays.get(named)
    if named is None or view is None or view.about is None:
        advice = "If it gives no id, set spec.targetArrayRef to a FlashArray that can be read."
        return Unbound(Reason.INVENTORY_INCOMPLETE, f"{unsaid} Check its VASA provider. {advice}")
    return named, view.about


def array_called(what: str, name: str, world: World) -> tuple[str, ArrayAbout] | Unbound:
    """The array that calls itself so."""
    wanted = name.casefold()
    return _array_by(what, lambda about: about.name.casefold() == wanted, world)


def array_of_id(what: str, array_id: str, world: World) -> tuple[str, ArrayAbout] | Unbound:
    """The array of that id."""
    return _array_by(f"{what} (id {array_id})", lambda about: same_array(about.id, array_id), world)


def _array_by(what: str, fits: Callable[[ArrayAbout], bool], world: World) -> tuple[str, ArrayAbout] | Unbound:
    fitting = [(name, view.about) for name, view in sorted(world.arrays.items()) if view.about and fits(view.about)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(name for name, _ in fitting)
        return Unbound(
            Reason.AMBIGUOUS_ARRAY,
            f"Several FlashArray objects are {what}: {names}. Delete all but one, or correct their addresses.",
        )
    for name, view in sorted(world.arrays.items()):
        if view.about is None:
            why = f" {view.problem.message}" if view.problem else ""
            return Unbound(
                view.problem.reason if view.problem else Reason.NOT_YET_READ,
                f"It is not known which FlashArray object is {what}. FlashArray {name!r} cannot be read now.{why}",
            )
    return Unbound(Reason.ARRAY_UNKNOWN, f"No FlashArray object is {what}. Create one with the address of that array.")
