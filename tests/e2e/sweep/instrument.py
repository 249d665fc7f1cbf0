"""Inside the operator's process: every await of the outside on behalf of a request is numbered, told, interfered with.

A point is `<who>:<what>#<occurrence>.<phase>`. Phase `before`: the call is not made yet. Phase `after`: it has taken
effect, and nobody has used the answer. The outside is what the engine reaches through its storage ports, and every
call of the API server that is about an object that asks for something or made for one. `settle` makes those for an
object that nobody works on: a refusal, and our finalizer taken off. Left out: watches, kopf's lists, and what other
monitors read for themselves; they are made for nobody in particular.
"""

from __future__ import annotations

import asyncio
import collections
import contextvars
import dataclasses
import functools
import inspect
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import kopf
from aiohttp import web
from kopf._cogs.clients import api as kopf_api

from vvol_replication import process as program
from vvol_replication.api.flasharray import FlashArraySpec
from vvol_replication.api.vcenter import VCenterSpec
from vvol_replication.cluster import session
from vvol_replication.cluster.session import Connection
from vvol_replication.domain.outcomes import Indeterminate, Refused, Unavailable
from vvol_replication.engine.requests.kinds import AnyReconciler
from vvol_replication.engine.requests.task import RequestTask
from vvol_replication.engine.schedules.monitor import ScheduleMonitor
from vvol_replication.storage import reasons
from vvol_replication.wiring import StorageConnector

MUTATING = {"push", "start_sync", "start_prepare"}
REQUESTS = ("/replicationsyncs/", "/failoverpreparations/", "/replicationschedules/")
WRITES = {"PATCH", "PUT", "POST", "DELETE"}
KILL, LOSE, HANG, PAUSE = "kill", "lose", "hang", "pause"
IMPATIENT = 2.0
"""Seconds until a request to the API server is given up, in place of 30, where an order says that it hangs."""

_who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="")
"""Who acts on behalf of an object: `engine` for a request, `schedule` for a schedule."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, and at which point. `action`: kill, lose, hang, pause, or the status that the API server answers.

    `lag`: seconds by which every watch is behind. `names`: what to call the endpoint at an address.
    """

    names: Mapping[str, str]
    at: str = ""
    action: str = ""
    lag: float = 0.0


class Book:
    """Counts the points, tells each to whoever ordered this process, and interferes at one."""

    def __init__(self, plan: Plan, channel: Channel) -> None:
        self.plan, self._channel = plan, channel
        self._counts: collections.Counter[str] = collections.Counter()

    def call(self, what: str) -> str:
        """A call is about to be made; the name of this occurrence."""
        self._counts[what] += 1
        return f"{what}#{self._counts[what]}"

    async def reached(self, point: str) -> str:
        """What to do at this point, beside going on; whoever is killed or paused here does not come to it."""
        hit = point == self.plan.at
        self._channel.tell({"point": point, "hit": hit})
        if not hit:
            return ""
        if self.plan.action == KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.plan.action == PAUSE:
            await self._channel.word()
        return self.plan.action


class Channel:
    """The line to whoever ordered this process: one JSON object a line outwards, one byte a permission inwards."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def tell(self, message: Mapping[str, object]) -> None:
        """Tell, before anything else happens; who has stopped listening does not mind."""
        os.write(self._descriptor, json.dumps(message).encode() + b"\n")

    async def word(self) -> None:
        """Wait for permission to go on; the rest of the process runs."""
        loop, given = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._descriptor, given.set)
        try:
            await given.wait()
        finally:
            loop.remove_reader(self._descriptor)
        os.read(self._descriptor, 1)


class Port:
    """A storage port, with a point before and after each call that is made for the request."""

    def __init__(self, book: Book, name: str, port: object) -> None:
        self._book, self._name, self._port = book, name, port

    def __getattr__(self, call: str) -> Any:
        method = getattr(self._port, call)
        return functools.partial(self._ask, call, method) if inspect.iscoroutinefunction(method) else method

    async def _ask(self, call: str, method: Callable[..., Awaitable[Any]], *args: Any, **more: Any) -> Any:
        # the poller polls because somebody follows a transfer, and for nothing else
        if call == "close" or not (_who.get() or call == "transfers"):
            return await method(*args, **more)
        point = self._book.call(f"{self._name}:{call}")
        await self._book.reached(f"{point}.before")
        outcome = await method(*args, **more)
        if await self._book.reached(f"{point}.after") != LOSE:
            return outcome
        text = f"the answer to {call} was lost on purpose"
        if call in MUTATING:
            return Indeterminate(reasons.ANSWER_LOST, text)
        return Unavailable(reasons.UNREACHABLE, text)


class Connector:
    """The product's connector; its ports have points."""

    def __init__(self, book: Book, connector: StorageConnector) -> None:
        self._book, self._connector = book, connector

    def vcenter(self, spec: VCenterSpec, **more: Any) -> Any:
        """As the product makes it."""
        return self._watched(spec, self._connector.vcenter(spec, **more))

    def array(self, spec: FlashArraySpec, **more: Any) -> Any:
        """As the product makes it."""
        return self._watched(spec, self._connector.array(spec, **more))

    def _watched(self, spec: VCenterSpec | FlashArraySpec, port: object) -> Any:
        name = self._book.plan.names.get(str(spec.address), str(spec.address))
        return port if isinstance(port, Refused) else Port(self._book, name, port)


