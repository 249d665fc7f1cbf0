"""/sdk and /pbm/sdk through pyVmomi: virtual machines by container view and property collector, and their groups."""

from collections.abc import Iterator
from typing import Any

import pytest
from component.simulator.soap_sites import CRM_TARGET, ERP_SOURCE, Client, Sites, build, plain_id, running
from pyVmomi import pbm, vim, vmodl

from vvol_simulator.model import GroupId

PC = vmodl.query.PropertyCollector
PATHS = ["name", "runtime.powerState", "config.instanceUuid"]
CRM_SOURCE = GroupId("domain-a", "crm-source")


@pytest.fixture(scope="module")
def sites() -> Iterator[Sites]:
    with running() as sites:
        yield sites


@pytest.fixture
def austin(sites: Sites) -> Client:
    return sites.connect("austin")


def view_of(client: Client, kinds: list[type]) -> Any:
    content = client.si.RetrieveContent()
    return content.viewManager.CreateContainerView(content.rootFolder, kinds, True)  # noqa: FBT003 - pyVmomi's own


def filter_spec(view: Any, paths: list[str], kind: type = vim.VirtualMachine) -> Any:
    walk = build(PC.TraversalSpec, name="v", path="view", skip=False, type=vim.view.ContainerView)
    return build(
        PC.FilterSpec,
        objectSet=[build(PC.ObjectSpec, obj=view, skip=True, selectSet=[walk])],
        propSet=[build(PC.PropertySpec, type=kind, pathSet=paths)],
    )


