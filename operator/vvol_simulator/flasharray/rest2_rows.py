"""What REST 2 prints of the model (docs/facts/flasharray.md#rest-2). Times are whole milliseconds since the epoch.

A row has every field of the newest version; `rest2_calls.trim` takes away what an older one does not show.
"""

import uuid
from typing import Any

from vvol_simulator.model import Array, Target, World
from vvol_simulator.model.protection import Pod

from .catalog import Catalog, GroupView, SnapshotView
from .rest1_rows import volume_names

Row = dict[str, Any]

_SPACE: Row = {
    "data_reduction": 1.0, "replication": 0, "shared": 0, "snapshots": 0, "system": 0, "thin_provisioning": 0.0,
    "total_physical": 0, "total_provisioned": 0, "total_reduction": 1.0, "total_used": 0, "unique": 0,
    "used_provisioned": 0, "virtual": 0,
}  # fmt: skip
"""Nothing occupies space here; clients read the fields all the same."""


def millis(seconds: float | None) -> int | None:
    """Milliseconds, or None."""
    return None if seconds is None else int(seconds * 1000)


def reference(array: Array) -> Row:
    """An array as other objects refer to it."""
    return {"id": array.id, "name": array.name}


def array_row(world: World, array: Array) -> Row:
    """`GET arrays`."""
    keep = millis(array.eradication_seconds)
    return {
        "id": array.id,
        "name": array.name,
        "version": array.purity_version,
        "os": "Purity//FA",
        "banner": "",
        "capacity": 1 << 44,
        "console_lock_enabled": False,
        "encryption": {"data_at_rest": {"algorithm": "AES-256-CTR", "enabled": True}, "module_version": "FA-1.3"},
        "eradication_config": {
            "eradication_delay": keep,
            "enabled_delay": keep,
            "disabled_delay": keep,
            "manual_eradication": "all-disabled" if array.safe_mode else "all-enabled",
        },
        "idle_timeout": millis(array.idle_seconds),
        "ntp_servers": [],
        "parity": 1.0,
        "scsi_timeout": 60_000,
        "space": _SPACE,
        "time_zone": "UTC",
        "_as_of": millis(world.array_time(array)),
        "context": reference(array),
    }


def connection_rows(world: World, array: Array) -> list[Row]:
    """`GET array-connections`."""
    rows: list[Row] = []
    for peer_id, up in world.links.of(array.id):
        peer = world.arrays[peer_id]
        own_id = str(uuid.uuid5(uuid.NAMESPACE_OID, "".join(sorted((array.id, peer.id)))))
        rows.append({
            "id": peer.id if world.switches.rest2_connection_id == "remoteArray" else own_id,
            "name": peer.name,
            "management_address": "127.0.0.1",
            "replication_addresses": ["127.0.0.1"],
            "replication_transport": "ip",
            "status": "connected" if up else "connecting",
            "type": "async-replication",
            "version": peer.purity_version,
            "throttle": {},
            "encryption": "unencrypted",
            "encryption_mode": None,
            "os": "Purity//FA",
            "remote": reference(peer) | {"resource_type": "remote-arrays"},
            "context": reference(array),
        })  # fmt: skip
    return rows


def group_row(world: World, array: Array, catalog: Catalog, view: GroupView) -> Row:
    """`GET protection-groups`."""
    group, keep = view.group, view.group.retention
    return {
        "id": group.id,
        "name": view.name,
        "is_local": view.local,
        "destroyed": view.destroyed_at is not None,
        "time_remaining": millis(catalog.remaining(view)),
        "source": reference(view.source) | {"resource_type": "arrays"},
        "pod": {"name": view.pod} if view.pod else {},
        "host_count": 0,
        "host_group_count": 0,
        "volume_count": len(volume_names(world, view)),
        "target_count": len(group.targets) + len(group.offloads),
        "replication_schedule": {
            "enabled": group.schedule.enabled,
            "frequency": millis(group.schedule.every),
            "at": None,
            "blackout": {},
        },
        "snapshot_schedule": {"enabled": False, "frequency": 3_600_000, "at": None},
        "source_retention": {"all_for_sec": keep.all_for, "per_day": keep.per_day, "days": keep.days},
        "target_retention": {
            "all_for_sec": keep.target_all_for,
            "per_day": keep.target_per_day,
            "days": keep.target_days,
        },
        "retention_lock": "ratcheted" if view.source.safe_mode else "unlocked",
        "eradication_config": _eradication(array),
        "space": _SPACE,
        "context": reference(array),
    }


