"""VMs of a group that vCenter shows in part, from memory, or in words that the client does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pyVmomi import version_info_str

from vvol_replication.domain.members import PowerState
from vvol_replication.domain.outcomes import Indeterminate, Unavailable
from vvol_replication.storage.vsphere import machines, policies
from vvol_simulator.model.site import HOST, HOST_NAME

from .test_edges import answer
from .test_members import ask, only_vm, source_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Sites

NEWER = f"is newer than pyvmomi {version_info_str} knows"
ODD = '<returnval xsi:type="AnswerOfTheFuture"/>'


def garbage(method: str, inside: str = ODD, **more: Any) -> dict[str, Any]:
    return {"body": answer(method, inside), "contentType": "text/xml", **more}


@pytest.mark.parametrize("state", ["disconnected", "orphaned", "inaccessible", "invalid"])
async def test_a_vm_that_vcenter_is_not_connected_to_is_not_taken_for_off(sites: Sites, state: Any) -> None:
    only_vm(sites).connection = state
    told = await ask(sites)
    assert [(vm.name, vm.power) for vm in told.vms] == [("erp-db", PowerState.UNKNOWN)]
    assert told.vms[0].state == f"{state}, host {HOST_NAME}, last seen poweredOff"
    assert f"VM erp-db is not connected ({state}, host {HOST_NAME}" in told.problems[0]
    assert not told.complete


@pytest.mark.parametrize("power", ["poweredOn", "suspended"])
async def test_a_vm_that_was_seen_running_before_its_host_went_counts_as_it_was_seen(sites: Sites, power: Any) -> None:
    only_vm(sites, power).connection = "disconnected"
    (told,) = (await ask(sites)).vms
    assert str(told.power) == power
    assert told.state.startswith("disconnected")


async def test_a_connection_that_may_not_be_read_counts_as_none(sites: Sites) -> None:
    only_vm(sites).unreadable = ("runtime.connectionState",)
    told = await ask(sites)
    assert [(vm.power, vm.state) for vm in told.vms] == [(PowerState.UNKNOWN, "")]
    assert "runtime.connectionState of VM erp-db could not be read" in told.problems[0]


async def test_hosts_that_may_not_be_read_are_named_by_their_id_or_not_at_all(sites: Sites) -> None:
    vm = only_vm(sites)
    vm.connection, vm.unreadable = "disconnected", ("runtime.host",)
    assert (await ask(sites)).vms[0].state == "disconnected, last seen poweredOff"
    vm.unreadable, sites.site("austin").hosts_hidden = (), True
    assert (await ask(sites)).vms[0].state == f"disconnected, host {HOST}, last seen poweredOff"


@pytest.mark.parametrize("how", ["unreadable", "unset"])
async def test_a_home_whose_object_is_not_shown_is_known_by_the_folder_of_its_configuration(
    sites: Sites, how: str
) -> None:
    vm = only_vm(sites)
    setattr(vm, how, ("config.vmStorageObjectId", "layoutEx"))
    told = await ask(sites)
    assert told.unaccounted == ()
    assert [(item.moid, item.home, item.disks) for item in told.vms] == [(vm.moid, True, (2000, 2001))]
    assert told.complete


@pytest.mark.parametrize("state", ["inaccessible", "invalid", "orphaned"])
@pytest.mark.parametrize("placed", [True, False])
async def test_members_of_a_vm_without_a_configuration_are_told_with_that_vm(
    sites: Sites, state: Any, *, placed: bool
) -> None:
    vm = only_vm(sites)
    vm.connection, vm.unset = state, ("config", "layoutEx")
    sites.site("austin").add_vm("bystander", "poweredOn", None, [None])
    if not placed:
        sites.world.faults.add("austin", "PbmQueryReplicationGroups", "soapFault", name="NotFound")
    told = await ask(sites)
    assert [item.power for item in told.vms] == [PowerState.UNKNOWN] * placed
    assert len(told.unaccounted) == 3
    assert told.unread == (f"'erp-db' ({state}, host {HOST_NAME}, last seen poweredOff)",)
    assert not told.complete


async def test_a_vm_whose_configuration_may_not_be_read_is_a_likely_owner_too(sites: Sites) -> None:
    only_vm(sites).unreadable = ("config", "layoutEx")
    told = await ask(sites)
    assert told.unread == ("'erp-db' (its configuration could not be read)",)


async def test_more_vms_without_a_configuration_than_anybody_reads_are_counted(sites: Sites) -> None:
    only_vm(sites).hidden = True
    for number in range(23):
        sites.site("austin").add_vm(f"vm-{number}", "poweredOff", None, []).unset = ("config",)
    told = await ask(sites)
    assert len(told.unread) == 21
    assert told.unread[-1] == "and 3 more"


async def test_where_everything_is_accounted_for_nobody_elses_vm_is_asked_for(sites: Sites) -> None:
    only_vm(sites)
    sites.site("austin").add_vm("new", "poweredOff", None, []).unset = ("config",)
    told = await ask(sites)
    assert told.complete
    assert told.unread == ()
    assert sites.counts("austin")["RetrievePropertiesEx"] == 2


async def test_a_vm_in_a_power_that_the_client_does_not_know_counts_as_on_and_spoils_no_other(sites: Sites) -> None:
    odd = only_vm(sites)
    others = [
        sites.site("austin").add_vm(f"vm-{number}", "poweredOff", source_id(sites), [source_id(sites)])
        for number in range(6)
    ]
    odd.shown_power = "hibernated"
    told = await ask(sites)
    powers = {vm.name: vm.power for vm in told.vms}
    assert powers == {"erp-db": PowerState.UNKNOWN} | {vm.name: PowerState.OFF for vm in others}
    (problem,) = told.problems
    assert "VM erp-db could not be read" in problem
    assert f"'hibernated' {NEWER}" in problem
    assert "proxy" not in problem
    assert len(told.unaccounted) == 2, "its disks: what was not read accounts for nothing"
    assert told.unread == (f"'erp-db' ('hibernated' {NEWER})",)
    # The walk, then seven VMs, and halves of them until one is alone: 7 = 3 + 4, 3 = 1 + 2.
    assert sites.counts("austin")["RetrievePropertiesEx"] == 1 + 1 + 2 + 2


async def test_a_row_of_pbm_that_the_client_does_not_know_is_a_hole_of_that_vm_only(sites: Sites) -> None:
    vm = only_vm(sites)
    sites.site("austin").add_vm("erp-app", "poweredOff", source_id(sites), []).hidden = True
    other = sites.site("austin").add_vm("erp-web", "poweredOff", source_id(sites), [])
    method = "PbmQueryReplicationGroups"
    sites.world.faults.add("austin", method, "garbage", times=2, **garbage(method))
    told = await ask(sites)
    assert [item.moid for item in told.vms] == [vm.moid, other.moid]
    (problem,) = told.problems
    assert f"The group of VM {vm.moid} could not be read" in problem
    assert f"'AnswerOfTheFuture' {NEWER}" in problem


async def test_a_pbm_of_which_the_client_knows_no_answer_is_not_asked_twice_for_each_vm(
    sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policies, "_MOST_ODD", 2)
    only_vm(sites)
    for number in range(15):
        sites.site("austin").add_vm(f"vm-{number}", "poweredOff", None, [])
    method = "PbmQueryReplicationGroups"
    sites.world.faults.add("austin", method, "garbage", **garbage(method))
    told = await ask(sites)
    assert told.complete, "the provider's word finds what PBM does not tell"
    # 16, 8, 4, 2, 1, 1; then what is left is asked once: 2, 4 and 8.
    assert sites.counts("austin")[method] == 9


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("QueryReplicationGroupInfo", lambda vcenter, group: vcenter.group(group)),
        ("QueryPointInTimeReplica", lambda vcenter, group: vcenter.points_in_time(group)),
        ("QuerySmsTaskInfo", lambda vcenter, group: vcenter.task("SmsTask-1", group)),
        ("SyncReplicationGroup_Task", lambda vcenter, group: vcenter.start_sync(group, "x")),
    ],
)
@pytest.mark.parametrize(
    ("inside", "word"), [(ODD, "AnswerOfTheFuture"), ("<returnval><fromTheFuture/></returnval>", "fromTheFuture")]
)
async def test_an_answer_of_a_newer_vcenter_is_told_as_that(
    sites: Sites, method: str, call: Any, inside: str, word: str
) -> None:
    if method == "SyncReplicationGroup_Task" and word == "fromTheFuture":
        inside = ODD.replace("AnswerOfTheFuture", word)  # a task has no fields
    sites.world.faults.add("dallas", method, "garbage", **garbage(method, inside))
    outcome = await call(sites.vcenter(), sites.group())
    assert isinstance(outcome, Indeterminate if method.endswith("_Task") else Unavailable)
    assert outcome.reason == ("AnswerLost" if method.endswith("_Task") else "AnswerUnreadable")
    assert f"'{word}' {NEWER}" in outcome.message
    assert "Install a newer version of the operator" in outcome.message


async def test_a_group_that_the_client_does_not_know_is_the_only_hole(sites: Sites, value: Callable[..., Any]) -> None:
    sites.world.switches.unfiltered_groups = "idsOnly"
    method = "QueryReplicationGroup"
    # All three, then one of one.
    sites.world.faults.add("dallas", method, "garbage", **garbage(method, skip=1, times=2))
    inventory = value(await sites.vcenter().inventory())
    assert len(inventory.groups) == 2
    assert len(inventory.problems) == 1
    assert NEWER in inventory.problems[0]


async def test_a_provider_that_the_client_does_not_know_hides_no_other(sites: Sites, value: Callable[..., Any]) -> None:
    """Where vCenter does not say who is active, each provider is asked."""
    site = sites.site()
    site.providers.insert(0, type(site.providers[0])("vasaProvider-0", "of the future", ()))
    sites.world.faults.add("dallas", "QueryFaultDomain", "garbage", **garbage("QueryFaultDomain", ""))
    sites.world.faults.add("dallas", "QueryProviderInfo", "garbage", times=1, **garbage("QueryProviderInfo"))
    value(await sites.vcenter().points_in_time(sites.group()))


async def test_pages_without_end_are_not_read_for_ever(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "_PAGE", 1)
    monkeypatch.setattr(machines, "_MOST_PAGES", 7)
    only_vm(sites)
    sites.site("austin").add_vm("other", "poweredOn", None, [])
    page = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><ContinueRetrievePropertiesExResponse'
        ' xmlns="urn:vim25"><returnval><token>1</token></returnval></ContinueRetrievePropertiesExResponse></e:Body>'
        "</e:Envelope>"
    )
    sites.world.faults.add("austin", "ContinueRetrievePropertiesEx", "garbage", body=page, contentType="text/xml")
    outcome = await sites.vcenter("austin").members(sites.group("erp", "source"))
    assert isinstance(outcome, Unavailable), outcome
    assert "no end" in outcome.message
    assert sites.counts("austin")["ContinueRetrievePropertiesEx"] == 6
    assert sites.simulator_views() == 0
