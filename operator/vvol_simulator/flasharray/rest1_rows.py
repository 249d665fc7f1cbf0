"""What REST 1.x prints of the model (docs/facts/flasharray.md#rest-1). Times are whole seconds."""

from typing import Any

from vvol_simulator.model import Array, Pod, World
from vvol_simulator.model.clock import iso_seconds

from .catalog import Catalog, GroupView, SnapshotView

Row = dict[str, Any]


def array_row(array: Array) -> Row:
    """`GET array`."""
    return {
        "array_name": array.name,
        "id": array.id,
        "version": array.purity_version,
        "revision": "201912020000+0000000",
    }


def controller_rows(array: Array) -> list[Row]:
    """`GET array?controllers=true`."""
    return [
        {"name": name, "mode": mode, "model": "FA-X50R4", "status": "ready", "version": array.purity_version}
        for name, mode in (("CT0", "primary"), ("CT1", "secondary"))
    ]


def pod_row(array: Array, pod: Pod) -> Row:
    """`GET pod`."""
    return {
        "name": pod.name,
        "source": None,
        "arrays": [{"name": array.name, "array_id": array.id, "status": "online"}],
        "promotion_status": "demoted" if pod.demoted else "promoted",
    }


def connection_rows(world: World, array: Array, version: tuple[int, int], *, throttle: bool) -> list[Row]:
    """`GET array/connection`: `connected` as a bool before REST 1.17, `status` as a string from there on."""
    rows: list[Row] = []
    for peer_id, up in world.links.of(array.id):
        peer = world.arrays[peer_id]
        if throttle:
            rows.append({"array_name": peer.name, "default_limit": None, "window": None, "window_limit": None})
            continue
        health: Row = {"status": "connected" if up else "connecting"} if version >= (1, 17) else {"connected": up}
        row: Row = {
            "array_name": peer.name,
            "id": peer.id,
            "version": peer.purity_version,
            "management_address": "127.0.0.1",
            "replication_address": "127.0.0.1",
            "type": ["async-replication" if version >= (1, 17) else "replication"],
            "throttled": False,
        }
        rows.append(row | health)
    return rows


def group_row(world: World, catalog: Catalog, view: GroupView, asked: str, *, pending: bool) -> Row:
    """`GET pgroup`; `asked` is "plain", "schedule" or "retention"."""
    if asked == "schedule":
        return _schedule_row(view)
    if asked == "retention":
        return _retention_row(view)
    targets = [
        {"name": world.arrays[target.array_id].name, "allowed": target.allowed}
        for target in view.group.targets.values()
    ] + [{"name": offload, "allowed": True} for offload in view.group.offloads]
    row: Row = {
        "name": view.name,
        "source": view.source.name,
        "targets": targets or None,
        "volumes": volume_names(world, view) or None,
        "hosts": None,
        "hgroups": None,
    }
    if pending:
        row["time_remaining"] = _whole(catalog.remaining(view))
    return row


def snapshot_row(catalog: Catalog, item: SnapshotView, *, pending: bool) -> Row:
    """`GET pgroup?snap=true`; `created` is the source's time on both sides."""
    row: Row = {
        "name": item.name,
        "source": item.view.name,
        "created": iso_seconds(item.snapshot.created),
    }
    if pending:
        row["time_remaining"] = _whole(catalog.remaining(item))
    return row


def transfer_row(world: World, catalog: Catalog, item: SnapshotView, *, pending: bool) -> Row:
    """`GET pgroup?snap=true&transfer=true`."""
    row = snapshot_row(catalog, item, pending=pending)
    transfer = catalog.transfer(item)
    if transfer is None or transfer.started is None:
        return row | dict.fromkeys(
            ("started", "completed", "progress", "data_transferred", "physical_bytes_written"), None
        )
    moved = transfer.transferred(world.time)
    return row | {
        "started": iso_seconds(transfer.started),
        "completed": None if transfer.completed is None else iso_seconds(transfer.completed),
        "progress": round(transfer.progress(world.time), 4),
        "data_transferred": moved,
        "physical_bytes_written": moved // 2,
    }


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds)


def volume_names(world: World, view: GroupView) -> list[str]:
    """The vVols of VMs in this group, as the array names them: `vvol-<VM>-<8 chars>-vg/<volume>`."""
    source = world.vasa.source_of(view.group)
    prefix = "" if view.local else f"{view.source.name}:"
    names = []
    for vm in (vm for site in world.sites.values() for vm in site.vms):
        folder = f"{prefix}vvol-{vm.name}-{vm.instance_uuid[:8]}-vg"
        if source is not None and vm.home_group == source.id:
            names.append(f"{folder}/Config-{vm.home_vvol_id[-8:]}")
        names += [
            f"{folder}/Data-{disk.vvol_id[-8:]}" for disk in vm.disks if source is not None and disk.group == source.id
        ]
    return names


def _schedule_row(view: GroupView) -> Row:
    schedule = view.group.schedule
    return {
        "name": view.name,
        "replicate_enabled": schedule.enabled,
        "replicate_frequency": int(schedule.every),
        "replicate_at": None,
        "replicate_blackout": None,
        "snap_enabled": False,
        "snap_frequency": 3600,
        "snap_at": None,
    }


def _retention_row(view: GroupView) -> Row:
    keep = view.group.retention
    return {
        "name": view.name,
        "all_for": keep.all_for,
        "per_day": keep.per_day,
        "days": keep.days,
        "target_all_for": keep.target_all_for,
        "target_per_day": keep.target_per_day,
        "target_days": keep.target_days,
    }
