"""The VMs of a group, their power, and whether they account for all that the provider counts to it."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pytest

from vvol_replication.domain.groups import GroupId
from vvol_replication.domain.members import GroupVM, Membership, PowerState
from vvol_replication.domain.outcomes import Done, Refused, Unavailable
from vvol_replication.storage.vsphere import machines, policies
from vvol_simulator.model import GroupId as ModelId
from vvol_simulator.model import Vm
from vvol_simulator.model.site import CONNECTION_STATES

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Sites

WALK = ("CreateContainerView", "RetrievePropertiesEx", "DestroyView")


def source_id(sites: Sites, name: str = "erp") -> ModelId:
    return sites.world.vvol_group(sites.world.protection_group(name), "source").id


def vms_of(sites: Sites, name: str = "erp") -> list[Vm]:
    return [vm for vm in sites.site("austin").vms if source_id(sites, name) in vm.groups()]


def only_vm(sites: Sites, power: Any = "poweredOff", disks: int = 2) -> Vm:
    """One VM, alone in erp and in its vCenter."""
    sites.site("austin").vms.clear()
    return sites.site("austin").add_vm("erp-db", power, source_id(sites), [source_id(sites)] * disks)


async def ask(sites: Sites, name: str = "erp") -> Membership:
    outcome = await sites.vcenter("austin").members(sites.group(name, "source"))
    assert isinstance(outcome, Done), outcome
    return outcome.value


@pytest.mark.parametrize("ids", ["vvol", "uuid", "filePath", "moid"])
async def test_every_member_is_accounted_for_however_the_provider_names_it(sites: Sites, ids: Any) -> None:
    sites.world.switches.member_ids = ids
    vm = only_vm(sites)
    other = sites.site("austin").add_vm("crm-db", "poweredOn", source_id(sites, "crm"), [source_id(sites, "crm")])
    told = await ask(sites)
    assert told == Membership(
        (GroupVM(vm.moid, "erp-db", vm.instance_uuid, PowerState.OFF, home=True, disks=(2000, 2001)),)
    )
    assert told.complete
    assert other.moid not in {item.moid for item in told.vms}


async def test_a_provider_that_names_no_members_is_told_as_such(sites: Sites) -> None:
    sites.world.switches.member_ids = "none"
    only_vm(sites)
    told = await ask(sites)
    assert [vm.name for vm in told.vms] == ["erp-db"]
    assert not told.complete
    assert "names no members" in told.problems[0]


async def test_an_empty_group_is_not_complete(sites: Sites) -> None:
    sites.site("austin").vms.clear()
    told = await ask(sites)
    assert (told.vms, told.complete) == ((), False)


@pytest.mark.parametrize("power", ["poweredOn", "poweredOff", "suspended"])
async def test_power_is_told_as_it_is(sites: Sites, power: Any) -> None:
    only_vm(sites, power)
    assert [str(vm.power) for vm in (await ask(sites)).vms] == [power]


async def test_a_vm_that_is_split_over_groups_says_where_else(sites: Sites) -> None:
    vm = only_vm(sites)
    vm.disks[1].group = source_id(sites, "crm")
    (told,) = (await ask(sites)).vms
    assert told.split
    assert told.elsewhere == (sites.group("crm", "source"),)
    assert (told.home, told.disks) == (True, (2000,))
    (disk_only,) = [item for item in (await ask(sites, "crm")).vms if item.moid == vm.moid]
    assert (disk_only.home, disk_only.disks) == (False, (2001,))
    assert disk_only.elsewhere == (sites.group("erp", "source"),)


@pytest.mark.parametrize("ids", ["vvol", "uuid", "filePath", "moid"])
async def test_a_vm_that_the_account_may_not_see_does_not_vanish(sites: Sites, ids: Any) -> None:
    sites.world.switches.member_ids = ids
    only_vm(sites)
    sites.site("austin").add_vm("erp-app", "poweredOn", source_id(sites), [source_id(sites)]).hidden = True
    told = await ask(sites)
    assert [vm.name for vm in told.vms] == ["erp-db"]
    assert len(told.unaccounted) == 2
    assert not told.complete


async def test_power_that_may_not_be_read_is_unknown_and_says_why(sites: Sites) -> None:
    only_vm(sites).unreadable = ("runtime",)
    told = await ask(sites)
    assert [vm.power for vm in told.vms] == [PowerState.UNKNOWN]
    assert told.unaccounted == ()
    (problem,) = told.problems
    assert "runtime.powerState of VM erp-db" in problem
    assert "System.Read" in problem
    assert not told.complete


async def test_disks_that_may_not_be_read_leave_their_members_unaccounted(sites: Sites) -> None:
    sites.world.switches.member_ids = "uuid"
    only_vm(sites).unreadable = ("config.hardware", "layoutEx")
    told = await ask(sites)
    assert len(told.unaccounted) == 2
    assert all("VirtualDiskKey" in line for line in told.unaccounted)


@pytest.mark.parametrize("fault", ["SystemError", "NoPermission"])
async def test_a_pbm_that_fails_for_all_fails_the_call(sites: Sites, fault: str) -> None:
    only_vm(sites)
    sites.world.faults.add("austin", "PbmQueryReplicationGroups", "soapFault", name=fault)
    outcome = await sites.vcenter("austin").members(sites.group("erp", "source"))
    assert isinstance(outcome, Refused if fault == "NoPermission" else Unavailable)
    assert "was asked for the VMs for group" in outcome.message


async def test_one_vm_that_spoils_a_question_to_pbm_is_separated_from_the_others(sites: Sites) -> None:
    vm = only_vm(sites)
    rule = sites.world.faults.add("austin", "PbmQueryReplicationGroups", "soapFault", name="InvalidArgument", times=2)
    sites.site("austin").add_vm("elsewhere", "poweredOn", None, [None])
    told = await ask(sites)
    assert rule.hits == 2
    # PBM says nothing of the first; the provider's word finds it, and all is accounted for.
    assert [item.moid for item in told.vms] == [vm.moid]
    assert told.complete, told


async def test_a_disk_of_a_vm_that_pbm_says_nothing_of_is_found_by_the_providers_word(sites: Sites) -> None:
    """A disk's object is no property that every VM is read with: who might have it is read in full."""
    vm = only_vm(sites)
    vm.home_group = None
    sites.world.faults.add("austin", "PbmQueryReplicationGroups", "soapFault", name="InvalidArgument")
    told = await ask(sites)
    assert [(item.moid, item.home, item.disks) for item in told.vms] == [(vm.moid, False, (2000, 2001))]
    assert told.complete


