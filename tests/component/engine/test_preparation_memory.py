"""A group is told of the prepare call before it is made, and goes on to know of it whatever becomes of the request."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from component.engine.rig import Rig, running
from component.engine.steps import hangs
from component.engine.virtual import until, virtual

from vvol_replication.api.names import FAILOVER_PREPARATION, REPLICATION_GROUP, REPLICATION_SYNC
from vvol_replication.api.objects import ObjectRef, WriteResult
from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.status import Phase
from vvol_replication.domain.groups import GroupState
from vvol_replication.domain.members import PowerState
from vvol_replication.engine.monitors.memory.armed import GroupMemory


def reason_of(status: PreparationStatus) -> str | None:
    return next((one.reason for one in status.conditions if one.type == "Ready"), None)


def slow_memory(rig: Rig, meanwhile: Callable[[], Any], seconds: float = 30.0) -> None:
    """The API server takes so long for the group's first memory of a call; `meanwhile` happens before that."""
    tell, waiting = rig.api.write_status, [meanwhile]

    async def write(ref: ObjectRef, before: Any, after: Any, version: str | None) -> WriteResult:
        if ref.kind == REPLICATION_GROUP and "prepared" in after and waiting:
            waiting.pop()()
            await asyncio.sleep(seconds)
        return await tell(ref, before, after, version)

    rig.api.write_status = write  # type: ignore[method-assign,assignment]  # one write of many is slow


@virtual
async def test_the_memory_and_its_condition_are_written_together_before_the_call() -> None:
    async with running() as rig:
        rig.world.before["start_prepare"] = [hangs()]
        rig.prepare("dr")
        await until(lambda: rig.count("start_prepare") == 1)
        first = next(
            body for body in rig.api.history[REPLICATION_GROUP.plural, "prod", "erp"] if body["status"].get("prepared")
        )
        assert [one["reason"] for one in first["status"]["conditions"] if one["type"] == "Prepared"] == ["NotProven"]


@virtual
async def test_a_preparation_that_is_deleted_inside_its_call_leaves_the_group_its_memory() -> None:
    async with running() as rig:
        rig.world.after["start_prepare"] = [hangs()]
        rig.prepare("dr")
        await until(lambda: bool(rig.world.prepares))
        rig.api.remove(FAILOVER_PREPARATION, "dr", "prod")
        await rig.until_says(REPLICATION_GROUP, "erp", "NotProven", "Prepared")
        await asyncio.sleep(60)
        assert rig.says(REPLICATION_GROUP, "erp", "Prepared") == ("True", "NotProven")


@virtual
async def test_a_sync_that_is_deleted_inside_its_call_leaves_the_group_its_memory() -> None:
    async with running() as rig:
        rig.world.after["start_sync"] = [hangs()]
        rig.request("one")
        await until(lambda: bool(rig.world.armed))
        rig.api.remove(REPLICATION_SYNC, "one", "prod")
        await rig.until_says(REPLICATION_GROUP, "erp", "NameStillPending", "SyncLeftArmed")


@virtual
async def test_a_vm_that_is_started_while_the_group_is_told_stops_the_call() -> None:
    async with running() as rig:
        vms = rig.world.replicas["erp"].vms
        slow_memory(rig, lambda: vms.update({"erp-db": PowerState.ON}))
        rig.prepare("dr")
        await rig.until_says(FAILOVER_PREPARATION, "dr", "VMPoweredOn")
        assert rig.count("start_prepare") == 0
        await until(lambda: "prepared" not in rig.body(REPLICATION_GROUP, "erp")["status"])
        vms["erp-db"] = PowerState.OFF
        assert (await rig.until_prepared("dr")).phase is Phase.SUCCEEDED
        assert rig.count("start_prepare") == 1


@virtual
async def test_one_that_is_cancelled_while_the_group_is_told_calls_nothing_and_the_group_forgets() -> None:
    async with running() as rig:

        def cancel() -> None:
            rig.prepare("dr", **{**rig.body(FAILOVER_PREPARATION, "dr")["spec"], "cancel": True})

        slow_memory(rig, cancel)
        rig.prepare("dr")
        status = await rig.until_prepared("dr")
        assert status.phase is Phase.CANCELLED
        assert rig.count("start_prepare") == 0
        await until(lambda: "prepared" not in rig.body(REPLICATION_GROUP, "erp")["status"])


