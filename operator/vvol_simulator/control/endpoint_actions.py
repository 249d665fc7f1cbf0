"""What `POST /actions/<name>` can do to vCenters, sessions, clocks, switches and VMs.

`endpoint` is the name of a vCenter or an array.
"""

from collections.abc import Iterable
from typing import Any

from vvol_simulator.fields import Fields
from vvol_simulator.model import POWER_STATES, Array, PowerState, Site, Vm, World, WorldError
from vvol_simulator.model.site import CONNECTION_STATES, PROVIDER_STATUSES, ConnectionState, ProviderStatus
from vvol_simulator.topology import add_vm as read_vm

from .actions import Action

Json = dict[str, Any]


def power(world: World, args: Fields) -> Json:
    """Switch VMs: one by `vm` (name), or all of a `protectionGroup`."""
    state: PowerState = args.one_of("state", POWER_STATES)  # type: ignore[assignment]  # one_of has checked it
    if args.has("protectionGroup"):
        group = world.vvol_group(world.protection_group(args.text("protectionGroup")), "source")
        vms: Iterable[Vm] = [vm for _, vm in _all_vms(world) if group.id in vm.groups()]
    else:
        vms = [_vm(world, args)[1]]
    args.finish()
    names = []
    for vm in vms:
        vm.power = state
        names.append(vm.name)
    return {"vms": names}


def add_vm(world: World, args: Fields) -> Json:
    """A new VM in a protection group; arguments as in the topology."""
    group = world.protection_group(args.text("protectionGroup"))
    return {"moid": read_vm(world, group, args)}


def remove_vm(world: World, args: Fields) -> Json:
    """Remove a VM from its vCenter."""
    site, vm = _vm(world, args)
    args.finish()
    site.vms.remove(vm)
    return {}


def set_vm_group(world: World, args: Fields) -> Json:
    """Move a VM's home, or its disk with number `disk` (from 0), into another protection group, or none (null)."""
    _, vm = _vm(world, args)
    reference = args.optional_text("protectionGroup")
    group = None if reference is None else world.vvol_group(world.protection_group(reference), "source").id
    disk = int(args.number("disk")) if args.has("disk") else None
    args.finish()
    if disk is None:
        vm.home_group = group
    elif disk < len(vm.disks):
        vm.disks[disk].group = group
    else:
        raise WorldError(f"{vm.name} has {len(vm.disks)} disks, numbered from 0; there is no disk {disk}.")
    return {}


def expire_sessions(world: World, args: Fields) -> Json:
    """End all sessions, of one endpoint or everywhere."""
    ends: Iterable[Site | Array] = (
        [_end(world, args)] if args.has("endpoint") else [*world.sites.values(), *world.arrays.values()]
    )
    args.finish()
    return {"expired": sum(end.expire_sessions() for end in ends)}


def forget_tasks(world: World, args: Fields) -> Json:
    """Let SMS tasks be unknown, at one vCenter or everywhere; the syncs behind them stay armed."""
    sites = [world.site(args.text("vCenter"))] if args.has("vCenter") else list(world.sites.values())
    args.finish()
    return {"forgotten": sum(site.forget_tasks() for site in sites)}


def set_switch(world: World, args: Fields) -> Json:
    """Change a switch."""
    name, value = args.text("name"), args.any("value")
    args.finish()
    world.switches.set(name, value)
    return {}


def set_skew(world: World, args: Fields) -> Json:
    """Put a clock ahead (seconds; negative: behind)."""
    end, seconds = _end(world, args), args.number("seconds", least=None)
    args.finish()
    end.skew = seconds
    return {}


def set_credentials(world: World, args: Fields) -> Json:
    """Change a vCenter's `password`, or an array's `apiToken`. Sessions go on."""
    end = _end(world, args)
    if isinstance(end, Site):
        end.password = args.text("password")
    else:
        end.api_token = args.text("apiToken")
    args.finish()
    return {}