@pytest.mark.parametrize("server", ["another-vcenter", None], ids=["another", "this one in capitals"])
async def test_rows_about_another_vcenters_vm_of_the_same_id_are_not_taken(sites: Sites, server: str | None) -> None:
    vm = only_vm(sites)
    other = sites.site("austin").add_vm("unrelated", "poweredOn", None, [])
    group = source_id(sites)
    row = (
        f"<returnval><object><objectType>virtualMachine</objectType><key>{other.moid}</key>"
        f"<serverUuid>{server or sites.site('austin').instance_uuid.upper()}</serverUuid></object><replicationGroupId>"
        f'<faultDomainId xmlns="urn:vim25"><id>{group.fault_domain}</id></faultDomainId>'
        f'<deviceGroupId xmlns="urn:vim25"><id>{group.device_group}</id></deviceGroupId>'
        "</replicationGroupId></returnval>"
    )
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        f'<PbmQueryReplicationGroupsResponse xmlns="urn:pbm">{row}</PbmQueryReplicationGroupsResponse>'
        "</e:Body></e:Envelope>"
    )
    sites.world.faults.add("austin", "PbmQueryReplicationGroups", "garbage", body=body, contentType="text/xml")
    told = await ask(sites)
    assert {item.moid for item in told.vms} == ({vm.moid} if server else {vm.moid, other.moid})


async def test_a_vm_that_an_answer_leaves_out_is_not_taken_for_gone(sites: Sites) -> None:
    vm = only_vm(sites)
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        '<RetrievePropertiesExResponse xmlns="urn:vim25"/></e:Body></e:Envelope>'
    )
    sites.world.faults.add("austin", "RetrievePropertiesEx", "garbage", body=body, contentType="text/xml", skip=1)
    told = await ask(sites)
    assert [(item.moid, item.power) for item in told.vms] == [(vm.moid, PowerState.UNKNOWN)]
    assert not told.complete
    assert any("left this out" in line for line in told.problems)


