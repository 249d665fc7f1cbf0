"""Which VM a group's member belongs to. Providers name members in one of seven ways (docs/facts/vsphere.md#members).

Pure: the identifying properties of VMs that were read on the one side, the provider's ids on the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .vmomi import sms, vim

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vvol_replication.storage.redaction import Redactor

    from .machines import Machine

Key = tuple[str, ...]
_FOLDER_OF_OBJECT = "rfc4122."
_ID_PREFIXES = ("vvol:", _FOLDER_OF_OBJECT)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a VM: `disk` is the device key of one of its disks, None for its home."""

    moid: str
    disk: int | None = None


@dataclass(slots=True)
class Parts:
    """What the parts of VMs are known by: in `index`, each key has the parts that it names, one of each VM.

    VMs may share a disk, and a VM may be registered twice.
    """

    vcenter: str
    index: dict[Key, dict[str, Part]] = field(default_factory=dict)

    def add(self, machine: Machine) -> None:
        """Learn by what the parts of a VM, as far as they were read, can be named."""
        for key, disk in _keys(machine):
            self.index.setdefault(key, {}).setdefault(machine.moid, Part(machine.moid, disk))

    def of(self, device: Any) -> Part | None:
        """The part that a member is, of the VM that was added first; None where no VM that was added has it."""
        return next(iter(self.all_of(device)), None)

    def all_of(self, device: Any) -> tuple[Part, ...]:
        """The parts that a member is: of each VM that was added and has it."""
        named = _named(device)
        if named is None or not all(named[1]) or (named[0] or self.vcenter).casefold() != self.vcenter.casefold():
            return ()
        return tuple(self.index.get(named[1], {}).values())


def _keys(machine: Machine) -> Iterator[tuple[Key, int | None]]:
    """(key, disk) of each name that a part of a VM has."""
    values = machine.values
    yield ("vm", machine.moid), None
    uuid = (machine.instance_uuid or "").casefold()
    if uuid:
        yield ("uuid", uuid), None
    path = values.get("config.files.vmPathName")
    if path:
        datastore, inside = _path(path)
        for pair in values.get("config.datastoreUrl") or ():
            if pair.name == datastore:
                yield ("path", _url(pair.url), inside), None
    home = values.get("config.vmStorageObjectId") or _folder_object(path)
    yield from ((("object", key), None) for key in _objects([home]))
    for device in values.get("config.hardware.device") or ():
        if isinstance(device, vim.vm.device.VirtualDisk):
            yield from ((key, device.key) for key in _disk_keys(machine.moid, uuid, device))
    # Last, so that a disk's object is the disk's: swap, memory and what else is kept as an object of its own.
    files = (getattr(file, "backingObjectId", None) for file in values.get("layoutEx.file") or ())
    yield from ((("object", key), None) for key in _objects(files))


def _disk_keys(moid: str, uuid: str, disk: Any) -> Iterator[Key]:
    if disk.key:  # pyVmomi reads 0 where there is none
        yield "vm disk", moid, str(disk.key)
        if uuid:
            yield "uuid disk", uuid, str(disk.key)
    named = [disk.diskObjectId, getattr(disk.vDiskId, "id", None), getattr(disk.backing, "uuid", None)]
    backing = disk.backing
    while backing is not None:  # a disk with snapshots stands on its earlier objects
        named.append(getattr(backing, "backingObjectId", None))
        backing = getattr(backing, "parent", None)
    for key in _objects(named):
        yield "object", key


def _named(device: Any) -> tuple[str | None, Key] | None:
    """(the vCenter that an id is good in, where it says so; its key). None for a kind that is not known.

    pyVmomi reads '' or 0 where a part of an id is missing: such a key has an empty part, and names nothing.
    """
    kinds = sms.storage.replication
    if isinstance(device, kinds.VVolId):
        return None, ("object", _object(device.id))
    if isinstance(device, kinds.VirtualMachineUUID):
        return None, ("uuid", str(device.vmInstanceUUID).casefold())
    if isinstance(device, kinds.VirtualMachineFilePath):
        return device.vcUuid, ("path", _url(device.dsUrl), _path(device.vmxPath)[1])
    if isinstance(device, kinds.VirtualMachineMoId):
        return device.vcUuid, ("vm", str(device.vmMoid))
    if isinstance(device, kinds.VirtualDiskId):
        return None, ("object", _object(device.diskId))
    if isinstance(device, kinds.VirtualDiskKey):
        return None, ("uuid disk", str(device.vmInstanceUUID).casefold(), str(device.deviceKey or ""))
    if isinstance(device, kinds.VirtualDiskMoId):
        return device.vcUuid, ("vm disk", str(device.vmMoid), str(device.diskKey).rpartition(":")[2])
    return None


def describe(device: Any, redactor: Redactor) -> str:
    """A member for people, in its provider's words."""
    if device is None:
        return "a member without an id"
    fields = ("id", "vmInstanceUUID", "dsUrl", "vmxPath", "vmMoid", "diskId", "deviceKey", "diskKey")
    values = [str(value) for name in fields if (value := getattr(device, name, None)) is not None]
    return redactor.quoted(" ".join([type(device).__name__.rpartition(".")[2], *values]))


def _objects(ids: Iterable[Any]) -> Iterator[str]:
    return (_object(identity) for identity in ids if identity)


def _object(identity: Any) -> str:
    """An object's id as it compares: vCenter and providers write the same one with and without its scheme."""
    plain = str(identity).strip().casefold()
    for prefix in _ID_PREFIXES:
        plain = plain.removeprefix(prefix)
    return plain


def _path(text: Any) -> tuple[str, str]:
    """`[datastore] folder/vm.vmx` as (datastore, path in it)."""
    head, bracket, inside = str(text).partition("]")
    if not bracket or not head.startswith("["):
        return "", str(text).strip().lstrip("/")
    return head[1:], inside.strip().lstrip("/")


def _folder_object(path: Any) -> str | None:
    """The object that a VM's home is, by the folder of its configuration file: `[datastore] rfc4122.<id>/vm.vmx`.

    None for any other folder: a name that people gave is no id.
    """
    folder, inside, _ = _path(path)[1].partition("/")
    return folder if inside and folder.casefold().startswith(_FOLDER_OF_OBJECT) else None


def _url(url: Any) -> str:
    """A datastore's URL as it compares: `ds:///vmfs/volumes/…/`, or the path alone."""
    return str(url).casefold().removeprefix("ds://").rstrip("/")
