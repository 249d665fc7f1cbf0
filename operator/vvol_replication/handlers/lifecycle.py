"""How kopf is run: how it logs in, what it does at its end, and until when."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import kopf

from vvol_replication.cluster.missing import WaitsForKinds
from vvol_replication.cluster.session import Connection
from vvol_replication.cluster.unfinished import ListsUnfinished

from .memories import NoMemories

LOGIN_PAUSE = 2.0
"""Seconds between two logins of kopf (docs/facts/kopf.md#clients-of-the-api-server)."""


def add_lifecycle(
    registry: kopf.OperatorRegistry,
    connection: Connection,
    *,
    at_end: Callable[[], Awaitable[None]],
    listed: Callable[[], None],
) -> None:
    """Let kopf use this connection.

    Parameters:
        registry: the handlers.
        connection: to the API server.
        at_end: done when kopf ends.
        listed: called when kopf has listed the requests that have not ended; it watches all from then on.
    """
    refused, beside = False, (WaitsForKinds(), ListsUnfinished(listed))

    @kopf.on.login(registry=registry)
    async def login(**_: object) -> kopf.AiohttpSession:
        # Where the API server answers 401, kopf comes back here at once, for as long as it does.
        nonlocal refused
        if refused:
            await asyncio.sleep(LOGIN_PAUSE)
        refused = True
        return kopf.AiohttpSession(server=connection.server, aiohttp_session=connection.for_kopf(*beside))

    @kopf.on.cleanup(registry=registry)
    async def cleanup(**_: object) -> None:
        # Tasks of ours that are still there when kopf ends are taken for hung ones and waited for, five seconds long.
        await at_end()


async def serve(
    registry: kopf.OperatorRegistry,
    settings: kopf.OperatorSettings,
    namespaces: tuple[str, ...],
    *,
    stop: asyncio.Event,
    ready: asyncio.Event,
    on_spawned: Callable[[], None],
) -> None:
    """Watch and handle until `stop` is set.

    Parameters:
        registry: the handlers.
        settings: kopf's.
        namespaces: empty means all.
        stop: set by whoever wants the end.
        ready: set when kopf watches.
        on_spawned: called once kopf has put its own listeners to SIGTERM and SIGINT.
    """
    before = asyncio.all_tasks()
    tasks = await kopf.spawn_tasks(
        registry=registry,
        settings=settings,
        clusterwide=not namespaces,
        namespaces=namespaces,
        memories=NoMemories(),
        stop_flag=stop,
        ready_flag=ready,
    )
    on_spawned()
    await kopf.run_tasks(tasks, ignored=before)