async def test_a_hole_in_pbms_answer_counts_only_while_something_is_unaccounted(sites: Sites) -> None:
    only_vm(sites)
    sites.site("austin").add_vm("hidden", "poweredOn", source_id(sites), []).hidden = True
    rule = sites.world.faults.add("austin", "PbmQueryReplicationGroups", "soapFault", name="InvalidArgument")
    told = await ask(sites)
    assert rule.hits == 1
    assert len(told.unaccounted) == 1
    assert any("The group of VM" in line for line in told.problems)


async def test_many_vms_are_read_page_by_page_and_asked_for_in_batches(
    sites: Sites, value: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machines, "_PAGE", 30)
    monkeypatch.setattr(machines, "_BATCH", 10)
    monkeypatch.setattr(policies, "_BATCH", 10)
    site = sites.site("austin")
    site.vms.clear()
    for number in range(62):
        group = source_id(sites) if number % 4 == 0 else None
        site.add_vm(f"vm-{number}", "poweredOff", group, [group])
    told = value(await sites.vcenter("austin").members(sites.group("erp", "source")))
    assert len(told.vms) == 16
    assert told.complete
    counts = sites.counts("austin")
    assert counts["CreateContainerView"] == counts["DestroyView"] == 1
    assert counts["PbmQueryReplicationGroups"] == 7
    assert counts["RetrievePropertiesEx"] == 3, "one walk, and two questions for the group's own"
    assert counts["ContinueRetrievePropertiesEx"] == 2
    assert sites.simulator_views() == 0


async def test_a_vm_that_is_gone_meanwhile_leaves_its_members_unaccounted(sites: Sites) -> None:
    kept = only_vm(sites)
    gone = sites.site("austin").add_vm("erp-app", "poweredOff", source_id(sites), [])
    rule = sites.world.faults.add("austin", "PbmQueryReplicationGroups", "hang", when="after", times=1)
    asked = asyncio.create_task(ask(sites))
    async with asyncio.timeout(10):
        while not rule.hits:  # noqa: ASYNC110 - the simulator's rules count, they do not call back
            await asyncio.sleep(0.005)
    sites.site("austin").vms.remove(gone)
    sites.world.faults.remove(rule.id)
    told = await asked
    assert [vm.moid for vm in told.vms] == [kept.moid]
    assert told.unaccounted == (f"VVolId {gone.home_vvol_id}",)


@pytest.mark.parametrize(
    "method",
    [
        "QueryReplicationGroupInfo",
        "CreateContainerView",
        "RetrievePropertiesEx",
        "ContinueRetrievePropertiesEx",
        "DestroyView",
        "PbmRetrieveServiceContent",
        "PbmQueryReplicationGroups",
    ],
)
@pytest.mark.parametrize("skip", [0, 1])
async def test_a_session_that_expires_in_the_middle_is_renewed_once(
    sites: Sites, monkeypatch: pytest.MonkeyPatch, method: str, skip: int
) -> None:
    monkeypatch.setattr(machines, "_PAGE", 2)
    site = sites.site("austin")
    site.vms.clear()
    for number in range(5):
        site.add_vm(f"vm-{number}", "poweredOff", source_id(sites) if number < 3 else None, [])
    rule = sites.world.faults.add("austin", method, "expiredSession", times=1, skip=skip)
    told = await ask(sites)
    assert len(told.vms) == 3
    assert told.complete
    assert sites.counts("austin")["Login"] == 1 + rule.hits
    assert len(site.sessions) == 1


