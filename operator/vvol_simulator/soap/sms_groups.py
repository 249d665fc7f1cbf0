"""/sms/sdk: replication groups, their peers and the fault domains they live in."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pyVmomi import sms, vim

from vvol_simulator.model import Disk, Fault, GroupId, Provider, Site, SmsFaultError, Vm, VvolGroup, World
from vvol_simulator.model.site import DATASTORE_URL

from . import bindings
from .calls import Call, invalid_argument
from .faults import materialize
from .sms_providers import METHODS, STORAGE_MANAGER, provider_of, reference
from .versions import SMS

R = sms.storage.replication
_NAMESPACE = f"urn:{SMS.namespace}"


def group_id(value: Any) -> GroupId:
    """The model's id for a `ReplicationGroupId`."""
    return GroupId(value.faultDomainId.id, value.deviceGroupId.id)


def wire_id(group: GroupId) -> Any:
    """`ReplicationGroupId` for the model's id."""
    return bindings.build(
        vim.vm.replication.ReplicationGroupId,
        faultDomainId=bindings.build(vim.vm.replication.FaultDomainId, id=group.fault_domain),
        deviceGroupId=bindings.build(vim.vm.replication.DeviceGroupId, id=group.device_group),
    )


def group_error(group: GroupId, faults: Iterable[Fault]) -> Any:
    """`GroupErrorResult` of one group."""
    return bindings.build(
        R.GroupErrorResult, groupId=wire_id(group), error=[materialize(fault, _NAMESPACE) for fault in faults]
    )


def per_group(call: Call, groups: Sequence[GroupId], ask: Callable[[GroupId], Any]) -> list[Any]:
    """One result per id, in order: what `ask` returns, or the refusal it raises as a `GroupErrorResult`.

    An id that was in the request before is a `DuplicateEntry`; a fault rule may replace every answer.
    """
    results = []
    for place, group in enumerate(groups):
        try:
            _check_askable(call, group, groups[:place])
            results.append(ask(group))
        except SmsFaultError as refusal:
            results.append(group_error(group, [refusal.fault]))
    return results


def _check_askable(call: Call, group: GroupId, before: Sequence[GroupId]) -> None:
    if call.injected is not None:
        raise SmsFaultError(call.injected.fault)
    if group in before:
        raise SmsFaultError(Fault("DuplicateEntry", "The replication group is in the request twice."))


def requested(values: Sequence[Any] | None) -> list[GroupId]:
    """Ids of a request that must name some; `InvalidArgument` if it names none."""
    if not values:
        raise invalid_argument("groupId", "it must not be empty")
    return [group_id(value) for value in values]


def check_batch(provider: Provider, groups: Sequence[GroupId]) -> None:
    """`TooMany` for more groups than the provider takes in one call."""
    limit = provider.max_batch
    if limit is not None and len(groups) > limit:
        raise SmsFaultError(Fault("TooMany", f"At most {limit} groups per call.", {"maxBatchSize": limit}))


def members(world: World) -> dict[GroupId, list[Any]]:
    """Ids of the parts of VMs, by the group they are in; hidden ones too: the array has no accounts of vCenter's."""
    found: dict[GroupId, list[Any]] = {}
    kind = world.switches.member_ids
    for site in world.sites.values():
        for vm in site.vms:
            for group, disk in ((vm.home_group, None), *((disk.group, disk) for disk in vm.disks)):
                if group is not None and kind != "none":
                    found.setdefault(group, []).append(device_id(kind, site, vm, disk))
    return found


def device_id(kind: str, site: Site, vm: Vm, disk: Disk | None) -> Any:
    """One member, named in the way that the switch `memberIds` says."""
    if kind == "uuid":
        if disk is None:
            return bindings.build(R.VirtualMachineUUID, vmInstanceUUID=vm.instance_uuid)
        return bindings.build(R.VirtualDiskKey, vmInstanceUUID=vm.instance_uuid, deviceKey=disk.key)
    if kind == "filePath":
        if disk is None:
            return bindings.build(
                R.VirtualMachineFilePath, vcUuid=site.instance_uuid, dsUrl=DATASTORE_URL, vmxPath=vm.vmx_path
            )
        return bindings.build(R.VirtualDiskId, diskId=disk.vvol_id)
    if kind == "moid":
        if disk is None:
            return bindings.build(R.VirtualMachineMoId, vcUuid=site.instance_uuid, vmMoid=vm.moid)
        return bindings.build(R.VirtualDiskMoId, vcUuid=site.instance_uuid, vmMoid=vm.moid, diskKey=str(disk.key))
    return bindings.build(R.VVolId, id=vm.home_vvol_id if disk is None else disk.vvol_id)


