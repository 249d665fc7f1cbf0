"""TLS servers of tests end with all their connections: what is left of one is an unclosed socket in a later test.

A connection that is closed in order waits for its client's word, and one that is being made is in a task of asyncio's
own until its handshake is over. Either may last longer than the loop, and a server that was closed knows of neither.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web

    from vvol_simulator.server import Simulator

_MAKING = "BaseSelectorEventLoop._accept_connection2"
_HANDSHAKE = 60.0  # seconds, after which asyncio gives a handshake up


async def close(runner: web.BaseRunner) -> None:
    """End a server: what it is asked gets its time to finish, then everything is cut."""
    server = runner.server
    begun = _transports(server)
    await runner.cleanup()
    await _made()
    for transport in begun | _transports(server):
        transport.abort()
    await asyncio.sleep(0)  # in which they are closed


async def stop(simulator: Simulator) -> None:
    """End all endpoints of a simulator, and cut what is connected."""
    simulator.world.faults.remove()  # calls that hang go on
    for endpoint in simulator.endpoints.values():
        await endpoint.refuse()
    await simulator.stop()
    await _made()
    for endpoint in simulator.endpoints.values():
        endpoint.cut()
    await asyncio.sleep(0)  # as above


def _transports(server: web.Server | None) -> set[asyncio.Transport]:
    connections = () if server is None else server.connections
    return {one.transport for one in connections if one.transport is not None}


async def _made() -> None:
    """Wait until no connection is being made any more: whoever makes one ends soon, or gives it up."""
    making = {task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__qualname__", "") == _MAKING}
    if making:
        await asyncio.wait(making, timeout=_HANDSHAKE)