def set_identity(world: World, args: Fields) -> Json:
    """Give a vCenter another `instanceUuid`, as if a rebuilt one had its address."""
    site, uuid = world.site(args.text("vCenter")), args.text("instanceUuid")
    args.finish()
    site.instance_uuid = uuid
    return {}


def set_session_limit(world: World, args: Fields) -> Json:
    """How many sessions a vCenter allows (`limit`; null: any number)."""
    site, limit = world.site(args.text("vCenter")), args.optional_number("limit")
    args.finish()
    site.session_limit = None if limit is None else int(limit)
    return {}


def set_vm_access(world: World, args: Fields) -> Json:
    """What of a VM the account may see: `hidden`, and the paths that are `unreadable` (`runtime.powerState`)."""
    _, vm = _vm(world, args)
    hidden, unreadable = args.flag("hidden", default=vm.hidden), args.texts("unreadable")
    args.finish()
    vm.hidden, vm.unreadable = hidden, tuple(unreadable)
    return {}


def set_host_access(world: World, args: Fields) -> Json:
    """Whether the account may read the hosts of a vCenter, and so their names (`hidden`)."""
    site, hidden = world.site(args.text("vCenter")), args.flag("hidden")
    args.finish()
    site.hosts_hidden = hidden
    return {}


def set_vm_shown(world: World, args: Fields) -> Json:
    """What its vCenter shows of a VM: `connection`, `power` and what it does not have (`unset`).

    An `inaccessible` or `invalid` one has no configuration. `power` is any word, as a newer vCenter's; without it the
    true one, or the one when the connection went. `unset` are property paths.
    """
    _, vm = _vm(world, args)
    told = args.one_of("connection", CONNECTION_STATES, "connected")
    connection: ConnectionState = told  # type: ignore[assignment]  # checked
    power, unset = args.optional_text("power"), args.texts("unset")
    args.finish()
    vm.connection, vm.unset = connection, tuple(unset)
    vm.shown_power = power or (None if connection == "connected" else vm.shown_power or vm.power)
    return {}


def set_provider(world: World, args: Fields) -> Json:
    """Change a VASA provider (by MoId or name): `status`, `active`, `replicates`, `maxBatch` (0: no limit)."""
    site, wanted = world.site(args.text("vCenter")), args.text("provider")
    provider = next((item for item in site.providers if wanted in (item.moid, item.name)), None)
    if provider is None:
        known = ", ".join(item.name for item in site.providers)
        raise WorldError(f"{site.name} has no provider {wanted!r}; it has {known}.")
    status: ProviderStatus = args.one_of("status", PROVIDER_STATUSES, provider.status)  # type: ignore[assignment]  # checked
    active = args.flag("active", default=provider.active)
    replicates = args.flag("replicates", default=provider.replicates)
    batch = int(args.number("maxBatch", provider.max_batch or 0))
    args.finish()
    provider.status, provider.active, provider.replicates = status, active, replicates
    provider.max_batch = batch or None
    return {}


ENDPOINT_ACTIONS: dict[str, Action] = {
    action.__name__.replace("_", "-"): action
    for action in (
        power, add_vm, remove_vm, set_vm_group, expire_sessions, forget_tasks, set_switch, set_skew, set_credentials,
        set_identity, set_provider, set_session_limit, set_vm_access, set_vm_shown,
        set_host_access,
    )
}  # fmt: skip


def _end(world: World, args: Fields) -> Site | Array:
    return world.endpoint(args.text("endpoint"))


def _all_vms(world: World) -> list[tuple[Site, Vm]]:
    return [(site, vm) for site in world.sites.values() for vm in site.vms]


def _vm(world: World, args: Fields) -> tuple[Site, Vm]:
    name, site_name = args.text("vm"), args.optional_text("vCenter")
    found = [(site, vm) for site, vm in _all_vms(world) if vm.name == name and site_name in (None, site.name)]
    if len(found) != 1:
        known = ", ".join(f"{vm.name} ({site.name})" for site, vm in _all_vms(world))
        raise WorldError(f"There is {'more than one' if found else 'no'} VM {name!r}; there are {known}.")
    return found[0]
