"""Which VM a member belongs to: found in whichever way it is named, and never found where it is another's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyVmomi import sms, vim

from vvol_replication.storage.redaction import Redactor
from vvol_replication.storage.vsphere.accounting import Part, Parts, describe
from vvol_replication.storage.vsphere.machines import Machine

R: Any = sms.storage.replication
VM: Any = vim.vm
HERE, ELSEWHERE = "vc-here", "vc-elsewhere"
URL = "ds:///vmfs/volumes/vvol:1/"
KINDS = ("vvol", "uuid", "path", "moid")


def disk(number: int, key: int, *, parent: str | None = None) -> Any:
    backing_type = VM.device.VirtualDisk.FlatVer2BackingInfo
    backing = backing_type(
        fileName="[ds] f/d.vmdk", backingObjectId=f"rfc4122.disk-{number}-{key}", diskMode="persistent"
    )
    if parent:
        backing.parent = backing_type(fileName="[ds] f/p.vmdk", backingObjectId=parent, diskMode="persistent")
    return VM.device.VirtualDisk(key=key, capacityInKB=1, backing=backing)


def machine(number: int, changed: dict[str, Any] | None = None, *, disks: int = 1, without: str = "") -> Machine:
    values = {
        "name": f"vm-{number}",
        "config.instanceUuid": f"UUID-{number}",
        "config.files.vmPathName": f"[ds-{number % 2}] folder-{number}/vm.vmx",
        "config.datastoreUrl": [VM.ConfigInfo.DatastoreUrlPair(name=f"ds-{number % 2}", url=f"{URL}{number % 2}/")],
        "config.vmStorageObjectId": f"rfc4122.home-{number}",
        "config.hardware.device": [disk(number, 2000 + place) for place in range(disks)],
    } | (changed or {})
    return Machine(f"vm-{number}", {path: value for path, value in values.items() if path != without})


def member(kind: str, number: int, key: int | None, vcenter: str | None = None) -> Any:
    """A part of a machine as a provider names it."""
    named: dict[tuple[str, bool], Any] = {
        ("vvol", False): lambda: R.VVolId(id=f"home-{number}"),
        ("vvol", True): lambda: R.VVolId(id=f"rfc4122.DISK-{number}-{key}"),
        ("uuid", False): lambda: R.VirtualMachineUUID(vmInstanceUUID=f"uuid-{number}"),
        ("uuid", True): lambda: R.VirtualDiskKey(vmInstanceUUID=f"uuid-{number}", deviceKey=key),
        ("path", False): lambda: R.VirtualMachineFilePath(
            vcUuid=vcenter, dsUrl=f"{URL}{number % 2}", vmxPath=f"[any] folder-{number}/vm.vmx"
        ),
        ("path", True): lambda: R.VirtualDiskId(diskId=f"disk-{number}-{key}"),
        ("moid", False): lambda: R.VirtualMachineMoId(vcUuid=vcenter, vmMoid=f"vm-{number}"),
        ("moid", True): lambda: R.VirtualDiskMoId(vcUuid=vcenter, vmMoid=f"vm-{number}", diskKey=str(key)),
    }
    return named[kind, key is not None]()


def parts(*machines: Machine) -> Parts:
    made = Parts(HERE)
    for item in machines:
        made.add(item)
    return made


@given(
    read=st.sets(st.integers(0, 9)),
    asked=st.tuples(st.integers(0, 9), st.sampled_from([None, 2000, 2001, 2002])),
    kind=st.sampled_from(KINDS),
)
def test_a_member_is_found_exactly_where_its_vm_was_read(
    read: set[int], asked: tuple[int, int | None], kind: str
) -> None:
    number, key = asked
    found = parts(*(machine(one, disks=2) for one in read)).of(member(kind, number, key))
    there = number in read and key != 2002
    assert found == (Part(f"vm-{number}", key) if there else None)


@pytest.mark.parametrize(("kind", "key"), [("path", None), ("moid", None), ("moid", 2000)])
def test_an_id_of_another_vcenter_is_none_of_ours(kind: str, key: int | None) -> None:
    known = parts(machine(1))
    assert known.of(member(kind, 1, key, ELSEWHERE)) is None
    assert known.of(member(kind, 1, key, HERE.upper())) == Part("vm-1", key)


@pytest.mark.parametrize(
    ("without", "kind", "key"),
    [
        ("config.instanceUuid", "uuid", None),
        ("config.instanceUuid", "uuid", 2000),
        ("config.files.vmPathName", "path", None),
        ("config.datastoreUrl", "path", None),
        ("config.vmStorageObjectId", "vvol", None),
        ("config.hardware.device", "vvol", 2000),
        ("config.hardware.device", "moid", 2000),
    ],
)
def test_what_was_not_read_accounts_for_nothing(without: str, kind: str, key: int | None) -> None:
    assert parts(machine(1, without=without)).of(member(kind, 1, key)) is None
    assert parts(machine(1)).of(member(kind, 1, key)) is not None


def test_the_same_path_on_another_datastore_is_another_vm() -> None:
    same = machine(3, {"config.files.vmPathName": "[ds-1] folder-1/vm.vmx"})
    same.values["config.datastoreUrl"][0].url = "ds:///vmfs/volumes/vvol:other/"
    assert parts(same).of(member("path", 1, None)) is None
    assert parts(same, machine(1)).of(member("path", 1, None)) == Part("vm-1")


def test_a_disk_with_snapshots_is_known_by_its_earlier_objects_too() -> None:
    snapped = machine(1, {"config.hardware.device": [disk(1, 2000, parent="rfc4122.before")]})
    assert parts(snapped).of(R.VVolId(id="before")) == Part("vm-1", 2000)


def test_what_else_is_kept_as_an_object_of_its_own_belongs_to_the_vm() -> None:
    swap = VM.FileLayoutEx.FileInfo(key=7, name="[ds] s.vswp", type="swap", size=1, backingObjectId="rfc4122.swap")
    extent = VM.FileLayoutEx.FileInfo(key=8, name="[ds] d.vmdk", type="diskExtent", size=1)
    extent.backingObjectId = "rfc4122.disk-1-2000"
    known = parts(machine(1, {"layoutEx.file": [swap, extent]}))
    assert known.of(R.VVolId(id="swap")) == Part("vm-1")
    assert known.of(member("vvol", 1, 2000)) == Part("vm-1", 2000), "a disk's file stays the disk's"


@pytest.mark.parametrize("device", [None, R.DeviceId(), R.VirtualMachineId()])
def test_a_kind_that_nobody_knows_is_accounted_for_by_nobody(device: Any) -> None:
    assert parts(machine(1)).of(device) is None
    assert describe(device, Redactor(""))


def test_members_are_described_in_their_providers_words() -> None:
    assert describe(member("moid", 4, 2000, HERE), Redactor("")) == "VirtualDiskMoId vm-4 2000"
    assert describe(member("vvol", 4, None), Redactor("")) == "VVolId home-4"
    assert describe(R.DeviceId(), Redactor("")) == "DeviceId"


HOME = "0a1b2c3d-0000-4000-8000-00000000000e"
IN_ITS_OBJECT = {"config.files.vmPathName": f"[ds-1] rfc4122.{HOME}/vm.vmx"}


def test_a_home_whose_object_was_not_read_is_the_folder_of_its_configuration() -> None:
    unread = machine(1, IN_ITS_OBJECT, without="config.vmStorageObjectId")
    assert parts(unread).of(R.VVolId(id=f"vvol:{HOME.upper()}")) == Part("vm-1")
    assert parts(machine(1, IN_ITS_OBJECT)).of(R.VVolId(id=HOME)) is None, "what was read says more than a path"


@pytest.mark.parametrize("path", ["[ds-1] home-1/vm.vmx", "[ds-1] rfc4122.home-1", "rfc4122.home-1", ""])
def test_another_folder_is_no_object(path: str) -> None:
    unread = machine(1, {"config.files.vmPathName": path}, without="config.vmStorageObjectId")
    assert parts(unread).of(member("vvol", 1, None)) is None


@pytest.mark.parametrize(
    "hole",
    [
        R.VVolId(),
        R.VirtualMachineUUID(),
        R.VirtualMachineFilePath(),
        R.VirtualMachineFilePath(vmxPath="folder-1/vm.vmx"),
        R.VirtualMachineMoId(),
        R.VirtualDiskId(),
        R.VirtualDiskKey(vmInstanceUUID="uuid-1"),
        R.VirtualDiskKey(deviceKey=2000),
        R.VirtualDiskMoId(vmMoid="vm-1"),
        R.VirtualDiskMoId(vmMoid="vm-1", diskKey="0"),
    ],
    ids=lambda device: describe(device, Redactor("")),
)
def test_a_hole_in_a_members_id_is_not_filled_by_a_hole_in_a_vm(hole: Any) -> None:
    """Where something is missing pyVmomi reads '' and 0: two of them are not the same thing."""
    holed = machine(1, {"config.hardware.device": [disk(1, 0)], "config.vmStorageObjectId": "rfc4122."})
    holed.values["config.datastoreUrl"][0].url = ""
    assert parts(holed).of(hole) is None
