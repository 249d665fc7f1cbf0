"""A world from a YAML file. Strict: an unknown key, array or value is an error that names its place.

The keys, with what each means, are in `topology_keys.py`, from which docs/simulator.md is made.
"""

from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from .fields import Fields
from .model import (
    POWER_STATES,
    Array,
    ArrayError,
    Clock,
    GroupId,
    PowerState,
    ProtectionGroup,
    Provider,
    Retention,
    Schedule,
    Site,
    Target,
    World,
    WorldError,
)
from .model.names import key
from .model.protection import DEFAULT_BYTES
from .model.retention import FOREVER
from .model.site import PROVIDER_STATUSES, ProviderStatus
from .model.spelling import camel
from .topology_arrays import add_array, check, read_port


def default_topology() -> dict[str, Any]:
    """The two-site topology that ships with the package."""
    loaded: dict[str, Any] = yaml.safe_load(resources.files(__package__).joinpath("topology.yaml").read_text("utf-8"))
    return loaded


def load(path: Path) -> Any:
    """Decoded YAML of a file; `WorldError` if it cannot be read as that."""
    try:
        return yaml.safe_load(path.read_text("utf-8"))
    except OSError as problem:
        raise WorldError(f"The topology {path} cannot be read: {problem.strerror}.") from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = "" if mark is None else f" (line {mark.line + 1})"
        raise WorldError(f"The topology {path} is no YAML{line}.") from None


def generated_topology(
    array_pairs: int = 2,
    groups_per_pair: int = 25,
    *,
    vcenter_pairs: int = 1,
    vms_per_group: int = 1,
    transfer_seconds: float = 2.0,
    schedule_every: float | None = None,
) -> dict[str, Any]:
    """A large topology for load tests: pairs `array-1a` -> `array-1b`, groups `group-1-1`…, in austin and dallas.

    `vcenter_pairs`: `austin-2` and `dallas-2` are the next; pairs of arrays go to pairs of vCenters in turns.
    """
    pairs = range(1, array_pairs + 1)
    schedule = {} if schedule_every is None else {"schedule": {"every": schedule_every}}
    return {
        "transferSeconds": transfer_seconds,
        "arrays": {f"array-{pair}{side}": {} for pair in pairs for side in "ab"},
        "connections": [{"arrays": [f"array-{pair}a", f"array-{pair}b"]} for pair in pairs],
        "vCenters": {
            site: {"arrays": [f"array-{pair}{side}" for pair in pairs[first::vcenter_pairs]]}
            for first in range(vcenter_pairs)
            for site, side in zip(generated_sites(first), "ab", strict=True)
        },
        "protectionGroups": [
            {
                "name": f"group-{pair}-{number}",
                "source": f"array-{pair}a",
                "targets": [{"array": f"array-{pair}b"}],
                "vms": [{"name": f"vm-{pair}-{number}-{vm}", "disks": 1} for vm in range(1, vms_per_group + 1)],
                **schedule,
            }
            for pair in pairs
            for number in range(1, groups_per_pair + 1)
        ],
    }


def generated_sites(number: int) -> tuple[str, str]:
    """The names of a generated topology's n-th pair of vCenters, counted from 0: of the sources, of the targets."""
    more = f"-{number + 1}" if number else ""
    return f"austin{more}", f"dallas{more}"


def build(topology: Any, clock: Clock | None = None) -> World:
    """The world that a topology describes; `WorldError` with the place of the first mistake."""
    world, root = World(clock), Fields(topology, "topology")
    world.replication.transfer_seconds = root.number("transferSeconds", 2.0)
    for name, value in root.inner("switches").rest().items():
        world.switches.set(name, value)
    for name, fields in root.named("arrays"):
        add_array(world, name, fields)
    for fields in root.listed("connections"):
        _add_connection(world, fields)
    for name, fields in root.named("vCenters"):
        _add_site(world, name, fields)
    groups = list(root.listed("protectionGroups"))
    root.finish()
    added = [(_add_group(world, fields), fields) for fields in groups]
    for group, fields in added:
        for snapshot in fields.listed("snapshots"):
            _add_snapshot(world, group, snapshot)
        for vm in fields.listed("vms"):
            add_vm(world, group, vm)
        fields.finish()
    world.timeline.settle()
    return world


def _add_connection(world: World, fields: Fields) -> None:
    names = fields.texts("arrays")
    if len(names) != 2:  # noqa: PLR2004 - a connection has two ends
        raise WorldError(f"{fields.place}: arrays names the two ends.")
    one, other = (_array(world, fields, name) for name in names)
    if one is other:
        raise WorldError(f"{fields.place}: an array is not connected with itself.")
    world.links.join(one.id, other.id, connected=fields.flag("connected", default=True))
    fields.finish()


def _add_site(world: World, name: str, fields: Fields) -> None:
    if any(key(array.name) == key(name) for array in world.arrays.values()):
        raise WorldError(f"{fields.place}: an array has this name; endpoints have different names.")
    site = Site(name, skew=fields.number("skew", 0.0, least=None))
    site.username = fields.text("username", site.username)
    site.password = fields.text("password", site.password)
    site.instance_uuid = fields.text("instanceUuid", site.instance_uuid)
    site.version = fields.text("version", site.version)
    limit = fields.optional_number("sessionLimit")
    site.session_limit = None if limit is None else int(limit)
    for array_name in fields.texts("arrays"):
        array = _array(world, fields, array_name)
        site.providers.append(Provider(f"vasaProvider-{len(site.providers) + 1}", array.name, (array.id,)))
    for entry in fields.listed("providers"):
        site.providers.append(_provider(world, entry, f"vasaProvider-{len(site.providers) + 1}"))
    for number in range(1, int(fields.number("filterProviders", 0)) + 1):
        moid = f"vasaProvider-{len(site.providers) + 1}"
        site.providers.append(Provider(moid, f"IOFILTER Provider esx-{number}.{name}", (), replicates=False))
    read_port(world, name, fields)
    fields.finish()
    world.sites[name] = site


