"""/sms/sdk through pyVmomi: providers, fault domains, groups and peers."""

from collections.abc import Iterator
from typing import Any

import pytest
from component.simulator.soap_sites import (
    CRM_TARGET,
    ERP_SOURCE,
    ERP_TARGET,
    NOWHERE,
    Client,
    R,
    Sites,
    build,
    plain_id,
    running,
    wire_id,
)
from pyVmomi import sms, vim, vmodl

from vvol_simulator.model import GroupId, Provider
from vvol_simulator.topology import build as build_world
from vvol_simulator.topology import default_topology


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


def test_both_sites_have_the_same_managed_object_ids(austin: Client, dallas: Client) -> None:
    ours, theirs = austin.provider(), dallas.provider()
    assert ours == theirs
    assert ours.QueryProviderInfo().name == "flasharray-a"
    assert theirs.QueryProviderInfo().name == "flasharray-b"
    assert austin.sms.QueryStorageManager() == dallas.sms.QueryStorageManager()


def test_about_and_provider_info(sites: Sites, austin: Client) -> None:
    about = austin.sms.QueryAboutInfo()
    assert (about.apiVersion, about.instanceUuid) == ("8.0.3.0", sites.site("austin").instance_uuid)
    info = austin.provider().QueryProviderInfo()
    assert isinstance(info, sms.provider.VasaProviderInfo)
    assert info.status == "online"
    assert "Replication" in info.supportedProviderProfile
    assert [array.arrayId for array in info.relatedStorageArray] == ["com.purestorage:array-a"]
    assert info.maxBatchSize is None


def test_fault_domains_name_array_and_active_provider(sites: Sites, dallas: Client) -> None:
    manager = dallas.sms.QueryStorageManager()
    (domain,) = manager.QueryFaultDomain()
    assert isinstance(domain, R.FaultDomainInfo)
    assert (domain.id, domain.name, domain.storageArrayId) == ("domain-b", "flasharray-b", "com.purestorage:array-b")
    assert domain.provider == dallas.provider()
    uid = sites.site("dallas").providers[0].uid
    assert [item.id for item in manager.QueryFaultDomain(build(sms.FaultDomainFilter, providerId=uid))] == ["domain-b"]
    with pytest.raises(sms.fault.ProviderNotFound):
        manager.QueryFaultDomain(build(sms.FaultDomainFilter, providerId="nobody"))


def test_an_unknown_provider_is_managed_object_not_found(austin: Client) -> None:
    ghost: Any = build(sms.provider.VasaProvider, "vasaProvider-99", austin.sms_stub)
    with pytest.raises(vmodl.fault.ManagedObjectNotFound) as caught:
        ghost.QueryProviderInfo()
    assert caught.value.obj == ghost


def test_a_method_that_is_not_simulated_is_method_not_found(austin: Client) -> None:
    with pytest.raises(vmodl.fault.MethodNotFound) as caught:
        austin.sms.QueryStorageManager().QueryArray(None)
    assert caught.value.method == "QueryArray"
    assert caught.value.receiver == austin.sms.QueryStorageManager()


def test_a_method_of_another_type_is_method_not_found(austin: Client) -> None:
    austin.sms_stub.requestModifierList.append(lambda sent: sent.replace(b'"SmsServiceInstance"', b'"VasaProvider"'))
    with pytest.raises(vmodl.fault.MethodNotFound) as caught:
        austin.sms.QueryStorageManager()
    austin.sms_stub.requestModifierList.clear()
    assert isinstance(caught.value.receiver, sms.provider.VasaProvider)


def test_another_object_than_the_one_there_is(austin: Client) -> None:
    other: Any = build(sms.StorageManager, "storageManager-2", austin.sms_stub)
    with pytest.raises(vmodl.fault.ManagedObjectNotFound) as caught:
        other.QueryProvider()
    assert caught.value.obj == other


