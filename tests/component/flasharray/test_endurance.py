"""Many calls: no thread, no socket, no session more than at the beginning."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from component.flasharray.rig import Rig, done

from vvol_replication.domain.outcomes import Unavailable
from vvol_replication.engine.ports import Pace
from vvol_replication.storage.flasharray import http
from vvol_replication.storage.flasharray.rest1 import exchange


async def test_300_calls_need_no_more_than_two_threads_and_sockets(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    _kept_for(600.0, monkeypatch)
    threads, sockets = _threads(), _sockets()
    port = rig.connect(workers=2)
    rig.calls()
    for _ in range(30):
        for outcome in await asyncio.gather(*(port.policies(["erp", "crm"]) for _ in range(10))):
            done(outcome)
    assert rig.calls()[rig.words.group] == (600 if rig.words.restVersion == "REST1" else 300)
    assert _threads() <= threads + 2
    assert _sockets() <= sockets + 2 * 4  # both ends of a connection are in this process
    assert rig.source.logins <= 2
    assert len(rig.transports) <= 4  # one for the versions or the login


async def test_broken_calls_leave_no_sockets_either(rig: Rig) -> None:
    port = rig.connect(workers=1)
    done(await port.snapshots("erp"))
    before = _threads(), _sockets()
    gc.disable()
    try:
        for kind in ("resetBefore", "resetAfter", "truncated", "garbage") * 5:
            rig.world.replication.take(rig.erp, None, replicate=False, retained=True)
            rig.fault(rig.words.rows, kind)
            await port.snapshots("erp")
            done(await port.snapshots("erp"))
        await _until(lambda: (_threads(), _sockets()) == before)
    finally:
        gc.enable()
    assert rig.source.logins == 1


async def test_a_connection_that_was_idle_is_not_used_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    _kept_for(0.0, monkeypatch)
    port = rig.connect(workers=1)
    done(await port.connections())
    before, connections = _sockets(), len(rig.transports)
    for _ in range(5):
        done(await port.connections())
    assert len(rig.transports) == connections + 5
    assert rig.source.logins == 1
    await _until(lambda: _sockets() == before)


async def test_a_connection_is_kept_from_one_reading_to_the_next(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    port = rig.connect(workers=1)
    done(await port.connections())
    connections, now = len(rig.transports), time.monotonic
    monkeypatch.setattr(aiohttp.connector, "monotonic", lambda: now() + Pace().monitor + 10)
    done(await port.connections())
    assert len(rig.transports) == connections


async def test_an_answer_without_end_is_not_read_to_its_end(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    port = rig.connect(workers=1)
    done(await port.about())
    monkeypatch.setattr(http, "LARGEST", 10)
    outcome = await port.connections()
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "AnswerUnreadable"


def _kept_for(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "IDLE", seconds)
    monkeypatch.setattr(http, "KEPT", seconds)


def _threads() -> int:
    return threading.active_count()


def _sockets() -> int:
    return sum(_is_socket(entry) for entry in Path("/proc/self/fd").iterdir())


def _is_socket(entry: Path) -> bool:
    try:
        return str(entry.readlink()).startswith("socket:")
    except FileNotFoundError:  # the directory's own descriptor
        return False


async def _until(condition: Callable[[], bool], *, seconds: float = 20.0) -> None:
    """Poll: the server closes its end of a connection a moment after the client does."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - descriptors tell nobody when they go
            await asyncio.sleep(0.01)
