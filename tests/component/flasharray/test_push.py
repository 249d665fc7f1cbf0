"""The push: exactly one snapshot, and the truth about every answer that does not come."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC

import pytest
from aiohttp import web
from component.flasharray.rig import PATIENT, QUICK, Rig, done, is_one_line, only_rest1

from vvol_replication.domain.arrays import AlreadyThere, Pushed
from vvol_replication.domain.outcomes import Done, Indeterminate, Outcome, Refused, Unavailable


async def test_a_push_is_one_call_and_lands(rig: Rig) -> None:
    port = rig.connect()
    await port.about()
    rig.calls()

    pushed = done(await port.push("erp", "vr-1"))
    assert isinstance(pushed, Pushed)
    assert pushed.snapshot == "erp.vr-1"
    assert pushed.created is not None
    assert pushed.created.tzinfo is UTC
    assert rig.calls() == {rig.words.push: 1}
    (snapshot,) = rig.erp.snapshots.values()
    assert snapshot.retained
    (row,) = done(await port.snapshots("erp"))
    assert row.name == "erp.vr-1"
    assert rig.target.replicas[rig.erp][0].completed is not None


@only_rest1
async def test_rest_below_1_4_answers_with_an_object(rig: Rig) -> None:
    rig.source.rest_versions = ("1.2", "1.3")
    assert done(await rig.connect().push("erp", "vr-1")).snapshot == "erp.vr-1"


@pytest.mark.parametrize("state", ["live", "destroyed"])
@pytest.mark.parametrize("worded", ["alreadyExists", "hasBeenDestroyed"])
async def test_a_suffix_that_is_taken_is_already_there(rig: Rig, state: str, worded: str) -> None:
    rig.world.switches.set("destroyedSuffixMessage", worded)
    port = rig.connect()
    done(await port.push("erp", "vr-1"))
    if state == "destroyed":
        rig.world.replication.destroy_snapshot(rig.erp, rig.erp.snapshots["vr-1"])
    there = done(await port.push("erp", "VR-1"))
    assert isinstance(there, AlreadyThere)
    assert there.destroyed is (state == "destroyed")
    assert "vr-1" in there.message
    assert rig.suffixes() == ["vr-1"]


@pytest.mark.parametrize(
    ("kind", "options", "took_effect"),
    [
        ("resetBefore", {}, False),
        ("resetAfter", {}, True),
        ("hang", {"when": "before"}, False),
        ("hang", {"when": "after"}, True),
        ("garbage", {"when": "after"}, True),
        ("garbage", {"when": "after", "body": "[]", "contentType": "application/json"}, True),
        ("garbage", {"when": "after", "body": "[" * 100_000, "contentType": "application/json"}, True),
        ("truncated", {}, True),
        ("httpStatus", {"status": 502, "when": "after"}, True),
        ("httpStatus", {"status": 503}, False),
    ],
)
async def test_an_answer_that_is_lost_leaves_a_doubt(
    rig: Rig,
    kind: str,
    options: dict[str, object],
    took_effect: bool,  # noqa: FBT001 - parametrized
) -> None:
    port = rig.connect(timeouts=QUICK if kind == "hang" else PATIENT)
    await port.about()
    rig.fault(rig.words.push, kind, **options)
    outcome = await port.push("erp", "vr-1")
    assert isinstance(outcome, Indeterminate), outcome
    assert outcome.reason == "AnswerLost"
    assert is_one_line(outcome.message)
    assert rig.calls()[rig.words.push] == 1
    assert rig.suffixes() == (["vr-1"] if took_effect else [])
    if took_effect:
        assert isinstance(done(await port.push("erp", "vr-1")), AlreadyThere)


async def test_an_array_that_is_not_there_was_not_asked(rig: Rig) -> None:
    port = rig.connect()
    await port.about()
    await rig.stop()
    outcome = await port.push("erp", "vr-1")
    assert isinstance(outcome, Unavailable), outcome
    assert outcome.reason == "Unreachable"
    assert "refuses connections" in outcome.message


async def test_a_push_goes_out_on_a_connection_of_its_own(rig: Rig) -> None:
    port = rig.connect(workers=1)
    done(await port.snapshots("erp"))
    done(await port.snapshots("erp"))
    kept = len(rig.transports)
    done(await port.push("erp", "vr-1"))
    assert len(rig.transports) == kept + 1


async def test_an_expired_session_makes_one_login_and_one_push(rig: Rig) -> None:
    port = rig.connect()
    await port.about()
    rig.source.expire_sessions()
    rig.calls()
    assert isinstance(done(await port.push("erp", "vr-1")), Pushed)
    assert rig.calls() == {rig.words.push: 2, rig.words.login: 1, rig.words.who: 1}
    assert rig.suffixes() == ["vr-1"]


async def test_a_session_that_ends_again_at_once_is_a_failed_login(rig: Rig) -> None:
    port = rig.connect()
    await port.about()
    rig.fault(rig.words.push, "expiredSession", times=2)
    outcome = await port.push("erp", "vr-1")
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "LoginFailed"
    assert rig.suffixes() == []


async def test_a_login_that_breaks_before_the_repeat_leaves_no_doubt(rig: Rig) -> None:
    port = rig.connect()
    await port.about()
    rig.source.expire_sessions()
    rig.fault(rig.words.login, "resetAfter")
    outcome = await port.push("erp", "vr-1")
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "Unreachable"
    assert rig.suffixes() == []


@pytest.mark.parametrize(("status", "header"), [(503, "Retry-After"), (429, "Retry-After"), (429, "RateLimit-Reset")])
async def test_a_limiter_acts_before_the_call(rig: Rig, status: int, header: str) -> None:
    port = rig.connect()
    await port.about()

    async def limiter(_: web.BaseRequest) -> web.Response:
        return web.Response(status=status, headers={header: "7"})

    rig.override = limiter
    asked = len(rig.requests)
    for outcome in (await port.push("erp", "vr-1"), await port.snapshots("erp")):
        assert isinstance(outcome, Unavailable)
        assert outcome.reason == "EndpointBusy"
        assert outcome.retry_after == pytest.approx(7.0, abs=6.0)
    assert len(rig.requests) == asked + 1


async def test_a_target_that_does_not_allow_it_makes_a_local_snapshot(rig: Rig) -> None:
    rig.erp.targets[rig.target.id].allowed = False
    assert isinstance(done(await rig.connect().push("erp", "vr-1")), Pushed)
    assert rig.suffixes() == ["vr-1"]
    assert rig.target.replicas == {}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Protection group has been destroyed.", "ProtectionGroupDestroyed"),
        ("Protection group has no allowed targets.", "TargetNotAllowed"),
        ("Replication is not allowed on the target.", "TargetNotAllowed"),
        ("Array pure-b is not connected.", "ArraysNotConnected"),
        ("Maximum number of snapshots exceeded.", "SnapshotLimitReached"),
        ("Operation not permitted for user ops.", "PermissionDenied"),
        ("Replication is not supported for a protection group in a pod.", "NotSupported"),
        ("Something else.", "ArrayRefused"),
    ],
)
async def test_refusals_in_the_arrays_words(rig: Rig, said: str, reason: str) -> None:
    port = rig.connect()
    await port.about()

    async def refuse(request: web.BaseRequest) -> web.Response | None:
        return rig.words.refusal(said, "erp") if rig.is_push(request) else None

    rig.override = refuse
    outcome = await port.push("erp", "vr-1")
    assert isinstance(outcome, Refused), outcome
    assert (outcome.reason, said.rstrip(".") in outcome.message) == (reason, True)


@pytest.mark.parametrize("status", [400, 403])
async def test_a_user_who_may_only_read(rig: Rig, status: int) -> None:
    rig.world.switches.set("readonlyStatus", status)
    rig.source.role = "readonly"
    port = rig.connect()
    outcome = await port.push("erp", "vr-1")
    assert isinstance(outcome, Refused)
    assert outcome.reason == "PermissionDenied"
    assert "storage_admin" in outcome.message
    assert isinstance(await port.snapshots("erp"), Done)


async def test_what_lies_in_a_pod_is_not_pushed(rig: Rig) -> None:
    rig.group("pod1::erp")
    port = rig.connect()
    assert done(await port.protection_group("pod1::erp")).pod == "pod1"
    rig.calls()
    outcome = await port.push("pod1::erp", "vr-1")
    assert isinstance(outcome, Refused)
    assert outcome.reason == "NotSupported"
    assert "pod1" in outcome.message
    assert rig.calls() == {}


async def test_what_the_array_refuses(rig: Rig) -> None:
    port = rig.connect()
    rig.world.replication.destroy_group(rig.crm)
    assert _refused(await port.push("nothing", "vr-1")) == "ProtectionGroupNotFound"
    assert _refused(await port.push("crm", "vr-1")) == "ProtectionGroupDestroyed"

    async def full(_: web.BaseRequest) -> web.Response:
        return rig.words.refusal(f"Snapshot limit reached.\n{'x' * 900}", "erp")

    rig.override = full
    outcome = await port.push("erp", "vr-1")
    assert _refused(outcome) == "SnapshotLimitReached"
    assert isinstance(outcome, Refused)
    assert is_one_line(outcome.message)
    assert len(outcome.message) < 500


@pytest.mark.parametrize(
    ("group", "suffix"),
    [("erp/../volume", "vr-1"), ("erp?x=1", "vr-1"), ("erp#", "vr-1"), ("erp.vr-0", "vr-1"), ("", "vr-1"),
     ("erp", "12"), ("erp", "vr_1"), ("erp", "vr-1\n"), ("erp", "")],
)  # fmt: skip
async def test_names_that_are_none_are_not_sent(rig: Rig, group: str, suffix: str) -> None:
    outcome = await rig.connect().push(group, suffix)
    assert _refused(outcome) == "ArrayRefused"
    assert isinstance(outcome, Refused)
    assert is_one_line(outcome.message)
    assert rig.calls() == {}


@only_rest1
async def test_a_push_that_found_no_thread_was_not_started(rig: Rig) -> None:
    port = rig.connect(workers=1, timeouts=replace(QUICK, call=2.0))
    await port.about()
    rig.calls()
    entered, release = threading.Event(), threading.Event()

    def hang() -> None:
        entered.set()
        release.wait()

    lane = port._families._current._lane  # type: ignore[union-attr]  # noqa: SLF001 - of REST 1
    hanging = asyncio.create_task(lane.run(hang, deadline=30))  # fills the only thread
    try:
        assert await asyncio.to_thread(entered.wait, 10)
        outcome = await port.push("erp", "vr-1")
    finally:
        release.set()
        await hanging
    assert isinstance(outcome, Unavailable), outcome
    assert outcome.reason == "TimedOutCalling"
    assert rig.calls() == {}


async def test_an_answer_that_dribbles_for_ever_ends_at_the_deadline(rig: Rig) -> None:
    port = rig.connect(workers=1, timeouts=replace(QUICK, call=2.0))
    await port.about()
    over = asyncio.Event()

    async def dribble(request: web.BaseRequest) -> web.Response:
        transport = request.transport
        assert transport is not None
        transport.write(b"HTTP/1.1 200 OK\r\n")
        while not over.is_set() and not transport.is_closing():
            transport.write(b"X-More: and more\r\n")
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), 0.05)
        transport.abort()
        return web.Response()

    rig.override = dribble
    try:
        outcome = await port.push("erp", "vr-1")
    finally:
        over.set()
    assert isinstance(outcome, Indeterminate), outcome
    assert outcome.reason == "AnswerLost"


async def test_a_body_that_dribbles_for_ever_ends_at_the_deadline(rig: Rig) -> None:
    port = rig.connect(workers=1, timeouts=replace(QUICK, call=2.0))
    await port.about()

    async def dribble(request: web.BaseRequest) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        with suppress(ConnectionError):
            while True:
                await answer.write(b" ")
                await asyncio.sleep(0.02)  # the pace of the server, nothing waits for it
        return answer

    rig.override = dribble
    outcome = await port.snapshots("erp")
    assert isinstance(outcome, Unavailable), outcome
    assert outcome.reason == "TimedOutCalling"
    rig.override = None
    assert isinstance(await port.about(), Done)


async def test_a_cancelled_push_is_not_sent_after_all(rig: Rig) -> None:
    port = rig.connect(workers=1)
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def wait_at_login(request: web.BaseRequest) -> None:
        if rig.is_login(request):
            arrived.set()
            await go_on.wait()

    rig.override = wait_at_login
    pushing = asyncio.create_task(port.push("erp", "vr-1"))
    await arrived.wait()
    pushing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pushing
    go_on.set()
    assert isinstance(await port.about(), Done)
    assert rig.suffixes() == []


async def test_a_push_whose_process_lost_its_lead_at_the_login_is_not_sent(rig: Rig) -> None:
    async def lose_at_login(request: web.BaseRequest) -> None:
        rig.leads = rig.leads and not rig.is_login(request)

    rig.override = lose_at_login
    port = rig.connect(workers=1)
    assert isinstance(await port.push("erp", "vr-1"), Unavailable)
    assert rig.source.logins == 1
    assert rig.suffixes() == []
    assert isinstance(await port.protection_group("erp"), Done), "reading goes on"


async def test_many_pushes_at_once_use_few_sessions(rig: Rig) -> None:
    port = rig.connect(workers=2)
    outcomes = await asyncio.gather(*(port.push("erp", f"vr-{number}") for number in range(20)))
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert rig.source.logins <= (2 if rig.words.restVersion == "REST1" else 1)
    assert sum(thread.name.startswith(f"flasharray-{rig.address}") for thread in threading.enumerate()) <= 2


def _refused(outcome: Outcome[object]) -> str:
    assert isinstance(outcome, Refused), outcome
    return outcome.reason