def target_rows(world: World, array: Array, view: GroupView) -> list[Row]:
    """`GET protection-groups/targets`: the targets of one group."""
    group = {"id": view.group.id, "name": view.name}
    rows = [
        {
            "group": group,
            "member": reference(world.arrays[target.array_id]) | {"resource_type": "arrays"},
            "allowed": target.allowed,
            "status": _status(target),
            "context": reference(array),
        }
        for target in view.group.targets.values()
    ]
    return rows + [
        {
            "group": group,
            "member": {"id": None, "name": offload, "resource_type": "offloads"},
            "allowed": True,
            "status": "replicating",
            "context": reference(array),
        }
        for offload in view.group.offloads
    ]


def member_rows(world: World, array: Array, view: GroupView) -> list[Row]:
    """`GET protection-groups/volumes`: the volumes in one group."""
    return [
        {
            "group": {"id": view.group.id, "name": view.name},
            "member": {"id": str(uuid.uuid5(uuid.NAMESPACE_OID, name)), "name": name, "destroyed": False,
                       "resource_type": "volumes"},
            "context": reference(array),
        }
        for name in volume_names(world, view)
    ]  # fmt: skip


def snapshot_row(array: Array, catalog: Catalog, item: SnapshotView) -> Row:
    """`GET protection-group-snapshots`; `created` is the source's time on both sides."""
    return {
        "id": item.item.id,
        "name": item.name,
        "suffix": item.snapshot.suffix,
        "created": millis(item.snapshot.created),
        "destroyed": item.destroyed_at is not None,
        "time_remaining": millis(catalog.remaining(item)),
        "source": {"id": item.view.group.id, "name": item.view.name},
        "pod": {"name": item.view.pod} if item.view.pod else {},
        "eradication_config": _eradication(array),
        "space": _SPACE,
        "context": reference(array),
    }


def transfer_row(world: World, array: Array, catalog: Catalog, item: SnapshotView) -> Row:
    """`GET protection-group-snapshots/transfer`; nothing has moved of what has not started."""
    row: Row = {
        "id": item.item.id,
        "name": item.name,
        "destroyed": item.destroyed_at is not None,
        "context": reference(array),
    }
    transfer = catalog.transfer(item)
    if transfer is None or transfer.started is None:
        return row | dict.fromkeys(
            ("started", "completed", "progress", "data_transferred", "physical_bytes_written"), None
        )
    moved = transfer.transferred(world.time)
    return row | {
        "started": millis(transfer.started),
        "completed": millis(transfer.completed),
        "progress": round(transfer.progress(world.time), 4),
        "data_transferred": moved,
        "physical_bytes_written": moved // 2,
    }


def pod_row(array: Array, pod: Pod) -> Row:
    """`GET pods`."""
    state = "demoted" if pod.demoted else "promoted"
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, array.id + pod.name)),
        "name": pod.name,
        "array_count": 1,
        "arrays": [reference(array) | {"member": reference(array) | {"resource_type": "arrays"},
                                       "pre_elected": False, "status": "online", "mediator_status": "online"}],
        "destroyed": False,
        "time_remaining": None,
        "failover_preferences": [],
        "footprint": 0,
        "link_source_count": 0,
        "link_target_count": 0,
        "mediator": "purestorage",
        "mediator_version": None,
        "promotion_status": state,
        "requested_promotion_state": state,
        "source": {},
        "space": _SPACE,
        "eradication_config": {"manual_eradication": "all-disabled" if array.safe_mode else "all-enabled"},
        "context": reference(array),
    }  # fmt: skip


def _eradication(array: Array) -> Row:
    return {"manual_eradication": "disabled" if array.safe_mode else "enabled"}


def _status(target: Target) -> str:
    if not target.allowed:
        return "disallowed"
    return "suspended" if target.suspended else "replicating"