@virtual
async def test_one_that_is_deleted_while_the_group_is_told_calls_nothing_and_the_group_forgets() -> None:
    async with running() as rig:
        slow_memory(rig, lambda: rig.api.remove(FAILOVER_PREPARATION, "dr", "prod"))
        rig.prepare("dr")
        await until(lambda: (FAILOVER_PREPARATION.plural, "prod", "dr") in rig.api.objects)
        await until(lambda: (FAILOVER_PREPARATION.plural, "prod", "dr") not in rig.api.objects)
        await asyncio.sleep(60)
        assert rig.count("start_prepare") == 0
        assert "prepared" not in rig.body(REPLICATION_GROUP, "erp")["status"]


@virtual
async def test_a_test_failover_does_not_make_the_group_forget() -> None:
    async with running() as rig:
        replica = rig.world.replicas["erp"]
        rig.prepare("dr")
        await rig.until_prepared("dr")
        replica.target_state = GroupState.INTEST
        await rig.until_says(REPLICATION_GROUP, "erp", "WrongState", "Syncable")
        replica.target_state = GroupState.TARGET
        await until(lambda: rig.says(REPLICATION_GROUP, "erp", "Syncable") is None)
        assert rig.says(REPLICATION_GROUP, "erp", "Prepared") == ("True", "FailoverPrepared")
        rig.prepare("again")
        assert reason_of(await rig.until_prepared("again")) == "AlreadyPrepared"
        assert rig.count("start_prepare") == 1


@virtual
async def test_the_task_of_the_call_is_stored_before_anything_else_is_awaited() -> None:
    """Whoever takes over knows the task then, and finds out what became of it."""
    async with running() as rig:
        rig.world.before["task"] = [hangs()]
        rig.prepare("dr")
        await until(lambda: rig.count("start_prepare") == 1)
        await asyncio.sleep(1)
        assert rig.body(FAILOVER_PREPARATION, "dr")["status"]["operation"]["prepare"]["task"] == "prepare-1"
        rig.world.before["task"] = []
        await rig.restart()
        status = await rig.until_prepared("dr")
        assert (status.phase, reason_of(status)) == (Phase.SUCCEEDED, "FailoverPrepared")
        assert rig.count("start_prepare") == 1


@virtual
async def test_a_process_that_stood_still_takes_the_proof_of_its_call_from_the_end_that_another_one_wrote() -> None:
    async with running() as rig:
        rig.prepare("dr")
        await rig.until_prepared("dr")
        await asyncio.sleep(1)  # the watch has shown the end
        registry, key = rig.engine.registry, ("prod", "erp")
        record = registry.prepared.of(key)
        assert record is not None
        registry.groups[key].recall_prepared(replace(record, proven=False))
        await rig.until_says(REPLICATION_GROUP, "erp", "NotProven", "Prepared")
        rig.prepare("dr", **{**rig.body(FAILOVER_PREPARATION, "dr")["spec"], "ttlSecondsAfterFinished": 1_000_000})
        await rig.until_says(REPLICATION_GROUP, "erp", "FailoverPrepared", "Prepared")


@virtual
async def test_what_a_process_that_led_before_tells_the_group_late_stays() -> None:
    """Its write was on the way when this process read the group: what it asked for may take effect yet."""
    async with running() as rig:
        await rig.until_says(REPLICATION_GROUP, "erp", "Ready")
        body = copy.deepcopy(rig.body(REPLICATION_GROUP, "erp"))
        source = {key: body["status"]["source"][key] for key in ("faultDomainID", "deviceGroupID")}
        record = {
            "since": "2026-06-01T12:00:00Z",
            "sourceGroup": source,
            "by": "prod/dr",
            "uid": "u-1",
            "requestID": "1",
        }
        body["status"]["prepared"] = record
        rig.api._save((REPLICATION_GROUP.plural, "prod", "erp"), body)  # noqa: SLF001 - somebody else writes it
        await rig.until_says(REPLICATION_GROUP, "erp", "NotProven", "Prepared")
        await asyncio.sleep(1000)
        assert rig.body(REPLICATION_GROUP, "erp")["status"]["prepared"] == record | {"proven": False}
        rig.request("one")
        await rig.until_ended("one")
        assert rig.api.sync_condition("one", "Failed") == ("True", "GroupPrepared")


def test_what_was_dropped_and_is_shown_once_more_is_no_news() -> None:
    book, key = GroupMemory[str](), ("prod", "erp")
    book.take(key, None, "told by another process")
    assert book.of(key) == "told by another process"
    book.drop(key)
    book.take(key, None, "told by another process")
    assert book.of(key) is None
    book.put(key, "mine")
    book.take(key, None, "its own")
    assert book.of(key) == "mine"
    book.drop(key)
    book.take(key, "long known", "long known")
    assert book.of(key) is None
