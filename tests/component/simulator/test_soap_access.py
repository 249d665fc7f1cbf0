"""What an account may not see, how long its session lives, and how many sessions there may be."""

import http.client
from collections.abc import Iterator
from typing import Any

import pytest
from component.simulator.soap_sites import ERP_SOURCE, Client, Sites, build, message, running, wire_id
from pyVmomi import pbm, sms, vim, vmodl

from vvol_simulator.control.endpoint_actions import ENDPOINT_ACTIONS
from vvol_simulator.fields import Fields
from vvol_simulator.model.site import HOST_NAME
from vvol_simulator.topology import build as build_world

PC = vmodl.query.PropertyCollector
R = sms.storage.replication
HALF_AN_HOUR = 1800


@pytest.fixture
def sites() -> Iterator[Sites]:
    with running() as sites:
        yield sites


def act(sites: Sites, name: str, **fields: Any) -> None:
    """What the control port does."""
    sites.inside(lambda: ENDPOINT_ACTIONS[name](sites.world, Fields(fields, name)))


def read(client: Client, moid: str, *paths: str) -> tuple[dict[str, Any], dict[str, type]]:
    """(properties, and the faults of those that are missing) of one VM."""
    vm = build(vim.VirtualMachine, moid, client.vim_stub)
    spec = build(
        PC.FilterSpec,
        objectSet=[build(PC.ObjectSpec, obj=vm, skip=False)],
        propSet=[build(PC.PropertySpec, type=vim.VirtualMachine, pathSet=list(paths))],
    )
    collector = client.si.RetrieveContent().propertyCollector
    (told,) = collector.RetrievePropertiesEx([spec], build(PC.RetrieveOptions)).objects
    return {item.name: item.val for item in told.propSet}, {item.path: type(item.fault) for item in told.missingSet}


def members(client: Client) -> list[Any]:
    (row,) = client.provider().QueryReplicationGroup([wire_id(ERP_SOURCE)])
    return [member.deviceId for member in row.rgInfo.memberInfo]


def test_a_hidden_vm_is_hidden_from_vim_and_pbm_and_not_from_sms(sites: Sites) -> None:
    client = sites.connect("austin")
    before = len(members(client))
    act(sites, "set-vm-access", vm="erp-db", hidden=True)
    content = client.si.RetrieveContent()
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)  # noqa: FBT003 - pyVmomi's own
    assert [vm.name for vm in view.view] == ["erp-split"]
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        read(client, "vm-11", "name")
    entity = build(pbm.ServerObjectRef, objectType="virtualMachineAndDisks", key="vm-11")
    (row,) = client.pbm.RetrieveContent().replicationManager.QueryReplicationGroups([entity])
    assert isinstance(row.fault, vim.fault.NoPermission)
    assert len(members(client)) == before


def test_an_unreadable_property_is_missing_with_its_fault(sites: Sites) -> None:
    client = sites.connect("austin")
    act(sites, "set-vm-access", vm="erp-db", unreadable=["runtime", "config.hardware"])
    values, missing = read(client, "vm-11", "name", "runtime.powerState", "config.hardware.device")
    assert values == {"name": "erp-db"}
    assert missing == {
        "runtime.powerState": vim.fault.NoPermission,
        "config.hardware.device": vim.fault.NoPermission,
    }
    act(sites, "set-vm-access", vm="erp-db")
    assert not read(client, "vm-11", "runtime.powerState")[1]


def test_a_vm_that_is_not_connected_goes_on_showing_what_was_seen_last(sites: Sites) -> None:
    client = sites.connect("austin")
    act(sites, "power", vm="erp-db", state="poweredOff")
    act(sites, "set-vm-shown", vm="erp-db", connection="disconnected")
    act(sites, "power", vm="erp-db", state="poweredOn")
    shown = ("runtime.powerState", "runtime.connectionState", "config.instanceUuid")
    assert list(read(client, "vm-11", *shown)[0].values())[:2] == ["poweredOff", "disconnected"]
    act(sites, "set-vm-shown", vm="erp-db", connection="inaccessible")
    assert read(client, "vm-11", *shown) == (
        {"runtime.powerState": "poweredOff", "runtime.connectionState": "inaccessible"},
        {},
    )
    act(sites, "set-vm-shown", vm="erp-db", unset=["config.vmStorageObjectId"])
    values, missing = read(client, "vm-11", *shown, "config.vmStorageObjectId")
    assert (list(values), missing) == (list(shown), {})
    assert values["runtime.powerState"] == "poweredOn"
    act(sites, "set-vm-shown", vm="erp-db", power="hibernated")
    with pytest.raises(AttributeError, match="hibernated"):
        read(client, "vm-11", "runtime.powerState")


@pytest.mark.parametrize("hidden", [True, False])
def test_vms_lead_to_their_host_which_is_told_once(sites: Sites, *, hidden: bool) -> None:
    client = sites.connect("austin")
    act(sites, "set-host-access", vCenter="austin", hidden=hidden)
    onto = build(PC.TraversalSpec, name="h", path="runtime.host", skip=False, type=vim.VirtualMachine)
    spec = build(
        PC.FilterSpec,
        objectSet=[
            build(PC.ObjectSpec, obj=build(vim.VirtualMachine, moid, client.vim_stub), skip=False, selectSet=[onto])
            for moid in ("vm-11", "vm-12")
        ],
        propSet=[build(PC.PropertySpec, type=vim.HostSystem, pathSet=["name"])],
    )
    collector = client.si.RetrieveContent().propertyCollector
    (host,) = collector.RetrievePropertiesEx([spec], build(PC.RetrieveOptions)).objects
    assert [item.val for item in host.propSet] == ([] if hidden else [HOST_NAME])
    assert [type(item.fault) for item in host.missingSet] == ([vim.fault.NoPermission] if hidden else [])


