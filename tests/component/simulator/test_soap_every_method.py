"""pyVmomi, written by others, reads every answer that the simulator has: each handler of each service is called.

A handler without an example here fails the test, so none can be added without its answer being read.
"""

from collections.abc import Callable
from typing import Any

import pytest
from component.simulator.soap_sites import (
    ERP_SOURCE,
    ERP_TARGET,
    TOPOLOGY,
    Client,
    build,
    land,
    running,
    wire_id,
)
from pyVmomi import VmomiSupport, pbm, sms, vim, vmodl

from vvol_simulator.soap import handlers

V: Any = VmomiSupport
PC = vmodl.query.PropertyCollector
STYLES: dict[str, dict[str, object]] = {
    "plain": {},
    "prefixed": {"soapPrefixedTypes": True, "soapExtraHeader": True},
    "chunked and compressed": {"soapChunked": True, "soapGzip": True},
    "ids only": {"unfilteredGroups": "idsOnly", "pointsInTime": "summary", "memberIds": "filePath"},
    "no names": {"targetGroupNames": False, "memberIds": "moid", "pointInTimeTime": "targetCompletion"},
    "by uuid": {"memberIds": "uuid", "groupFaults": "taskError"},
}
RUNS = [("7.0.3", "plain"), ("8.0.1", "no names"), *(("8.0.3", style) for style in STYLES)]


def vms_spec(client: Client) -> Any:
    content = client.si.RetrieveContent()
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)  # noqa: FBT003 - pyVmomi's own
    walk = build(PC.TraversalSpec, name="v", path="view", skip=False, type=vim.view.ContainerView)
    paths = ["name", "runtime.powerState", "config.hardware.device", "config.datastoreUrl", "layoutEx.file"]
    return build(
        PC.FilterSpec,
        objectSet=[build(PC.ObjectSpec, obj=view, skip=True, selectSet=[walk])],
        propSet=[build(PC.PropertySpec, type=vim.VirtualMachine, pathSet=paths)],
    )


def paged(client: Client, then: str) -> Any:
    """The first page, and what is done with its token."""
    collector = client.si.RetrieveContent().propertyCollector
    first = collector.RetrievePropertiesEx([vms_spec(client)], build(PC.RetrieveOptions, maxObjects=1))
    return getattr(collector, then)(first.token)


def synced(client: Client) -> Any:
    return client.provider().SyncReplicationGroup([wire_id(ERP_TARGET)], "x")


def finished(client: Client) -> Any:
    """The sync that was made before anything landed."""
    return build(sms.Task, "SmsTask-1", client.sms_stub)


def vm_of(client: Client) -> Any:
    return build(vim.VirtualMachine, "vm-11", client.vim_stub)


