"""A group's VMs and their power, read from govmomi's inventory, property collector and policy service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from testbed.waiting import eventually
from vvol_replication.domain.members import Membership
from vvol_replication.domain.outcomes import Refused, Unavailable
from vvol_replication.storage.vsphere import machines

from .conftest import Oracle
from .govmomi import VMS
from .members import GROUP, OTHER, stands_in_for_sms

if TYPE_CHECKING:
    from collections.abc import Callable

# erp-web is in another group.
GROUPS = {
    name: {"faultDomain": group.fault_domain, "deviceGroup": group.device_group}
    for name, group in {"erp-app": GROUP, "erp-db": GROUP, "erp-web": OTHER}.items()
}
MINE = {name: VMS[name] for name in ("erp-app", "erp-db")}


@pytest.fixture
def replicating(meet: Callable[..., Oracle], monkeypatch: pytest.MonkeyPatch) -> Oracle:
    """A vCenter whose PBM knows groups; pages of one VM, so that there are several."""
    monkeypatch.setattr(machines, "_PAGE", 1)
    oracle = meet(groups=GROUPS)
    begun = oracle.vcenter.begun
    stands_in_for_sms(monkeypatch, [begun.vms[name] for name in MINE], begun.uuid)
    return oracle


def powers(membership: Membership) -> dict[str, str]:
    return {vm.name: str(vm.power) for vm in membership.vms}


async def test_members_and_their_power(replicating: Oracle, value: Callable[..., Any]) -> None:
    adapter = replicating.adapter()
    told = value(await adapter.members(GROUP))
    assert powers(told) == MINE
    assert {vm.moid for vm in told.vms} == {replicating.vcenter.begun.vms[name] for name in MINE}
    assert all(vm.instance_uuid and vm.home and not vm.split for vm in told.vms)
    assert told.complete, told
    calls = replicating.vcenter.state().calls
    assert calls["CreateContainerView"] == calls["DestroyView"] == calls["PbmQueryReplicationGroups"] == 1
    # All three of them, then these two and their host; an object on each page.
    assert (calls["RetrievePropertiesEx"], calls["ContinueRetrievePropertiesEx"]) == (2, 4)
    await adapter.close()
    assert replicating.vcenter.state().sessions == ()


@pytest.mark.parametrize("power", ["poweredOn", "poweredOff", "suspended"])
async def test_power_is_read_anew_each_time(replicating: Oracle, value: Callable[..., Any], power: str) -> None:
    adapter = replicating.adapter()
    value(await adapter.members(GROUP))
    replicating.vcenter.do("power", vm="erp-db", state="poweredOff" if power != "poweredOff" else "poweredOn")
    if power == "suspended":
        replicating.vcenter.do("power", vm="erp-db", state="poweredOn")
    replicating.vcenter.do("power", vm="erp-db", state=power)
    assert powers(value(await adapter.members(GROUP)))["erp-db"] == power
    await adapter.close()


async def test_a_vm_that_is_gone_leaves_its_member_unaccounted(replicating: Oracle, value: Callable[..., Any]) -> None:
    adapter = replicating.adapter()
    gone = replicating.vcenter.begun.vms["erp-db"]
    replicating.vcenter.do("remove", vm="erp-db")
    told = value(await adapter.members(GROUP))
    assert powers(told) == {"erp-app": "poweredOff"}
    assert not told.complete
    assert gone in " ".join(told.unaccounted)
    await adapter.close()


async def test_a_session_that_ends_after_any_call_costs_one_login_and_no_answer(
    replicating: Oracle, value: Callable[..., Any]
) -> None:
    """Every place in the walk: the answer is the same, there is one more login, and no session is left behind."""
    adapter = replicating.adapter()
    expected = value(await adapter.members(GROUP))
    await adapter.close()
    before = replicating.vcenter.state()
    walk = sum(before.calls.values()) - before.calls["Logout"]
    assert walk > 8
    for place in range(1, walk):
        adapter = replicating.adapter()
        logins = replicating.vcenter.do("expire", after=place).calls["Login"]
        assert value(await adapter.members(GROUP)) == expected, f"ended after call {place}"
        now = replicating.vcenter.state()
        # Before the login there is nothing that could end, and nobody misses it after the last call with it.
        assert now.calls["Login"] - logins in ((1,) if place == 1 else (1, 2)), f"ended after call {place}"
        await adapter.close()
        assert replicating.vcenter.state().sessions == (), f"ended after call {place}"


async def test_an_idle_session_is_opened_again(
    meet: Callable[..., Oracle], value: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    oracle = meet(groups=GROUPS, idleTimeout="500ms")
    stands_in_for_sms(monkeypatch, [oracle.vcenter.begun.vms[name] for name in MINE])
    adapter = oracle.adapter()
    value(await adapter.about())
    eventually(lambda: oracle.vcenter.state().sessions == (), what="the session to end of idleness")
    assert powers(value(await adapter.members(GROUP))) == MINE
    await adapter.close()


@pytest.mark.parametrize(
    ("method", "fault", "reason"),
    [
        ("CreateContainerView", "NoPermission", "PermissionDenied"),
        ("RetrievePropertiesEx", "SystemError", "EndpointFault"),
        ("RetrievePropertiesEx", "InvalidProperty", "EndpointFault"),
        ("RetrievePropertiesEx", "NotAuthenticated", "EndpointFault"),
        ("RetrievePropertiesEx", "SystemErrorFault", "AnswerUnreadable"),  # a type that no vCenter has
        ("ContinueRetrievePropertiesEx", "InvalidArgument", "EndpointFault"),
        ("PbmRetrieveServiceContent", "NoPermission", "PermissionDenied"),
        ("PbmQueryReplicationGroups", "NotSupported", "NotSupported"),
    ],
)
async def test_a_call_that_fails_each_time_ends_as_an_outcome(
    replicating: Oracle, method: str, fault: str, reason: str
) -> None:
    replicating.vcenter.fault(method, fault)
    adapter = replicating.adapter()
    outcome = await adapter.members(GROUP)
    assert isinstance(outcome, Refused | Unavailable), outcome
    assert outcome.reason == reason, outcome
    assert "\n" not in outcome.message
    await adapter.close()
    assert replicating.vcenter.state().sessions == ()


async def test_hundreds_of_calls_leave_nothing_behind(replicating: Oracle, value: Callable[..., Any]) -> None:
    adapter = replicating.adapter()
    for turn in range(60):
        if turn % 5 == 4:
            replicating.vcenter.do("expire", after=1 + turn % 11)
        assert powers(value(await adapter.members(GROUP))) == MINE
    now = replicating.vcenter.state()
    assert sum(now.calls.values()) > 500
    assert len(now.sessions) == 1
    assert now.calls["Login"] <= 1 + 12
    assert now.opened <= 4, "connections are kept: one or two for each of the services asked"
    await adapter.close()
    left = eventually(replicating.vcenter.state, until=lambda state: state.open == 0, what="its sockets to be closed")
    assert left.sessions == ()