def test_a_method_nobody_has_heard_of(austin: Client) -> None:
    austin.sms_stub.requestModifierList.append(lambda sent: sent.replace(b"QueryStorageManager", b"QueryStorageWizard"))
    with pytest.raises(vmodl.fault.MethodNotFound) as caught:
        austin.sms.QueryStorageManager()
    austin.sms_stub.requestModifierList.clear()
    assert caught.value.method == "QueryStorageWizard"


def test_an_offline_provider_still_tells_about_itself(sites: Sites, austin: Client) -> None:
    provider = austin.provider()
    sites.inside(lambda: setattr(sites.site("austin").providers[0], "status", "offline"))
    assert provider.QueryProviderInfo().status == "offline"
    with pytest.raises(sms.fault.ProviderUnavailable):
        provider.QueryReplicationGroup()


def test_hosts_have_providers_of_their_own_and_a_fault_may_be_one_objects(sites: Sites, dallas: Client) -> None:
    topology = default_topology()
    topology["vCenters"]["dallas"]["filterProviders"] = 2
    array, *hosts = build_world(topology).site("dallas").providers
    assert (array.replicates, [host.replicates for host in hosts]) == (True, [False, False])
    sites.inside(lambda: sites.site("dallas").providers.extend(hosts))
    sites.order("dallas", "QueryProviderInfo", "soapFault", on=hosts[0].moid, name="ProviderBusy", times=None)
    first, sick, well = dallas.sms.QueryStorageManager().QueryProvider()
    with pytest.raises(sms.fault.ProviderBusy):
        sick.QueryProviderInfo()
    assert "Replication" in first.QueryProviderInfo().supportedProviderProfile
    assert "Replication" not in well.QueryProviderInfo().supportedProviderProfile
    assert well.QueryProviderInfo().name == "IOFILTER Provider esx-2.dallas"


def test_vcenter_may_not_name_the_active_provider(sites: Sites, dallas: Client) -> None:
    manager = dallas.sms.QueryStorageManager()
    assert manager.QueryFaultDomain()[0].provider is not None
    sites.switch("faultDomainProviders", value=False)
    assert manager.QueryFaultDomain()[0].provider is None


def test_a_standby_provider_points_to_the_active_one(sites: Sites, dallas: Client) -> None:
    standby = Provider("vasaProvider-2", "ct1", ("array-b",), active=False)
    sites.inside(lambda: sites.site("dallas").providers.append(standby))
    second = dallas.sms.QueryStorageManager().QueryProvider()[1]
    with pytest.raises(sms.fault.InactiveProvider) as caught:
        second.QueryReplicationGroup([wire_id(ERP_TARGET)])
    (mapping,) = caught.value.mapping
    assert mapping.activeProvider == dallas.provider()
    assert [domain.id for domain in mapping.faultDomainId] == ["domain-b"]


def test_an_unfiltered_query_tells_each_sites_own_groups(austin: Client, dallas: Client) -> None:
    source = {r.rgInfo.name: r.rgInfo for r in austin.provider().QueryReplicationGroup()}
    target = {plain_id(r.groupId): r.rgInfo for r in dallas.provider().QueryReplicationGroup()}
    assert set(source) == {"flasharray-a:erp", "flasharray-a:crm"}
    erp = source["flasharray-a:erp"]
    assert isinstance(erp, R.SourceGroupInfo)
    assert (plain_id(erp.groupId), erp.state) == (ERP_SOURCE, "SOURCE")
    assert [plain_id(replica.targetGroupId) for replica in erp.replica] == [ERP_TARGET]
    assert len(erp.memberInfo) == 4
    assert isinstance(erp.memberInfo[0].deviceId, R.VVolId)
    assert set(target) == {ERP_TARGET, CRM_TARGET}
    assert isinstance(target[ERP_TARGET], R.TargetGroupInfo)
    assert plain_id(target[ERP_TARGET].sourceInfo.sourceGroupId) == ERP_SOURCE


