"""A run that is gone before the watch begins: the API server shows nothing of it, and its schedule goes on."""

from __future__ import annotations

import asyncio
from typing import Any

from component.engine.rig import running
from component.engine.virtual import until, virtual

from vvol_replication.api.names import REPLICATION_SCHEDULE, REPLICATION_SYNC
from vvol_replication.api.objects import WriteResult


@virtual
async def test_a_run_that_was_deleted_while_nobody_looked_does_not_stay_under_way() -> None:
    """Our finalizer keeps it until the process that comes next lets it go, which may be before that one watches."""
    async with running() as rig:
        rig.schedule("nightly", schedule="0 0 29 2 *", runNow="CHG-1")
        await until(lambda: rig.runs and rig.count("push"))
        (run,) = rig.runs
        await rig.kill()
        rig.api.remove(REPLICATION_SYNC, run, "prod")
        assert (REPLICATION_SYNC.plural, "prod", run) in rig.api.objects, "its finalizer keeps it"
        let_go = rig.api.write_finalizers

        async def slowly(*said: Any) -> WriteResult:
            await asyncio.sleep(1)  # the schedule has looked before
            return await let_go(*said)

        rig.api.write_finalizers = slowly  # type: ignore[method-assign,assignment]  # an API server that takes its time
        engine = rig.renewed()
        rig.engine, rig.api.engine = engine, None
        await engine.start()
        await until(lambda: (REPLICATION_SYNC.plural, "prod", run) not in rig.api.objects)
        await asyncio.sleep(5)
        rig.api.engine = engine
        rig.api.begin_watch()
        await until(lambda: not rig.scheduled("nightly").active, within=60)
        assert rig.says(REPLICATION_SCHEDULE, "nightly", "RunNowSucceeded") == ("False", "Deleted")


@virtual
async def test_a_run_that_another_process_had_made_while_this_one_stood_still_is_not_made_again() -> None:
    """It has ended, was told, and is gone by the limit of the history: only the schedule's own status tells of it."""
    key = (REPLICATION_SCHEDULE.plural, "prod", "nightly")
    async with running() as donor:  # what the other process tells
        donor.schedule("nightly", schedule="0 0 29 2 *", runNow="CHG-1")
        await until(lambda: donor.scheduled("nightly").last_run_now == "CHG-1")
        told = donor.body(REPLICATION_SCHEDULE, "nightly")["status"]
    async with running() as rig:
        list_in, asked = rig.api.list_in, asyncio.Event()

        async def stands_still(*given: Any, **chosen: Any) -> Any:
            rig.api.list_in = list_in  # type: ignore[method-assign]
            rig.api.replace(key, {**rig.api.objects[key], "status": told})
            await asyncio.sleep(1)  # the watch shows it
            asked.set()
            return await list_in(*given, **chosen)

        rig.schedule("nightly", schedule="0 0 29 2 *")
        await until(lambda: rig.body(REPLICATION_SCHEDULE, "nightly").get("status", {}).get("timetable"))
        rig.api.list_in = stands_still  # type: ignore[method-assign]  # for a moment
        rig.schedule("nightly", schedule="0 0 29 2 *", runNow="CHG-1")
        await asked.wait()
        await asyncio.sleep(60)
        assert rig.runs == []
        assert rig.scheduled("nightly").last_run_now == "CHG-1"
