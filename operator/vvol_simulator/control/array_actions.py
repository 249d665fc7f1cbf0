"""What `POST /actions/<name>` can do to arrays as such: users, limits, versions, pods, suspended targets."""

from typing import Any

from vvol_simulator.fields import Fields
from vvol_simulator.model import ROLES, Role, World, WorldError
from vvol_simulator.model.names import check_name, key
from vvol_simulator.topology_arrays import read_rate_limit, read_versions

from .actions import Action

Json = dict[str, Any]


def set_array(world: World, args: Fields) -> Json:
    """Change an `array`: `restVersions`, `sessionLimit`, `idleSeconds`, `eradicationSeconds`, `safeMode`, `rateLimit`.

    What is not given stays. `rateLimit` is `{perSecond, burst}`; `perSecond` 0 takes the limit away.
    """
    array = world.array(args.text("array"))
    versions = read_versions(args, array.rest_versions)
    limit, idle = args.number("sessionLimit", array.session_limit), args.number("idleSeconds", array.idle_seconds)
    eradication = args.number("eradicationSeconds", array.eradication_seconds)
    safe = args.flag("safeMode", default=array.safe_mode)
    rate = array.rate_limit
    if args.has("rateLimit"):
        inner = args.inner("rateLimit")
        rate = read_rate_limit(inner) if inner.number("perSecond") else None
        inner.finish()
    args.finish()
    array.rest_versions, array.session_limit, array.idle_seconds = versions, int(limit), idle
    array.eradication_seconds, array.safe_mode, array.rate_limit = eradication, safe, rate
    return {}


def set_role(world: World, args: Fields) -> Json:
    """Give the user of an `array`'s first API token another `role`, also for sessions that are open."""
    array = world.array(args.text("array"))
    role: Role = args.one_of("role", ROLES)  # type: ignore[assignment]  # one_of has checked it
    args.finish()
    array.set_role(role)
    return {}


def set_pod(world: World, args: Fields) -> Json:
    """Demote a `pod` of an `array`, or promote it (`demoted`): nothing in a demoted one can be snapshotted."""
    array, name = world.array(args.text("array")), args.text("pod")
    demoted = args.flag("demoted")
    args.finish()
    pod = array.pods.get(key(name))
    if pod is None:
        known = ", ".join(item.name for item in array.pods.values()) or "none"
        raise WorldError(f"{array.name} has no pod {name!r}; it has {known}.")
    pod.demoted = demoted
    return {}


def set_suspended(world: World, args: Fields) -> Json:
    """Let a target of a `protectionGroup` take nothing although it allows it (`suspended`): one `target`, or all."""
    group = world.protection_group(args.text("protectionGroup"))
    suspended = args.flag("suspended")
    chosen = [world.array(args.text("target")).id] if args.has("target") else list(group.targets)
    args.finish()
    for array_id in chosen:
        if array_id not in group.targets:
            raise WorldError(f"{world.arrays[array_id].name} is not a target of {group.name}.")
        group.targets[array_id].suspended = suspended
    return {}


def rename_group(world: World, args: Fields) -> Json:
    """Give a protection group another `name` (without its pod); its snapshots, replicas and vVol groups follow."""
    group, name = world.protection_group(args.text("protectionGroup")), args.text("name")
    args.finish()
    check_name(name)
    pod, colons, _ = group.name.rpartition("::")
    groups = world.arrays[group.array_id].groups
    whole = f"{pod}{colons}{name}"
    if groups.get(key(whole), group) is not group:
        raise WorldError(f"The name {whole!r} is taken.")
    del groups[key(group.name)]
    group.name = whole
    groups[key(whole)] = group
    return {}


ARRAY_ACTIONS: dict[str, Action] = {
    action.__name__.replace("_", "-"): action for action in (set_array, set_role, set_pod, set_suspended, rename_group)
}