@pytest.mark.parametrize(
    ("version", "name"), [("sms.version.v7_0_0_1", None), ("sms.version.v8_0_2_0", "flasharray-a:erp")]
)
def test_a_target_groups_name_is_for_newer_clients(sites: Sites, version: str, name: str | None) -> None:
    client = sites.connect("dallas", sms_version=version)
    (result,) = client.provider().QueryReplicationGroup([wire_id(ERP_TARGET)])
    assert result.rgInfo.name == name


def test_an_unfiltered_query_may_tell_ids_only(sites: Sites, dallas: Client) -> None:
    sites.switch("unfilteredGroups", "idsOnly")
    results = dallas.provider().QueryReplicationGroup()
    assert [type(result) for result in results] == [R.GroupOperationResult] * 2
    assert {plain_id(result.groupId) for result in results} == {ERP_TARGET, CRM_TARGET}
    (filtered,) = dallas.provider().QueryReplicationGroup([wire_id(ERP_TARGET)])
    assert isinstance(filtered, R.QueryReplicationGroupSuccessResult)


def test_a_filtered_query_answers_for_every_id(dallas: Client) -> None:
    ids = [NOWHERE, ERP_TARGET, ERP_SOURCE, ERP_TARGET]
    results = dallas.provider().QueryReplicationGroup([wire_id(group) for group in ids])
    assert [plain_id(result.groupId) for result in results] == ids
    kinds = [type(result.error[0]) if isinstance(result, R.GroupErrorResult) else None for result in results]
    assert kinds == [vim.fault.NotFound, None, vim.fault.NotFound, sms.fault.DuplicateEntry]
    assert "not known to this provider" in results[0].error[0].msg


def test_too_many_groups_for_the_providers_batch(sites: Sites, dallas: Client) -> None:
    sites.inside(lambda: setattr(sites.site("dallas").providers[0], "max_batch", 1))
    assert dallas.provider().QueryProviderInfo().maxBatchSize == 1
    both = [wire_id(ERP_TARGET), wire_id(CRM_TARGET)]
    for method, *rest in (("QueryReplicationGroup",), ("QueryPointInTimeReplica",), ("SyncReplicationGroup_Task", "n")):
        with pytest.raises(sms.fault.TooMany) as caught:
            getattr(dallas.provider(), method)(both, *rest)
        assert caught.value.maxBatchSize == 1


def test_group_info_needs_no_provider(sites: Sites, dallas: Client) -> None:
    manager = dallas.sms.QueryStorageManager()

    def ask(*groups: GroupId) -> Any:
        return manager.QueryReplicationGroupInfo(
            build(sms.ReplicationGroupFilter, groupId=[wire_id(group) for group in groups])
        )

    found, missing = ask(ERP_TARGET, NOWHERE)
    assert found.rgInfo.state == "TARGET"
    assert isinstance(missing.error[0], vim.fault.NotFound)
    with pytest.raises(vmodl.fault.InvalidArgument):
        ask()
    sites.inside(lambda: setattr(sites.site("dallas").providers[0], "status", "offline"))
    assert isinstance(ask(ERP_TARGET)[0].error[0], sms.fault.ProviderUnavailable)
    sites.inside(lambda: setattr(sites.site("dallas").providers[0], "active", False))
    assert isinstance(ask(ERP_TARGET)[0].error[0], sms.fault.ProviderUnavailable)


def test_peers_are_known_where_the_source_is(austin: Client, dallas: Client) -> None:
    (peer,) = austin.provider().QueryReplicationPeer()
    assert (peer.sourceDomain.id, [domain.id for domain in peer.targetDomain]) == ("domain-a", ["domain-b"])
    assert dallas.provider().QueryReplicationPeer() == []
    asked = [build(vim.vm.replication.FaultDomainId, id=name) for name in ("domain-a", "domain-b")]
    known, unknown = austin.provider().QueryReplicationPeer(asked)
    assert known.targetDomain
    assert not known.error
    assert not unknown.targetDomain
    assert isinstance(unknown.error[0], vim.fault.NotFound)
