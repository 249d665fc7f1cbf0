"""What govmomi's vCenter does not have: SMS (404), and a replication manager in PBM. Each ends as an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from vvol_replication.domain.groups import GroupId
from vvol_replication.domain.outcomes import Outcome, Unavailable

from .members import GROUP, stands_in_for_sms

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from vvol_replication.storage.vsphere import VCenter

    from .conftest import Oracle

CALLS: dict[str, Callable[[VCenter, GroupId], Awaitable[Outcome[Any]]]] = {
    "inventory": lambda vcenter, _: vcenter.inventory(),
    "group": lambda vcenter, group: vcenter.group(group),
    "points_in_time": lambda vcenter, group: vcenter.points_in_time(group),
    "start_sync": lambda vcenter, group: vcenter.start_sync(group, "before-upgrade"),
    "start_prepare": lambda vcenter, group: vcenter.start_prepare(group),
    "task": lambda vcenter, group: vcenter.task("SmsTask-1", group),
    "members": lambda vcenter, group: vcenter.members(group),
}


@pytest.mark.parametrize("call", CALLS)
async def test_a_vcenter_without_sms_is_told_as_such(oracle: Oracle, call: str) -> None:
    adapter = oracle.adapter()
    for _ in range(2):
        outcome = await CALLS[call](adapter, GROUP)
        assert isinstance(outcome, Unavailable), "also for what mutates: the request is proven not to be carried out"
        assert outcome.reason == "EndpointFault"
        assert "HTTP status 404" in outcome.message
        assert adapter.address in outcome.message
        assert "\n" not in outcome.message
    now = oracle.vcenter.state()
    assert now.calls["Login"] == 1
    assert now.open <= 2


async def test_a_pbm_without_replication_is_told_as_such(oracle: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    stands_in_for_sms(monkeypatch, oracle.vcenter.begun.vms.values())
    outcome = await oracle.adapter().members(GROUP)
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "EndpointFault"
    assert "ManagedObjectNotFound" in outcome.message
    assert "PbmReplicationManager" in outcome.message
    assert oracle.vcenter.state().calls["DestroyView"] == 1
