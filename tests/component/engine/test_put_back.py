"""Etcd is restored from a backup while the operator runs: objects are older than it knows them."""

from __future__ import annotations

import asyncio

from component.engine.rig import Rig, running
from component.engine.test_trouble import succeeds
from component.engine.virtual import until, virtual

from vvol_replication.api.objects import Conflict


@virtual
async def test_a_request_that_ended_after_the_backup_goes_on_in_the_next_process_and_pushes_nothing() -> None:
    async with running(Rig(transfer=60.0)) as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        backup = rig.api.backup()
        await rig.until_ended("one")
        for hours in range(1, 30):
            rig.group("erp", recoveryPointObjective=f"{hours}h")
        await asyncio.sleep(1)
        rig.api.restore(backup)
        await until(lambda: rig.put_backs, within=900)
        await rig.restart()
        await succeeds(rig)


@virtual
async def test_a_request_under_way_sees_at_its_next_write_that_the_api_server_was_put_back() -> None:
    async with running(Rig(transfer=20.0)) as rig:
        rig.request("one")
        await until(lambda: rig.reason("one") is not None)
        backup = rig.api.backup()
        await rig.until_reason("one", "Transferring")
        rig.api.restore(backup)
        await until(lambda: rig.put_backs, within=60)


@virtual
async def test_conflicts_alone_are_no_sign_of_it() -> None:
    async with running() as rig:
        rig.api.answers = [Conflict()] * 5
        rig.request("one")
        await succeeds(rig)
        rig.group("erp", suspend=True)
        rig.group("erp", suspend=False)
        await asyncio.sleep(60)
        assert rig.put_backs == 0
