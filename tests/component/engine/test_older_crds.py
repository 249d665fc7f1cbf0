"""The CRDs are older than the operator: the API server drops what they do not know, and refuses nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from component.engine.rig import Rig, running
from component.engine.test_trouble import succeeds
from component.engine.virtual import virtual

from vvol_replication.api.names import FAILOVER_PREPARATION

NEWER = ("pointFingerprints", "transferFingerprints", "snapshotFingerprints", "newestPoint")
"""Fields of a ledger's `baseline` that CRDs did not have from the beginning."""


def prune(body: dict[str, Any]) -> None:
    for field in NEWER:
        body["status"].get("operation", {}).get("baseline", {}).pop(field, None)


def with_older_crds() -> Rig:
    rig = Rig()
    rig.api.prune = prune
    return rig


@virtual
async def test_a_preparation_makes_its_call_where_its_ledger_is_stored_in_part() -> None:
    async with running(with_older_crds()) as rig:
        rig.prepare("dr")
        await rig.until_prepared("dr")
        assert rig.says(FAILOVER_PREPARATION, "dr") == ("True", "FailoverPrepared")
        assert rig.count("start_prepare") == 1


@pytest.mark.parametrize("seconds", [1.0, 10.0])
@virtual
async def test_another_process_goes_on_from_the_part_that_is_stored_and_calls_once(seconds: float) -> None:
    async with running(with_older_crds()) as rig:
        rig.prepare("dr")
        await asyncio.sleep(seconds)
        rig.identity = "process-2"
        await rig.restart()
        await rig.until_prepared("dr")
        assert rig.count("start_prepare") == 1


@virtual
async def test_a_sync_is_armed_and_pushed_once_and_its_status_not_written_again_and_again() -> None:
    async with running() as usual:
        usual.request("one")
        await succeeds(usual)
    async with running(with_older_crds()) as rig:
        rig.request("one")
        await succeeds(rig)
        assert (rig.count("start_sync"), rig.writes("one")) == (1, usual.writes("one"))
