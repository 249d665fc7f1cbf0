"""How old READ may be: what `kubectl explain` promises of it is true in a quiet hour, and an outage shows."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
import yaml
from component.engine.rig import PACE, Rig, running
from component.engine.virtual import until, virtual

from vvol_replication.api.names import FLASHARRAY, REPLICATION_GROUP, VCENTER, Kind
from vvol_replication.api.times import parse_time

CRDS = Path(__file__).parents[3] / "crds"
KINDS = [(VCENTER, "dallas"), (FLASHARRAY, "a"), (REPLICATION_GROUP, "erp")]


@cache
def promised(kind: Kind) -> timedelta:
    """The last number of minutes in the field's description."""
    crd = yaml.safe_load((CRDS / f"replication.vvol.dev_{kind.plural}.yaml").read_text("utf-8"))
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    text = schema["status"]["properties"]["lastReadAt"]["description"]
    return timedelta(minutes=int(re.findall(r"(\d+)\s+minutes", text)[-1]))


def age(rig: Rig, kind: Kind, name: str) -> timedelta:
    status = rig.api.objects[kind.plural, "prod" if kind.namespaced else None, name]["status"]
    return rig.clock.now() - parse_time(status["lastReadAt"])


@pytest.mark.parametrize("chances", [(0.0,), (0.9,), (0.0, 0.4, 0.9)])
@virtual
async def test_read_is_as_young_as_is_promised_while_all_is_well(chances: tuple[float, ...]) -> None:
    async with running(Rig(chances=chances)) as rig:
        await asyncio.sleep(60)
        for _ in range(720):
            await asyncio.sleep(5)
            for kind, name in KINDS:
                assert age(rig, kind, name) <= promised(kind), kind.kind


@pytest.mark.parametrize("before", range(0, 120, 10))
@virtual
async def test_read_is_as_young_as_is_promised_after_a_short_outage(before: int) -> None:
    """The turns of an outage are written, with the reading from before it: that is no reason to show it for longer."""
    most = timedelta(seconds=PACE.status_refresh + PACE.group + 10)
    async with running() as rig:
        await asyncio.sleep(60 + before)
        rig.world.away.add("vcenter")
        await until(lambda: rig.says(REPLICATION_GROUP, "erp") == ("False", "Unreachable"), within=60)
        rig.world.away.discard("vcenter")
        await until(lambda: rig.says(REPLICATION_GROUP, "erp") == ("True", "Ready"), within=60)
        for _ in range(150):
            await asyncio.sleep(5)
            assert age(rig, REPLICATION_GROUP, "erp") <= most < promised(REPLICATION_GROUP)


@virtual
async def test_a_vcenter_that_is_not_read_shows_since_when() -> None:
    async with running() as rig:
        await asyncio.sleep(60)
        rig.world.away.add("vcenter")
        await until(lambda: rig.api.condition(VCENTER, "dallas")[0] == "False", within=40)
        began = age(rig, VCENTER, "dallas")
        await asyncio.sleep(600)
        assert age(rig, VCENTER, "dallas") >= began + timedelta(seconds=600)
        assert age(rig, VCENTER, "dallas") > promised(VCENTER)
