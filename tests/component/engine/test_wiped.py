"""Somebody wipes or spoils a status, or annotations, while a request is under way."""

from __future__ import annotations

import pytest
from component.engine.rig import Rig, running
from component.engine.test_trouble import succeeds
from component.engine.virtual import until, virtual

from vvol_replication.api.names import REPLICATION_SYNC
from vvol_replication.api.objects import Conflict


@pytest.mark.parametrize("wiped", ["all", "acceptedAt", "operation", "conditions", "observedGeneration"])
@virtual
async def test_a_status_that_is_wiped_under_way_is_written_again_and_nothing_is_repeated(wiped: str) -> None:
    async with running(Rig(transfer=60.0)) as rig:
        rig.request("one", pointInTimeName="mine")
        await rig.until_reason("one", "Transferring")
        before = rig.status("one")
        rig.api.set_status("one", dict.clear if wiped == "all" else lambda status: status.pop(wiped))

        def restored() -> bool:
            body, now = rig.api.sync("one"), rig.status("one")
            return (
                (now.operation, now.accepted_at, now.phase) == (before.operation, before.accepted_at, before.phase)
                and rig.reason("one") == "Transferring"
                and bool(body["metadata"].get("finalizers"))
            )

        await until(restored, within=30)
        await succeeds(rig)
        assert rig.api.sync_condition("one", "Named") == ("True", "Named")


@virtual
async def test_a_status_that_is_wiped_in_the_moment_of_an_edit_is_written_again() -> None:
    """Kopf handles the edit of what it saw before, and so marks the empty status as handled."""
    async with running(Rig(transfer=60.0)) as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        rig.api.edit("one", timeout="5h")
        rig.api.set_status("one", dict.clear)
        await succeeds(rig)


@virtual
async def test_a_ledger_that_is_spoilt_under_way_is_written_again() -> None:
    async with running(Rig(transfer=60.0)) as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        before = rig.status("one").operation
        rig.api.answers = [Conflict()]
        rig.api.set_status("one", lambda status: status.update(operation={"requestID": 5, "sync": "garbage"}))
        await until(lambda: rig.api.sync("one")["status"]["operation"]["requestID"] != 5, within=30)
        assert rig.status("one").operation == before
        await succeeds(rig)


@virtual
async def test_a_ledger_that_cannot_be_read_at_a_restart_is_told_and_not_acted_on() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        await rig.kill()
        rig.api.set_status("one", lambda status: status["operation"].update(sync="garbage"))
        await rig.restart()
        await rig.until_ended("one")
        assert rig.api.sync_condition("one", "Stalled") == ("True", "InvalidSpec")
        assert len(rig.world.pushed) == 1
        assert rig.engine.in_flight == 0


@virtual
async def test_annotations_that_are_wiped_mean_nothing() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        body = rig.api.sync("one")
        body["metadata"]["annotations"] = {}
        rig.engine.observe(REPLICATION_SYNC, body)
        await succeeds(rig)
