"""One endpoint's trouble stays its own, and what two vCenters call by the same id is kept apart."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from vvol_replication.domain.groups import SourceGroup, TargetGroup
from vvol_replication.domain.outcomes import Done
from vvol_replication.storage.vsphere import Timeouts
from vvol_simulator.model import Provider

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Sites

PATIENT = Timeouts(connect=30.0, answer=30.0, call=60.0, inventory=60.0, close=0.2)
HUNG: dict[str, Callable[..., Any]] = {
    "Login": lambda vcenter, _: vcenter.about(),
    "QueryProvider": lambda vcenter, _: vcenter.inventory(),
    "QueryReplicationGroup": lambda vcenter, _: vcenter.inventory(),
    "QueryReplicationPeer": lambda vcenter, _: vcenter.inventory(),
    "QueryReplicationGroupInfo": lambda vcenter, sites: vcenter.group(sites.group("erp", "source")),
    "QueryFaultDomain": lambda vcenter, sites: vcenter.start_prepare(sites.group("erp", "source")),
    "QuerySmsTaskInfo": lambda vcenter, sites: vcenter.task("SmsTask-1", sites.group("erp", "source")),
    "RetrievePropertiesEx": lambda vcenter, sites: vcenter.members(sites.group("erp", "source")),
    "PbmQueryReplicationGroups": lambda vcenter, sites: vcenter.members(sites.group("erp", "source")),
    "PrepareFailoverReplicationGroup_Task": lambda vcenter, sites: vcenter.start_prepare(sites.group("erp", "source")),
}


async def reached(rule: Any) -> None:
    async with asyncio.timeout(10):
        while not rule.hits:  # noqa: ASYNC110 - the simulator's rules count, they do not call back
            await asyncio.sleep(0.005)


def the_same_ids(sites: Sites) -> None:
    """Providers, tasks and VMs of both vCenters have the same ids, as in reality."""
    austin, dallas = sites.site("austin"), sites.site("dallas")
    for vm in austin.vms:
        twin = dallas.add_vm(f"twin of {vm.name}", "suspended", None, [None] * len(vm.disks))
        assert twin.moid == vm.moid
    assert [item.moid for item in austin.providers] == [item.moid for item in dallas.providers]


def one_vcenter(sites: Sites, *, providers: int) -> None:
    """Put both arrays below vCenter dallas, with one provider for both or one for each."""
    dallas, austin = sites.site("dallas"), sites.site("austin")
    arrays = [sites.world.array(name).id for name in ("flasharray-a", "flasharray-b")]
    if providers == 1:
        dallas.providers = [Provider("vasaProvider-1", "both", tuple(arrays))]
    else:
        dallas.providers = [
            Provider(f"vasaProvider-{number}", f"one of {number}", (array,)) for number, array in enumerate(arrays)
        ]
    dallas.vms, austin.vms, austin.providers = austin.vms, [], []


@pytest.mark.parametrize("method", HUNG)
async def test_a_call_that_hangs_holds_up_neither_another_vcenter_nor_the_loop(
    sites: Sites, value: Callable[..., Any], method: str
) -> None:
    rule = sites.world.faults.add("austin", method, "hang")
    hung = sites.vcenter("austin", timeouts=PATIENT, max_concurrent_calls=1)
    waiting = asyncio.create_task(HUNG[method](hung, sites))
    await reached(rule)
    other = sites.vcenter("dallas")
    value(await other.inventory())
    value(await other.group(sites.group()))
    value(await other.points_in_time(sites.group()))
    value(await other.start_sync(sites.group(), "x"))
    assert not waiting.done(), "the loop went on turning while it hung"
    sites.world.faults.remove(rule.id)
    assert isinstance(await waiting, Done)


async def test_interleaved_calls_to_two_vcenters_with_the_same_ids(sites: Sites, value: Callable[..., Any]) -> None:
    the_same_ids(sites)
    austin, dallas = sites.vcenter("austin"), sites.vcenter("dallas")
    source, target = sites.group("erp", "source"), sites.group("erp")
    prepared, synced = await asyncio.gather(austin.start_prepare(source), dallas.start_sync(target, "mine"))
    assert value(prepared).task == value(synced).task, "the same id, for two tasks"
    sites.time.advance(60)
    for _ in range(5):
        readings = await asyncio.gather(
            austin.task(value(prepared).task, source), dallas.task(value(synced).task, target)
        )
        assert [value(reading).point_name for reading in readings] == [None, "mine"]
    told = await asyncio.gather(*(austin.members(source) for _ in range(3)), *(dallas.about() for _ in range(3)))
    for outcome in told[:3]:
        assert {vm.name for vm in value(outcome).vms} == {"erp-db", "erp-app"}
        assert value(outcome).complete
    assert {value(outcome).instance_uuid for outcome in told[3:]} == {sites.site("dallas").instance_uuid}
    assert {entry.endpoint: entry.call for entry in sites.world.journal.since(0)} == {
        "austin": "PrepareFailoverReplicationGroup_Task",
        "dallas": "SyncReplicationGroup_Task",
    }


async def test_a_session_of_one_vcenter_never_goes_to_the_other(sites: Sites, value: Callable[..., Any]) -> None:
    the_same_ids(sites)
    austin, dallas = sites.vcenter("austin"), sites.vcenter("dallas")
    for _ in range(3):
        sites.site("austin").expire_sessions()
        await asyncio.gather(austin.inventory(), dallas.inventory(), austin.members(sites.group("erp", "source")))
    assert sites.counts("dallas")["Login"] == 1
    assert sites.counts("austin")["Login"] == 3
    value(await dallas.inventory())


@pytest.mark.parametrize("providers", [1, 2])
async def test_both_sides_in_one_vcenter(sites: Sites, value: Callable[..., Any], providers: int) -> None:
    one_vcenter(sites, providers=providers)
    vcenter = sites.vcenter()
    source, target = sites.group("erp", "source"), sites.group("erp")
    inventory = value(await vcenter.inventory())
    assert inventory.complete
    assert len(inventory.groups) == 6
    by_id = {domain.id: domain for domain in inventory.fault_domains}
    assert by_id[source.fault_domain].peers == (target.fault_domain,)
    assert by_id[target.fault_domain].peers == ()
    assert isinstance(value(await vcenter.group(source)), SourceGroup)
    assert isinstance(value(await vcenter.group(target)), TargetGroup)
    members = value(await vcenter.members(source))
    assert {vm.name for vm in members.vms} == {"erp-db", "erp-app"}
    assert members.complete
    synced = value(await vcenter.start_sync(target, "here"))
    sites.push()
    assert value(await vcenter.task(synced.task, target)).point_name == "here"
    assert len(value(await vcenter.points_in_time(target))) == 1
    prepared = value(await vcenter.start_prepare(source))
    sites.time.advance(60)
    assert value(await vcenter.task(prepared.task, source)).state == "success"


@pytest.mark.parametrize("status", ["online", "offline", "syncError", "unknown", "connected", "disconnected"])
async def test_one_provider_in_any_state_beside_a_healthy_one_a_standby_and_an_io_filter(
    sites: Sites, value: Callable[..., Any], status: Any
) -> None:
    one_vcenter(sites, providers=2)
    sick, healthy = sites.site().providers
    sick.status = status
    sites.site().providers += [
        Provider("vasaProvider-8", "standby", healthy.array_ids, active=False),
        Provider("vasaProvider-9", "iofilter", healthy.array_ids, replicates=False, status="offline"),
    ]
    vcenter = sites.vcenter()
    inventory = value(await vcenter.inventory())
    well = status in ("online", "connected")
    assert inventory.complete is well
    assert len([group for group in inventory.groups if isinstance(group, TargetGroup)]) == 3
    assert len(inventory.groups) == (6 if well else 3)
    assert well or all(sick.name in line for line in inventory.problems)
    value(await vcenter.start_sync(sites.group(), "x"))
    refused = await vcenter.start_prepare(sites.group("erp", "source"))
    assert isinstance(refused, Done) is well
    if not isinstance(refused, Done):
        assert refused.reason == "ProviderUnavailable"


async def test_a_standby_that_is_asked_hands_on_to_the_active_one(sites: Sites, value: Callable[..., Any]) -> None:
    one_vcenter(sites, providers=2)
    vcenter = sites.vcenter()
    source = sites.group("erp", "source")
    value(await vcenter.inventory())
    old = sites.site().providers[0]
    old.active = False
    sites.site().providers.append(Provider("vasaProvider-7", "second", old.array_ids))
    value(await vcenter.start_prepare(source))
    assert [entry.took_effect for entry in sites.world.journal.since(0)] == [False, True]


@pytest.mark.parametrize(
    "fault", ["ProviderBusy", "SystemError", "NotImplemented", "NotFound", "ProviderUnavailable", "InvalidArgument"]
)
async def test_peers_that_cannot_be_read_leave_no_hole_in_the_groups(
    sites: Sites, value: Callable[..., Any], fault: str
) -> None:
    sites.world.faults.add("austin", "QueryReplicationPeer", "soapFault", name=fault)
    inventory = value(await sites.vcenter("austin").inventory())
    assert inventory.complete
    assert len(inventory.groups) == 3
    assert inventory.fault_domains[0].peers == ()
    assert len(inventory.problems) == (0 if fault in ("NotImplemented", "NotFound") else 1)
    assert all("QueryReplicationPeer" in line and "\n" not in line for line in inventory.problems)


async def test_errors_and_warnings_about_peers_are_told(sites: Sites, value: Callable[..., Any]) -> None:
    domain = sites.group("erp", "source").fault_domain
    other = sites.group("erp").fault_domain
    row = f"<returnval><sourceDomain><id>{domain}</id></sourceDomain>{{targets}}{{told}}</returnval>"
    fault = '<{0}><fault xsi:type="ProviderBusy"/><localizedMessage>peer\nis busy</localizedMessage></{0}>'
    rows = row.format(targets="", told=fault.format("error")) + row.format(
        targets=f"<targetDomain><id>{other}</id></targetDomain>", told=fault.format("warning")
    )
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body>'
        f'<QueryReplicationPeerResponse xmlns="urn:sms">{rows}</QueryReplicationPeerResponse></e:Body></e:Envelope>'
    )
    sites.world.faults.add("austin", "QueryReplicationPeer", "garbage", body=body, contentType="text/xml")
    inventory = value(await sites.vcenter("austin").inventory())
    assert inventory.complete
    assert inventory.fault_domains[0].peers == (other,)
    assert len(inventory.problems) == 2
    assert all("peer is busy" in line and domain in line for line in inventory.problems)
