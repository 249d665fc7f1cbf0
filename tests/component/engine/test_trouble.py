"""The engine while the API server, an endpoint, or the engine itself is in trouble: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from component.engine.rig import Rig, running
from component.engine.steps import breaks, does, ends, hangs
from component.engine.virtual import until, virtual

from vvol_replication.api.names import FLASHARRAY, REPLICATION_SYNC, VCENTER, Kind
from vvol_replication.api.objects import Conflict, Failed
from vvol_replication.api.status import Phase
from vvol_replication.domain.outcomes import Indeterminate, Refused, Unavailable

LOST = Indeterminate("AnswerLost", "the answer was lost")


async def succeeds(rig: Rig, name: str = "one", *, within: float = 1200) -> None:
    """It ends well, with one push and one arming."""
    await rig.until_ended(name, within=within)
    assert rig.status(name).phase is Phase.SUCCEEDED
    assert len(rig.world.pushed) == 1
    assert len(rig.world.armed) == 1


@pytest.mark.parametrize("write", [1, 2, 3])
@pytest.mark.parametrize(
    "answer", [Conflict(), Failed("the API server answered 500"), Failed("the API server answered 422"), "lost", "hang"]
)
@virtual
async def test_whatever_a_write_comes_to_the_request_goes_on_from_what_is_stored(
    write: int, answer: Conflict | Failed | str
) -> None:
    async with running() as rig:
        rig.api.answers = ["ok"] * (write - 1) + [answer]
        rig.request("one")
        await succeeds(rig)


@virtual
async def test_a_refused_write_is_tried_again_ever_more_slowly() -> None:
    async with running() as rig:
        rig.api.answers = [Failed("the API server answered 422: no such field")] * 1000
        rig.request("one")
        await asyncio.sleep(600)
        assert 10 < rig.writes("one") < 100
        assert rig.world.armed == []
        rig.api.answers = []
        await succeeds(rig)


@virtual
async def test_an_endless_row_of_conflicts_is_not_answered_at_full_speed() -> None:
    async with running() as rig:
        rig.api.answers = [Conflict()] * 1000
        rig.request("one")
        await asyncio.sleep(300)
        assert rig.writes("one") < 60
        rig.api.answers = []
        await succeeds(rig)


@pytest.mark.parametrize("reason", ["Arming", "Transferring"])
@virtual
async def test_an_api_server_that_is_silent_for_minutes_holds_up_and_loses_nothing(reason: str) -> None:
    async with running() as rig:
        rig.world.after["start_sync"] = [does(lambda: None)]
        rig.request("one")
        if reason == "Transferring":
            await rig.until_reason("one", "Transferring")
        rig.api.silent = Failed("the API server could not be asked (PATCH): ClientConnectorError")
        await asyncio.sleep(300)
        rig.api.silent = None
        await succeeds(rig)


@virtual
async def test_reads_that_fail_after_a_failed_write_are_repeated_until_one_succeeds() -> None:
    async with running() as rig:
        rig.api.answers = [Conflict()]
        rig.api.reads = [Failed("the API server answered 429")] * 5
        rig.request("one")
        await succeeds(rig)


@virtual
async def test_an_object_that_a_write_finds_gone_is_let_go() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        del rig.api.objects[REPLICATION_SYNC.plural, "prod", "one"]  # while the watch was down: no event
        await until(lambda: rig.engine.in_flight == 0, within=120)


@virtual
async def test_an_object_that_another_took_the_name_of_is_let_go() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        key = (REPLICATION_SYNC.plural, "prod", "one")
        del rig.api.objects[key]
        lag, rig.api.lag = rig.api.lag, 50.0
        rig.request("one")
        rig.api.lag = lag
        await until(lambda: rig.engine.in_flight == 0, within=40)
        await rig.until_ended("one")
        assert len(rig.world.pushed) == 2


@virtual
async def test_a_lost_answer_to_the_last_write_does_not_keep_the_turn() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        original = rig.api.write_status

        async def lose_the_end(*arguments: Any) -> Any:
            result = await original(*arguments)
            if "finishedAt" not in arguments[2]:
                return result
            rig.api.reads = [Failed("the API server answered 500")] * 5  # until kopf has taken the finalizer away
            return Failed("the answer was lost")

        rig.api.write_status = lose_the_end  # type: ignore[assignment,method-assign]  # a fault of this test
        await until(lambda: rig.engine.in_flight == 0, within=60)
        rig.api.write_status = original  # type: ignore[method-assign]  # as above
        rig.request("two")
        await rig.until_ended("two")


@pytest.mark.parametrize("method", ["group", "start_sync", "task", "push", "transfers", "points_in_time", "snapshots"])
@pytest.mark.parametrize("moment", ["before", "after"])
@virtual
async def test_a_defect_in_a_step_is_logged_and_the_request_goes_on_from_its_ledger(
    method: str, moment: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with running() as rig:
        getattr(rig.world, moment)[method] = [breaks()]
        rig.request("one")
        await succeeds(rig)
        assert sum("RuntimeError" in (record.exc_text or "") for record in caplog.records) == 1


@virtual
async def test_a_defect_that_stays_does_not_spin(caplog: pytest.LogCaptureFixture) -> None:
    async with running() as rig:
        rig.world.before["start_sync"] = [breaks() for _ in range(1000)]
        rig.request("one")
        await asyncio.sleep(600)
        assert rig.count("start_sync") <= 600 / 15 + 2
        assert len([one for one in caplog.records if one.levelno >= logging.ERROR]) <= 600 / 15 + 2


@pytest.mark.parametrize("moment", ["before", "after"])
@virtual
async def test_lost_answers_to_sync_and_push_are_looked_after_and_never_repeated_blindly(moment: str) -> None:
    async with running() as rig:
        for method in ("start_sync", "push"):
            getattr(rig.world, moment)[method] = [ends(LOST)]
        rig.request("one")
        await succeeds(rig)


@pytest.mark.parametrize("seconds", [0.5, 1.0, 1.2, 1.3, 1.4, 5.0, 15.0, 21.5])
@virtual
async def test_a_kill_at_any_moment_and_a_restart_come_to_the_same_end(seconds: float) -> None:
    async with running() as rig:
        rig.request("one", pointInTimeName="mine")
        for _ in range(3):
            await asyncio.sleep(seconds / 10)
            await rig.restart()
        await rig.until_ended("one", within=1200)
        assert rig.status("one").phase is Phase.SUCCEEDED
        assert len(rig.world.pushed) == 1


@pytest.mark.parametrize(
    ("method", "outcome", "reason"),
    [
        ("group", Unavailable("Unreachable", "no route"), "Unreachable"),
        ("start_sync", Refused("NoSuchWord", "a word from a newer adapter"), "EndpointFault"),
        ("push", Unavailable("EndpointBusy", "later", retry_after=5), "EndpointBusy"),
    ],
)
@virtual
async def test_what_an_endpoint_says_is_told_and_heals_by_itself(
    method: str, outcome: Refused | Unavailable, reason: str
) -> None:
    async with running() as rig:
        rig.world.before[method] = [ends(outcome)] * 2
        rig.request("one")
        await rig.until_reason("one", reason)
        await succeeds(rig)


@virtual
async def test_a_stop_with_hung_endpoints_ends_within_seconds_and_the_next_process_goes_on() -> None:
    rig = Rig()
    await rig.start()
    rig.connect()
    await asyncio.sleep(1)
    for number in range(5):
        rig.request(f"s{number}")
    await until(lambda: rig.engine.in_flight == 5)
    rig.world.before["*"] = [hangs() for _ in range(50)]
    rig.world.closes = False
    await asyncio.sleep(60)
    began = asyncio.get_running_loop().time()
    await rig.engine.stop()
    assert asyncio.get_running_loop().time() - began < 3
    assert rig.engine.in_flight == 0
    body = rig.api.sync("s0")
    rig.engine.observe(REPLICATION_SYNC, body)
    assert rig.engine.in_flight == 0
    await rig.engine.stop()
    rig.world.before.clear()
    rig.world.closes = True
    await rig.restart()
    for number in range(5):
        await rig.until_ended(f"s{number}")
    await rig.engine.stop()


@virtual
async def test_a_wake_up_that_comes_with_the_stop_does_not_keep_the_request_alive() -> None:
    async with running() as rig:
        rig.request("one", suspend=True)
        await rig.until_reason("one", "Suspended")
        rig.engine.observe(REPLICATION_SYNC, rig.api.sync("one"))  # wakes it
        async with asyncio.timeout(1):
            await rig.engine.stop()
        assert rig.engine.in_flight == 0


@virtual
async def test_the_start_waits_for_an_api_server_that_is_not_there_yet(caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig()
    rig.api.lists = ["the API server could not be asked (GET): ClientConnectorError"] * 20
    await rig.start()
    told = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert len(told) == 20
    assert 60 < asyncio.get_running_loop().time() < 400
    await rig.engine.stop()


@virtual
async def test_an_end_that_another_has_written_is_not_written_over() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        end = {"finishedAt": "2026-06-01T12:00:01Z", "conditions": [{"type": "Finished", "status": "True"}]}
        rig.api.set_status("one", lambda status: status.update(end))
        await until(lambda: rig.engine.in_flight == 0, within=5)
        assert rig.api.sync("one")["status"]["finishedAt"] == "2026-06-01T12:00:01Z"


@virtual
async def test_an_end_that_a_late_acceptance_has_written_over_is_told_again() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        running_still = rig.api.sync("one")["status"]["conditions"]
        await rig.until_ended("one")
        rig.api.set_status("one", lambda status: status.update(conditions=running_still))
        await until(lambda: rig.reason("one") == "PointInTimeCreated")
        await rig.until_ended("one")
        assert len(rig.world.pushed) == 1


@virtual
async def test_a_ledger_that_another_has_carried_on_is_gone_on_from() -> None:
    async with running(Rig(transfer=60.0)) as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")

        def carry_on(_: object) -> None:
            rig.api.set_status("one", lambda status: status["operation"].update(turnAt="2026-06-01T11:59:00Z"))

        rig.api.lag = 3600.0
        rig.api.during = carry_on
        await until(lambda: rig.api.during is None)
        rig.api.lag = 0.01
        await asyncio.sleep(5)
        assert rig.api.sync("one")["status"]["operation"]["turnAt"] == "2026-06-01T11:59:00Z"
        await succeeds(rig)


@virtual
async def test_a_request_that_is_cancelled_at_birth_ends_with_its_acceptance_and_is_never_held() -> None:
    async with running() as rig:
        rig.request("one", cancel=True)
        await rig.until_ended("one", within=10)
        assert rig.status("one").phase is Phase.CANCELLED
        history = rig.api.history[REPLICATION_SYNC.plural, "prod", "one"]
        assert [bool(body["status"].get("finishedAt")) for body in history] == [False, True]
        assert not any(body["metadata"].get("finalizers") for body in history)


@pytest.mark.parametrize(
    ("kind", "name", "reason"),
    [(VCENTER, "dallas", "VCenterNotFound"), (FLASHARRAY, "a", "FlashArrayNotFound"), (FLASHARRAY, "b", None)],
)
@virtual
async def test_an_endpoint_that_goes_while_a_request_acts_is_waited_for(
    kind: Kind, name: str, reason: str | None
) -> None:
    async with running() as rig:
        rig.world.before["start_sync"] = [ends(Unavailable("EndpointBusy", "later"))] * 8
        rig.request("one")
        await rig.until_reason("one", "EndpointBusy")
        spec = rig.api.objects[kind.plural, None, name]["spec"]
        rig.api.remove(kind, name)
        if reason is not None:
            await rig.until_reason("one", reason)
        await asyncio.sleep(60)
        rig.api.apply(kind, name, spec)
        await succeeds(rig)


@pytest.mark.parametrize(("kind", "name"), [(VCENTER, "dallas"), (FLASHARRAY, "a")])
@virtual
async def test_an_endpoint_that_comes_back_as_another_is_refused(kind: Kind, name: str) -> None:
    async with running() as rig:
        rig.world.before["start_sync"] = [ends(Unavailable("EndpointBusy", "later"))] * 8
        rig.request("one")
        await rig.until_reason("one", "EndpointBusy")
        spec = rig.api.objects[kind.plural, None, name]["spec"]
        rig.api.remove(kind, name)
        rig.world.site_uuid, rig.world.array_ids["a"] = "uuid-other", "id-other"
        rig.api.apply(kind, name, spec)
        await rig.until_ended("one")
        assert rig.reason("one") == "IdentityChanged"
        assert rig.world.pushed == rig.world.armed == []


@pytest.mark.parametrize("method", ["Coordinated", "ArrayOnly"])
@virtual
async def test_arrays_that_lose_their_connection_right_before_a_sync_are_seen_before_anything_is_asked_for(
    method: str,
) -> None:
    async with running() as rig:
        rig.world.alone = method == "ArrayOnly"
        await until(lambda: rig.count("connections") > 2)  # the monitors have just read it connected
        rig.world.connected = False
        rig.request("one", method=method)
        await rig.until_reason("one", "ArraysNotConnected", within=5)
        assert "'a' is not connected to 'b' (connection: connecting)" in str(rig.api.sync("one")["status"])
        assert rig.world.armed == rig.world.pushed == []
        rig.world.connected = True
        await rig.until_ended("one")
        assert len(rig.world.pushed) == 1
