"""The clocks of arrays, as their status shows them; and a point in time whose time is by none of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from component.engine.rig import Rig, running
from component.engine.steps import ends
from component.engine.virtual import until, virtual

from vvol_replication.api.names import FAILOVER_PREPARATION, FLASHARRAY
from vvol_replication.domain.outcomes import Unavailable


def clock(rig: Rig) -> tuple[str, str] | None:
    found: tuple[str, str] | None = rig.api.condition(FLASHARRAY, "a", "ClockInStep")
    return found


def skew(rig: Rig) -> str | None:
    told: str | None = rig.api.objects["flasharrays", None, "a"]["status"].get("clockSkew")
    return told


@pytest.mark.parametrize(
    ("seconds", "told", "condition"),
    [
        (0, "0s", ("True", "ClockInStep")),
        (-3, "-3s", ("True", "ClockInStep")),
        (60, "1m", ("True", "ClockInStep")),
        (61, "1m1s", ("False", "ClockOutOfStep")),
        (-7200, "-2h", ("False", "ClockOutOfStep")),
        (None, None, ("Unknown", "ClockUnknown")),
    ],
)
@virtual
async def test_a_clock_is_shown_with_its_sign(
    seconds: int | None, told: str | None, condition: tuple[str, str]
) -> None:
    rig = Rig()
    rig.world.skews["a"] = None if seconds is None else timedelta(seconds=seconds)
    async with running(rig):
        await until(lambda: clock(rig) == condition, within=5)
        assert skew(rig) == told
        assert rig.api.condition(FLASHARRAY, "a", "Ready") == ("True", "Ready"), "a clock never changes Ready"


@virtual
async def test_jitter_is_not_written_and_a_change_is_also_after_a_restart() -> None:
    rig = Rig()
    rig.world.skews["a"] = timedelta(seconds=59)
    async with running(rig):
        await until(lambda: skew(rig) == "59s", within=5)
        await asyncio.sleep(40)
        versions = len(rig.api.history["flasharrays", None, "a"])
        for seconds in (57, 61, 58, 60):
            rig.world.skews["a"] = timedelta(seconds=seconds)
            await asyncio.sleep(40)
        since = rig.api.history["flasharrays", None, "a"][versions:]
        assert {body["status"]["clockSkew"] for body in since} == {"59s"}
        assert clock(rig) == ("True", "ClockInStep")
        await rig.restart()
        await asyncio.sleep(5)
        assert skew(rig) == "59s"
        rig.world.skews["a"] = timedelta(seconds=62)
        await until(lambda: (skew(rig), clock(rig)) == ("1m2s", ("False", "ClockOutOfStep")), within=40)


@virtual
async def test_a_clock_that_cannot_be_read_now_is_unknown_and_its_last_skew_stays() -> None:
    rig = Rig()
    rig.world.skews["a"] = timedelta(seconds=-90)
    async with running(rig):
        await until(lambda: clock(rig) == ("False", "ClockOutOfStep"), within=5)
        rig.world.before["about"] = [ends(Unavailable("Unreachable", "no route"))] * 50
        await until(lambda: clock(rig) == ("Unknown", "Unreachable"), within=40)
        assert skew(rig) == "-1m30s"


@pytest.mark.parametrize("kind", ["sync", "preparation"])
@virtual
async def test_a_point_in_time_by_a_clock_of_its_own_is_named_and_not_taken_for_proof(kind: str) -> None:
    async with running() as rig:
        replica = rig.world.replicas["erp"]
        if kind == "sync":
            rig.request("one")
        else:
            rig.prepare("one")
        await until(lambda: bool(replica.points))
        replica.points[0] = replace(replica.points[0], time=replica.points[0].time + timedelta(minutes=5))

        def said() -> str:
            body = rig.api.sync("one") if kind == "sync" else rig.body(FAILOVER_PREPARATION, "one")
            ready = next(one for one in body["status"]["conditions"] if one["type"] == "Ready")
            return f"{ready['reason']}: {ready['message']}"

        await until(lambda: said().startswith("PointInTimeNotListed"))
        assert f"vSphere lists '{replica.points[0].id}'" in said()
        assert "Set NTP" in said()
