"""One session per vCenter: how long it lives, what keeps it, what ends it, and how many there may be."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from vvol_replication.domain.outcomes import Done, Outcome, Refused, Unavailable
from vvol_replication.storage.login import LoginGate

from .conftest import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from vvol_replication.storage.vsphere import VCenter

    from .conftest import Sites

MINUTE = 60.0
WRONG = "fake-wrong-password"
CALLS: dict[str, tuple[str, Callable[[VCenter, Sites], Coroutine[Any, Any, Outcome[Any]]]]] = {
    "group": ("QueryReplicationGroupInfo", lambda vcenter, sites: vcenter.group(sites.group("erp", "source"))),
    "task": ("QuerySmsTaskInfo", lambda vcenter, sites: vcenter.task("SmsTask-1", sites.group("erp", "source"))),
    "inventory": ("QueryReplicationGroup", lambda vcenter, _: vcenter.inventory()),
    "members": ("PbmQueryReplicationGroups", lambda vcenter, sites: vcenter.members(sites.group("erp", "source"))),
    "prepare": (
        "PrepareFailoverReplicationGroup_Task",
        lambda vcenter, sites: vcenter.start_prepare(sites.group("erp", "source")),
    ),
}


def pass_time(sites: Sites, clock: Clock, seconds: float) -> None:
    """On the adapter's clock and on the world's."""
    clock.now += seconds
    sites.time.advance(seconds)


async def reached(rule: Any) -> None:
    async with asyncio.timeout(10):
        while not rule.hits:  # noqa: ASYNC110 - the simulator's rules count, they do not call back
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("sms_keeps", [True, False])
async def test_hours_of_polling_take_one_login(sites: Sites, value: Callable[..., Any], *, sms_keeps: bool) -> None:
    sites.world.switches.sms_keeps_session = sms_keeps
    clock = Clock()
    vcenter = sites.vcenter(clock=clock)
    for _ in range(3 * 60):
        value(await vcenter.task("SmsTask-1", sites.group()))
        pass_time(sites, clock, MINUTE)
    counts = sites.counts()
    assert counts["Login"] == 1
    assert counts["QuerySmsTaskInfo"] == 180
    assert counts["CurrentTime"] == pytest.approx(180 / 5, abs=2), "one each five minutes, no more"


async def test_idle_takes_at_most_one_login_each_half_hour(sites: Sites, value: Callable[..., Any]) -> None:
    clock = Clock()
    vcenter = sites.vcenter(clock=clock)
    for _ in range(10):
        value(await vcenter.group(sites.group()))
        pass_time(sites, clock, 30 * MINUTE)
    assert sites.counts()["Login"] == 10
    assert len(sites.site().sessions) == 1


async def test_nothing_is_sent_along_while_other_calls_keep_the_session(
    sites: Sites, value: Callable[..., Any]
) -> None:
    clock = Clock()
    vcenter = sites.vcenter("austin", clock=clock)
    for _ in range(8):
        value(await vcenter.members(sites.group("erp", "source")))  # which asks /sdk anyway
        pass_time(sites, clock, 4 * MINUTE)
    assert "CurrentTime" not in sites.counts("austin")
    assert sites.counts("austin")["Login"] == 1


async def test_many_calls_at_once_take_one_keepalive(sites: Sites, value: Callable[..., Any]) -> None:
    clock = Clock()
    vcenter = sites.vcenter(clock=clock, max_concurrent_calls=6)
    value(await vcenter.group(sites.group()))
    pass_time(sites, clock, 6 * MINUTE)
    for outcome in await asyncio.gather(*(vcenter.group(sites.group()) for _ in range(30))):
        value(outcome)
    assert sites.counts()["CurrentTime"] == 1


async def test_a_keepalive_that_finds_the_session_gone_brings_a_new_one_before_the_change(
    sites: Sites, value: Callable[..., Any]
) -> None:
    clock = Clock()
    vcenter, group = sites.vcenter(clock=clock), sites.group()
    value(await vcenter.points_in_time(group))
    pass_time(sites, clock, 45 * MINUTE)
    value(await vcenter.start_sync(group, "x"))
    assert sites.counts()["Login"] == 2
    assert [entry.took_effect for entry in sites.world.journal.since(0)] == [True], "it was sent once, logged in"


@pytest.mark.parametrize("name", CALLS)
async def test_many_threads_that_notice_in_any_call_log_in_once(
    sites: Sites, value: Callable[..., Any], name: str
) -> None:
    _, ask = CALLS[name]
    vcenter = sites.vcenter("austin", max_concurrent_calls=8)
    value(await vcenter.inventory())
    sites.site("austin").expire_sessions()
    for outcome in await asyncio.gather(*(ask(vcenter, sites) for _ in range(8))):
        value(outcome)
    assert sites.counts("austin")["Login"] == 2
    assert len(sites.site("austin").sessions) == 1


@pytest.mark.parametrize("answer", ["http503", "fault"])
async def test_a_vcenter_with_too_many_sessions_says_so_and_heals(
    sites: Sites, value: Callable[..., Any], answer: Any
) -> None:
    sites.world.switches.session_limit_answer = answer
    sites.site().session_limit = 0
    vcenter = sites.vcenter()
    outcome = await vcenter.group(sites.group())
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "EndpointBusy"
    assert "takes no login now" in outcome.message
    assert "sessions" in outcome.message
    assert "\n" not in outcome.message
    mutating = await vcenter.start_sync(sites.group(), "x")
    assert isinstance(mutating, Unavailable)
    assert sites.site().failed_logins == 0
    sites.site().session_limit = 1
    value(await vcenter.group(sites.group()))


async def test_a_renewal_fits_where_there_is_room_for_one(sites: Sites, value: Callable[..., Any]) -> None:
    """The old session is ended before the new one is asked for."""
    sites.site().session_limit = 1
    vcenter = sites.vcenter()
    value(await vcenter.group(sites.group()))
    sites.world.faults.add("dallas", "QueryReplicationGroupInfo", "soapFault", name="InvalidSession", times=1)
    value(await vcenter.group(sites.group()))
    assert sites.site().logins == 2


async def test_one_gate_for_all_who_use_the_same_credentials(sites: Sites) -> None:
    clock = Clock()
    gate = LoginGate(clock)
    for _ in range(3):
        outcome = await sites.vcenter(password=WRONG, gate=gate).about()
        assert isinstance(outcome, Unavailable)
    locked = await sites.vcenter(password=WRONG, gate=gate).about()
    assert isinstance(locked, Unavailable)
    assert (locked.reason, locked.retry_after) == ("LoginFailed", 900.0)
    assert sites.site().failed_logins == 3
    clock.now += 901
    await sites.vcenter(password=WRONG, gate=gate).about()
    assert sites.site().failed_logins == 4


async def test_logins_through_one_gate_go_one_at_a_time(sites: Sites, value: Callable[..., Any]) -> None:
    gate = LoginGate(Clock())
    rule = sites.world.faults.add("dallas", "Login", "hang", times=1)
    first = asyncio.create_task(sites.vcenter(password=WRONG, gate=gate).about())
    await reached(rule)
    second = asyncio.create_task(sites.vcenter(gate=gate).about())
    async with asyncio.timeout(10):
        while sites.counts()["RetrieveServiceContent"] < 2:  # noqa: ASYNC110 - counters do not call back
            await asyncio.sleep(0.005)
    assert sites.counts()["Login"] == 1
    sites.world.faults.remove(rule.id)
    assert isinstance(await first, Unavailable)
    value(await second)


async def test_only_the_expected_vcenter_is_logged_in_to(sites: Sites, value: Callable[..., Any]) -> None:
    right = sites.site().instance_uuid
    value(await sites.vcenter(expected_uuid=right).about())
    logins = sites.site().logins
    outcome = await sites.vcenter(expected_uuid="another-one").start_sync(sites.group(), "x")
    assert isinstance(outcome, Refused)
    assert outcome.reason == "IdentityChanged"
    assert right in outcome.message
    assert "another-one" in outcome.message
    assert sites.site().logins == logins, "no password for a stranger"


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("grace", [0.0, 10.0])
async def test_a_call_under_way_while_closing_is_done_or_closing_but_no_session_fault(
    sites: Sites, name: str, grace: float
) -> None:
    method, ask = CALLS[name]
    vcenter = sites.vcenter("austin", max_concurrent_calls=2)
    rule = sites.world.faults.add("austin", method, "hang", times=1)
    under_way = asyncio.create_task(ask(vcenter, sites))
    await reached(rule)
    closing = asyncio.create_task(vcenter.close(grace))
    if grace:
        await asyncio.sleep(0)
        late = await vcenter.about()
        assert isinstance(late, Unavailable)
        assert "being closed" in late.message
        assert len(sites.site("austin").sessions) == 1, "it does not log out under a call"
    else:
        await closing
    sites.world.faults.remove(rule.id)
    outcome = await under_way
    await closing
    if grace:
        assert isinstance(outcome, Done), outcome
    else:
        assert isinstance(outcome, Unavailable), outcome
        assert outcome.reason == "EndpointBusy"
        assert "being closed" in outcome.message
    assert sites.site("austin").sessions == {}
    assert sites.site("austin").logins == 1
