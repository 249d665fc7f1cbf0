"""Logging in, staying with one array, trust, and leaving."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from aiohttp import web
from component.flasharray.rig import TOKEN, Authority, Rig, Words, done, is_one_line, trusting

from vvol_replication.domain.outcomes import Outcome, Refused, Unavailable
from vvol_replication.storage.login import PAUSE
from vvol_simulator.model import Array

WRONG = "wrong-token-77aa"


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.mark.parametrize("status", [400, 401])
async def test_three_refused_logins_then_silence_for_15_minutes(rig: Rig, status: int) -> None:
    rig.world.switches.set("badTokenStatus", status)
    clock = Hands()
    port = rig.connect(WRONG, clock=clock)
    for _ in range(3):
        refused = await port.about()
        assert isinstance(refused, Unavailable)
        assert refused.reason == "LoginFailed"
        assert is_one_line(refused.message, without=(WRONG,))
    assert rig.source.failed_logins == 3
    rig.calls()

    for outcome in (await port.about(), await port.snapshots("erp"), await port.push("erp", "vr-1")):
        assert _unavailable(outcome) == "LoginFailed"
    assert rig.calls() == {}

    clock.time += PAUSE - 1
    assert _unavailable(await port.about()) == "LoginFailed"
    assert rig.calls() == {}
    clock.time += 1
    assert _unavailable(await port.about()) == "LoginFailed"
    assert rig.calls()[rig.words.login] == 1
    assert _unavailable(await port.about()) == "LoginFailed"
    assert rig.calls() == {}

    assert done(await rig.connect(TOKEN).about()).id == rig.source.id


async def test_a_login_that_passes_forgives_the_refused_ones(rig: Rig) -> None:
    port = rig.connect()
    for _ in range(3):
        rig.source.api_token = WRONG
        rig.source.expire_sessions()
        for _ in range(2):
            assert _unavailable(await port.connections()) == "LoginFailed"
        rig.source.api_token = TOKEN
        done(await port.connections())


async def test_a_token_that_the_array_repeats_is_blacked_out(rig: Rig) -> None:
    async def parrot(request: web.BaseRequest) -> web.Response | None:
        if rig.is_login(request):
            return rig.words.refusal(f"Invalid token {WRONG}", WRONG)
        return None

    rig.override = parrot
    outcome = await rig.connect(WRONG).about()
    assert _unavailable(outcome) == "LoginFailed"
    assert isinstance(outcome, Unavailable)
    assert "Invalid token ***" in outcome.message
    assert is_one_line(outcome.message, without=(WRONG,))


async def test_another_array_behind_the_address_gets_no_push(rig: Rig) -> None:
    port = rig.connect()
    done(await port.about())
    rig.array = rig.target
    rig.target.groups["erp"] = rig.erp
    for _ in range(3):
        outcome = await port.push("erp", "vr-1")
        assert isinstance(outcome, Refused)
        assert outcome.reason == "IdentityChanged"
        assert rig.source.id in outcome.message
        assert rig.target.id in outcome.message
    assert rig.calls()[rig.words.push] == 1  # the one that was answered 401
    assert rig.world.journal.since(0)[0].took_effect is False
    assert not rig.target.sessions
    assert isinstance(await port.about(), Refused)

    rig.array = rig.source
    assert done(await port.about()).id == rig.source.id


async def test_close_logs_out_and_lets_go(rig: Rig) -> None:
    port = rig.connect()
    done(await port.about())
    assert len(rig.source.sessions) == 1
    await port.close()
    assert not rig.source.sessions
    await port.close()
    assert isinstance(await port.about(), Unavailable)
    assert rig.calls()[rig.words.logout] == 1


async def test_close_does_not_mind_a_dead_array(rig: Rig) -> None:
    port = rig.connect()
    done(await port.about())
    await rig.stop()
    await port.close()


async def test_an_unknown_authority(rig: Rig, tmp_path: Path) -> None:
    stranger = Authority.create(tmp_path)
    for trust in (trusting(stranger.pem), trusting(None)):
        port = rig.connect(trust=trust)
        for outcome in (await port.about(), await port.push("erp", "vr-1")):
            assert _unavailable(outcome) == "CertificateNotTrusted"
            assert isinstance(outcome, Unavailable)
            assert is_one_line(outcome.message)
    assert rig.calls() == {}


async def test_a_host_name_that_the_certificate_lacks(tmp_path: Path, words: Words) -> None:
    rig = Rig(Authority.create(tmp_path, "array.test", "192.0.2.1"), words)
    await rig.start()
    for address in (rig.address, f"localhost:{rig.port}"):
        outcome = await rig.connect(address=address).about()
        assert _unavailable(outcome) == "CertificateNotTrusted"
        assert isinstance(outcome, Unavailable)
        assert "mismatch" in outcome.message
    assert rig.calls() == {}
    await rig.close()


async def test_a_host_name_is_as_good_as_an_address(rig: Rig) -> None:
    done(await rig.connect(address=f"localhost:{rig.port}").about())


async def test_insecure_is_possible_in_as_many_words(rig: Rig) -> None:
    port = rig.connect(trust=trusting(None, insecure=True))
    done(await port.about())
    await port.close()  # here, where urllib3's warning is still off: pytest resets filters before the fixture ends


async def test_proxies_of_the_environment_are_ignored(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent.pem")
    done(await rig.connect().about())


async def test_something_else_than_an_array_answers(rig: Rig) -> None:
    async def portal(_: web.BaseRequest) -> web.Response:
        return answers.pop(0)

    rig.override = portal
    answers = [
        web.Response(text="<html>", content_type="text/html"),
        web.json_response({"version": "2.19"}),
        web.json_response([1, 2]),
        web.Response(status=302, headers={"Location": "https://127.0.0.1:9/"}),
    ]
    while answers:
        assert _unavailable(await rig.connect().push("erp", "vr-1")) == "AnswerUnreadable"


async def test_an_array_without_an_id_is_not_trusted_with_a_push(rig: Rig) -> None:
    rig.array = Array("pure-a", id="", api_token=TOKEN)
    rig.world.arrays[""] = rig.array
    assert _unavailable(await rig.connect().push("erp", "vr-1")) == "AnswerUnreadable"


def _unavailable(outcome: Outcome[object]) -> str:
    assert isinstance(outcome, Unavailable), outcome
    return outcome.reason
