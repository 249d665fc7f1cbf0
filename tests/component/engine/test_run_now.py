"""Runs that a text in `spec.runNow` asks for."""

from __future__ import annotations

import asyncio
from typing import Any

from component.engine.rig import Rig, running
from component.engine.test_schedules import at, before_long, one_run, until_time
from component.engine.virtual import until, virtual

from vvol_replication.api.names import REPLICATION_SCHEDULE, Kind


@virtual
async def test_a_text_in_run_now_asks_for_one_run_and_is_told_when_it_has_had_it() -> None:
    async with running(Rig(transfer=300)) as rig:
        rig.schedule("nightly", pointInTimeNamePrefix="n", maxAge="8h")
        await rig.until_ended(await one_run(rig))

        rig.schedule("nightly", pointInTimeNamePrefix="n", maxAge="8h", runNow="CHG-1")
        run = await one_run(rig)
        await rig.until_says(REPLICATION_SCHEDULE, "nightly", "RunNowUnderWay", "RunNowSucceeded")
        rig.schedule("nightly", pointInTimeNamePrefix="n", maxAge="8h", runNow="CHG-2")
        await rig.until_says(REPLICATION_SCHEDULE, "nightly", "RunNowWaiting", "RunNowSucceeded")
        assert rig.scheduled("nightly").last_run_now is None

        await rig.until_ended(run)
        await until(lambda: rig.scheduled("nightly").last_run_now == "CHG-1")
        assert rig.status(run).point_in_time is not None
        assert rig.status(run).operation is not None
        await before_long(lambda: rig.scheduled("nightly").last_run_now == "CHG-2")
        assert rig.says(REPLICATION_SCHEDULE, "nightly", "RunNowSucceeded") == ("True", "PointInTimeCreated")

        runs = rig.runs
        rig.schedule("nightly", pointInTimeNamePrefix="n", maxAge="8h", runNow="CHG-1")
        await rig.until_says(REPLICATION_SCHEDULE, "nightly", "RunNowUsedBefore", "RunNowSucceeded")
        assert rig.runs == runs


@virtual
async def test_a_text_that_is_there_from_the_beginning_is_run_at_once() -> None:
    async with running() as rig:
        rig.schedule("nightly", runNow="CHG-1")
        await until_time(rig, at(12, 3))

        assert rig.scheduled("nightly").last_run_now == "CHG-1"


@virtual
async def test_a_run_that_ends_before_its_creation_is_answered_is_credited() -> None:
    async with running() as rig:
        create = rig.api.create

        async def slow(kind: Kind, manifest: Any) -> Any:
            answer = await create(kind, manifest)
            await rig.until_ended(manifest["metadata"]["name"])
            await asyncio.sleep(5)
            return answer

        rig.api.create = slow  # type: ignore[method-assign]
        rig.schedule("nightly", runNow="CHG-1")
        await until_time(rig, at(12, 14))

        assert rig.scheduled("nightly").last_run_now == "CHG-1"
        assert not rig.scheduled("nightly").active
