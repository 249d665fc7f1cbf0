"""What stands on an endpoint turns with it, and who waits for it is woken: what a person reads, second by second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from component.engine.rig import Rig, running
from component.engine.virtual import until, virtual

from vvol_replication.api.names import FAILOVER_PREPARATION, FLASHARRAY, REPLICATION_GROUP, VCENTER, Kind

GROUPS = [f"g{number:02}" for number in range(20)]
ONE_READING = 2.0
"""Seconds in which what the endpoint's own object says is told by all that stands on it."""


def ready(rig: Rig, kind: Kind, name: str) -> tuple[str, str] | None:
    found: tuple[str, str] | None = rig.api.condition(kind, name, "Ready", "prod" if kind.namespaced else None)
    return found


def groups(rig: Rig) -> set[tuple[str, str] | None]:
    return {ready(rig, REPLICATION_GROUP, name) for name in rig.world.replicas}


def says(rig: Rig, name: str) -> str:
    status = rig.body(REPLICATION_GROUP, name)["status"]
    return next(str(one["message"]) for one in status["conditions"] if one["type"] == "Ready")


def wrong_password(rig: Rig) -> None:
    rig.api.secrets["vc"]["password"] = "wrong"


@pytest.mark.parametrize(
    ("breaks", "mends", "kind", "name", "reason"),
    [
        (wrong_password, Rig.secrets, VCENTER, "dallas", "LoginFailed"),
        (lambda rig: rig.api.secrets["a"].update(apiToken="wrong"), Rig.secrets, FLASHARRAY, "a", "LoginFailed"),
        (lambda rig: rig.world.away.add("b"), lambda rig: rig.world.away.clear(), FLASHARRAY, "b", "Unreachable"),
    ],
)
@virtual
async def test_the_groups_of_an_endpoint_that_cannot_be_read_say_so_within_one_reading(
    breaks: Callable[[Rig], object], mends: Callable[[Rig], object], kind: Kind, name: str, reason: str
) -> None:
    async with running(Rig(*GROUPS, chances=(0.0, 0.4, 0.9))) as rig:
        rig.api.secrets["b"] = dict(rig.api.secrets["a"])
        await until(lambda: groups(rig) == {("True", "Ready")})
        await asyncio.sleep(100)
        breaks(rig)
        await until(lambda: ready(rig, kind, name) == ("False", reason), within=40)
        await until(lambda: groups(rig) == {("False", reason)}, within=ONE_READING)
        assert says(rig, "g07").startswith(f"{kind.kind} {name!r} cannot be read: ")
        await asyncio.sleep(200)
        assert groups(rig) == {("False", reason)}
        mends(rig)
        await until(lambda: ready(rig, kind, name) == ("True", "Ready"), within=40)
        await until(lambda: groups(rig) == {("True", "Ready")}, within=ONE_READING)


@virtual
async def test_a_vcenter_that_is_away_for_a_moment_is_not_asked_by_each_of_its_groups() -> None:
    async with running(Rig(*GROUPS)) as rig:
        await until(lambda: groups(rig) == {("True", "Ready")})
        await asyncio.sleep(30)
        rig.world.away.add("vcenter")
        await until(lambda: groups(rig) == {("False", "Unreachable")}, within=40)
        listed = rig.count("points_in_time")
        rig.world.away.clear()
        await until(lambda: groups(rig) == {("True", "Ready")}, within=20)
        assert rig.count("points_in_time") - listed < len(GROUPS)
        await asyncio.sleep(120)
        assert rig.count("points_in_time") - listed >= len(GROUPS), "and none is listed later than ever"


@pytest.mark.parametrize(
    ("breaks", "kind", "name"),
    [
        (wrong_password, VCENTER, "dallas"),
        (lambda rig: rig.api.secrets.update(a={"apiToken": "wrong"}), FLASHARRAY, "a"),
        (lambda rig: rig.api.secrets.update(b={"apiToken": "wrong"}), FLASHARRAY, "b"),
    ],
)
@pytest.mark.parametrize("outage", [60, 200, 700])
@virtual
async def test_a_request_that_holds_the_turn_goes_on_as_soon_as_the_secret_is_mended(
    outage: int, breaks: Callable[[Rig], object], kind: Kind, name: str
) -> None:
    async with running(Rig(transfer=3.0)) as rig:
        rig.world.every_call_logs_in = True
        await until(lambda: groups(rig) == {("True", "Ready")})
        breaks(rig)
        await until(lambda: ready(rig, kind, name) == ("False", "LoginFailed"), within=40)
        rig.request("one")
        await rig.until_reason("one", "LoginFailed", within=10)
        await asyncio.sleep(outage)
        assert rig.reason("one") == "LoginFailed"
        rig.secrets()
        await until(lambda: ready(rig, kind, name) == ("True", "Ready"), within=20)
        await until(lambda: rig.reason("one") != "LoginFailed", within=ONE_READING)
        await rig.until_ended("one", within=60)
        assert rig.reason("one") == "PointInTimeCreated"


@virtual
async def test_a_preparation_that_waits_for_an_array_goes_on_as_soon_as_it_answers() -> None:
    async with running(Rig(transfer=3.0)) as rig:
        await until(lambda: groups(rig) == {("True", "Ready")})
        rig.world.away.add("a")
        rig.prepare("dr")
        await rig.until_says(FAILOVER_PREPARATION, "dr", "Unreachable")
        await asyncio.sleep(400)
        rig.world.away.clear()
        await until(lambda: ready(rig, FLASHARRAY, "a") == ("True", "Ready"), within=20)
        await until(lambda: rig.says(FAILOVER_PREPARATION, "dr") != ("False", "Unreachable"), within=ONE_READING)
