"""Which REST family is spoken: chosen from what the array offers, and anew when a Purity upgrade takes it away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from component.flasharray.rig import TOKEN, Authority, Rig, done, is_one_line, trusting

from vvol_replication.domain.arrays import Pushed
from vvol_replication.domain.outcomes import Done, Refused
from vvol_replication.storage.flasharray import connect

FIRST = tuple(f"1.{minor}" for minor in range(20))
SECOND = tuple(f"2.{minor}" for minor in range(45))


@pytest.fixture
async def rig(authority: Authority) -> AsyncIterator[Rig]:
    """One for all families: what is spoken is said by each test."""
    made = Rig(authority)
    await made.start()
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("offered", "rest"),
    [
        (FIRST + SECOND, "2.44"),
        (FIRST, "1.19"),
        (("1.2", "1.17", "1.20", "2.0", "2.3"), "1.17"),
        (("2.4",), "2.4"),
        (("2.26", "2.4", "2.9"), "2.26"),
        (("2.58", "2.59", "3.0"), "2.58"),
        (("1.19", "garbage", "2", "2.x", "-2.9"), "1.19"),
    ],
)
async def test_rest_2_is_preferred_where_it_can_push(rig: Rig, offered: tuple[str, ...], rest: str) -> None:
    rig.source.rest_versions = offered
    assert done(await rig.connect(rest_version="Auto").about()).rest == rest


@pytest.mark.parametrize(
    ("wanted", "offered", "told"),
    [
        ("REST1", SECOND, "2.0 to 2.44"),
        ("REST2", FIRST, "1.0 to 1.19"),
        ("REST2", (*FIRST, "2.0", "2.1"), "1.0 to 1.19 and 2.0 to 2.1"),
        ("REST2", ("2.3",), "2.3"),
        ("Auto", ("1.0", "1.1"), "1.0 to 1.1"),
        ("Auto", (), "no version at all"),
    ],
)
async def test_a_family_that_is_not_offered_is_refused(
    rig: Rig, wanted: str, offered: tuple[str, ...], told: str
) -> None:
    rig.source.rest_versions = offered
    outcome = await rig.connect(rest_version=wanted).push("erp", "vr-1")
    assert isinstance(outcome, Refused)
    assert outcome.reason == "NotSupported"
    assert f"the array offers {told}." in outcome.message
    assert is_one_line(outcome.message)
    assert rig.source.logins == 0


async def test_a_word_that_is_none(rig: Rig) -> None:
    port = connect(rig.address, TOKEN, trust=trusting(None), leading=lambda: True, rest_version="REST3")
    assert isinstance(port, Refused)


@pytest.mark.parametrize("status", [400, 404, 450])
@pytest.mark.parametrize("crowd", [1, 6])
@pytest.mark.parametrize(("before", "after"), [(SECOND, FIRST), (FIRST, SECOND), (FIRST, FIRST[:17])])
async def test_what_is_withdrawn_is_chosen_anew(
    rig: Rig, status: int, crowd: int, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    rig.world.switches.set("rest2WithdrawnStatus", status)
    rig.source.rest_versions = before
    port = rig.connect(rest_version="Auto")
    assert done(await port.about()).rest == before[-1]
    rig.source.rest_versions = after
    rig.source.expire_sessions()
    rig.calls()

    outcomes = await asyncio.gather(*(port.push("erp", f"vr-{number}") for number in range(crowd)))
    assert all(isinstance(done(outcome), Pushed) for outcome in outcomes)
    assert rig.calls()["GET api_version"] == 1
    assert sorted(rig.suffixes()) == [f"vr-{number}" for number in range(crowd)]
    assert done(await port.about()).rest == after[-1]


async def test_an_insisted_family_that_is_withdrawn_and_comes_back(rig: Rig) -> None:
    port = rig.connect(rest_version="REST2")
    done(await port.about())
    rig.source.rest_versions = FIRST
    for _ in range(2):
        outcome = await port.push("erp", "vr-1")
        assert isinstance(outcome, Refused)
        assert outcome.reason == "NotSupported"
        assert "1.0 to 1.19" in outcome.message
    rig.source.rest_versions = FIRST + SECOND
    assert isinstance(done(await port.push("erp", "vr-1")), Pushed)


async def test_another_404_is_told_and_nothing_is_chosen_anew(rig: Rig) -> None:
    port = rig.connect(rest_version="Auto")
    done(await port.about())
    rig.calls()

    async def portal(request: web.BaseRequest) -> web.Response | None:
        return web.Response(status=404, text="<html>") if rig.is_push(request) else None

    rig.override = portal
    outcome = await port.push("erp", "vr-1")
    assert isinstance(outcome, Refused)
    assert outcome.reason == "NotSupported"
    assert rig.calls() == {"GET api_version": 1}
    rig.override = None
    assert isinstance(await port.push("erp", "vr-1"), Done)
    assert rig.source.logins == 1


async def test_a_family_that_was_left_is_logged_out_of(rig: Rig) -> None:
    rig.source.rest_versions = SECOND
    port = rig.connect(rest_version="Auto")
    done(await port.about())
    rig.source.rest_versions = SECOND[:30]
    done(await port.push("erp", "vr-1"))
    assert len(rig.source.sessions) <= 2
    await port.close()
    assert len(rig.source.sessions) <= 1
