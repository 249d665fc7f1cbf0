"""The operator as one of two processes: what it does while it stands by, and how it ends when it may not act."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from component.cluster.server import Asked, Server
from component.cluster.test_lease import Leases
from component.cluster.test_process import DEADLINE, ends_quickly, operator, until

from vvol_replication.replica import LEADERSHIP_LOST

ARGUMENTS = ("--leader-elect", "--leader-elect-resource-name=one", "--http-host=127.0.0.1", "--http-port=0")


@pytest.fixture
def leases() -> Leases:
    return Leases()


@pytest.fixture
async def server(tmp_path: Path, leases: Leases) -> AsyncIterator[Server]:
    def answer(asked: Asked) -> tuple[int, Any] | str:
        # All but Leases is not there yet: whoever leads waits for it, and asks.
        return leases.answer(asked) if "/leases" in asked.path else (503, "<html>starting</html>")

    made = Server(tmp_path, answer)
    await made.start()
    yield made
    await made.close()


async def probe(lines: list[str], path: str) -> tuple[int, str]:
    found = re.search(r"probes on port (\d+)", "".join(lines))
    assert found is not None
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{found[1]}{path}") as response:
        return response.status, await response.text()


def others(server: Server) -> list[str]:
    return [asked.path for asked in server.asked if "/leases" not in asked.path]


async def test_a_replica_that_stands_by_is_ready_asks_for_nothing_else_and_ends_at_once(
    server: Server, leases: Leases
) -> None:
    leases.held_by("other", duration=15)
    async with operator("--kubeconfig", server.kubeconfig(), *ARGUMENTS) as (process, lines):
        await until(lambda: any("it is held by other" in line for line in lines), lines)
        await until(lambda: len(server.asked) >= 3, lines)
        assert await probe(lines, "/readyz") == (200, "ok\n")
        assert await probe(lines, "/livez") == (200, "ok\n")
        assert others(server) == []
        await ends_quickly(process, lines)
    assert leases.holder == "other"


async def test_a_replica_that_stands_by_and_cannot_read_its_lease_is_not_ready_until_it_can(
    server: Server, leases: Leases
) -> None:
    leases.held_by("other", duration=3600)
    short = ("--leader-elect-lease-duration=4s", "--leader-elect-renew-deadline=3s", "--leader-elect-retry-period=1s")
    async with operator("--kubeconfig", server.kubeconfig(), *ARGUMENTS, *short) as (process, lines):
        await until(lambda: any("it is held by other" in line for line in lines), lines)
        assert (await probe(lines, "/readyz"))[0] == 200
        leases.trouble = lambda _: (500, {})
        await turned(lines, 503)
        assert (await probe(lines, "/livez"))[0] == 200, "nothing is mended by a new start"
        leases.trouble = lambda _: None
        await turned(lines, 200)
        await ends_quickly(process, lines)


async def turned(lines: list[str], status: int) -> None:
    """Wait until `/readyz` answers so."""
    async with asyncio.timeout(DEADLINE):
        while (await probe(lines, "/readyz"))[0] != status:  # noqa: ASYNC110 - it is in another process
            await asyncio.sleep(0.05)


async def test_a_replica_that_leads_works_and_ends_with_its_own_code_when_the_lease_is_anothers(
    server: Server, leases: Leases
) -> None:
    async with operator("--kubeconfig", server.kubeconfig(), *ARGUMENTS) as (process, lines):
        await until(lambda: others(server), lines)
        assert (await probe(lines, "/readyz"))[0] == 503, "it leads, and is not at work yet"
        leases.held_by("thief", duration=15)
        async with asyncio.timeout(DEADLINE):
            await process.wait()
    assert process.returncode == LEADERSHIP_LOST
    assert [line for line in lines if "leadership lost: the Lease is held by thief" in line]


async def test_sigterm_to_a_leader_lets_the_lease_go(server: Server, leases: Leases) -> None:
    async with operator("--kubeconfig", server.kubeconfig(), *ARGUMENTS) as (process, lines):
        await until(lambda: others(server), lines)
        await ends_quickly(process, lines)
    assert leases.holder == ""


async def test_a_replica_stopped_for_longer_than_its_lease_notices_on_waking(server: Server, leases: Leases) -> None:
    short = ("--leader-elect-lease-duration=4s", "--leader-elect-renew-deadline=3s", "--leader-elect-retry-period=1s")
    async with operator("--kubeconfig", server.kubeconfig(), *ARGUMENTS, *short) as (process, lines):
        await until(lambda: others(server), lines)
        process.send_signal(signal.SIGSTOP)
        renewed = len(leases.writes)
        await asyncio.sleep(4.5)  # the stop itself: longer than the Lease
        process.send_signal(signal.SIGCONT)
        async with asyncio.timeout(DEADLINE):
            await process.wait()
    assert process.returncode == LEADERSHIP_LOST
    assert len(leases.writes) <= renewed + 1, "at most the one that was on its way when it was stopped"
