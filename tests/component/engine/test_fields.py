"""Methods and fields through the engine: what survives a restart, what the group remembers, what is deleted in time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from component.engine.rig import Rig, running
from component.engine.virtual import until, virtual

from vvol_replication.api.group import ReplicationGroupStatus
from vvol_replication.api.names import FAILOVER_PREPARATION, REPLICATION_GROUP, REPLICATION_SYNC
from vvol_replication.api.objects import Failed
from vvol_replication.api.status import Phase


def _group(rig: Rig) -> ReplicationGroupStatus:
    return ReplicationGroupStatus.parse(rig.api.objects[REPLICATION_GROUP.plural, "prod", "erp"]["status"])


def _schedule(rig: Rig, seconds: float = 5.0) -> None:
    now = rig.clock.now()
    rig.world.replicas["erp"].snapshots[f"scheduled-{now:%H%M%S}"] = (now, now + timedelta(seconds=seconds))


@virtual
async def test_the_arrays_alone_do_while_the_vcenter_is_down_also_after_a_restart() -> None:
    async with running() as rig:
        await until(lambda: _group(rig).target is not None)
        rig.world.alone = True
        rig.world.away.add("vcenter")
        await rig.restart()
        await asyncio.sleep(60)
        assert _group(rig).target is not None, "what was read last is kept while nobody can be asked"
        rig.request("one", method="ArrayOnly")
        await rig.until_ended("one")
        assert rig.api.sync_condition("one", "Complete") == ("True", "SnapshotReplicated")
        assert rig.status("one").point_in_time is None
        assert rig.world.armed == []
        assert len(rig.world.pushed) == 1


@virtual
async def test_a_group_that_is_pointed_elsewhere_forgets_what_it_was() -> None:
    async with running(Rig("erp", "crm")) as rig:
        await until(lambda: _group(rig).target is not None)
        rig.world.away.add("vcenter")
        await rig.restart()
        rig.group("erp", group={"name": "a:crm"})
        await until(lambda: _group(rig).target is None)


@virtual
async def test_the_schedule_is_awaited() -> None:
    async with running() as rig:
        rig.request("one", method="AwaitSchedule", pointInTimeName="nightly")
        await rig.until_reason("one", "AwaitingTransfer")
        _schedule(rig)
        await rig.until_ended("one")
        assert rig.api.sync_condition("one", "Complete") == ("True", "ScheduledTransferLanded")
        assert rig.api.sync_condition("one", "Named") == ("True", "Named")
        assert rig.world.pushed == []


@virtual
async def test_recent_enough_by_the_arrays_clocks() -> None:
    async with running() as rig:
        _schedule(rig)
        await asyncio.sleep(30)
        rig.request("one", maxAge="10m")
        await rig.until_ended("one")
        assert rig.api.sync_condition("one", "Complete") == ("True", "RecentEnough")
        rig.world.skews["b"] = None
        await rig.restart()
        await asyncio.sleep(10)
        rig.request("two", maxAge="10m")
        await rig.until_ended("two")
        assert rig.api.sync_condition("two", "Complete") == ("True", "PointInTimeCreated")
        assert len(rig.world.pushed) == 1


@virtual
@pytest.mark.parametrize("restart", [False, True])
async def test_a_sync_that_is_left_armed_is_remembered_and_used(*, restart: bool) -> None:
    async with running() as rig:
        rig.request("await", method="AwaitSchedule", pointInTimeName="nightly")
        await rig.until_reason("await", "AwaitingTransfer")
        rig.api.edit("await", cancel=True)
        await rig.until_ended("await")
        armed = _group(rig).armed_sync
        assert armed is not None
        assert (armed.request, armed.point_in_time_name, armed.task) == ("prod/await", "nightly", "task-1")
        if restart:
            await rig.restart()
            await asyncio.sleep(10)
        assert rig.api.condition(REPLICATION_GROUP, "erp", "SyncLeftArmed", "prod") == ("True", "NameStillPending")
        rig.request("named", pointInTimeName="mine")
        await rig.until_reason("named", "EarlierSyncArmed")
        rig.request("derived")
        await rig.until_ended("derived")
        assert rig.api.sync_condition("derived", "Named") == ("False", "NamedForEarlierRequest")
        assert rig.world.armed[0] == "nightly"
        await rig.until_ended("named")
        assert rig.api.sync_condition("named", "Named") == ("True", "Named")
        await until(lambda: _group(rig).armed_sync is None)


def _message(rig: Rig, name: str) -> str:
    return next(one.message for one in rig.status(name).conditions if one.type == "Ready")


@virtual
@pytest.mark.parametrize("restart", [False, True])
async def test_who_waits_behind_a_cancelled_push_reads_that_its_data_is_about_to_land(*, restart: bool) -> None:
    async with running(Rig(transfer=300.0)) as rig:
        rig.request("one", pointInTimeName="first")
        await rig.until_reason("one", "Transferring")
        rig.api.edit("one", cancel=True)
        await rig.until_ended("one")
        if restart:
            await rig.restart()
            await asyncio.sleep(10)
        rig.request("two", pointInTimeName="second")
        await rig.until_reason("two", "EarlierSyncArmed")
        pushed = rig.status("one").operation
        assert pushed is not None
        assert pushed.push is not None
        assert f"had pushed snapshot {pushed.push.snapshot} before it ended. When that snapshot" in _message(rig, "two")
        assert "must land first" not in _message(rig, "two")
        await rig.until_ended("two", within=1200)
        assert rig.api.sync_condition("two", "Named") == ("True", "Named")


@virtual
async def test_who_waits_behind_a_sync_without_data_reads_what_has_to_land() -> None:
    async with running() as rig:
        rig.request("await", method="AwaitSchedule", pointInTimeName="nightly")
        await rig.until_reason("await", "AwaitingTransfer")
        rig.api.edit("await", cancel=True)
        await rig.until_ended("await")
        rig.request("named", pointInTimeName="mine")
        await rig.until_reason("named", "EarlierSyncArmed")
        assert "has no data on its way, as far as is known. Other data must land first" in _message(rig, "named")


@virtual
async def test_a_request_that_is_deleted_with_its_sync_armed_is_remembered_too() -> None:
    async with running() as rig:
        rig.request("await", method="AwaitSchedule", pointInTimeName="nightly")
        await rig.until_reason("await", "AwaitingTransfer")
        rig.api.remove(REPLICATION_SYNC, "await", "prod")
        await until(lambda: _group(rig).armed_sync is not None)
        _schedule(rig)
        await until(lambda: _group(rig).armed_sync is None)


@virtual
@pytest.mark.parametrize("waited", [60, 66, 72, 78, 84])  # wherever the looks of the group fall
async def test_an_armed_sync_is_known_to_have_ended_soon_after_data_has_landed(waited: float) -> None:
    async with running() as rig:
        rig.request("await", method="AwaitSchedule", pointInTimeName="nightly")
        await rig.until_reason("await", "AwaitingTransfer")
        rig.api.edit("await", cancel=True)
        await rig.until_ended("await")
        rig.prepare("dr")
        await rig.until_says(FAILOVER_PREPARATION, "dr", "EarlierSyncArmed")
        await asyncio.sleep(waited)
        _schedule(rig, seconds=5)
        await asyncio.sleep(5)
        await until(lambda: _group(rig).armed_sync is None, within=15)
        await rig.until_prepared("dr", within=60)


@virtual
async def test_the_end_does_not_wait_for_a_memory_that_cannot_be_written() -> None:
    async with running() as rig:
        rig.request("await", method="AwaitSchedule")
        await rig.until_reason("await", "AwaitingTransfer")
        group = rig.engine.registry.groups["prod", "erp"]

        async def fails(status: Any, *, news: bool = False) -> bool:
            del status, news
            return False

        group.write_status = fails  # type: ignore[method-assign]  # as above
        rig.api.edit("await", cancel=True)
        await rig.until_ended("await")


@virtual
async def test_the_same_id_for_another_request_is_refused_and_in_another_namespace_is_another() -> None:
    async with running() as rig:
        rig.request("one", requestID="CHG-1")
        rig.request("two", requestID="CHG-1", method="AwaitSchedule")
        rig.request("same", requestID="CHG-1")
        await rig.until_ended("two")
        assert rig.api.sync_condition("two", "Failed") == ("True", "RequestIDConflict")
        await rig.until_ended("one")
        await rig.until_ended("same")
        assert rig.api.sync_condition("same", "Complete") == ("True", "AlreadyDone")
        await rig.restart()
        rig.request("late", requestID="CHG-1", pointInTimeName="x")
        await rig.until_ended("late")
        assert rig.api.sync_condition("late", "Failed") == ("True", "RequestIDConflict")
        assert len(rig.world.pushed) == 1
        rig.api.remove(REPLICATION_SYNC, "one", "prod")
        rig.api.remove(REPLICATION_SYNC, "same", "prod")
        await asyncio.sleep(1)
        rig.request("again", requestID="CHG-1")
        await rig.until_ended("again")
        assert rig.api.sync_condition("again", "Complete") == ("True", "AlreadyDone")
        assert len(rig.world.pushed) == 1


@virtual
@pytest.mark.parametrize("restart", [False, True])
async def test_a_finished_object_with_a_ttl_is_deleted_in_time(*, restart: bool) -> None:
    async with running() as rig:
        rig.request("one", ttlSecondsAfterFinished=300)
        rig.request("kept")
        await rig.until_ended("one")
        await rig.until_ended("kept")
        if restart:
            await rig.restart()
        await asyncio.sleep(200)
        assert "one" in {key[2] for key in rig.api.objects}
        await until(lambda: (REPLICATION_SYNC.plural, "prod", "one") not in rig.api.objects, within=120)
        await asyncio.sleep(3600)
        assert rig.api.deletions == ["one"]


@virtual
async def test_a_ttl_may_be_set_changed_and_taken_away_after_the_end() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_ended("one")
        rig.api.edit("one", ttlSecondsAfterFinished=100)
        await asyncio.sleep(1)
        rig.api.edit("one", ttlSecondsAfterFinished=5000)
        await asyncio.sleep(1000)
        assert rig.api.deletions == []
        rig.api.edit("one", ttlSecondsAfterFinished=None)
        await asyncio.sleep(6000)
        assert rig.api.deletions == []
        rig.api.edit("one", ttlSecondsAfterFinished=0)
        await until(lambda: rig.api.deletions == ["one"], within=5)


@virtual
async def test_what_a_tool_owns_stays_and_says_why() -> None:
    async with running() as rig:
        rig.request("one", ttlSecondsAfterFinished=60)
        await rig.until_ended("one")
        body = rig.api.sync("one")
        body["metadata"]["labels"] = {"kustomize.toolkit.fluxcd.io/name": "apps"}
        await asyncio.sleep(1000)
        assert rig.api.deletions == []
        assert rig.api.sync_condition("one", "TTLIgnored") == ("True", "OwnedByTool")
        assert ("one", "Warning", "OwnedByTool") in rig.api.events


@virtual
async def test_only_the_leader_deletes_and_a_failed_deletion_is_tried_again() -> None:
    async with running() as rig:
        rig.request("one", ttlSecondsAfterFinished=60)
        await rig.until_ended("one")
        rig.leads = False
        await asyncio.sleep(600)
        assert rig.api.deletions == []
        rig.leads = True
        rig.api.silent = Failed("the API server does not answer")
        await asyncio.sleep(120)
        assert (REPLICATION_SYNC.plural, "prod", "one") in rig.api.objects
        rig.api.silent = None
        await until(lambda: (REPLICATION_SYNC.plural, "prod", "one") not in rig.api.objects, within=120)


@virtual
async def test_another_process_waits_before_it_looks_for_what_the_one_before_did() -> None:
    async with running() as rig:
        rig.request("one")
        await until(lambda: rig.status("one").operation is not None and rig.count("start_sync") == 1)
        rig.identity = "process-2"
        await rig.restart()
        began = rig.clock.now()
        await rig.until_reason("one", "LookingAfterLostAnswer")
        await rig.until_ended("one")
        assert rig.status("one").phase is Phase.SUCCEEDED
        assert rig.clock.now() - began > timedelta(seconds=75)
        assert len(rig.world.pushed) == 1
