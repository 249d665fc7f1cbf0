"""The elector against a Lease API on a real socket that hangs, trickles, fails and loses answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from component.cluster.server import Asked, Server

from vvol_replication.cluster.election import Candidate, Timing
from vvol_replication.cluster.leadership import Leadership, monotonic
from vvol_replication.cluster.lease import Elector, LeaseStore
from vvol_replication.cluster.session import connect

TIMING = Timing(duration=3, renew_deadline=2, retry=0.2)
DEADLINE = 30.0
PATH = "/apis/coordination.k8s.io/v1/namespaces/vvol/leases"


@dataclass
class Leases:
    """What the API server does with Leases. `trouble` is asked first, and may answer in its stead."""

    stored: dict[str, Any] | None = None
    version: int = 10
    trouble: Callable[[Asked], tuple[int, Any] | str | None] = lambda _: None
    after: Callable[[Asked], tuple[int, Any] | str | None] = lambda _: None
    writes: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, asked: Asked) -> tuple[int, Any] | str:
        return self.trouble(asked) or self.do(asked, self.after)

    def do(self, asked: Asked, after: Callable[[Asked], tuple[int, Any] | str | None]) -> tuple[int, Any] | str:
        if asked.method == "GET":
            assert asked.path == f"{PATH}/one"
            return (200, self.stored) if self.stored else (404, {"kind": "Status"})
        if asked.method == "POST":
            assert asked.path == PATH
            if self.stored:
                return 409, {"kind": "Status"}
        elif not self.stored or asked.body["metadata"]["resourceVersion"] != self.stored["metadata"]["resourceVersion"]:
            return 409, {"kind": "Status"}
        self.put(asked.body)
        return after(asked) or (201 if asked.method == "POST" else 200, self.stored)

    def put(self, body: dict[str, Any]) -> None:
        self.version += 1
        self.stored = {**body, "metadata": {**body["metadata"], "resourceVersion": str(self.version)}}
        self.writes.append(self.stored)

    def held_by(self, holder: str, *, duration: int = 3) -> None:
        spec = {"holderIdentity": holder, "leaseDurationSeconds": duration, "leaseTransitions": 4}
        self.put({"metadata": {"name": "one", "labels": {"team": "storage"}}, "spec": spec})

    @property
    def holder(self) -> str:
        return str(self.stored["spec"]["holderIdentity"]) if self.stored else ""


@dataclass
class Running:
    """An elector at work."""

    elector: Elector
    task: asyncio.Task[None]
    ends: list[str]
    ended: asyncio.Event

    async def leads(self) -> None:
        async with asyncio.timeout(DEADLINE):
            await self.elector.leads.wait()
        assert self.elector.leadership.leading()

    async def stop(self) -> None:
        self.elector.stop()
        assert not self.elector.leadership.leading()
        async with asyncio.timeout(DEADLINE):
            await self.task


@pytest.fixture
def leases() -> Leases:
    return Leases()


@pytest.fixture
async def server(tmp_path: Path, leases: Leases) -> AsyncIterator[Server]:
    made = Server(tmp_path, leases.answer)
    await made.start()
    yield made
    await made.close()


@contextlib.asynccontextmanager
async def elector(server: Server, identity: str = "me") -> AsyncIterator[Running]:
    connection = connect(server.kubeconfig())
    ended, ends, loop = asyncio.Event(), list[str](), asyncio.get_running_loop()

    def end(why: str) -> None:
        ends.append(why)
        loop.call_soon_threadsafe(ended.set)

    made = Elector(LeaseStore(connection, "vvol", "one"), Candidate(identity, TIMING), Leadership(end))
    running = Running(made, asyncio.create_task(made.run()), ends, ended)
    try:
        yield running
    finally:
        made.stop()
        await asyncio.wait({running.task})
        await connection.http.close()


async def lost(running: Running) -> str:
    async with asyncio.timeout(DEADLINE):
        await running.ended.wait()
    assert not running.elector.leadership.leading()
    assert len(running.ends) == 1
    return running.ends[0]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110 - what is waited for is on both sides of a socket
            await asyncio.sleep(0.02)


async def test_it_makes_the_lease_renews_it_and_lets_it_go(server: Server, leases: Leases) -> None:
    async with elector(server) as running:
        await running.leads()
        await until(lambda: len(leases.writes) >= 3)
        await running.stop()
        assert running.elector.renewals == len(leases.writes) - 1  # the last one lets go
        assert running.elector.failures == 0
    first, second, *_, last = (one["spec"] for one in leases.writes)
    assert first["holderIdentity"] == "me"
    assert first["leaseDurationSeconds"] == 3
    assert first["leaseTransitions"] == 0
    assert first["acquireTime"] == second["acquireTime"] < second["renewTime"]
    assert len(first["renewTime"]) == len("2026-01-01T00:00:00.000000Z")
    assert first["renewTime"].endswith("Z")
    assert (last["holderIdentity"], last["leaseDurationSeconds"]) == ("", 1)
    assert all("resourceVersion" in asked.body["metadata"] for asked in server.asked if asked.method == "PUT")
    assert running.ends == []


async def test_a_silent_holder_is_waited_out_and_the_leases_labels_stay(server: Server, leases: Leases) -> None:
    leases.held_by("other")
    async with elector(server) as running:
        await until(lambda: running.elector.standing)
        begun = monotonic()
        assert not running.elector.leads.is_set()
        await running.leads()
        assert monotonic() - begun >= TIMING.duration - TIMING.retry
        assert leases.stored is not None
        assert leases.stored["metadata"]["labels"] == {"team": "storage"}
        assert leases.stored["spec"]["leaseTransitions"] == 5


async def test_two_hand_over_without_waiting_for_expiry(server: Server, leases: Leases) -> None:
    async with elector(server, "a") as first:
        await first.leads()
        async with elector(server, "b") as second:
            await until(lambda: second.elector.standing)
            assert not second.elector.leadership.leading()
            begun = monotonic()
            await first.stop()
            await second.leads()
            assert monotonic() - begun < TIMING.duration
            assert leases.holder == "b"


TROUBLE: dict[str, tuple[Callable[[Asked], Any], str]] = {
    "hang": (lambda _: "hang", "did not answer"),
    "reset": (lambda _: "reset", "could not be asked"),
    "error": (lambda _: (500, {"kind": "Status"}), "answered 500"),
    "page": (lambda _: (200, "<html>proxy</html>"), "answered 200"),
    "refusal": (lambda _: (403, {"kind": "Status"}), "Allow it get, create and update of leases"),
    "conflicts": (lambda asked: (409, {}) if asked.method == "PUT" else None, "the Lease could not be renewed"),
}  # fmt: skip


@pytest.mark.parametrize("kind", TROUBLE)
async def test_whoever_cannot_renew_steps_down_before_another_may_lead(
    kind: str, server: Server, leases: Leases
) -> None:
    async with elector(server) as running:
        await running.leads()
        trouble, said = TROUBLE[kind]
        begun = monotonic()
        leases.trouble = trouble
        assert said in await lost(running)
        assert monotonic() - begun < TIMING.duration
        leases.trouble = lambda _: None


async def test_an_answer_that_trickles_does_not_hold_up_the_end(server: Server) -> None:
    """The server sends a byte now and then: each read succeeds, the request as a whole does not."""

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readline()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        except OSError:
            pass
        finally:
            writer.transport.abort()

    listener = await asyncio.start_server(trickle, "127.0.0.1", 0)
    async with elector(server) as running:
        await running.leads()
        elsewhere = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}{PATH}"
        running.elector._store._all = elsewhere  # noqa: SLF001 - the same connection, led elsewhere
        assert "did not answer" in await lost(running)
    listener.close()


async def test_the_lost_answer_to_a_write_that_took_effect_costs_nothing(server: Server, leases: Leases) -> None:
    left = [2]

    def after(asked: Asked) -> str | None:
        if asked.method == "GET" or not left[0]:
            return None
        left[0] -= 1
        return "reset"

    leases.after = after
    async with elector(server) as running:
        await running.leads()
        written = len(leases.writes)
        left[0] = 1
        await until(lambda: len(leases.writes) >= written + 3)
        assert running.elector.leadership.leading()
        assert {one["spec"]["holderIdentity"] for one in leases.writes} == {"me"}
        assert running.ends == []
        assert running.elector.failures >= 1  # of the creation: aiohttp asks once more by itself for a PUT


async def test_a_conflict_without_another_holder_is_looked_through(server: Server, leases: Leases) -> None:
    async with elector(server) as running:
        await running.leads()
        assert leases.stored is not None
        leases.put({**leases.stored, "metadata": {**leases.stored["metadata"], "annotations": {"by": "somebody"}}})
        written = len(leases.writes)
        await until(lambda: len(leases.writes) >= written + 2)
        assert running.elector.leadership.leading()
        assert leases.stored["metadata"]["annotations"] == {"by": "somebody"}


async def test_a_deleted_lease_is_made_again_by_its_holder(server: Server, leases: Leases) -> None:
    async with elector(server, "a") as first, elector(server, "b") as second:
        await until(lambda: first.elector.leads.is_set() or second.elector.leads.is_set())
        # The other one has seen the holder: a second look begins when the first has been taken in.
        asked = len(server.asked)
        await until(lambda: sum(one.method == "GET" for one in server.asked[asked:]) >= 2)
        before = leases.holder
        leases.stored = None
        await until(lambda: leases.stored)
        assert leases.holder == before
        assert first.ends == second.ends == []


async def test_whoever_sees_another_name_in_the_lease_ends_at_once(server: Server, leases: Leases) -> None:
    async with elector(server) as running:
        await running.leads()
        leases.held_by("thief")
        assert "held by thief" in await lost(running)


async def test_a_blocked_event_loop_does_not_prolong_the_belief(server: Server) -> None:
    """The watch is a thread of its own; the loop stands still in this test as it does under SIGSTOP or a long pause."""
    async with elector(server) as running:
        await running.leads()
        begun = monotonic()
        while not running.ends and monotonic() - begun < DEADLINE:
            pass
        assert monotonic() - begun < TIMING.duration
        assert not running.elector.leadership.leading()
        assert "the event loop was too busy" in running.ends[0]


async def test_stopping_while_a_renewal_hangs_is_quick(server: Server, leases: Leases) -> None:
    async with elector(server) as running:
        await running.leads()
        asked = len(server.asked)
        leases.trouble = lambda _: "hang"
        await until(lambda: len(server.asked) > asked)
        begun = monotonic()
        await running.stop()
        assert monotonic() - begun < TIMING.renew_deadline
        assert running.ends == []
