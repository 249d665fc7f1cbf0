"""What `POST /actions/<name>` can do to storage. Each action reads its arguments strictly and answers a JSON object.

`protectionGroup` is `<array>:<name>`, or the name alone where it is unique.
"""

from collections.abc import Callable, Iterator
from typing import Any

from vvol_simulator.fields import Fields
from vvol_simulator.model import (
    GROUP_STATES,
    GroupState,
    ProtectionGroup,
    Retention,
    Snapshot,
    Transfer,
    VvolGroup,
    World,
    WorldError,
)
from vvol_simulator.model.names import MAX_ARRAY_NAME, check_name, check_suffix, key

Json = dict[str, Any]
Action = Callable[[World, Fields], Json]


def run_schedule(world: World, args: Fields) -> Json:
    """The scheduled push, right now."""
    group = _group(world, args)
    args.finish()
    return {"suffix": world.replication.run_schedule(group).suffix}


def snapshot(world: World, args: Fields) -> Json:
    """A snapshot taken by hand on the source, replicated or not."""
    group, suffix = _group(world, args), args.optional_text("suffix")
    replicate, retained = args.flag("replicate", default=True), args.flag("applyRetention", default=True)
    args.finish()
    if suffix is not None:
        check_suffix(suffix)
    return {"suffix": world.replication.take(group, suffix, replicate=replicate, retained=retained).suffix}


def hold(world: World, args: Fields) -> Json:
    """Let transfers stand still until `release`: of one suffix (also a future one), or all."""
    group, suffix, queued = _group(world, args), args.optional_text("suffix"), args.flag("queued", default=False)
    args.finish()
    group.hold.pull(suffix, queued=queued)
    world.replication.refresh()
    return {}


def release(world: World, args: Fields) -> Json:
    """End a hold: of one suffix (the others go on standing still), or of everything."""
    group, suffix = _group(world, args), args.optional_text("suffix")
    args.finish()
    group.hold.loosen(suffix)
    world.replication.refresh()
    return {}


def stall(world: World, args: Fields) -> Json:
    """Let transfers stand still for good: `release` does not help, only `resume` or `land`."""
    group, suffix = _group(world, args), args.optional_text("suffix")
    args.finish()
    group.stall.pull(suffix)
    world.replication.refresh()
    return {}


def resume(world: World, args: Fields) -> Json:
    """End a stall."""
    group, suffix = _group(world, args), args.optional_text("suffix")
    args.finish()
    group.stall.loosen(suffix)
    world.replication.refresh()
    return {}


def land(world: World, args: Fields) -> Json:
    """Complete transfers at once, whatever holds them up; oldest first."""
    group, suffix = _group(world, args), args.optional_text("suffix")
    target = world.array(args.text("target")).id if args.has("target") else None
    args.finish()
    world.timeline.settle()
    landing = [
        transfer
        for transfer in list(world.replication.active)
        if transfer.group is group
        and target in (None, transfer.target_id)
        and (suffix is None or key(suffix) == key(transfer.snapshot.suffix))
    ]
    if not landing:
        which = group.name if suffix is None else f"{group.name}.{suffix}"
        raise WorldError(f"No transfer of {which} is under way; see transfers in GET /state.")
    for transfer in landing:
        world.replication.land(transfer)
    return {"landed": [transfer.snapshot.suffix for transfer in landing]}


def destroy_snapshot(world: World, args: Fields) -> Json:
    """Destroy a snapshot on the source, or with `target` its replica there."""
    group, item = _snapshot_or_replica(world, args)
    world.replication.destroy_snapshot(group, item)
    return {}


def recover_snapshot(world: World, args: Fields) -> Json:
    """Undo a destruction."""
    group, item = _snapshot_or_replica(world, args)
    world.replication.recover_snapshot(group, item)
    return {}


def eradicate(world: World, args: Fields) -> Json:
    """Make the destruction of a snapshot or replica final."""
    group, item = _snapshot_or_replica(world, args)
    world.replication.eradicate_snapshot(group, item)
    return {}


def destroy_group(world: World, args: Fields) -> Json:
    """Destroy a protection group."""
    group = _group(world, args)
    args.finish()
    world.replication.destroy_group(group)
    return {}


def recover_group(world: World, args: Fields) -> Json:
    """Undo the destruction of a protection group."""
    group = _group(world, args)
    args.finish()
    world.replication.recover_group(group)
    return {}


def allow(world: World, args: Fields) -> Json:
    """Let targets accept the protection group: one, or all."""
    return _set_allowed(world, args, allowed=True)


def disallow(world: World, args: Fields) -> Json:
    """Let targets refuse the protection group: one, or all."""
    return _set_allowed(world, args, allowed=False)


def connect(world: World, args: Fields) -> Json:
    """Make the connection of two arrays healthy."""
    return _set_link(world, args, connected=True)


def disconnect(world: World, args: Fields) -> Json:
    """Break the connection of two arrays; transfers between them stand still."""
    return _set_link(world, args, connected=False)


def set_state(world: World, args: Fields) -> Json:
    """Put one side of a group into a replication state."""
    group = _vvol_group(world, args)
    state: GroupState = args.one_of("state", GROUP_STATES)  # type: ignore[assignment]  # one_of has checked it
    args.finish()
    world.vasa.set_state(group, state)
    return {}


