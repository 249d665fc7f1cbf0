"""Why the endpoints that a bound ReplicationGroup stands on cannot be read: what keeps it from being Ready."""

from __future__ import annotations

from dataclasses import dataclass

from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Resolved

from .world import Problem, World


@dataclass(frozen=True, slots=True)
class Behind:
    """`recovery`: of the vCenter that lists the points in time. `other`: of any other endpoint of the group."""

    recovery: Problem | None = None
    other: Problem | None = None

    @property
    def reason(self) -> Reason | None:
        """The reason that the group has for it; None where all can be read."""
        problem = self.recovery or self.other
        return None if problem is None else problem.reason


NOTHING_BEHIND = Behind()


def problems_behind(resolved: Resolved, world: World) -> Behind:
    """What the endpoints' own last readings came to, told of the group that stands on them."""
    recovery = _of_site(resolved.recovery_vcenter, world)
    others = (
        None if resolved.protected_vcenter is None else _of_site(resolved.protected_vcenter, world),
        _of_array(resolved.source_array, world),
        _of_array(resolved.target_array, world),
    )
    return Behind(recovery, next((one for one in others if one is not None), None))


def _of_site(name: str, world: World) -> Problem | None:
    view = world.sites.get(name)
    return _told(f"VCenter {name!r}", view.problem if view is not None else None)


def _of_array(name: str, world: World) -> Problem | None:
    view = world.arrays.get(name)
    return _told(f"FlashArray {name!r}", view.problem if view is not None else None)


def _told(what: str, problem: Problem | None) -> Problem | None:
    return None if problem is None else Problem(problem.reason, f"{what} cannot be read: {problem.message}")
