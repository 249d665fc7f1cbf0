"""/pbm/sdk: which replication group the parts of a virtual machine are in."""

from collections.abc import Iterator
from typing import Any

from pyVmomi import pbm

from vvol_simulator.model import Fault, GroupId, Site, Vm

from . import bindings
from .calls import Call, Table
from .faults import materialize
from .sms_groups import wire_id
from .versions import PBM

REPLICATION_MANAGER = "ReplicationManager"
METHODS = Table(PBM)


@METHODS.method("PbmRetrieveServiceContent", on="ServiceInstance", anonymous=True)
@METHODS.method("Fetch.PbmServiceInstance.content", on="ServiceInstance", anonymous=True)
def _content(call: Call) -> object:
    return bindings.build(
        pbm.ServiceInstanceContent,
        aboutInfo=bindings.build(pbm.AboutInfo, name="PBM", version="2.0", instanceUuid=call.site.instance_uuid),
        sessionManager=bindings.build(pbm.auth.SessionManager, "SessionManager"),
        capabilityMetadataManager=bindings.build(pbm.capability.CapabilityMetadataManager, "CapabilityMetadataManager"),
        profileManager=bindings.build(pbm.profile.ProfileManager, "ProfileManager"),
        complianceManager=bindings.build(pbm.compliance.ComplianceManager, "complianceManager"),
        placementSolver=bindings.build(pbm.placement.PlacementSolver, "placementSolver"),
        replicationManager=bindings.build(pbm.replication.ReplicationManager, REPLICATION_MANAGER),
    )


@METHODS.method("PbmQueryReplicationGroups", on=REPLICATION_MANAGER)
def _query_replication_groups(call: Call) -> object:
    rows: list[Any] = []
    for entity in call.arg("entities", []):
        rows.extend(_rows(call.site, entity))
    return rows


def _rows(site: Site, entity: Any) -> Iterator[Any]:
    """One row per part of the entity; a part without a group has a row that names none."""
    if entity.serverUuid not in (None, site.instance_uuid):
        yield _failed(entity, "InvalidArgument", "The entity belongs to another vCenter.")
        return
    moid, _, disk_key = entity.key.partition(":")
    vm = site.vm(moid)
    if entity.objectType == "virtualDiskUUID":
        vm = next((item for item in site.vms if any(disk.vvol_id == entity.key for disk in item.disks)), None)
    if vm is None:
        yield _failed(entity, "PbmFaultNotFound", "The entity does not exist in this vCenter.")
        return
    if vm.hidden:
        yield _failed(entity, "NoPermission", "Permission to perform this operation was denied.")
        return
    if entity.objectType in ("virtualMachine", "virtualMachineAndDisks"):
        yield _row(_reference(site, "virtualMachine", vm.moid), vm.home_group)
    disks = _disks(site, vm, entity, disk_key)
    if disks is None:
        yield _failed(entity, "InvalidArgument", f"Entities of type {entity.objectType} have no replication group.")
        return
    yield from disks


def _disks(site: Site, vm: Vm, entity: Any, disk_key: str) -> list[Any] | None:
    """Rows of the disks that an entity means; None if entities of its type mean no disks at all."""
    if entity.objectType == "virtualMachine":
        return []
    if entity.objectType == "virtualMachineAndDisks":
        return [_row(_reference(site, "virtualDiskId", f"{vm.moid}:{disk.key}"), disk.group) for disk in vm.disks]
    if entity.objectType == "virtualDiskId":
        found = [disk for disk in vm.disks if str(disk.key) == disk_key]
    elif entity.objectType == "virtualDiskUUID":
        found = [disk for disk in vm.disks if disk.vvol_id == entity.key]
    else:
        return None
    if not found:
        return [_failed(entity, "PbmFaultNotFound", "The virtual machine has no such disk.")]
    return [_row(entity, disk.group) for disk in found]


def _reference(site: Site, kind: str, key: str) -> Any:
    return bindings.build(pbm.ServerObjectRef, objectType=kind, key=key, serverUuid=site.instance_uuid)


def _row(entity: Any, group: GroupId | None) -> Any:
    return bindings.build(
        pbm.replication.QueryReplicationGroupResult,
        object=entity,
        replicationGroupId=None if group is None else wire_id(group),
    )


def _failed(entity: Any, name: str, message: str) -> Any:
    fault = materialize(Fault(name, message), f"urn:{PBM.namespace}")
    return bindings.build(pbm.replication.QueryReplicationGroupResult, object=entity, fault=fault)
