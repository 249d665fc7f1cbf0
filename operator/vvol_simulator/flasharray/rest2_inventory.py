"""REST 2: what clients look into on the way to replication. Most of it is empty; nothing of it changes.

The vendor's Ansible collection reads all of this for its smallest report (`purefa_info`).
"""

from collections.abc import Mapping, Sequence

from vvol_simulator.model import Array, World

from .rest2_rows import Row, millis

INVENTORY: Mapping[str, int] = {
    "admins": 2, "alerts": 2, "array-connections/connection-key": 4, "array-connections/path": 4, "connections": 0,
    "controllers": 2, "directories": 3, "directory-exports": 3, "directory-snapshots": 3, "file-systems": 3,
    "fleets": 36, "hardware": 2, "host-groups": 0, "hosts": 0, "maintenance-windows": 2, "pod-replica-links": 2,
    "pods/tags": 39, "policies/nfs": 3, "policies/password": 34, "policies/quota": 7, "policies/smb": 3,
    "policies/snapshot": 3, "protection-groups/hosts": 1, "protection-groups/host-groups": 1,
    "protection-groups/tags": 39, "remote-protection-group-snapshots": 1, "remote-volume-snapshots": 1,
    "subscriptions": 26, "support": 2, "virtual-machine-snapshots": 14, "virtual-machines": 10, "volume-groups": 1,
    "volume-snapshots": 0, "volume-snapshots/tags": 2, "volumes": 0,
}  # fmt: skip
"""The lists, with the minor version each came with (the vendor's specs). Any parameter is taken and changes nothing."""

_BOOTED_AGO = 86_400.0


def inventory(world: World, array: Array, path: str) -> Sequence[Row]:
    """The rows of one of these lists."""
    if path == "admins":
        return [{"name": user.name, "role": {"name": user.role}, "is_local": True} for user in array.users()]
    if path == "array-connections/connection-key":
        return [{"connection_key": array.id, "created": 0, "expires": 0}]
    if path == "controllers":
        booted = millis(world.array_time(array) - _BOOTED_AGO)
        return [{"name": name, "mode": mode, "mode_since": booted, "model": "FA-X50R4", "status": "ready",
                 "type": "array_controller", "version": array.purity_version}
                for name, mode in (("CT0", "primary"), ("CT1", "secondary"))]  # fmt: skip
    if path == "subscriptions":
        return [{"id": array.id, "service": "FlashArray"}]
    if path == "support":
        return [{"remote_assist_active": False, "remote_assist_status": "disconnected", "remote_assist_duration": 0,
                 "remote_assist_expires": 0, "remote_assist_opened": 0}]  # fmt: skip
    return []