def _source_info(world: World, group: VvolGroup, devices: Sequence[Any]) -> Any:
    return bindings.build(
        R.SourceGroupInfo,
        groupId=wire_id(group.id),
        name=world.vasa.name_of(group),
        state=group.state,
        replica=[
            bindings.build(R.SourceGroupInfo.ReplicationTargetInfo, targetGroupId=wire_id(target))
            for target in group.targets
        ],
        memberInfo=[bindings.build(R.SourceGroupMemberInfo, deviceId=device) for device in devices],
    )


def _target_info(world: World, group: VvolGroup, source: GroupId) -> Any:
    # The name exists on the wire from 8.0.2 on; the serializer leaves it out for older clients.
    return bindings.build(
        R.TargetGroupInfo,
        groupId=wire_id(group.id),
        sourceInfo=bindings.build(R.TargetGroupInfo.TargetToSourceInfo, sourceGroupId=wire_id(source)),
        state=group.state,
        isPromoteCapable=False,
        name=world.vasa.name_of(group),
    )


def _described(world: World, group: VvolGroup, devices: dict[GroupId, list[Any]]) -> Any:
    info = (
        _source_info(world, group, devices.get(group.id, []))
        if group.source is None
        else _target_info(world, group, group.source)
    )
    return bindings.build(R.QueryReplicationGroupSuccessResult, groupId=wire_id(group.id), rgInfo=info)


@METHODS.method("QueryReplicationGroup")
def _query_replication_group(call: Call) -> object:
    provider = provider_of(call)
    groups = [group_id(value) for value in call.arg("groupId", [])]
    call.world.vasa.check_provider(provider, groups)
    check_batch(provider, groups)
    devices = members(call.world)
    if groups:
        return per_group(
            call,
            groups,
            lambda wanted: _described(call.world, call.world.vasa.group_at(call.site, wanted, provider), devices),
        )
    everything = call.world.vasa.groups_at(call.site, provider)
    if call.world.switches.unfiltered_groups == "idsOnly":
        return [bindings.build(R.GroupOperationResult, groupId=wire_id(group.id)) for group in everything]
    return [_described(call.world, group, devices) for group in everything]


@METHODS.method("QueryReplicationGroupInfo", on=STORAGE_MANAGER)
def _query_replication_group_info(call: Call) -> object:
    groups = requested(call.arg("rgFilter").groupId)
    devices = members(call.world)

    def ask(wanted: GroupId) -> Any:
        group = call.world.vasa.group_at(call.site, wanted)
        provider = call.site.active_provider(group.array_id)
        if provider is None:
            raise SmsFaultError(Fault("ProviderUnavailable", "No active VASA provider manages the group's array."))
        call.world.vasa.check_provider(provider, [wanted])
        return _described(call.world, group, devices)

    return per_group(call, groups, ask)


@METHODS.method("QueryReplicationPeer")
def _query_replication_peer(call: Call) -> object:
    provider = provider_of(call)
    call.world.vasa.check_provider(provider)
    own = [call.world.arrays[array].fault_domain for array in provider.array_ids] if provider.replicates else []
    asked = [domain.id for domain in call.arg("faultDomainId", [])]
    results = []
    for domain in asked or own:
        targets = call.world.peers(domain) if domain in own else []
        if targets:
            results.append(_peer(domain, targetDomain=[_domain(target) for target in targets]))
        elif asked:
            fault = Fault("NotFound", "The fault domain is no source of replication at this provider.")
            results.append(_peer(domain, error=[materialize(fault, _NAMESPACE)]))
    return results


def _domain(identity: str) -> Any:
    return bindings.build(vim.vm.replication.FaultDomainId, id=identity)


def _peer(source: str, **outcome: object) -> Any:
    return bindings.build(R.QueryReplicationPeerResult, sourceDomain=_domain(source), **outcome)


@METHODS.method("QueryFaultDomain", on=STORAGE_MANAGER)
def _query_fault_domain(call: Call) -> object:
    wanted = getattr(call.arg("filter"), "providerId", None)
    named = call.world.switches.fault_domain_providers
    own = None
    if wanted is not None:
        provider = next((item for item in call.site.providers if item.uid == wanted), None)
        if provider is None:
            raise SmsFaultError(Fault("ProviderNotFound", "No VASA provider with this id is registered here."))
        own = {call.world.arrays[array].fault_domain for array in provider.array_ids}
    return [
        bindings.build(
            R.FaultDomainInfo,
            id=domain.id,
            name=domain.name,
            description=f"FlashArray {domain.name}",
            storageArrayId=domain.storage_array_id,
            provider=reference(domain.provider) if domain.provider is not None and named else None,
        )
        for domain in call.world.fault_domains(call.site)
        if own is None or domain.id in own
    ]
