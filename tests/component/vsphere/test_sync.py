"""Arming a sync and following its task: what is ours, what is a stranger's, and errors inside a success."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from vvol_replication.domain.outcomes import Refused, Unavailable
from vvol_replication.domain.points import OngoingSync, StartedSync, TaskState
from vvol_replication.storage.vsphere import VCenter

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Sites


async def test_a_sync_is_pending_until_something_lands_and_then_names_it(
    sites: Sites, value: Callable[..., Any]
) -> None:
    sites.world.switches.task_queued_seconds = 1.0
    vcenter, group = sites.vcenter(), sites.group()
    started = value(await vcenter.start_sync(group, "before-upgrade-42"))
    assert isinstance(started, StartedSync)
    assert value(await vcenter.task(started.task, group)).state is TaskState.QUEUED
    sites.time.advance(2.0)
    running = value(await vcenter.task(started.task, group))
    assert running.state is TaskState.RUNNING
    assert running.point_id is None
    sites.push()
    done = value(await vcenter.task(started.task, group))
    (point,) = value(await vcenter.points_in_time(group))
    assert (done.state, done.point_id, done.point_name, done.point_time) == (
        TaskState.SUCCESS,
        point.id,
        "before-upgrade-42",
        point.time,
    )
    assert point.name == "before-upgrade-42"
    assert [entry.call for entry in sites.world.journal.since(0)] == ["SyncReplicationGroup_Task"]


@pytest.mark.parametrize("call", [VCenter.start_sync, VCenter.start_prepare], ids=lambda call: call.__name__)
async def test_a_change_whose_process_lost_its_lead_at_the_login_is_not_sent(
    sites: Sites, value: Callable[..., Any], call: Any
) -> None:
    vcenter, group = sites.vcenter(leading=lambda: not sites.site().sessions), sites.group()
    arguments = (group, "name") if call is VCenter.start_sync else (group,)
    assert isinstance(await call(vcenter, *arguments), Unavailable)
    assert sites.site().sessions
    assert list(sites.world.journal.since(0)) == []
    assert value(await vcenter.group(group)), "reading goes on"


@pytest.mark.parametrize("carries", [True, False])
async def test_a_sync_under_way_is_told_with_its_task_where_given(
    sites: Sites, value: Callable[..., Any], *, carries: bool
) -> None:
    sites.world.switches.sync_ongoing_carries_task = carries
    vcenter, group = sites.vcenter(), sites.group()
    first = value(await vcenter.start_sync(group, "first"))
    second = value(await vcenter.start_sync(group, "second"))
    assert isinstance(second, OngoingSync)
    if carries:
        assert second.task == first.task


@pytest.mark.parametrize("where", ["groupError", "taskError"])
async def test_a_sync_under_way_may_show_in_the_task_only(sites: Sites, value: Callable[..., Any], where: Any) -> None:
    sites.world.switches.sync_ongoing = where
    vcenter, group = sites.vcenter(), sites.group()
    await vcenter.start_sync(group, "first")
    second = value(await vcenter.start_sync(group, "second"))
    reading = value(await vcenter.task(second.task, group))
    assert (reading.state, reading.reason) == (TaskState.ERROR, "SyncOngoing")


@pytest.mark.parametrize("kind", ["groupError", "taskError"])
async def test_success_of_the_task_is_not_success_of_the_group(
    sites: Sites, value: Callable[..., Any], kind: str
) -> None:
    vcenter, group = sites.vcenter(), sites.group()
    sites.world.faults.add("dallas", "SyncReplicationGroup_Task", kind, name="PeerNotReachable", message="no\nway")
    started = value(await vcenter.start_sync(group, "x"))
    reading = value(await vcenter.task(started.task, group))
    assert (reading.state, reading.reason) == (TaskState.ERROR, "PeerNotReachable")
    assert "[PeerNotReachable: no way]" in reading.message


@pytest.mark.parametrize("where", ["groupError", "taskError"])
async def test_wrong_side_and_wrong_state_in_the_task(sites: Sites, value: Callable[..., Any], where: Any) -> None:
    sites.world.switches.group_faults = where
    austin, source = sites.vcenter("austin"), sites.group("erp", "source")
    started = value(await austin.start_sync(source, "x"))
    assert value(await austin.task(started.task, source)).reason == "WrongSide"
    dallas, target = sites.vcenter("dallas"), sites.group()
    sites.world.vasa.set_state(sites.world.vvol_group(sites.world.protection_group("erp"), "target"), "INTEST")
    started = value(await dallas.start_sync(target, "x"))
    reading = value(await dallas.task(started.task, target))
    assert reading.reason == "WrongState"
    assert "it is INTEST, it must be TARGET" in reading.message


async def test_a_refusal_that_is_thrown(sites: Sites) -> None:
    sites.world.switches.group_faults = "thrown"
    outcome = await sites.vcenter("austin").start_sync(sites.group("erp", "source"), "x")
    assert isinstance(outcome, Refused)
    assert outcome.reason == "WrongSide"


async def test_a_prepared_group_answers_success_at_once(sites: Sites, value: Callable[..., Any]) -> None:
    sites.push()
    group = sites.world.vvol_group(sites.world.protection_group("erp"), "target")
    sites.world.vasa.set_prepared(group, prepared=True)
    vcenter = sites.vcenter()
    started = value(await vcenter.start_sync(sites.group(), "x"))
    reading = value(await vcenter.task(started.task, sites.group()))
    (point,) = value(await vcenter.points_in_time(sites.group()))
    assert (reading.state, reading.point_id, reading.point_time) == (TaskState.SUCCESS, point.id, point.time)


async def test_a_task_that_sms_forgot(sites: Sites, value: Callable[..., Any]) -> None:
    vcenter, group = sites.vcenter(), sites.group()
    started = value(await vcenter.start_sync(group, "x"))
    sites.site().forget_tasks()
    assert value(await vcenter.task(started.task, group)).state is TaskState.FORGOTTEN


async def test_another_provider_became_active(sites: Sites, value: Callable[..., Any]) -> None:
    from vvol_simulator.model import Provider  # noqa: PLC0415 - used here only

    vcenter, group = sites.vcenter(), sites.group()
    value(await vcenter.points_in_time(group))
    old = sites.site().providers[0]
    old.active = False
    sites.site().providers.append(Provider("vasaProvider-2", "second", old.array_ids))
    sites.world.counters.reset()
    value(await vcenter.start_sync(group, "x"))
    assert sites.counts() == {"SyncReplicationGroup_Task": 2}
    assert [entry.took_effect for entry in sites.world.journal.since(0)] == [False, True]
    value(await vcenter.points_in_time(group))
    assert sites.counts()["QueryPointInTimeReplica"] == 1