def random_vm(sites: Sites, chance: random.Random, number: int) -> Vm:
    """A VM somewhere, in some state, of which the account may see more or less."""
    groups = [source_id(sites), source_id(sites), source_id(sites, "crm"), None]
    disks = [chance.choice(groups) for _ in range(chance.randrange(3))]
    power: Any = chance.choice(["poweredOff", "poweredOff", "poweredOff", "poweredOn", "suspended"])
    vm = sites.site("austin").add_vm(f"vm-{number}", power, chance.choice(groups), disks)
    vm.hidden = chance.random() < 0.15
    hideable = ("runtime", "config.hardware", "config", "config.instanceUuid", "layoutEx", "name")
    vm.unreadable = tuple(path for path in hideable if chance.random() < 0.06)
    if chance.random() < 0.08:
        vm.connection, vm.shown_power = chance.choice(CONNECTION_STATES[1:]), "poweredOff"
    vm.unset = tuple(path for path in ("config", "config.vmStorageObjectId", "layoutEx") if chance.random() < 0.04)
    return vm


@pytest.mark.parametrize("seed", range(8))
async def test_in_no_world_is_a_running_vm_of_the_group_overlooked(
    sites: Sites, value: Callable[..., Any], seed: int
) -> None:
    """What a prepare relies on: complete and all off means that every VM of the group is off, hidden ones too."""
    chance = random.Random(seed)  # noqa: S311 - makes worlds, guards nothing
    vcenter, group = sites.vcenter("austin"), sites.group("erp", "source")
    passed = 0
    for _ in range(40):
        sites.world.switches.member_ids = chance.choice(["vvol", "uuid", "filePath", "moid", "none"])
        sites.site("austin").vms.clear()
        vms = [random_vm(sites, chance, number) for number in range(chance.randrange(5))]
        ours = [vm for vm in vms if source_id(sites) in vm.groups()]
        told = value(await vcenter.members(group))
        if told.complete and all(vm.power is PowerState.OFF for vm in told.vms):
            passed += 1
            assert all(vm.power == "poweredOff" for vm in ours), (seed, vms)
        lost = any(vm.shown_power or "config" in vm.unset for vm in vms)
        seen_whole = ours and not lost and not any(vm.hidden or vm.unreadable for vm in vms)
        if seen_whole and sites.world.switches.member_ids != "none":
            assert told.complete
            assert {vm.moid for vm in told.vms} == {vm.moid for vm in ours}
    assert passed, "some world of each seed lets a prepare through"


async def test_a_target_group_has_no_vms_to_tell_of(sites: Sites) -> None:
    outcome = await sites.vcenter("dallas").members(sites.group("erp"))
    assert isinstance(outcome, Refused)
    assert outcome.reason == "WrongSide"
    unknown = await sites.vcenter("austin").members(GroupId("nowhere", "nothing"))
    assert isinstance(unknown, Refused)
    assert unknown.reason == "GroupUnknown"


async def test_two_vcenters_with_the_same_vm_ids_are_not_mixed_up(sites: Sites, value: Callable[..., Any]) -> None:
    """The members are named by id alone, and the other vCenter has a VM of that id."""
    sites.world.switches.member_ids = "moid"
    mine = only_vm(sites)
    twin = sites.site("dallas").add_vm("twin", "poweredOn", source_id(sites), [])
    twin.moid = mine.moid
    austin, dallas = sites.vcenter("austin"), sites.vcenter("dallas")
    sites.site("dallas").providers.extend(sites.site("austin").providers)
    group = sites.group("erp", "source")
    first, second = await asyncio.gather(austin.members(group), dallas.members(group))
    assert [vm.instance_uuid for vm in value(first).vms] == [mine.instance_uuid]
    assert [vm.instance_uuid for vm in value(second).vms] == [twin.instance_uuid]
    # Each sees its own VM only; the other's members belong to no VM that it read.
    assert len(value(first).unaccounted) == 1
    assert len(value(second).unaccounted) == 3


@pytest.mark.parametrize("reads", ["missingSet", "thrown"])
async def test_a_session_that_ends_before_the_power_is_read_is_opened_again(
    sites: Sites, monkeypatch: pytest.MonkeyPatch, reads: Any
) -> None:
    sites.world.switches.reads_without_session = reads
    only_vm(sites)
    place = policies.Policies.place

    def then_it_ends(self: policies.Policies, moids: Any) -> Any:
        placed = place(self, moids)
        sites.site("austin").expire_sessions()
        return placed

    monkeypatch.setattr(policies.Policies, "place", then_it_ends)
    told = await ask(sites)
    assert [vm.power for vm in told.vms] == [PowerState.OFF]
    assert told.complete
    assert sites.site("austin").logins == 2
