"""What has ended is not listed at a start, and still gets what it is owed: an answer, freedom, a place in history."""

from __future__ import annotations

import asyncio
import copy
from datetime import timedelta
from typing import Any

import pytest
from component.engine.rig import Rig, running
from component.engine.virtual import until, virtual

from vvol_replication.api.names import FINALIZER, REPLICATION_GROUP, REPLICATION_SYNC
from vvol_replication.api.objects import Failed, ObjectRef

KEY = (REPLICATION_SYNC.plural, "prod", "done")


async def ended(rig: Rig, **spec: Any) -> None:
    rig.request("done", **spec)
    await rig.until_ended("done")


@virtual
async def test_what_has_ended_is_listed_once_and_not_by_the_start() -> None:
    async with running() as rig:
        await ended(rig)
        rig.request("going", suspend=True)
        await rig.until_reason("going", "Suspended")
        await rig.kill()
        rig.engine = rig.renewed()
        rig.api.listed.clear()

        await rig.engine.start()
        assert (rig.api.listed["done"], rig.api.listed["going"]) == (0, 1)

        rig.api.begin_watch()
        await asyncio.sleep(7200)
        assert rig.api.listed["done"] == 1


@virtual
async def test_an_edit_of_what_has_ended_is_answered_also_one_that_nobody_watched() -> None:
    async with running() as rig:
        await ended(rig)
        rig.api.edit("done", suspend=True)
        await until(lambda: rig.api.sync("done")["status"]["observedGeneration"] == 2, within=5)

        await rig.kill()
        rig.api.edit("done", suspend=False)
        before = rig.status("done")
        rig.engine = rig.renewed()
        await rig.start()
        await until(lambda: rig.api.sync("done")["status"]["observedGeneration"] == 3, within=5)

        after = rig.status("done")
        assert {one.observed_generation for one in after.conditions} == {3}
        assert (after.phase, after.finished_at, after.operation) == (before.phase, before.finished_at, before.operation)


@virtual
@pytest.mark.parametrize("deleted", [False, True])
async def test_a_finalizer_that_a_killed_process_left_on_what_has_ended_goes(deleted: bool) -> None:  # noqa: FBT001
    async with running() as rig:
        await ended(rig)
        await rig.kill()
        body = copy.deepcopy(rig.api.objects[KEY])
        body["metadata"]["finalizers"] = ["somebody.example.com/else", FINALIZER]
        rig.api.replace(KEY, body)
        if deleted:
            rig.api.remove(REPLICATION_SYNC, "done", "prod")

        rig.engine = rig.renewed()
        await rig.start()
        await until(
            lambda: rig.api.objects[KEY]["metadata"].get("finalizers") == ["somebody.example.com/else"], within=5
        )


@virtual
async def test_an_end_that_its_group_was_not_told_of_is_in_its_history_after_a_start() -> None:
    async with running() as rig:
        await ended(rig)
        await rig.kill()
        body = copy.deepcopy(rig.body(REPLICATION_GROUP, "erp"))
        told = body["status"].pop("history")
        assert [one["name"] for one in told] == ["done"]
        rig.api.replace((REPLICATION_GROUP.plural, "prod", "erp"), body)

        rig.engine = rig.renewed()
        await rig.start()
        await until(lambda: rig.body(REPLICATION_GROUP, "erp")["status"].get("history") == told, within=60)


@virtual
async def test_an_end_that_somebody_spoilt_is_taken_up_again() -> None:
    async with running() as rig:
        await ended(rig)
        pushes = rig.count("push")
        await rig.kill()
        rig.api.set_status("done", lambda status: status.update(conditions=[]))

        rig.engine = rig.renewed()
        await rig.start()
        await rig.until_says(REPLICATION_SYNC, "done", "PointInTimeCreated", "Complete")
        await rig.until_ended("done")
        assert rig.count("push") == pushes


@virtual
async def test_a_request_id_is_known_by_a_process_that_has_never_seen_who_used_it() -> None:
    async with running() as rig:
        await ended(rig, requestID="CHG-1", pointInTimeName="mine")
        pushes = rig.count("push")
        await rig.kill()
        rig.engine = rig.renewed()
        await rig.engine.start()  # and nobody has looked through what has ended
        rig.request("other", requestID="CHG-1", pointInTimeName="another")
        await rig.until_ended("other")
        assert rig.says(REPLICATION_SYNC, "other") == ("False", "RequestIDConflict")

        rig.request("again", requestID="CHG-1", pointInTimeName="mine")
        await rig.until_ended("again")
        assert rig.says(REPLICATION_SYNC, "again", "Complete") == ("True", "AlreadyDone")
        assert rig.count("push") == pushes


@virtual
async def test_while_the_api_server_does_not_tell_who_has_a_request_id_nothing_is_done() -> None:
    async with running() as rig:
        await ended(rig, requestID="CHG-1")
        armed = rig.count("start_sync")
        list_in = rig.api.list_in

        async def silent(*asked: Any, fields: str = "", **chosen: Any) -> Any:
            return Failed("no answer") if fields else await list_in(*asked, **chosen)

        rig.api.list_in = silent  # type: ignore[method-assign]
        rig.request("again", requestID="CHG-1")
        rig.request("fresh", requestID="CHG-2")
        await asyncio.sleep(300)
        assert rig.count("start_sync") == armed

        rig.api.list_in = list_in  # type: ignore[method-assign]
        await rig.until_ended("again")
        await rig.until_ended("fresh")
        assert rig.count("start_sync") == armed + 1


@virtual
async def test_claims_are_kept_only_while_a_request_in_flight_has_the_id() -> None:
    async with running() as rig:
        for number in range(5):
            rig.request(f"sync-{number}", requestID=f"CHG-{number}")
            await rig.until_ended(f"sync-{number}")
        await asyncio.sleep(60)
        assert not rig.engine.requests._context.claims._known  # noqa: SLF001 - what is held is what is tested


@virtual
async def test_a_ttl_of_days_is_kept_and_holds_nothing_until_its_last_hours() -> None:
    async with running() as rig:
        await ended(rig, ttlSecondsAfterFinished=86_400)
        await asyncio.sleep(60)
        assert not rig.engine.requests._ttl._due  # noqa: SLF001 - as above

        await asyncio.sleep(86_400 - 120)
        assert KEY in rig.api.objects
        await until(lambda: KEY not in rig.api.objects, within=120)


@virtual
async def test_a_clock_that_goes_back_right_before_a_deletion_only_puts_it_off() -> None:
    async with running() as rig:
        rig.request("one", ttlSecondsAfterFinished=60)
        await rig.until_ended("one")
        read, now, back = rig.api.read, rig.clock.now, timedelta()

        async def read_then_back(ref: ObjectRef) -> Any:
            nonlocal back
            found, back = await read(ref), timedelta(seconds=30)
            return found

        rig.clock.now = lambda: now() - back  # type: ignore[method-assign]
        rig.api.read = read_then_back  # type: ignore[method-assign]
        await asyncio.sleep(75)
        assert (REPLICATION_SYNC.plural, "prod", "one") in rig.api.objects
        await asyncio.sleep(60)
        assert (REPLICATION_SYNC.plural, "prod", "one") not in rig.api.objects