class Gate:
    """aiohttp's middleware on the way to the API server, which kopf's requests pass as well."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._answering: tuple[aiohttp.ClientSession, str] | None = None

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Pass it on, with a point before and one after."""
        what = _about(request.method, request.url.path, _who.get())
        if what is None or "watch" in request.url.query:
            return await handler(request)
        point = self._book.call(what)
        action = await self._book.reached(f"{point}.before")
        if action == HANG:
            await asyncio.Event().wait()
        if action.isdigit():
            return await self._answer(action)
        response = await handler(request)
        action = await self._book.reached(f"{point}.after")
        if not action or action == PAUSE:
            return response
        response.release()
        if action == HANG:
            await asyncio.Event().wait()
        if action == LOSE:
            raise aiohttp.ServerDisconnectedError
        return await self._answer(action)

    async def _answer(self, status: str) -> aiohttp.ClientResponse:
        """What an API server says with that status, as a real answer from a real socket."""
        if self._answering is None:
            served = web.Application()
            served.router.add_get("/{status}", _decline)
            runner = web.AppRunner(served)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            port = runner.addresses[0][1]
            self._answering = aiohttp.ClientSession(), f"http://127.0.0.1:{port}"
        http, url = self._answering
        return await http.get(f"{url}/{status}")


async def _decline(request: web.Request) -> web.Response:
    status = int(request.match_info["status"])
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status, "message": "declined on purpose"}
    return web.json_response(body, status=status)


def _about(method: str, path: str, who: str) -> str | None:
    """What to call a request to the API server; None for those that are made for nobody in particular."""
    rest = next((path.partition(one)[2] for one in REQUESTS if one in path), "")
    if rest:
        return f"{who or 'settle'}:{method} {'status' if rest.endswith('/status') else 'object'}"
    if path.endswith("/events") and method == "POST":
        return "engine:POST event"
    if not who:
        return None
    if path.endswith("/replicationsyncs"):
        return f"{who}:{method} syncs"
    return f"{who}:{method} {'group status' if '/replicationgroups/' in path else 'other'}"


async def _lagging(content: aiohttp.StreamReader, lag: float) -> AsyncIterator[bytes]:
    """A watch's lines, each that much later than it came."""
    lines: asyncio.Queue[tuple[float, bytes | None]] = asyncio.Queue()

    async def read() -> None:
        try:
            async for line in _lines(content):
                lines.put_nowait((time.monotonic() + lag, line))
        finally:
            lines.put_nowait((time.monotonic() + lag, None))

    reading = asyncio.create_task(read())
    try:
        while True:
            due, line = await lines.get()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if line is None:
                await reading  # it may have ended with an error, which is told late as well
                return
            yield line
    finally:
        reading.cancel()


_lines = kopf_api.iter_jsonlines


def instrument(plan: Plan, channel: Channel) -> None:
    """Put points into the operator of this process. To be called before it is started."""
    book = Book(plan, channel)
    inside: Any = program  # its imports are replaced, which no type checker likes
    run, connect, settings_of = RequestTask._run, inside.connect, inside.operator_settings  # noqa: SLF001 - test-only
    storage_connector, poll_once = inside.StorageConnector, ScheduleMonitor.poll_once

    async def run_on_behalf(reconciler: AnyReconciler) -> None:
        _who.set("engine")
        await run(reconciler)

    async def polled_on_behalf(monitor: ScheduleMonitor) -> bool:
        _who.set("schedule")
        return await poll_once(monitor)

    def connected(*args: Any, **more: Any) -> Connection:
        connection: Connection = connect(*args, **more)
        gate: aiohttp.ClientMiddlewareType = Gate(book)
        middlewares = (*connection.middlewares, gate)
        connection.http._middlewares = middlewares  # noqa: SLF001 - aiohttp takes none later
        return dataclasses.replace(connection, middlewares=middlewares)

    def settings() -> kopf.OperatorSettings:
        made: kopf.OperatorSettings = settings_of()
        if plan.action == HANG:
            made.networking.request_timeout = IMPATIENT
        return made

    if plan.action == HANG:
        session._TIMEOUT = aiohttp.ClientTimeout(total=IMPATIENT)  # noqa: SLF001 - scaled down
    if plan.lag:
        kopf_api.iter_jsonlines = lambda content, *_: _lagging(content, plan.lag)
    RequestTask._run = run_on_behalf  # type: ignore[method-assign,assignment]  # noqa: SLF001 - tasks inherit whose they are
    ScheduleMonitor.poll_once = polled_on_behalf  # type: ignore[method-assign,assignment]
    inside.connect, inside.operator_settings = connected, settings
    inside.StorageConnector = lambda *args: Connector(book, storage_connector(*args))