def _provider(world: World, fields: Fields, moid: str) -> Provider:
    arrays = tuple(_array(world, fields, name).id for name in fields.texts("arrays"))
    provider = Provider(moid, fields.text("name", moid), arrays)
    status: ProviderStatus = fields.one_of("status", PROVIDER_STATUSES, "online")  # type: ignore[assignment]  # checked
    provider.status = status
    provider.active = fields.flag("active", default=True)
    provider.replicates = fields.flag("replicates", default=True)
    batch = fields.optional_number("maxBatch")
    provider.max_batch = None if batch is None else int(batch)
    fields.finish()
    return provider


def _add_group(world: World, fields: Fields) -> ProtectionGroup:
    name, source = fields.text("name"), _array(world, fields, fields.text("source"))
    pod, colons, own = name.partition("::")
    check(fields, own if colons else name)
    if colons and key(pod) not in source.pods:
        raise WorldError(f"{fields.place}: {source.name} has no pod {pod}; add it to its pods.")
    if source.group(name) is not None:
        raise WorldError(f"{fields.place}: {source.name} has a protection group {name} already.")
    group = ProtectionGroup(name, source.id, transfer_seconds=fields.optional_number("transferSeconds"))
    group.transfer_bytes = int(fields.number("transferBytes", DEFAULT_BYTES))
    target_ids: dict[str, str] = {}
    for entry in fields.listed("targets"):
        array = _array(world, entry, entry.text("array"))
        if not world.links.exists(source.id, array.id):
            raise WorldError(
                f"{entry.place}: {source.name} and {array.name} have no connection; add it to connections."
            )
        suspended = entry.flag("suspended", default=False)
        group.targets[array.id] = Target(array.id, entry.flag("allowed", default=True), suspended)
        if entry.has("groupId"):
            target_ids[array.id] = entry.text("groupId")
        entry.finish()
    group.offloads = fields.texts("offloads")
    group.schedule = _schedule(fields)
    group.retention = _retention(fields.inner("retention"))
    source.groups[key(name)] = group
    world.vasa.bind(group, fields.optional_text("groupId"), target_ids)
    world.replication.start_schedule(group)
    return group


def _add_snapshot(world: World, group: ProtectionGroup, fields: Fields) -> None:
    """A snapshot that is there from the start: replicated means that it has landed on every target."""
    suffix, replicate = fields.text("suffix"), fields.flag("replicate", default=True)
    destroyed = fields.flag("destroyed", default=False)
    fields.finish()
    try:
        snapshot = world.replication.take(group, suffix, replicate=replicate, retained=True)
        for transfer in [item for item in world.replication.active if item.snapshot is snapshot]:
            world.replication.land(transfer)
        if destroyed:
            world.replication.destroy_snapshot(group, snapshot)
    except ArrayError as problem:
        raise WorldError(f"{fields.place}: {problem}") from None


def _schedule(fields: Fields) -> Schedule:
    inner = fields.inner("schedule")
    given = fields.has("schedule")
    schedule = Schedule(inner.flag("enabled", default=given), inner.number("every", 14_400.0, least=1))
    inner.finish()
    return schedule


def _retention(fields: Fields) -> Retention:
    keep = Retention()
    for name in ("all_for", "per_day", "days", "target_all_for", "target_per_day", "target_days"):
        least = 0 if name.endswith("per_day") else FOREVER
        setattr(keep, name, int(fields.number(camel(name), getattr(keep, name), least)))
    fields.finish()
    return keep


def add_vm(world: World, group: ProtectionGroup, fields: Fields) -> str:
    """A VM whose home is in a protection group, read from `{name, power?, vCenter?, disks?}`; its MoId.

    `disks` is how many there are, or for each the protection group it is in (null: not replicated).
    """
    site = _site_of(world, group, fields)
    power: PowerState = fields.one_of("power", POWER_STATES, "poweredOn")  # type: ignore[assignment]  # checked
    home = world.vasa.source_of(group)
    home_id = None if home is None else home.id
    disks = fields.any("disks") if fields.has("disks") else 1
    groups: list[GroupId | None]
    if isinstance(disks, int) and not isinstance(disks, bool) and disks >= 0:
        groups = [home_id] * disks
    elif isinstance(disks, list) and all(disk is None or isinstance(disk, str) for disk in disks):
        groups = [None if disk is None else world.vvol_group(world.protection_group(disk), "source").id
                  for disk in disks]  # fmt: skip
    else:
        raise WorldError(f"{fields.place}: disks is a number, or a list of protection groups, not {disks!r}.")
    vm = site.add_vm(fields.text("name"), power, home_id, groups)
    fields.finish()
    return vm.moid


def _site_of(world: World, group: ProtectionGroup, fields: Fields) -> Site:
    name = fields.optional_text("vCenter")
    if name is not None:
        return world.site(name)
    for site in world.sites.values():
        if group.array_id in site.array_ids():
            return site
    raise WorldError(f"{fields.place}: no vCenter has a provider for the array of {group.name}; name one with vCenter.")


def _array(world: World, fields: Fields, name: str) -> Array:
    try:
        return world.array(name)
    except WorldError as problem:
        raise WorldError(f"{fields.place}: {problem}") from None
