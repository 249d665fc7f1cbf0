"""/sms/sdk through pyVmomi: sync, prepare and their tasks."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from component.simulator.soap_sites import (
    ERP_SOURCE,
    ERP_TARGET,
    NOWHERE,
    Client,
    R,
    Sites,
    build,
    message,
    plain_id,
    points,
    running,
    wire_id,
)
from pyVmomi import sms, vim, vmodl

from vvol_simulator.model import GroupId

LEFT_OUT = b'<faultDomainId xmlns="urn:vim25"><id>left out</id></faultDomainId>'


@pytest.fixture
def sites() -> Iterator[Sites]:
    with running() as sites:
        yield sites


@pytest.fixture
def austin(sites: Sites) -> Client:
    return sites.connect("austin")


@pytest.fixture
def dallas(sites: Sites) -> Client:
    return sites.connect("dallas")


def test_a_sync_waits_for_a_landing_and_names_it(sites: Sites, dallas: Client) -> None:
    provider = dallas.provider()
    task = provider.SyncReplicationGroup_Task([wire_id(ERP_TARGET)], "before-upgrade")
    info = task.QuerySmsTaskInfo()
    assert (info.state, info.completionTime, info.result, info.task) == ("running", None, None, task)
    assert info.object == provider
    assert abs(info.startTime - dallas.si.CurrentTime()) < timedelta(seconds=5)
    sites.push("erp", "op-1")
    sites.advance(5)
    assert task.QuerySmsTaskInfo().state == "running"
    assert task.QuerySmsTaskResult() is None
    sites.advance(5)
    info = task.QuerySmsTaskInfo()
    assert (info.state, info.progress) == ("success", 100)
    assert info.completionTime - info.startTime == timedelta(seconds=10)
    result: Any = info.result[0]
    assert len(info.result) == 1
    assert isinstance(result, R.SyncReplicationGroupSuccessResult)
    assert (plain_id(result.groupId), result.pitName) == (ERP_TARGET, "before-upgrade")
    pit_id, taken = info.result[0].pitId.id, info.result[0].timeStamp
    (point,) = points(provider, preferDetails=True).replicaInfo
    assert (point.id.id, point.pitName, point.timeStamp) == (pit_id, "before-upgrade", taken)
    assert task.QuerySmsTaskResult()[0].pitId.id == point.id.id


def test_a_task_may_be_queued_first(sites: Sites, dallas: Client) -> None:
    sites.switch("taskQueuedSeconds", 3)
    task = dallas.provider().SyncReplicationGroup_Task([wire_id(ERP_TARGET)], "name")
    assert task.QuerySmsTaskInfo().state == "queued"
    sites.advance(4)
    assert task.QuerySmsTaskInfo().state == "running"


def test_a_forgotten_task_is_managed_object_not_found(sites: Sites, dallas: Client) -> None:
    task = dallas.provider().SyncReplicationGroup_Task([wire_id(ERP_TARGET)], "name")
    sites.inside(sites.site("dallas").forget_tasks)
    for ask in (task.QuerySmsTaskInfo, task.QuerySmsTaskResult):
        with pytest.raises(vmodl.fault.ManagedObjectNotFound) as caught:
            ask()
        assert caught.value.obj == task


def test_a_thrown_sync_ongoing_names_a_task_that_can_be_polled(sites: Sites, dallas: Client) -> None:
    first = dallas.provider().SyncReplicationGroup_Task([wire_id(ERP_TARGET)], "one")
    with pytest.raises(sms.fault.replication.SyncOngoing) as caught:
        dallas.provider().SyncReplicationGroup_Task([wire_id(ERP_TARGET)], "two")
    assert caught.value.task == first
    assert caught.value.task.QuerySmsTaskInfo().state == "running"
    sites.switch("syncOngoingCarriesTask", value=False)
    with pytest.raises(sms.fault.replication.SyncOngoing) as caught:
        dallas.provider().SyncReplicationGroup_Task([wire_id(ERP_TARGET)], "three")
    assert caught.value.task != first


@pytest.mark.parametrize(("where", "state"), [("groupError", "success"), ("taskError", "error")])
def test_sync_ongoing_inside_the_task(sites: Sites, dallas: Client, where: str, state: str) -> None:
    sites.switch("syncOngoing", where)
    first = dallas.provider().SyncReplicationGroup_Task([wire_id(ERP_TARGET)], "one")
    info = dallas.provider().SyncReplicationGroup_Task([wire_id(ERP_TARGET)], "two").QuerySmsTaskInfo()
    assert info.state == state
    fault = info.error if where == "taskError" else info.result[0].error[0]
    assert isinstance(fault, sms.fault.replication.SyncOngoing)
    assert fault.task == first
    assert message(fault)


def test_refusals_of_single_groups(sites: Sites, austin: Client, dallas: Client) -> None:
    wrong_side = austin.provider().SyncReplicationGroup_Task([wire_id(ERP_SOURCE)], "name").QuerySmsTaskInfo()
    assert wrong_side.state == "success"
    assert isinstance(wrong_side.result[0].error[0], sms.fault.replication.InvalidFunctionTarget)
    sites.inside(lambda: sites.world.vasa.set_state(sites.group(ERP_TARGET), "INTEST"))
    task = dallas.provider().SyncReplicationGroup_Task([wire_id(ERP_TARGET), wire_id(NOWHERE)], "name")
    in_test, unknown = task.QuerySmsTaskInfo().result
    assert isinstance(in_test.error[0], sms.fault.replication.InvalidReplicationState)
    assert (in_test.error[0].currentState, list(in_test.error[0].desiredState)) == ("INTEST", ["TARGET"])
    assert isinstance(unknown.error[0], vim.fault.NotFound)
    with pytest.raises(vmodl.fault.InvalidArgument):
        dallas.provider().SyncReplicationGroup_Task([], "name")


def test_prepare_at_the_source_then_sync_is_no_news(sites: Sites, austin: Client, dallas: Client) -> None:
    task = austin.provider().PrepareFailoverReplicationGroup_Task([wire_id(ERP_SOURCE)])
    assert task.QuerySmsTaskInfo().state == "running"
    sites.advance(10)
    (result,) = task.QuerySmsTaskInfo().result
    assert type(result) is R.GroupOperationResult
    (only,) = points(dallas.provider(), preferDetails=True).replicaInfo
    sync = dallas.provider().SyncReplicationGroup_Task([wire_id(ERP_TARGET)], "too-late")
    assert sync.QuerySmsTaskInfo().state == "success"
    assert sync.QuerySmsTaskResult()[0].pitId.id == only.id.id
    assert len(points(dallas.provider(), preferDetails=True).replicaInfo) == 1


def test_both_sides_may_be_in_one_vcenter() -> None:
    with running(
        {
            "arrays": {"a": {"faultDomainId": "domain-a"}, "b": {"faultDomainId": "domain-b"}},
            "connections": [{"arrays": ["a", "b"]}],
            "vCenters": {"lab": {"arrays": ["a", "b"]}},
            "protectionGroups": [
                {"name": "erp", "source": "a", "groupId": "same-id", "targets": [{"array": "b", "groupId": "same-id"}]}
            ],
        }
    ) as sites:
        client = sites.connect("lab")
        first, second = client.sms.QueryStorageManager().QueryProvider()
        assert [r.rgInfo.state for r in first.QueryReplicationGroup()] == ["SOURCE"]
        assert [r.rgInfo.state for r in second.QueryReplicationGroup()] == ["TARGET"]
        assert [domain.name for domain in client.sms.QueryStorageManager().QueryFaultDomain()] == ["a", "b"]
        task = second.SyncReplicationGroup_Task([wire_id(GroupId("domain-b", "same-id"))], "name")
        sites.push("erp", "op-1")
        sites.advance(60)
        assert task.QuerySmsTaskInfo().state == "success"


def test_an_incomplete_id_is_an_invalid_argument(sites: Sites, dallas: Client) -> None:
    half = build(
        vim.vm.replication.ReplicationGroupId, deviceGroupId=build(vim.vm.replication.DeviceGroupId, id="erp-target")
    )
    # pyVmomi's client refuses to send it, other clients do not.
    half.faultDomainId = build(vim.vm.replication.FaultDomainId, id="left out")
    stub = dallas.sms_stub
    stub.requestModifierList.append(lambda sent: sent.replace(LEFT_OUT, b""))
    with pytest.raises(vmodl.fault.InvalidArgument) as caught:
        dallas.provider().SyncReplicationGroup_Task([half], "name")
    stub.requestModifierList.clear()
    assert caught.value.invalidProperty == "groupId.faultDomainId"
    (entry,) = sites.inside(lambda: sites.world.journal.since(0))
    assert entry.arguments["groups"] == [{"faultDomain": None, "deviceGroup": "erp-target"}]
    assert not entry.took_effect


def test_a_missing_parameter_is_an_invalid_argument(dallas: Client) -> None:
    stub = dallas.sms_stub
    stub.requestModifierList.append(lambda sent: sent.replace(b'<pitName versionId="7.0.0.1">name</pitName>', b""))
    with pytest.raises(vmodl.fault.InvalidArgument) as caught:
        dallas.provider().SyncReplicationGroup_Task([wire_id(ERP_TARGET)], "name")
    stub.requestModifierList.clear()
    assert caught.value.invalidProperty == "pitName"
