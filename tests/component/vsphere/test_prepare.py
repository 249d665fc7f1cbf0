"""prepareFailover: asked of the source group, once, and followed by its task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from vvol_replication.domain.outcomes import Indeterminate, Refused, Unavailable
from vvol_replication.domain.points import StartedPrepare, TaskReading, TaskState
from vvol_replication.storage.vsphere import Timeouts

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Sites

PREPARE = "PrepareFailoverReplicationGroup_Task"


def took_effect(sites: Sites) -> list[bool]:
    return [entry.took_effect for entry in sites.world.journal.since(0)]


async def test_it_runs_until_its_final_snapshot_has_landed(sites: Sites, value: Callable[..., Any]) -> None:
    austin, source = sites.vcenter("austin"), sites.group("erp", "source")
    started = value(await austin.start_prepare(source))
    assert isinstance(started, StartedPrepare)
    assert value(await austin.task(started.task, source)).state is TaskState.RUNNING
    sites.time.advance(60)
    reading = value(await austin.task(started.task, source))
    assert reading == TaskReading(TaskState.SUCCESS, progress=100)
    assert [entry.call for entry in sites.world.journal.since(0)] == [PREPARE]
    assert sites.world.vvol_group(sites.world.protection_group("erp"), "target").prepared


@pytest.mark.parametrize("where", ["thrown", "groupError", "taskError"])
async def test_at_the_target_it_is_refused(sites: Sites, value: Callable[..., Any], where: Any) -> None:
    sites.world.switches.group_faults = where
    dallas, target = sites.vcenter("dallas"), sites.group()
    outcome = await dallas.start_prepare(target)
    if where == "thrown":
        assert isinstance(outcome, Refused)
        assert outcome.reason == "WrongSide"
    else:
        reading = value(await dallas.task(value(outcome).task, target))
        assert (reading.state, reading.reason) == (TaskState.ERROR, "WrongSide")


async def test_with_vms_running_a_provider_may_refuse(sites: Sites, value: Callable[..., Any]) -> None:
    sites.world.switches.prepare_with_powered_on_vms = "refuse"
    austin, source = sites.vcenter("austin"), sites.group("erp", "source")
    started = value(await austin.start_prepare(source))
    reading = value(await austin.task(started.task, source))
    assert (reading.state, reading.reason) == (TaskState.ERROR, "WrongState")
    assert "Power off its VMs" in (reading.message or "")


@pytest.mark.parametrize(("kind", "effect"), [("resetBefore", False), ("resetAfter", True)])
async def test_a_lost_answer_is_never_repeated(sites: Sites, kind: str, *, effect: bool) -> None:
    sites.world.faults.add("austin", PREPARE, kind)
    outcome = await sites.vcenter("austin").start_prepare(sites.group("erp", "source"))
    assert isinstance(outcome, Indeterminate)
    assert outcome.reason == "AnswerLost"
    assert took_effect(sites) == [effect]


@pytest.mark.parametrize("fault", ["garbage", "truncated", "hang", "SystemError", "ProviderConnectionFailed"])
async def test_what_proves_nothing_is_in_doubt_and_asked_once(sites: Sites, fault: str) -> None:
    arguments: dict[str, Any] = {"kind": fault, "when": "after"}
    if fault == "truncated":
        arguments = {"kind": fault, "bytes": 40}
    elif fault not in ("garbage", "hang"):
        arguments = {"kind": "soapFault", "name": fault, "when": "after"}
    rule = sites.world.faults.add("austin", PREPARE, **arguments)
    short = Timeouts(connect=2.0, answer=0.5, call=5.0, inventory=5.0, close=0.5)
    outcome = await sites.vcenter("austin", timeouts=short).start_prepare(sites.group("erp", "source"))
    assert isinstance(outcome, Indeterminate)
    assert rule.hits == 1
    assert "\n" not in outcome.message


async def test_a_refused_session_is_renewed_and_it_is_sent_again(sites: Sites, value: Callable[..., Any]) -> None:
    sites.world.faults.add("austin", PREPARE, "expiredSession", times=1)
    value(await sites.vcenter("austin").start_prepare(sites.group("erp", "source")))
    assert took_effect(sites) == [False, True]


async def test_it_is_not_sent_after_its_deadline(sites: Sites) -> None:
    rule = sites.world.faults.add("austin", "QueryFaultDomain", "hang")
    patient = Timeouts(connect=2.0, answer=20.0, call=0.3, inventory=5.0, close=0.1)
    outcome = await sites.vcenter("austin", timeouts=patient).start_prepare(sites.group("erp", "source"))
    assert isinstance(outcome, Unavailable)
    sites.world.faults.remove(rule.id)
    assert took_effect(sites) == []