Ask = Callable[[Client, Client], Any]
"""What is called, given clients of the source and of the target site."""
CALLS: dict[str, Ask] = {
    "RetrieveServiceContent": lambda src, _: src.si.RetrieveContent(),
    "Fetch.ServiceInstance.content": lambda src, _: src.si.content,
    "CurrentTime": lambda src, _: src.si.CurrentTime(),
    "Login": lambda src, _: src.si.RetrieveContent().sessionManager.Login("austin-user", "austin-secret", None),
    "Logout": lambda src, _: src.si.RetrieveContent().sessionManager.Logout(),
    "Fetch.SessionManager.currentSession": lambda src, _: src.si.RetrieveContent().sessionManager.currentSession,
    "CreateContainerView": lambda src, _: vms_spec(src).objectSet[0].obj,
    "DestroyView": lambda src, _: vms_spec(src).objectSet[0].obj.DestroyView(),
    "Fetch": lambda src, _: (vm_of(src).name, vms_spec(src).objectSet[0].obj.view),
    "RetrievePropertiesEx": lambda src, _: src.si.RetrieveContent().propertyCollector.RetrievePropertiesEx(
        [vms_spec(src)], build(PC.RetrieveOptions)
    ),
    "ContinueRetrievePropertiesEx": lambda src, _: paged(src, "ContinueRetrievePropertiesEx"),
    "CancelRetrievePropertiesEx": lambda src, _: paged(src, "CancelRetrievePropertiesEx"),
    "QueryAboutInfo": lambda src, _: src.sms.QueryAboutInfo(),
    "QueryStorageManager": lambda src, _: src.sms.QueryStorageManager(),
    "QueryProvider": lambda src, _: src.sms.QueryStorageManager().QueryProvider(),
    "QueryProviderInfo": lambda src, _: src.provider().QueryProviderInfo(),
    "QueryReplicationGroup": lambda src, dst: (
        src.provider().QueryReplicationGroup(None),
        src.provider().QueryReplicationGroup([wire_id(ERP_SOURCE)]),
        dst.provider().QueryReplicationGroup([wire_id(ERP_TARGET), wire_id(ERP_SOURCE)]),
    ),
    "QueryReplicationGroupInfo": lambda src, _: src.sms.QueryStorageManager().QueryReplicationGroupInfo(
        build(sms.ReplicationGroupFilter, groupId=[wire_id(ERP_SOURCE), wire_id(ERP_TARGET)])
    ),
    "QueryReplicationPeer": lambda src, dst: (
        src.provider().QueryReplicationPeer(None),
        dst.provider().QueryReplicationPeer([wire_id(ERP_TARGET).faultDomainId]),
    ),
    "QueryFaultDomain": lambda src, _: src.sms.QueryStorageManager().QueryFaultDomain(None),
    "QueryPointInTimeReplica": lambda src, dst: (
        dst.provider().QueryPointInTimeReplica([wire_id(ERP_TARGET)], None),
        dst.provider().QueryPointInTimeReplica(
            [wire_id(ERP_TARGET)], build(sms.storage.replication.QueryPointInTimeReplicaParam, preferDetails=True)
        ),
        src.provider().QueryPointInTimeReplica([wire_id(ERP_SOURCE)], None),
    ),
    "SyncReplicationGroup_Task": lambda _, dst: synced(dst),
    "PrepareFailoverReplicationGroup_Task": lambda src, dst: (
        src.provider().PrepareFailoverReplicationGroup([wire_id(ERP_SOURCE)]),
        dst.provider().PrepareFailoverReplicationGroup([wire_id(ERP_TARGET)]).QueryInfo(),
    ),
    "QuerySmsTaskInfo": lambda _, dst: (synced(dst).QueryInfo(), finished(dst).QueryInfo().result),
    "QuerySmsTaskResult": lambda _, dst: finished(dst).QueryResult(),
    "PbmRetrieveServiceContent": lambda src, _: src.pbm.RetrieveContent(),
    "Fetch.PbmServiceInstance.content": lambda src, _: src.pbm.content,
    "PbmQueryReplicationGroups": lambda src, _: src.pbm.RetrieveContent().replicationManager.QueryReplicationGroups(
        [
            build(pbm.ServerObjectRef, objectType="virtualMachineAndDisks", key="vm-11"),
            build(pbm.ServerObjectRef, objectType="virtualMachine", key="vm-999"),
        ]
    ),
}
NOTHING = {"Logout", "DestroyView", "CancelRetrievePropertiesEx"}
"""What answers nothing."""
ALONE = {"Login", "Logout"}
"""What needs a client of its own."""
EVERY = [(namespace, name) for namespace, names in handlers().items() for name in names]


def test_every_handler_has_an_example_and_every_example_a_handler() -> None:
    assert sorted(name for _, name in EVERY) == sorted(CALLS)


@pytest.mark.parametrize(("version", "style"), RUNS)
def test_pyvmomi_reads_every_answer(version: str, style: str) -> None:
    vcenters = {name: {**fields, "version": version} for name, fields in TOPOLOGY["vCenters"].items()}
    switches = {"syncOngoing": "taskError", **STYLES[style]}
    with running({**TOPOLOGY, "vCenters": vcenters, "switches": switches}) as sites:
        src, dst = sites.connect("austin"), sites.connect("dallas")
        synced(dst)
        land(sites, "one", "two")
        for _, name in EVERY:
            sites.inside(sites.world.counters.reset)
            answer = CALLS[name](src if name not in ALONE else sites.connect("austin", login=name != "Login"), dst)
            assert (answer is not None) is (name not in NOTHING), (name, answer)
            if not name.startswith("Fetch"):
                counted = sites.inside(sites.world.counters.as_dict)
                assert any(name in calls for calls in counted.values()), f"{name} was not called by its example"


@pytest.mark.parametrize(("namespace", "name"), [pair for pair in EVERY if not pair[1].startswith("Fetch")])
def test_every_handlers_name_is_one_of_pyvmomis(namespace: str, name: str) -> None:
    assert V.GetWsdlMethod(namespace, name) is not None
