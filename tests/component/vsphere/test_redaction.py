"""A vCenter that repeats the password in each of its answers, deep in a walk as well: no message repeats it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from vvol_replication.storage.vsphere import VCenter

if TYPE_CHECKING:
    from .conftest import Sites

METHODS = [
    "RetrieveServiceContent", "Login", "QueryStorageManager", "QueryProvider", "QueryProviderInfo", "QueryFaultDomain",
    "QueryReplicationGroup", "QueryReplicationPeer", "QueryReplicationGroupInfo", "QueryPointInTimeReplica",
    "SyncReplicationGroup_Task", "PrepareFailoverReplicationGroup_Task", "QuerySmsTaskInfo", "CreateContainerView",
    "RetrievePropertiesEx", "PbmRetrieveServiceContent", "PbmQueryReplicationGroups",
]  # fmt: skip
FAULTS = ["SystemError", "LimitExceeded", "ProviderBusy"]


async def every_call(vcenter: VCenter, sites: Sites) -> str:
    """What each call comes to, at either side of the group."""
    source, target = sites.group(side="source"), sites.group()
    return repr(
        await asyncio.gather(
            vcenter.about(),
            vcenter.inventory(),
            vcenter.group(target),
            vcenter.points_in_time(target),
            vcenter.start_sync(target, "name"),
            vcenter.start_prepare(source),
            vcenter.task("task-1", target),
            vcenter.members(source),
        )
    )


@pytest.mark.parametrize("method", METHODS)
async def test_a_fault_that_repeats_the_password(sites: Sites, method: str) -> None:
    all_seen = ""
    for side, fault in [(side, fault) for side in ("austin", "dallas") for fault in FAULTS]:
        password = sites.site(side).password
        sites.world.faults.add(side, method, "soapFault", name=fault, message=f"{'x' * 180} you sent {password}")
        seen = await every_call(sites.vcenter(side), sites)
        assert password[:8] not in seen
        all_seen += seen
        sites.world.faults.remove()
    assert "you sent ***" in all_seen, "what it says is passed on"


@pytest.mark.parametrize("side", ["austin", "dallas"])
async def test_names_that_are_the_password(sites: Sites, side: str) -> None:
    site = sites.site(side)
    for provider in site.providers:
        provider.name, provider.status = f"provider {site.password}", "offline"
    seen = await every_call(sites.vcenter(side), sites)
    assert "VASA provider provider *** is offline" in seen
    assert site.password not in seen


async def test_another_vcenter_that_names_itself_by_the_password(sites: Sites) -> None:
    vcenter, site = sites.vcenter(), sites.site()
    await vcenter.about()
    site.instance_uuid, site.sessions = site.password, {}
    seen = await every_call(vcenter, sites)
    assert "answers as instance *** and was" in seen
    assert site.password not in seen
