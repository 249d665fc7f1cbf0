"""Lanes: bounded threads, deadlines that say whether a call was started, and endings that hang nobody."""

from __future__ import annotations

import asyncio
import threading
from functools import partial

import pytest

from vvol_replication.storage.lane import CallBroke, Lane, LaneClosed, LaneFull, LaneTimeout, Permit, PermitWithdrawn

LONG = 20.0


class Gate:
    """A blocking call that tells when it has begun and ends when it is told to."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.open = threading.Event()

    def pass_through(self) -> str:
        self.begun.set()
        assert self.open.wait(LONG)
        return "through"


def threads_of(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(f"{name}-")]


async def begun(gate: Gate) -> None:
    assert await asyncio.to_thread(gate.begun.wait, LONG)


async def test_runs_in_a_daemon_thread_of_its_own() -> None:
    lane = Lane("l1", 1)
    thread = await lane.run(threading.current_thread, deadline=LONG)
    assert thread.name == "l1-1"
    assert thread.daemon
    lane.close()


async def test_the_calls_own_exception_comes_through_even_a_timeout_of_its_own() -> None:
    lane = Lane("l2", 1)

    def fail() -> None:
        raise TimeoutError("socket")

    with pytest.raises(TimeoutError, match="socket"):
        await lane.run(fail, deadline=LONG)
    lane.close()


@pytest.mark.parametrize("kind", [SystemExit, StopIteration, KeyboardInterrupt])
async def test_what_may_not_cross_into_a_loop_is_wrapped_and_the_thread_lives_on(kind: type[BaseException]) -> None:
    lane = Lane("l3", 1)

    def fail() -> None:
        raise kind

    with pytest.raises(CallBroke) as caught:
        await lane.run(fail, deadline=LONG)
    assert isinstance(caught.value.__cause__, kind)
    assert await lane.run(lambda: 1, deadline=LONG) == 1
    assert len(threads_of("l3")) == 1
    lane.close()


async def test_a_call_that_was_started_times_out_and_keeps_its_thread() -> None:
    lane, gate = Lane("l4", 1), Gate()
    with pytest.raises(LaneTimeout):
        await lane.run(gate.pass_through, deadline=0.05)
    assert gate.begun.is_set()
    called = threading.Event()
    with pytest.raises(LaneFull):
        await lane.run(called.set, deadline=0.05)
    gate.open.set()
    assert await lane.run(lambda: "next", deadline=LONG) == "next"
    assert not called.is_set(), "a call that was given up in the queue was made all the same"
    lane.close()


async def test_a_hung_lane_holds_up_no_other() -> None:
    hung, other, gate = Lane("l5", 1), Lane("l6", 1), Gate()
    with pytest.raises(LaneTimeout):
        await hung.run(gate.pass_through, deadline=0.05)
    assert await other.run(lambda: "fine", deadline=LONG) == "fine"
    gate.open.set()
    hung.close()
    other.close()


async def test_never_more_threads_than_workers_and_every_call_is_made() -> None:
    lane = Lane("l7", 3)
    most, running, lock = 0, 0, threading.Lock()
    meet = threading.Barrier(3)

    def call() -> None:
        nonlocal most, running
        with lock:
            running += 1
            most = max(most, running)
        meet.wait(LONG)
        with lock:
            running -= 1

    await asyncio.gather(*(lane.run(call, deadline=LONG) for _ in range(30)))
    assert most == 3
    assert len(threads_of("l7")) == 3
    lane.close()


async def test_one_call_after_another_needs_one_thread() -> None:
    lane = Lane("l8", 4)
    for number in range(200):
        assert await lane.run(partial(int, number), deadline=LONG) == number
    assert len(threads_of("l8")) == 1
    lane.close()


async def test_without_another_thread_to_be_had_the_call_is_never_made(monkeypatch: pytest.MonkeyPatch) -> None:
    lane, called = Lane("l8b", 2), threading.Event()

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            await lane.run(called.set, deadline=LONG)
    assert await lane.run(lambda: "fine", deadline=LONG) == "fine"
    assert not called.is_set()
    lane.close()


async def test_cancelled_while_waiting_for_a_thread_the_call_is_never_made() -> None:
    lane, gate, called = Lane("l9", 1), Gate(), threading.Event()
    first = asyncio.create_task(lane.run(gate.pass_through, deadline=LONG))
    await begun(gate)
    second = asyncio.create_task(lane.run(called.set, deadline=LONG))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    gate.open.set()
    assert await first == "through"
    await lane.run(lambda: None, deadline=LONG)
    assert not called.is_set()
    lane.close()


async def test_cancelled_while_under_way_the_thread_serves_the_next() -> None:
    lane, gate = Lane("l10", 1), Gate()
    first = asyncio.create_task(lane.run(gate.pass_through, deadline=LONG))
    await begun(gate)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    gate.open.set()
    assert await lane.run(lambda: "next", deadline=LONG) == "next"
    lane.close()


async def test_close_ends_idle_threads_refuses_waiting_calls_and_waits_for_no_hung_one() -> None:
    lane, gate = Lane("l11", 2), Gate()
    await lane.run(lambda: None, deadline=LONG)
    idle = threads_of("l11")
    gates = [gate, Gate()]
    running = [asyncio.create_task(lane.run(each.pass_through, deadline=LONG)) for each in gates]
    for each in gates:
        await begun(each)
    waiting = asyncio.create_task(lane.run(lambda: None, deadline=LONG))
    await asyncio.sleep(0)
    lane.close()
    with pytest.raises(LaneClosed):
        await waiting
    with pytest.raises(LaneClosed):
        await lane.run(lambda: None, deadline=LONG)
    for each in gates:
        each.open.set()
    assert await asyncio.gather(*running) == ["through", "through"]
    for thread in idle + threads_of("l11"):
        await asyncio.to_thread(thread.join, LONG)
        assert not thread.is_alive()
    lane.close()


def test_an_answer_after_the_loop_is_gone_ends_quietly() -> None:
    lane, gate = Lane("l12", 1), Gate()

    async def give_up() -> None:
        with pytest.raises(LaneTimeout):
            await lane.run(gate.pass_through, deadline=0.05)

    asyncio.run(give_up())
    (thread,) = threads_of("l12")
    gate.open.set()
    lane.close()
    thread.join(LONG)
    assert not thread.is_alive()


def test_a_lane_without_workers_is_no_lane() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Lane("l13", 0)


def test_a_permit_is_used_or_withdrawn() -> None:
    used = Permit(lambda: True)
    used.use()
    assert used.withdraw() is False
    with pytest.raises(PermitWithdrawn):
        used.use()
    unused = Permit(lambda: True)
    assert unused.withdraw() is True
    with pytest.raises(PermitWithdrawn):
        unused.use()
