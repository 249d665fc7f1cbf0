"""Requests that this operator cannot read: it is older than the object, or somebody has spoilt the status."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest
from component.engine.figures import Figures
from component.engine.rig import Rig, running
from component.engine.virtual import until, virtual

from vvol_replication.api.names import FAILOVER_PREPARATION, REPLICATION_SYNC, Kind


async def come_back_older(rig: Rig, kind: Kind, name: str, **spec: Any) -> None:
    """The operator is rolled back to a version that does not know what an object asks for; the CRD is not."""
    await rig.kill()
    body = copy.deepcopy(rig.body(kind, name))
    body["spec"] |= spec
    body["metadata"]["generation"] += 1
    rig.api.objects[kind.plural, "prod", name] = body
    await rig.restart()


def said(rig: Rig, kind: Kind, name: str) -> dict[str, Any]:
    """The status, without the generation that it is for."""
    status: dict[str, Any] = copy.deepcopy(rig.body(kind, name)["status"])
    for one in (status, *status["conditions"]):
        one.pop("observedGeneration")
    return status


@virtual
async def test_a_success_that_an_older_operator_cannot_read_stays_one() -> None:
    async with running() as rig:
        rig.request("one", pointInTimeName="x")
        await rig.until_ended("one")
        before = said(rig, REPLICATION_SYNC, "one")
        await come_back_older(rig, REPLICATION_SYNC, "one", method="OfANewerVersion")
        await until(lambda: rig.api.sync("one")["status"]["observedGeneration"] == 2, within=60)
        assert said(rig, REPLICATION_SYNC, "one") == before
        assert {one["observedGeneration"] for one in rig.api.sync("one")["status"]["conditions"]} == {2}


@virtual
async def test_a_preparation_that_an_older_operator_cannot_read_stays_prepared() -> None:
    async with running() as rig:
        rig.prepare("dr")
        await rig.until_prepared("dr")
        before = said(rig, FAILOVER_PREPARATION, "dr")
        await come_back_older(rig, FAILOVER_PREPARATION, "dr", validFor="of a newer version")
        await until(lambda: rig.body(FAILOVER_PREPARATION, "dr")["status"]["observedGeneration"] == 2, within=60)
        assert said(rig, FAILOVER_PREPARATION, "dr") == before


@virtual
async def test_an_edit_of_a_success_whose_ledger_is_spoilt_is_answered_and_keeps_it() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_ended("one")
        rig.api.set_status("one", lambda status: status["operation"].update(sync="garbage"))
        rig.api.edit("one", ttlSecondsAfterFinished=600)
        await until(lambda: rig.api.sync("one")["status"]["observedGeneration"] == 2, within=60)
        assert rig.api.sync_condition("one", "Complete") == ("True", "PointInTimeCreated")
        assert rig.api.sync("one")["status"]["operation"]["sync"] == "garbage"
        await until(lambda: (REPLICATION_SYNC.plural, "prod", "one") not in rig.api.objects, within=1200)


@pytest.mark.parametrize("spoilt", ["spec", "ledger"])
@virtual
async def test_the_ledger_of_one_that_had_begun_is_kept_and_told(spoilt: str) -> None:
    async with running(Rig(transfer=300.0)) as rig:
        rig.request("one", ttlSecondsAfterFinished=600)
        await rig.until_reason("one", "Transferring")
        if spoilt == "ledger":
            rig.api.engine = None
            rig.api.set_status("one", lambda status: status["operation"].update(baseline="garbage"))
            await rig.restart()
        else:
            await come_back_older(rig, REPLICATION_SYNC, "one", method="OfANewerVersion")
        await rig.until_reason("one", "InvalidSpec")
        await asyncio.sleep(5)
        status = rig.api.sync("one")["status"]
        assert status["operation"]["push"]["snapshot"]
        assert status["acceptedAt"]
        assert "deadline" not in status
        assert "status.operation" in next(one["message"] for one in status["conditions"])
        assert Figures.of(rig).one("requests_finished_total", reason="InvalidSpec") == 1
        if spoilt == "ledger":
            await until(lambda: (REPLICATION_SYNC.plural, "prod", "one") not in rig.api.objects, within=1200)