def test_a_vm_tells_what_its_parts_are_on_the_storage(sites: Sites) -> None:
    client = sites.connect("austin")
    vm = sites.site("austin").vms[0]
    values, _ = read(
        client,
        vm.moid,
        "config.vmStorageObjectId",
        "config.files.vmPathName",
        "config.hardware.device",
        "layoutEx.file",
    )
    assert values["config.vmStorageObjectId"] == vm.home_vvol_id
    assert values["config.files.vmPathName"] == vm.vmx_path
    assert vm.vmx_path == f"[vvol-datastore] {vm.home_vvol_id}/erp-db.vmx"
    disks = [device for device in values["config.hardware.device"] if isinstance(device, vim.vm.device.VirtualDisk)]
    backings: list[Any] = [disk.backing for disk in disks]
    told = [(disk.key, backing.backingObjectId) for disk, backing in zip(disks, backings, strict=True)]
    assert told == [(d.key, d.vvol_id) for d in vm.disks]
    assert [disk.diskObjectId for disk in disks] == [f"11-{d.key}" for d in vm.disks]
    assert {file.backingObjectId for file in values["layoutEx.file"]} == {
        vm.home_vvol_id,
        *(d.vvol_id for d in vm.disks),
    }


@pytest.mark.parametrize(
    ("switch", "kinds"),
    [
        ("vvol", (R.VVolId, R.VVolId)),
        ("uuid", (R.VirtualMachineUUID, R.VirtualDiskKey)),
        ("filePath", (R.VirtualMachineFilePath, R.VirtualDiskId)),
        ("moid", (R.VirtualMachineMoId, R.VirtualDiskMoId)),
    ],
)
def test_members_are_named_as_the_switch_says(sites: Sites, switch: str, kinds: tuple[type, type]) -> None:
    sites.switch("memberIds", switch)
    told = members(sites.connect("austin"))
    assert [type(item) for item in told] == [kinds[0], kinds[1], kinds[1], kinds[0]]
    sites.switch("memberIds", "none")
    assert members(sites.connect("austin")) == []


@pytest.mark.parametrize("keeps", [True, False])
def test_an_idle_session_ends_and_sms_may_or_may_not_keep_it(sites: Sites, *, keeps: bool) -> None:
    sites.switch("smsKeepsSession", keeps)
    client = sites.connect("austin")
    sites.advance(HALF_AN_HOUR - 10)
    client.provider()
    sites.advance(20)
    if keeps:
        client.provider()
        client.si.CurrentTime()
    else:
        with pytest.raises(sms.fault.InvalidSession):
            client.provider()
        with pytest.raises(vim.fault.NotAuthenticated):
            client.si.CurrentTime()
        assert sites.site("austin").sessions == {}


def test_calls_to_vim_keep_the_session(sites: Sites) -> None:
    client = sites.connect("austin")
    for _ in range(4):
        sites.advance(HALF_AN_HOUR - 1)
        client.si.CurrentTime()
    sites.switch("sessionIdleSeconds", 0.0)
    sites.advance(10 * HALF_AN_HOUR)
    client.provider()
    assert client.si.RetrieveContent().sessionManager.currentSession is not None


@pytest.mark.parametrize("answer", ["http503", "fault"])
def test_one_session_too_many(sites: Sites, answer: str) -> None:
    sites.switch("sessionLimitAnswer", answer)
    act(sites, "set-session-limit", vCenter="austin", limit=1)
    first = sites.connect("austin")
    second = sites.connect("austin", login=False)
    if answer == "http503":
        with pytest.raises(http.client.HTTPException, match="503"):
            second.login(sites.site("austin"))
    else:
        with pytest.raises(vim.fault.LimitExceeded) as caught:
            second.login(sites.site("austin"))
        assert "session limit" in message(caught)
    first.si.RetrieveContent().sessionManager.Logout()
    second.login(sites.site("austin"))
    act(sites, "set-session-limit", vCenter="austin")
    sites.connect("austin")
    assert sites.site("austin").logins == 3


def test_a_topology_may_limit_sessions() -> None:
    world = build_world({"vCenters": {"austin": {"sessionLimit": 2}}})
    assert world.site("austin").session_limit == 2


@pytest.mark.parametrize(
    ("release", "version", "refused"),
    [
        ("6.7.0", "sms.version.v7_0_0_1", True),
        ("7.0.3", "sms.version.v7_0_0_1", False),
        ("7.0.3", "sms.version.v8_0_0_0", True),
        ("8.0.3", "sms.version.v8_0_3_0", False),
        ("8.0.1", "sms.version.v8_0_2_0", True),
    ],
)
def test_versions_newer_than_the_vcenter_are_refused(
    sites: Sites, release: str, version: str, *, refused: bool
) -> None:
    sites.site("austin").version = release
    sites.site("austin").instance_uuid = "same"
    client = sites.connect("austin", login=release != "6.7.0", sms_version=version)
    if refused:
        with pytest.raises(vmodl.RuntimeFault, match="Unsupported version URI"):
            client.sms.QueryStorageManager()
    else:
        assert client.provider() is not None