def prepare(world: World, args: Fields) -> Json:
    """Mark a group as prepared for failover, on all sides, without a push."""
    group = _group(world, args)
    args.finish()
    world.vasa.set_prepared(world.vvol_group(group, "source"), prepared=True)
    return {}


def unprepare(world: World, args: Fields) -> Json:
    """Undo being prepared."""
    group = _group(world, args)
    args.finish()
    world.vasa.set_prepared(world.vvol_group(group, "source"), prepared=False)
    return {}


def reassign_groups(world: World, args: Fields) -> Json:
    """New device group ids on all sides, as after a reverse."""
    group = _group(world, args)
    args.finish()
    world.vasa.reassign(group)
    return {}


def set_schedule(world: World, args: Fields) -> Json:
    """Switch the replication schedule on or off, or change its interval (seconds)."""
    group = _group(world, args)
    enabled, every = args.flag("enabled", default=True), args.number("every", group.schedule.every, least=1)
    args.finish()
    world.timeline.settle()
    group.schedule.enabled, group.schedule.every = enabled, every
    world.replication.start_schedule(group)
    return {}


def set_retention(world: World, args: Fields) -> Json:
    """Change how long snapshots are kept (seconds, counts, days; -1: for ever); what is left out stays as it is."""
    group = _group(world, args)
    keep = group.retention
    group.retention = Retention(
        all_for=int(args.number("allFor", keep.all_for, least=-1)),
        per_day=int(args.number("perDay", keep.per_day)),
        days=int(args.number("days", keep.days, least=-1)),
        target_all_for=int(args.number("targetAllFor", keep.target_all_for, least=-1)),
        target_per_day=int(args.number("targetPerDay", keep.target_per_day)),
        target_days=int(args.number("targetDays", keep.target_days, least=-1)),
    )
    args.finish()
    world.replication.apply_retention(group)
    return {}


def apply_retention(world: World, args: Fields) -> Json:
    """Destroy what falls out of retention within `after` seconds, as if they had passed; default: what has by now."""
    group, after = _group(world, args), args.number("after", 0)
    args.finish()
    return {"destroyed": world.replication.apply_retention(group, after)}


def set_transfer_seconds(world: World, args: Fields) -> Json:
    """How long future transfers take: of one protection group, or by default of all."""
    seconds = args.number("seconds")
    group = _group(world, args) if args.has("protectionGroup") else None
    args.finish()
    if group is None:
        world.replication.transfer_seconds = seconds
    else:
        group.transfer_seconds = seconds
    return {}


def rename_array(world: World, args: Fields) -> Json:
    """Give an array another name; what is named after it follows."""
    array, name = world.array(args.text("array")), args.text("name")
    args.finish()
    check_name(name, MAX_ARRAY_NAME)
    taken = {key(other.name) for other in world.arrays.values() if other is not array} | set(world.sites)
    if key(name) in taken:
        raise WorldError(f"The name {name!r} is taken.")
    array.name = name
    return {}


STORAGE_ACTIONS: dict[str, Action] = {
    action.__name__.replace("_", "-"): action
    for action in (
        run_schedule, snapshot, hold, release, stall, resume, land, destroy_snapshot, recover_snapshot, eradicate,
        destroy_group, recover_group, allow, disallow, connect, disconnect, set_state, prepare, unprepare,
        reassign_groups, set_schedule, set_retention, apply_retention, set_transfer_seconds, rename_array,
    )
}  # fmt: skip


def _group(world: World, args: Fields) -> ProtectionGroup:
    return world.protection_group(args.text("protectionGroup"))


def _vvol_group(world: World, args: Fields) -> VvolGroup:
    side = args.one_of("side", ("source", "target"), "target")
    return world.vvol_group(_group(world, args), side, args.optional_text("target"))


def _snapshot_or_replica(world: World, args: Fields) -> tuple[ProtectionGroup, Snapshot | Transfer]:
    group, suffix, target = _group(world, args), args.text("suffix"), args.optional_text("target")
    args.finish()
    world.timeline.settle()
    if target is None:
        found: Snapshot | Transfer | None = group.snapshots.get(key(suffix))
    else:
        replicas = world.array(target).replicas.get(group, [])
        found = next((item for item in replicas if key(item.snapshot.suffix) == key(suffix)), None)
    if found is None:
        where = "its source" if target is None else target
        raise WorldError(f"There is no {group.name}.{suffix} on {where}; see GET /state.")
    return group, found


def _targets(world: World, args: Fields, group: ProtectionGroup) -> Iterator[str]:
    if not args.has("target"):
        yield from group.targets
        return
    array = world.array(args.text("target"))
    if array.id not in group.targets:
        raise WorldError(f"{array.name} is no target of {group.name}.")
    yield array.id


def _set_allowed(world: World, args: Fields, *, allowed: bool) -> Json:
    group = _group(world, args)
    targets = list(_targets(world, args, group))
    args.finish()
    for array_id in targets:
        group.targets[array_id].allowed = allowed
    return {}


def _set_link(world: World, args: Fields, *, connected: bool) -> Json:
    one, other = world.array(args.text("array")), world.array(args.text("other"))
    args.finish()
    if not world.links.exists(one.id, other.id):
        raise WorldError(f"{one.name} and {other.name} have no connection that could be changed.")
    world.timeline.settle()
    world.links.join(one.id, other.id, connected=connected)
    world.replication.refresh()
    return {}
