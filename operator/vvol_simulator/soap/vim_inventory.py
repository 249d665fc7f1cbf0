"""/sdk: the few inventory objects that clients walk to find virtual machines, and container views of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyVmomi import vim

from vvol_simulator.model import Fault, Site, SmsFaultError, Vm
from vvol_simulator.model.site import DATASTORE, DATASTORE_URL, HOST, HOST_NAME

from . import bindings
from .calls import Call, no_such_object
from .vim_session import METHODS, ROOT_FOLDER


@dataclass(frozen=True, slots=True)
class Node:
    """One managed object as the property collector sees it.

    Attributes:
        reference: its reference.
        properties: values by property path (`runtime.powerState`); paths that are not in it are unset.
        links: references by property path, to be walked by traversal specs.
        denied: whether the account may not read a path.
    """

    reference: Any
    properties: dict[str, object]
    links: dict[str, list[Any]] = field(default_factory=dict)
    denied: Callable[[str], bool] = lambda _: False


def virtual_machine(moid: str) -> vim.VirtualMachine:
    """A reference to a VM."""
    return bindings.build(vim.VirtualMachine, moid)


def find(call: Call, reference: object) -> Node:
    """The object behind a reference; `ManagedObjectNotFound` if this vCenter or session does not have it."""
    moid, site = bindings.moid(reference), call.site
    if isinstance(reference, vim.VirtualMachine):
        vm = site.vm(moid)
        if vm is not None and not vm.hidden:
            return _vm_node(vm)
    elif isinstance(reference, vim.view.ContainerView):
        session, moids = call.state.views.get(moid, ("", []))
        if session == call.session:
            return _view_node(reference, moids)
    elif isinstance(reference, vim.HostSystem) and moid == HOST:
        return Node(reference, {"name": HOST_NAME}, denied=lambda _: site.hosts_hidden)
    elif isinstance(reference, vim.Folder) and moid == ROOT_FOLDER:
        return Node(reference, {"name": "Datacenters"})
    raise no_such_object(reference)


def _vm_node(vm: Vm) -> Node:
    host = bindings.build(vim.HostSystem, HOST)
    power = bindings.build(vim.VirtualMachine.PowerState, vm.shown_power or vm.power)
    properties = {
        "name": vm.name,
        "runtime.powerState": power,
        "runtime.connectionState": bindings.build(vim.VirtualMachine.ConnectionState, vm.connection),
        "runtime.host": host,
        "config.instanceUuid": vm.instance_uuid,
        "config.files.vmPathName": vm.vmx_path,
        "config.datastoreUrl": bindings.array(vim.vm.ConfigInfo.DatastoreUrlPair, [_DATASTORE]),
        "config.vmStorageObjectId": vm.home_vvol_id,
        "config.hardware.device": bindings.array(vim.vm.device.VirtualDevice, _devices(vm)),
        "layoutEx.file": bindings.array(vim.vm.FileLayoutEx.FileInfo, _files(vm)),
        "summary.config.instanceUuid": vm.instance_uuid,
        "summary.runtime.powerState": power,
    }
    return Node(
        virtual_machine(vm.moid),
        {path: value for path, value in properties.items() if vm.has(path)},
        {"runtime.host": [host]} if vm.readable("runtime.host") else {},
        denied=lambda path: not vm.readable(path),
    )


_DATASTORE: Any = bindings.build(vim.vm.ConfigInfo.DatastoreUrlPair, name=DATASTORE, url=DATASTORE_URL)


def _devices(vm: Vm) -> list[Any]:
    """A controller and the disks."""
    controller = bindings.build(vim.vm.device.ParaVirtualSCSIController, key=1000, busNumber=0, sharedBus="noSharing")
    disks = [
        bindings.build(
            vim.vm.device.VirtualDisk,
            key=disk.key,
            controllerKey=1000,
            unitNumber=number,
            capacityInKB=bindings.long(1 << 20),
            diskObjectId=f"{vm.moid.removeprefix('vm-')}-{disk.key}",
            backing=bindings.build(
                vim.vm.device.VirtualDisk.FlatVer2BackingInfo,
                fileName=_disk_path(vm, number),
                diskMode="persistent",
                uuid=f"6000C29{disk.vvol_id.removeprefix('rfc4122.')[7:]}",
                backingObjectId=disk.vvol_id,
            ),
        )
        for number, disk in enumerate(vm.disks)
    ]
    return [controller, *disks]


def _disk_path(vm: Vm, number: int) -> str:
    """As vCenter names a VM's disks: the first after the VM, the others with their number."""
    return f"[{DATASTORE}] {vm.home_vvol_id}/{vm.name}{f'_{number}' if number else ''}.vmdk"


def _files(vm: Vm) -> list[Any]:
    """The files that a VM is made of, each with the object behind it."""
    named = [(vm.vmx_path, "config", vm.home_vvol_id)]
    named += [(_disk_path(vm, number), "diskExtent", disk.vvol_id) for number, disk in enumerate(vm.disks)]
    return [
        bindings.build(
            vim.vm.FileLayoutEx.FileInfo,
            key=key,
            name=name,
            type=kind,
            size=bindings.long(4096),
            backingObjectId=vvol_id,
        )
        for key, (name, kind, vvol_id) in enumerate(named)
    ]


def _view_node(reference: object, moids: Sequence[str]) -> Node:
    vms = [virtual_machine(moid) for moid in moids]
    return Node(reference, {"view": bindings.array(vim.ManagedEntity, vms)}, {"view": list(vms)})


def _view_moids(site: Site, kinds: Sequence[type]) -> list[str]:
    wanted = not kinds or any(issubclass(vim.VirtualMachine, kind) for kind in kinds)
    return [vm.moid for vm in site.vms if not vm.hidden] if wanted else []


@METHODS.method("CreateContainerView", on="ViewManager")
def _create_container_view(call: Call) -> object:
    find(call, call.arg("container"))
    # A view of the root folder that is not recursive holds the root's own children, which are data centers.
    moids = _view_moids(call.site, call.arg("type", [])) if call.arg("recursive") else []
    moid = f"session[{call.session[:8]}]{next(call.state.numbers)}"
    call.state.views[moid] = (call.session, moids)
    return bindings.build(vim.view.ContainerView, moid)


@METHODS.method("DestroyView")
def _destroy_view(call: Call) -> object:
    find(call, call.request.this)
    del call.state.views[call.moid]
    return None


@METHODS.method("Fetch")
def _fetch(call: Call) -> object:
    node, path = find(call, call.request.this), call.arg("prop")
    if node.denied(path):
        raise SmsFaultError(no_permission())
    return node.properties.get(path)


def no_permission() -> Fault:
    """What an account is told that may not read something."""
    return Fault("NoPermission", "Permission to perform this operation was denied.", {"privilegeId": "System.Read"})
