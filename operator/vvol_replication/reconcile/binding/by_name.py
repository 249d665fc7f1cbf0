"""A group that vSphere was never asked about, for requests that need the arrays alone: what its name tells.

A vCenter may be down on the day on which the operator is installed. `<array>:<protection group>` and the arrays' own
answers are enough for such a request then; that the arrays agree on their roles and are connected, its readings show.
"""

from __future__ import annotations

from vvol_replication.api.group import ReplicationGroupSpec
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import GroupRef, Resolved
from vvol_replication.domain.arrays import ArrayAbout
from vvol_replication.domain.groups import GroupId, GroupName, GroupState, TargetGroup

from .arrays import array_called
from .world import Binding, Unbound, World

UNKNOWN_GROUP = GroupRef("", "")
"""In the place of ids that only vSphere tells."""


def bind_by_name(spec: ReplicationGroupSpec, unbound: Unbound, world: World) -> Binding | Unbound:
    """Make a group that was never read concrete from its name alone; or say what is missing for that."""
    name = GroupName.parse(spec.group_name or "")
    if name is None:
        return _missing(
            unbound,
            unbound.reason,
            "spec.group has no name of the form <array>:<protection group>, so the arrays cannot be asked instead.",
        )
    source = array_called(f"the source array {name.array!r}", name.array, world)
    if isinstance(source, Unbound):
        return _missing(unbound, source.reason, source.message)
    target = _target(spec, source, world)
    if isinstance(target, Unbound):
        return _missing(unbound, target.reason, target.message)
    nobody = GroupId("", "")
    return Binding(
        resolved=Resolved(
            recovery_vcenter=spec.recovery_site,
            recovery_vcenter_uuid="",
            target_group=UNKNOWN_GROUP,
            source_group=UNKNOWN_GROUP,
            source_array=source[0],
            source_array_id=source[1].id,
            source_array_name=source[1].name,
            target_array=target[0],
            target_array_id=target[1].id,
            target_array_name=target[1].name,
            protection_group=spec.protection_group or name.protection_group,
        ),
        target=TargetGroup(nobody, nobody, GroupState.UNKNOWN),
        source=None,
        suspended=spec.suspend,
        min_push_interval=spec.min_push_interval,
        never_read=True,
    )


def _missing(unbound: Unbound, reason: Reason, what: str) -> Unbound:
    return Unbound(reason, f"{unbound.message} The group was never read from vSphere. {what}")


def _target(
    spec: ReplicationGroupSpec, source: tuple[str, ArrayAbout], world: World
) -> tuple[str, ArrayAbout] | Unbound:
    """The array of targetArrayRef; without one the only other array there is."""
    others = sorted(set(world.arrays) - {source[0]})
    if spec.target_array is not None:
        others = [spec.target_array]
    if len(others) != 1:
        listed = ", ".join(repr(one) for one in others) or "none"
        return Unbound(
            Reason.SEVERAL_TARGETS if others else Reason.ARRAY_UNKNOWN,
            f"It is not known which FlashArray object is its target (other than {source[0]!r} there are: {listed}). "
            "Set spec.targetArrayRef.",
        )
    view = world.arrays.get(others[0])
    if view is None:
        return Unbound(Reason.FLASHARRAY_NOT_FOUND, f"There is no FlashArray {others[0]!r} (spec.targetArrayRef).")
    if view.about is None:
        reason = view.problem.reason if view.problem else Reason.NOT_YET_READ
        why = f" {view.problem.message}" if view.problem else ""
        return Unbound(reason, f"Its target, FlashArray {others[0]!r}, cannot be read now.{why}")
    if view.about.id == source[1].id:
        return Unbound(Reason.AMBIGUOUS_ARRAY, f"FlashArray {others[0]!r} is the source array itself.")
    return others[0], view.about
