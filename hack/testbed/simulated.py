"""Simulated storage in this very process, for tests: the same sockets and wire formats, and no program to start.

A program of its own costs a second of CPU until it has loaded. What can only be asked of the program (how it is
started, what it writes, how it ends) is in tests/component/simulator/test_process.py.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import copy
import functools
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed import closing
from vvol_simulator import client, topology
from vvol_simulator.control.api import ControlApi
from vvol_simulator.server import Endpoint, Simulator
from vvol_simulator.tls import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PATIENCE = 60.0


@functools.cache
def authority() -> Authority:
    """The CA of all simulators of this process: it makes one certificate for each name of an endpoint, and keeps it."""
    return Authority()


@contextlib.contextmanager
def serving(described: Mapping[str, Any] | None = None) -> Iterator[client.Simulator]:
    """Serve a world of its own on ports of its own, from a thread of this process, until leaving."""
    with tempfile.TemporaryDirectory(prefix="simulated-") as scratch:
        ca = Path(scratch, "ca.pem")
        ca.write_text(authority().pem(), "utf-8")
        started: concurrent.futures.Future[_Running] = concurrent.futures.Future()
        thread = threading.Thread(target=_serve, args=(described, started), name="simulated", daemon=True)
        thread.start()
        try:
            running = started.result(PATIENCE)
            yield client.Simulator({**running.ready, "caFile": str(ca)})
        finally:
            if started.done() and started.exception() is None:
                started.result().stop()
            thread.join(PATIENCE)


@dataclass(frozen=True)
class _Running:
    ready: Mapping[str, Any]
    loop: asyncio.AbstractEventLoop
    ending: asyncio.Event

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.ending.set)


def _serve(described: Mapping[str, Any] | None, started: concurrent.futures.Future[_Running]) -> None:
    try:
        asyncio.run(_until_stopped(described, started))
    except BaseException as problem:
        if started.done():
            raise
        started.set_exception(problem)


async def _until_stopped(described: Mapping[str, Any] | None, started: concurrent.futures.Future[_Running]) -> None:
    wanted = topology.default_topology() if described is None else copy.deepcopy(dict(described))
    simulator = Simulator(topology.build(wanted), authority())
    control = Endpoint("control", ControlApi(simulator).handle, None)
    ending = asyncio.Event()
    try:
        await simulator.start()
        await control.start()
        ready = {"controlUrl": f"http://{control.address}", **simulator.directory()}
        started.set_result(_Running(ready, asyncio.get_running_loop(), ending))
        await ending.wait()
    finally:
        await control.refuse()
        await control.stop()
        await closing.stop(simulator)
        control.cut()
