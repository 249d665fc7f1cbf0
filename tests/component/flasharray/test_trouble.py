"""An array that wants to be left alone, changes controllers, is another one than expected; and the end of a port."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from aiohttp import web
from component.flasharray.rig import PATIENT, TOKEN, Rig, done, is_one_line, only_rest2

from vvol_replication.domain.arrays import Pushed
from vvol_replication.domain.outcomes import Done, Indeterminate, Outcome, Refused, Unavailable
from vvol_replication.storage.login import LoginGate


def unavailable(outcome: Outcome[object]) -> str:
    assert isinstance(outcome, Unavailable), outcome
    assert is_one_line(outcome.message)
    return outcome.reason


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("at", ["versions", "login", "read"])
async def test_an_array_that_wants_to_be_left_alone_is(rig: Rig, status: int, at: str) -> None:
    port = rig.connect()
    if at == "read":
        done(await port.about())

    async def limited(request: web.BaseRequest) -> web.Response | None:
        here = {"versions": request.path.endswith("api_version"), "login": rig.is_login(request)}.get(at, True)
        return web.Response(status=status, headers={"Retry-After": "300"}) if here else None

    rig.override = limited
    assert unavailable(await port.connections()) == "EndpointBusy"
    asked = len(rig.requests)
    outcomes = (await port.push("erp", "vr-1"), await port.snapshots("erp"), await port.transfers(["erp"]))
    for outcome in outcomes:
        assert unavailable(outcome) == "EndpointBusy"
        assert isinstance(outcome, Unavailable)
        assert outcome.retry_after is not None
        assert 200 < outcome.retry_after <= 300
    await port.close()
    assert len(rig.requests) == asked
    assert rig.suffixes() == []


@pytest.mark.parametrize("between", [401, 503])
@pytest.mark.parametrize("pushing", [True, False])
async def test_a_controller_failover_costs_one_login(rig: Rig, between: int, pushing: bool) -> None:  # noqa: FBT001 - parametrized
    port = rig.connect(workers=1)
    done(await port.snapshots("erp"))
    await rig.stop()
    for _ in range(5):
        assert unavailable(await port.push("erp", "vr-1")) == "Unreachable"
        assert unavailable(await port.snapshots("erp")) == "Unreachable"
    rig.source.expire_sessions()
    await rig.start()

    async def not_ready(request: web.BaseRequest) -> web.Response | None:
        if rig.is_login(request):
            return None if between == 401 else web.Response(status=503)
        return web.Response(status=between)

    rig.override = not_ready
    outcome = await port.snapshots("erp")
    assert isinstance(outcome, Unavailable)
    rig.source.expire_sessions()
    rig.override = None
    logins = rig.source.logins
    for number in range(3):
        if pushing:
            assert isinstance(done(await port.push("erp", f"vr-{number}")), Pushed)
        done(await port.snapshots("erp"))
    assert rig.source.logins == logins + 1


async def test_an_array_that_is_expected_is_the_one_from_the_first_login_on(rig: Rig) -> None:
    assert done(await rig.connect(expected_id=rig.source.id).about()).id == rig.source.id
    await rig.ports[0].close()
    port = rig.connect(expected_id="another")
    for outcome in (await port.push("erp", "vr-1"), await port.about(), await port.snapshots("erp")):
        assert isinstance(outcome, Refused)
        assert outcome.reason == "IdentityChanged"
    assert rig.words.push not in rig.calls()
    assert rig.suffixes() == []
    assert not rig.source.sessions


async def test_one_gate_for_all_ports_with_these_credentials(rig: Rig) -> None:
    gate = LoginGate()
    ports = [rig.connect("wrong", gate=gate) for _ in range(3)]
    for port in (*ports, *ports):
        assert unavailable(await port.about()) == "LoginFailed"
    assert rig.source.failed_logins == 3


@only_rest2
async def test_a_login_of_another_port_is_waited_for_without_holding_up_the_loop(rig: Rig) -> None:
    gate = LoginGate()
    port = rig.connect(gate=gate)
    with gate.attempt(0.0):
        asking = asyncio.create_task(port.about())
        while not rig.requests:  # noqa: ASYNC110 - the version list is asked first; the loop goes on meanwhile
            await asyncio.sleep(0.01)
        assert not rig.source.logins
    assert isinstance(await asking, Done)


async def test_close_lets_calls_under_way_end(rig: Rig) -> None:
    port = rig.connect()
    done(await port.about())
    arrived, go_on, order = asyncio.Event(), asyncio.Event(), list[str]()

    async def slow(request: web.BaseRequest) -> None:
        if rig.is_push(request):
            arrived.set()
            await go_on.wait()
            order.append("push")
        elif request.method == rig.words.logout.split()[0] and request.path.endswith(rig.words.logout.split()[1]):
            order.append("logout")

    rig.override = slow
    pushing = asyncio.create_task(port.push("erp", "vr-1"))
    await arrived.wait()
    closing = asyncio.create_task(port.close(30.0))
    other = rig.connect(workers=1)
    done(await other.snapshots("erp"))  # time enough for a logout
    assert unavailable(await port.snapshots("erp")) == "Unreachable"
    assert not closing.done()
    go_on.set()
    assert isinstance(done(await pushing), Pushed)
    await closing
    assert order == ["push", "logout"]
    await other.close()
    assert not rig.source.sessions


async def test_close_waits_no_longer_than_it_says(rig: Rig) -> None:
    port = rig.connect(timeouts=replace(PATIENT, logout=0.2))
    done(await port.about())
    arrived, over = asyncio.Event(), asyncio.Event()

    async def hang(_: web.BaseRequest) -> None:
        arrived.set()
        await over.wait()

    rig.override = hang
    pushing = asyncio.create_task(port.push("erp", "vr-1"))
    await arrived.wait()
    began = time.monotonic()
    await port.close(0.3)
    took = time.monotonic() - began
    assert 0.3 <= took < 5.0  # the call itself would hang for 30 s
    over.set()
    outcome = await pushing
    assert isinstance(outcome, Indeterminate | Done), outcome


async def test_the_token_is_in_no_message(rig: Rig) -> None:
    async def parrot(_: web.BaseRequest) -> web.Response:
        return rig.words.refusal(f"Refused: {TOKEN}", TOKEN)

    port = rig.connect()
    done(await port.about())
    rig.override = parrot
    for outcome in (await port.push("erp", "vr-1"), await port.snapshots("erp"), await port.connections()):
        assert isinstance(outcome, Refused)
        assert is_one_line(outcome.message)
