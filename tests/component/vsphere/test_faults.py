"""The fault table through the wire: thrown by a read, thrown by a sync, and lying in a group's error list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from vvol_replication.domain.outcomes import Done, Indeterminate, Refused, Unavailable
from vvol_replication.domain.points import TaskState

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Sites

# (wire's name, reason, how a call ends that proves that nothing was changed)
PROVEN = [
    ("InvalidArgument", "EndpointFault", Refused),
    ("NotImplemented", "NotSupported", Refused),
    ("NotSupported", "NotSupported", Refused),
    ("NotSupportedByProvider", "NotSupported", Refused),
    ("ProviderUnavailable", "ProviderUnavailable", Unavailable),
    ("ProviderBusy", "EndpointBusy", Unavailable),
    ("ProviderOutOfResource", "EndpointBusy", Unavailable),
    ("InactiveProvider", "InactiveProvider", Unavailable),
    ("TooMany", "EndpointFault", Refused),
    ("QueryExecutionFault", "EndpointFault", Unavailable),
    ("ProviderNotFound", "NoReplicationProvider", Unavailable),
    ("ServiceNotInitialized", "EndpointBusy", Unavailable),
    ("AuthConnectionFailed", "EndpointBusy", Unavailable),
    ("NoPermission", "PermissionDenied", Refused),
    ("NotFound", "GroupUnknown", Refused),
    ("DuplicateEntry", "EndpointFault", Refused),
    ("ManagedObjectNotFound", "EndpointFault", Unavailable),
    ("InvalidFunctionTarget", "WrongSide", Refused),
    ("InvalidReplicationState", "WrongState", Refused),
    ("NoReplicationTarget", "NoReplicationTarget", Unavailable),
    ("NoValidReplica", "NoValidReplica", Unavailable),
    ("PeerNotReachable", "PeerNotReachable", Unavailable),
    ("SmsResourceInUse", "WrongState", Unavailable),
    ("SmsReplicationFault", "EndpointFault", Unavailable),
    ("ProviderSyncFailed", "EndpointFault", Unavailable),
]
UNPROVEN = [
    ("SystemError", "EndpointFault"),
    ("RuntimeFault", "EndpointFault"),
    ("HostCommunication", "EndpointFault"),
    ("ProviderConnectionFailed", "ProviderUnavailable"),
]


@pytest.mark.parametrize(("name", "reason", "kind"), [*PROVEN, *((*row, Unavailable) for row in UNPROVEN)])
async def test_thrown_by_a_read(sites: Sites, name: str, reason: str, kind: type) -> None:
    sites.world.faults.add("dallas", "QueryReplicationGroupInfo", "soapFault", name=name, message="as\nordered")
    outcome = await sites.vcenter().group(sites.group())
    assert isinstance(outcome, kind)
    assert not isinstance(outcome, Done)
    assert outcome.reason == reason
    assert "QueryReplicationGroupInfo" in outcome.message
    assert "\n" not in outcome.message


@pytest.mark.parametrize(("name", "reason", "kind"), PROVEN)
async def test_thrown_by_a_sync_with_proof(sites: Sites, name: str, reason: str, kind: type) -> None:
    sites.world.faults.add("dallas", "SyncReplicationGroup_Task", "soapFault", name=name)
    outcome = await sites.vcenter().start_sync(sites.group(), "x")
    assert isinstance(outcome, kind)
    assert not isinstance(outcome, Done)
    assert outcome.reason == reason
    assert not any(entry.took_effect for entry in sites.world.journal.since(0))


@pytest.mark.parametrize("name", [row[0] for row in UNPROVEN])
async def test_thrown_by_a_sync_without_proof(sites: Sites, name: str) -> None:
    rule = sites.world.faults.add("dallas", "SyncReplicationGroup_Task", "soapFault", name=name, when="after")
    outcome = await sites.vcenter().start_sync(sites.group(), "x")
    assert isinstance(outcome, Indeterminate)
    assert outcome.reason == "AnswerLost"
    assert rule.hits == 1


@pytest.mark.parametrize(("name", "reason"), [row[:2] for row in PROVEN])
@pytest.mark.parametrize("where", ["groupError", "taskError"])
async def test_in_the_end_of_a_task(
    sites: Sites, value: Callable[..., Any], where: str, name: str, reason: str
) -> None:
    vcenter, group = sites.vcenter(), sites.group()
    sites.world.faults.add("dallas", "SyncReplicationGroup_Task", where, name=name)
    started = value(await vcenter.start_sync(group, "x"))
    reading = value(await vcenter.task(started.task, group))
    assert (reading.state, reading.reason) == (TaskState.ERROR, reason)
    assert "\n" not in reading.message


async def test_a_provider_that_is_not_there_any_more_is_looked_up_once(sites: Sites, value: Callable[..., Any]) -> None:
    vcenter, group = sites.vcenter(), sites.group()
    value(await vcenter.points_in_time(group))
    rule = sites.world.faults.add("dallas", "QueryPointInTimeReplica", "soapFault", name="ManagedObjectNotFound")
    assert isinstance(await vcenter.points_in_time(group), Unavailable)
    assert rule.hits == 2
    sites.world.faults.remove(rule.id)
    value(await vcenter.points_in_time(group))


async def test_a_storage_manager_that_is_not_there_any_more_is_looked_up(
    sites: Sites, value: Callable[..., Any]
) -> None:
    vcenter, group = sites.vcenter(), sites.group()
    value(await vcenter.group(group))
    sites.world.faults.add("dallas", "QueryReplicationGroupInfo", "soapFault", times=1, name="ManagedObjectNotFound")
    value(await vcenter.group(group))
    assert sites.counts()["QueryStorageManager"] == 2
