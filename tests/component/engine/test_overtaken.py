"""Another process stores its intent while this one looks: who has seen that writes no intent of its own over it."""

from __future__ import annotations

import asyncio

import pytest
from component.engine.rig import running
from component.engine.steps import Step
from component.engine.virtual import until, virtual

from vvol_replication.api.names import FAILOVER_PREPARATION, REPLICATION_SYNC, Kind

HOLDER = "process-9"


@virtual
@pytest.mark.parametrize("kind", [FAILOVER_PREPARATION, REPLICATION_SYNC], ids=lambda kind: kind.kind)
async def test_an_intent_that_the_watch_shows_while_this_process_reads_is_not_overwritten(kind: Kind) -> None:
    async with running() as donor:  # what another process would store
        donor.identity = HOLDER
        await donor.restart()
        call = "start_prepare" if kind == FAILOVER_PREPARATION else "start_sync"
        stored = asyncio.Event()

        async def hangs() -> None:
            stored.set()
            await asyncio.Event().wait()

        donor.world.before[call] = [hangs]
        donor.prepare("one") if kind == FAILOVER_PREPARATION else donor.request("one")
        await stored.wait()
        intent = donor.body(kind, "one")["status"]
    assert intent["operation"]["holder"] == HOLDER

    async with running() as rig:
        key = (kind.plural, "prod", "one")

        async def overtaken() -> None:
            rig.api.replace(key, {**rig.api.objects[key], "status": intent})
            await asyncio.sleep(1)  # the watch shows it

        reading = "members" if kind == FAILOVER_PREPARATION else "snapshots"
        steps: list[Step] = [overtaken]
        rig.world.before[reading] = steps
        rig.prepare("one") if kind == FAILOVER_PREPARATION else rig.request("one")
        await until(lambda: not steps)
        await asyncio.sleep(30)
        assert rig.count(call) == 0
        assert rig.body(kind, "one")["status"]["operation"] == intent["operation"]