def read(client: Client, paths: list[str], page: int = 500, kind: type = vim.VirtualMachine) -> list[dict[str, Any]]:
    """All VMs' properties, page after page."""
    collector = client.si.RetrieveContent().propertyCollector
    view = view_of(client, [vim.VirtualMachine])
    found: list[dict[str, Any]] = []
    pages = 0
    result = collector.RetrievePropertiesEx(
        [filter_spec(view, paths, kind)], build(PC.RetrieveOptions, maxObjects=page)
    )
    while result:
        pages += 1
        assert len(result.objects) <= page
        found += [
            {"moid": item.obj._moId, **{p.name: p.val for p in item.propSet}}  # noqa: SLF001 - no public name
            for item in result.objects
        ]
        result = collector.ContinueRetrievePropertiesEx(result.token) if result.token else None
    view.DestroyView()
    assert pages == -(-len(found) // page)
    return found


@pytest.mark.parametrize("page", [1, 2, 500])
def test_virtual_machines_are_read_page_by_page(sites: Sites, austin: Client, page: int) -> None:
    vms = sites.site("austin").vms
    assert read(austin, PATHS, page) == [
        {
            "moid": vm.moid,
            "name": vm.name,
            "runtime.powerState": vm.power,
            "config.instanceUuid": vm.instance_uuid,
        }
        for vm in vms
    ]
    assert [vm.power for vm in vms] == ["poweredOff", "poweredOn"]


def test_only_what_was_asked_for_is_told(austin: Client) -> None:
    assert [set(vm) for vm in read(austin, ["name"])] == [{"moid", "name"}] * 2
    assert [set(vm) for vm in read(austin, ["guest.hostName"])] == [{"moid"}] * 2
    assert [vm["name"] for vm in read(austin, ["name"], kind=vim.ManagedEntity)] == ["erp-db", "erp-split"]
    assert read(austin, ["name"], kind=vim.HostSystem) == []


def test_a_vcenter_without_vms_answers_nothing(sites: Sites) -> None:
    assert read(sites.connect("dallas"), PATHS) == []


def test_a_property_that_does_not_exist_is_refused(austin: Client) -> None:
    with pytest.raises(vmodl.query.InvalidProperty) as caught:
        read(austin, ["name", "runtime.power"])
    assert caught.value.name == "runtime.power"


def test_single_properties_are_fetched(sites: Sites, austin: Client) -> None:
    vm: Any = build(vim.VirtualMachine, "vm-11", austin.vim_stub)
    assert vm.name == sites.site("austin").vms[0].name
    view = view_of(austin, [vim.VirtualMachine])
    assert [item._moId for item in view.view] == [item.moid for item in sites.site("austin").vms]  # noqa: SLF001 - no public name
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        assert build(vim.VirtualMachine, "vm-999", austin.vim_stub).name


def test_views_end_with_destroy_and_with_the_session(sites: Sites, austin: Client) -> None:
    collector = austin.si.RetrieveContent().propertyCollector
    view = view_of(austin, [vim.VirtualMachine])
    view.DestroyView()
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        view.DestroyView()
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        collector.RetrievePropertiesEx([filter_spec(view, PATHS)], build(PC.RetrieveOptions))
    mine = view_of(austin, [vim.VirtualMachine])
    foreign = build(vim.view.ContainerView, mine._moId, sites.connect("austin").vim_stub)  # noqa: SLF001 - no public name
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        foreign.DestroyView()


def test_a_spent_token_is_refused(austin: Client) -> None:
    collector = austin.si.RetrieveContent().propertyCollector
    spec = filter_spec(view_of(austin, [vim.VirtualMachine]), PATHS)
    token = collector.RetrievePropertiesEx([spec], build(PC.RetrieveOptions, maxObjects=1)).token
    collector.CancelRetrievePropertiesEx(token)
    with pytest.raises(vmodl.fault.InvalidArgument) as caught:
        collector.ContinueRetrievePropertiesEx(token)
    assert caught.value.invalidProperty == "token"


def test_an_object_itself_and_all_its_properties(sites: Sites, austin: Client) -> None:
    collector = austin.si.RetrieveContent().propertyCollector
    vm = build(vim.VirtualMachine, "vm-11")
    spec = build(
        PC.FilterSpec,
        objectSet=[build(PC.ObjectSpec, obj=vm, skip=False)],
        propSet=[build(PC.PropertySpec, type=vim.VirtualMachine, all=True)],
    )
    (told,) = collector.RetrievePropertiesEx([spec], build(PC.RetrieveOptions)).objects
    values = {item.name: item.val for item in told.propSet}
    assert (told.obj, values["name"]) == (vm, sites.site("austin").vms[0].name)


def test_a_traversal_may_be_named_by_a_selection(austin: Client) -> None:
    collector = austin.si.RetrieveContent().propertyCollector
    view = view_of(austin, [])
    walk = build(
        PC.TraversalSpec,
        name="walk",
        path="view",
        type=vim.view.ContainerView,
        selectSet=[build(PC.SelectionSpec, name="walk")],
    )

    def specs(*selections: Any) -> Any:
        return [
            build(
                PC.FilterSpec,
                objectSet=[build(PC.ObjectSpec, obj=view, skip=True, selectSet=list(selections))],
                propSet=[build(PC.PropertySpec, type=vim.VirtualMachine, pathSet=["name"])],
            )
        ]

    assert len(collector.RetrievePropertiesEx(specs(walk), build(PC.RetrieveOptions)).objects) == 2
    with pytest.raises(vmodl.fault.InvalidArgument):
        collector.RetrievePropertiesEx(specs(build(PC.SelectionSpec, name="other")), build(PC.RetrieveOptions))
    with pytest.raises(vmodl.fault.InvalidArgument):
        collector.RetrievePropertiesEx(specs(walk), build(PC.RetrieveOptions, maxObjects=0))


# Policies: which part of a VM is in which group


def entity(kind: str, key: str, server: str | None = None) -> Any:
    return build(pbm.ServerObjectRef, objectType=kind, key=key, serverUuid=server)


def rows(client: Client, *entities: Any) -> list[tuple[str, str, GroupId | type | None]]:
    """(type, key, group or fault) per row."""
    manager = client.pbm.RetrieveContent().replicationManager
    return [
        (
            row.object.objectType,
            row.object.key,
            type(row.fault) if row.fault else plain_id(row.replicationGroupId) if row.replicationGroupId else None,
        )
        for row in manager.QueryReplicationGroups(list(entities))
    ]


def test_a_vm_and_its_disks(sites: Sites, austin: Client) -> None:
    vm, split = sites.site("austin").vms
    uuid = sites.site("austin").instance_uuid
    assert rows(austin, entity("virtualMachineAndDisks", vm.moid, uuid)) == [
        ("virtualMachine", vm.moid, ERP_SOURCE),
        *(("virtualDiskId", f"{vm.moid}:{disk.key}", ERP_SOURCE) for disk in vm.disks),
    ]
    assert rows(austin, entity("virtualMachine", vm.moid)) == [("virtualMachine", vm.moid, ERP_SOURCE)]
    assert [group for _, _, group in rows(austin, entity("virtualMachineAndDisks", split.moid))] == [
        ERP_SOURCE,
        CRM_SOURCE,
        None,
    ]
    assert CRM_SOURCE != CRM_TARGET


def test_single_disks(sites: Sites, austin: Client) -> None:
    split = sites.site("austin").vms[1]
    by_key, by_uuid = f"{split.moid}:{split.disks[0].key}", split.disks[0].vvol_id
    assert rows(austin, entity("virtualDiskId", by_key), entity("virtualDiskUUID", by_uuid)) == [
        ("virtualDiskId", by_key, CRM_SOURCE),
        ("virtualDiskUUID", by_uuid, CRM_SOURCE),
    ]


def test_each_entity_has_its_own_fault(sites: Sites, austin: Client) -> None:
    vm = sites.site("austin").vms[0]
    assert rows(
        austin,
        entity("virtualMachineAndDisks", "vm-999"),
        entity("virtualMachine", vm.moid),
        entity("virtualDiskId", f"{vm.moid}:9999"),
        entity("virtualMachine", vm.moid, sites.site("dallas").instance_uuid),
        entity("datastore", vm.moid),
    ) == [
        ("virtualMachineAndDisks", "vm-999", pbm.fault.NotFound),
        ("virtualMachine", vm.moid, ERP_SOURCE),
        ("virtualDiskId", f"{vm.moid}:9999", pbm.fault.NotFound),
        ("virtualMachine", vm.moid, vmodl.fault.InvalidArgument),
        ("datastore", vm.moid, vmodl.fault.InvalidArgument),
    ]
