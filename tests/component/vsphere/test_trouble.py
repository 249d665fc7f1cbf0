"""What a network and a tired vCenter do: every call still ends, in time, with what is known and no more."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from vvol_replication.domain.groups import Inventory
from vvol_replication.domain.outcomes import Done, Indeterminate, Unavailable
from vvol_replication.storage.vsphere import Timeouts

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Sites

SYNC = "SyncReplicationGroup_Task"
SHORT = Timeouts(connect=2.0, answer=0.3, call=5.0, inventory=5.0, close=0.5)
READS: dict[str, Callable[..., Any]] = {
    "QueryReplicationGroupInfo": lambda vcenter, group: vcenter.group(group),
    "QueryPointInTimeReplica": lambda vcenter, group: vcenter.points_in_time(group),
    "QuerySmsTaskInfo": lambda vcenter, group: vcenter.task("SmsTask-1", group),
    "QueryFaultDomain": lambda vcenter, group: vcenter.points_in_time(group),
    "QueryStorageManager": lambda vcenter, group: vcenter.group(group),
    "QueryProvider": lambda vcenter, _: vcenter.inventory(),
    "QueryProviderInfo": lambda vcenter, _: vcenter.inventory(),
    "QueryReplicationGroup": lambda vcenter, _: vcenter.inventory(),
}


def seen(outcome: Any) -> str:
    """The reason of a read that failed, or "hole" for an inventory that says what it lacks."""
    if isinstance(outcome, Done) and isinstance(outcome.value, Inventory) and not outcome.value.complete:
        assert outcome.value.problems
        assert all("\n" not in line for line in outcome.value.problems)
        return "hole"
    assert isinstance(outcome, Unavailable), outcome
    assert "\n" not in outcome.message
    return outcome.reason


# What one provider fails to answer is a hole in the inventory, not its end.
HOLES = {"QueryFaultDomain", "QueryProviderInfo", "QueryReplicationGroup"}


def took_effect(sites: Sites) -> list[bool]:
    return [entry.took_effect for entry in sites.world.journal.since(0)]


@pytest.mark.parametrize("method", [*READS, SYNC])
async def test_a_session_that_expired_is_renewed_once_in_the_middle_of_any_call(
    sites: Sites, method: str, value: Callable[..., Any]
) -> None:
    vcenter, group = sites.vcenter(), sites.group()
    value(await vcenter.about())
    sites.world.faults.add("dallas", method, "expiredSession", times=1)
    asked = vcenter.start_sync(group, "x") if method == SYNC else READS[method](vcenter, group)
    value(await asked)
    assert sites.counts()["Login"] == 2
    assert sites.counts()[method] >= 2
    assert len(sites.site().sessions) == 1
    if method == SYNC:
        assert took_effect(sites) == [False, True]


async def test_many_threads_that_notice_log_in_once(sites: Sites, value: Callable[..., Any]) -> None:
    vcenter, group = sites.vcenter(max_concurrent_calls=8), sites.group()
    value(await vcenter.group(group))
    assert sites.site().expire_sessions() == 1
    outcomes = await asyncio.gather(*(vcenter.group(group) for _ in range(40)))
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert sites.counts()["Login"] == 2
    assert len(sites.site().sessions) == 1


async def test_sessions_that_only_sms_refuses_do_not_pile_up(sites: Sites) -> None:
    vcenter = sites.vcenter()
    sites.world.faults.add("dallas", "QueryReplicationGroupInfo", "soapFault", name="InvalidSession")
    for _ in range(10):
        assert isinstance(await vcenter.group(sites.group()), Unavailable)
    assert len(sites.site().sessions) <= 1
    await vcenter.close()
    assert sites.site().sessions == {}


async def test_a_session_that_is_never_accepted_is_not_renewed_for_ever(sites: Sites) -> None:
    sites.world.faults.add("dallas", "QueryReplicationGroupInfo", "expiredSession")
    outcome = await sites.vcenter().group(sites.group())
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "EndpointFault"
    assert sites.counts()["Login"] == 2
    assert "session" in outcome.message


@pytest.mark.parametrize("method", READS)
async def test_a_read_on_a_connection_that_was_dropped_is_asked_again(
    sites: Sites, method: str, value: Callable[..., Any]
) -> None:
    for kind in ("resetBefore", "resetAfter"):
        sites.world.faults.remove()
        rule = sites.world.faults.add("dallas", method, kind, times=1)
        value(await READS[method](sites.vcenter(), sites.group()))
        assert rule.hits == 1


@pytest.mark.parametrize("method", READS)
async def test_a_read_whose_connection_always_breaks_is_unreachable(sites: Sites, method: str) -> None:
    rule = sites.world.faults.add("dallas", method, "resetBefore")
    outcome = await READS[method](sites.vcenter(), sites.group())
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "Unreachable"
    assert rule.hits == 2


@pytest.mark.parametrize(("kind", "effect"), [("resetBefore", False), ("resetAfter", True)])
async def test_a_lost_answer_to_a_sync_is_never_repeated(sites: Sites, kind: str, *, effect: bool) -> None:
    sites.world.faults.add("dallas", SYNC, kind)
    outcome = await sites.vcenter().start_sync(sites.group(), "x")
    assert isinstance(outcome, Indeterminate)
    assert outcome.reason == "AnswerLost"
    assert took_effect(sites) == [effect]


@pytest.mark.parametrize("kind", ["garbage", "truncated"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_unreadable_answer_to_a_sync_leaves_open_what_happened(sites: Sites, kind: str, when: str) -> None:
    arguments = {"when": when} if kind == "garbage" else {"bytes": 40}
    sites.world.faults.add("dallas", SYNC, kind, **arguments)
    outcome = await sites.vcenter().start_sync(sites.group(), "x")
    assert isinstance(outcome, Indeterminate)
    assert outcome.reason == "AnswerLost"


@pytest.mark.parametrize("method", READS)
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "garbage"},
        {"kind": "garbage", "body": "<html>closed tags, no answer</html>", "contentType": "text/html"},
        {"kind": "garbage", "body": "", "contentType": "text/xml"},
        {"kind": "garbage", "body": '{"error": "json"}', "contentType": "application/json"},
        {"kind": "garbage", "body": "<a><xResponse><b><c/></b></xResponse></a>", "contentType": "text/xml"},
        {"kind": "garbage", "body": '<a><xResponse><returnval type="Nonsense">1</returnval></xResponse></a>'},
        {"kind": "truncated", "bytes": 40},
        {"kind": "httpStatus", "status": 500, "body": "<html>no fault</html>"},
    ],
    ids=["html", "xml", "empty", "json", "other shape", "unknown type", "cut", "500 without a fault"],
)
async def test_an_unreadable_answer_to_a_read_is_an_outcome_and_never_nothing(
    sites: Sites, method: str, fault: dict[str, Any]
) -> None:
    sites.world.faults.add("dallas", method, **fault)
    ask = READS["QueryProvider" if method == "QueryFaultDomain" else method]
    outcome = await ask(sites.vcenter(), sites.group())
    assert seen(outcome) in ("hole" if method in HOLES else "AnswerUnreadable", "Unreachable")


@pytest.mark.parametrize(
    ("status", "reason"),
    [(503, "EndpointBusy"), (404, "EndpointFault"), (401, "EndpointFault"), (302, "EndpointFault")],
)
async def test_other_http_statuses(sites: Sites, status: int, reason: str) -> None:
    sites.world.faults.add("dallas", "*", "httpStatus", status=status)
    outcome = await sites.vcenter().group(sites.group())
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == reason
    assert str(status) in outcome.message


@pytest.mark.parametrize(("status", "kind"), [(503, Indeterminate), (404, Unavailable)])
async def test_an_http_status_instead_of_a_task(sites: Sites, status: int, kind: type) -> None:
    sites.world.faults.add("dallas", SYNC, "httpStatus", status=status)
    assert isinstance(await sites.vcenter().start_sync(sites.group(), "x"), kind)


@pytest.mark.parametrize("method", READS)
async def test_a_read_that_gets_no_answer_ends_in_time(sites: Sites, method: str) -> None:
    rule = sites.world.faults.add("dallas", method, "hang")
    outcome = await READS[method](sites.vcenter(timeouts=SHORT), sites.group())
    assert seen(outcome) == ("hole" if method in HOLES - {"QueryFaultDomain"} else "TimedOutCalling")
    assert "did not answer within 0.3 s" in repr(outcome)
    assert rule.hits == 1


async def test_a_login_that_gets_no_answer_ends_in_time_for_everybody_who_waits(sites: Sites) -> None:
    rule = sites.world.faults.add("dallas", "Login", "hang")
    vcenter = sites.vcenter(timeouts=SHORT, max_concurrent_calls=4)
    outcomes = await asyncio.gather(*(vcenter.group(sites.group()) for _ in range(4)))
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    assert rule.hits == 1


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_sync_that_gets_no_answer_is_not_known_to_have_failed(sites: Sites, when: str) -> None:
    sites.world.faults.add("dallas", SYNC, "hang", when=when)
    outcome = await sites.vcenter(timeouts=SHORT).start_sync(sites.group(), "x")
    assert isinstance(outcome, Indeterminate)
    assert outcome.reason == "AnswerLost"


async def test_a_deadline_before_the_sync_was_sent_means_that_it_never_will_be(sites: Sites) -> None:
    rule = sites.world.faults.add("dallas", "QueryFaultDomain", "hang")
    patient = Timeouts(connect=2.0, answer=20.0, call=0.3, inventory=5.0, close=0.1)
    vcenter = sites.vcenter(timeouts=patient, max_concurrent_calls=1)
    outcome = await vcenter.start_sync(sites.group(), "x")
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "TimedOutCalling"
    queued = await vcenter.start_sync(sites.group(), "y")
    assert isinstance(queued, Unavailable)
    assert queued.reason == "EndpointBusy"
    sites.world.faults.remove(rule.id)  # the hung question is answered now, and nobody waits for what follows it
    async with asyncio.timeout(10):
        while isinstance(await vcenter.about(), Unavailable):
            pass
    assert took_effect(sites) == []


async def test_one_hung_vcenter_holds_up_no_other(sites: Sites, value: Callable[..., Any]) -> None:
    sites.world.faults.add("dallas", "*", "hang")
    hung = asyncio.create_task(sites.vcenter("dallas", timeouts=SHORT).inventory())
    value(await sites.vcenter("austin").inventory())
    assert isinstance(await hung, Unavailable)


async def test_a_vcenter_that_refuses_connections_and_comes_back(sites: Sites, value: Callable[..., Any]) -> None:
    vcenter, group = sites.vcenter(), sites.group()
    value(await vcenter.points_in_time(group))
    await sites.simulator.endpoint("dallas").refuse()
    for outcome in (await vcenter.group(group), await vcenter.start_sync(group, "x")):
        assert isinstance(outcome, Unavailable)
        assert outcome.reason == "Unreachable"
        assert "Check its address and the network path" in outcome.message
    await sites.simulator.endpoint("dallas").accept()
    value(await vcenter.group(group))
    assert sites.counts()["Login"] == 1


async def test_a_sync_is_not_lost_on_a_connection_that_died_while_idle(sites: Sites, value: Callable[..., Any]) -> None:
    vcenter, group = sites.vcenter(), sites.group()
    value(await vcenter.points_in_time(group))
    await sites.simulator.endpoint("dallas").refuse()  # cuts the idle connections
    await sites.simulator.endpoint("dallas").accept()
    value(await vcenter.start_sync(group, "x"))
    assert took_effect(sites) == [True]


async def test_no_such_host(sites: Sites) -> None:
    outcome = await sites.vcenter(address="vcenter.invalid:443").about()
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "Unreachable"
    assert "vcenter.invalid:443" in outcome.message


@pytest.mark.parametrize("greeting", [b"SSH-2.0-OpenSSH_9.6\r\n", b""], ids=["another protocol", "hangs up"])
async def test_something_else_listens_there(sites: Sites, greeting: bytes) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    outcome = await sites.vcenter(address=f"127.0.0.1:{port}").about()
    server.close()
    await server.wait_closed()
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "Unreachable"


async def test_a_host_that_accepts_and_never_says_a_word(sites: Sites) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        quick = Timeouts(connect=0.3, answer=0.3, call=5.0, inventory=5.0, close=0.5)
        outcome = await sites.vcenter(address=f"127.0.0.1:{listener.getsockname()[1]}", timeouts=quick).about()
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "Unreachable"


async def test_two_hundred_calls_leave_no_thread_and_no_connection_more(
    sites: Sites, value: Callable[..., Any]
) -> None:
    vcenter, group = sites.vcenter(max_concurrent_calls=3), sites.group()
    before = threading.active_count()
    for _ in range(20):
        for outcome in await asyncio.gather(*(vcenter.task("SmsTask-1", group) for _ in range(10))):
            value(outcome)
        value(await vcenter.group(group))
    assert threading.active_count() <= before + 3
    assert sites.counts()["QuerySmsTaskInfo"] == 200
    assert sites.counts()["Login"] == 1
    assert sites.counts()["QueryStorageManager"] == 1


async def test_close_logs_out_and_nothing_is_asked_afterwards(sites: Sites, value: Callable[..., Any]) -> None:
    vcenter = sites.vcenter()
    value(await vcenter.group(sites.group()))
    await vcenter.close()
    assert sites.site().sessions == {}
    assert sites.site().logouts == 1
    await vcenter.close()
    sites.world.counters.reset()
    outcome = await vcenter.group(sites.group())
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "EndpointBusy"
    assert sites.counts() == {}


async def test_close_logs_out_although_the_idle_connection_had_died(sites: Sites, value: Callable[..., Any]) -> None:
    vcenter = sites.vcenter()
    value(await vcenter.about())
    await sites.simulator.endpoint("dallas").refuse()
    await sites.simulator.endpoint("dallas").accept()
    await vcenter.close()
    assert sites.site().sessions == {}


async def test_close_of_a_vcenter_that_hangs_or_was_never_reached_does_not_hang(
    sites: Sites, value: Callable[..., Any]
) -> None:
    vcenter = sites.vcenter(timeouts=SHORT)
    value(await vcenter.about())
    sites.world.faults.add("dallas", "Logout", "hang")
    async with asyncio.timeout(5):
        await vcenter.close()
        await sites.vcenter().close()
