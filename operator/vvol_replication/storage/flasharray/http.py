"""HTTP exchanges with one array on the event loop, bounded in time, size and number, that know whether they were sent.

No redirection is followed, no proxy or cookie of the environment used, nothing repeated but a read that met the end of
a kept connection (aiohttp does that for GET only). A POST has a connection of its own: one that the array is about to
drop would lose it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

import aiohttp

from vvol_replication.storage import reasons
from vvol_replication.storage.tls import TLSTrust

from . import answer as answers
from .agent import USER_AGENT
from .answer import Answer
from .failures import NotAsked, NotReached, Unreadable
from .sidenotes import SideNotes
from .timeouts import Timeouts

_CHUNK: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; `body` goes out as JSON, None as no body at all."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Any = None


@dataclass(slots=True)
class _Sending:
    """What becomes of one request: set before its first byte can have left."""

    begun: bool = False
    begun_at: float = field(default_factory=time.time)

    def begin(self) -> None:
        if not self.begun:
            self.begun, self.begun_at = True, time.time()


class Http:
    """Connections to one array, made when first needed. For one event loop."""

    def __init__(self, address: str, trust: TLSTrust, timeouts: Timeouts, notes: SideNotes, *, at_once: int) -> None:
        self._base = f"https://{address}"
        self._trust = trust
        self._timeouts = timeouts
        self._notes = notes
        self._room = asyncio.Semaphore(at_once)
        self._kept: aiohttp.ClientSession | None = None
        self._fresh: aiohttp.ClientSession | None = None

    async def exchange(self, request: Request, deadline: float) -> Answer:
        """Send one request and read the whole answer by `deadline` (monotonic).

        Raises `NotAsked`, `HeldOff`, `NotReached`, `Unreadable`.
        """
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                await self._room.acquire()
        except TimeoutError:
            raise NotAsked(reasons.TIMED_OUT_CALLING, "not asked, because earlier calls to it still hang") from None
        try:
            return await self._exchange(request, deadline)
        finally:
            self._room.release()

    async def last(self, request: Request) -> None:
        """One exchange at the end, within the time of a logout, even if all room is taken. Raises as `exchange`."""
        await self._exchange(request, time.monotonic() + self._timeouts.logout)

    async def close(self) -> None:
        """Let go of all connections; what is under way on them breaks."""
        for session in (self._kept, self._fresh):
            if session is not None:
                await session.close()

    async def _exchange(self, request: Request, deadline: float) -> Answer:
        self._notes.check()
        left = deadline - time.monotonic()
        if left <= 0:
            raise NotReached(TimeoutError(), sent=False)
        sending = _Sending()
        try:
            async with self._session(request.method).request(
                request.method,
                self._base + request.path,
                params=request.query,
                headers=dict(request.headers),
                data=None if request.body is None else json.dumps(request.body).encode(),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=left,
                    sock_connect=min(self._timeouts.connect, left),
                    sock_read=min(self._timeouts.read, left),
                ),
                trace_request_ctx=sending,
            ) as response:
                self._notes.heard(response.status, response.headers, sending.begun_at, time.time())
                return Answer(response.status, response.headers, await _read(response))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, RuntimeError) as error:
            # RuntimeError: the session was closed meanwhile
            raise NotReached(error, sent=sending.begun) from error

    def _session(self, method: str) -> aiohttp.ClientSession:
        if method == "GET":
            if self._kept is None:
                self._kept = self._connected(keepalive_timeout=answers.IDLE)
            return self._kept
        if self._fresh is None:
            self._fresh = self._connected(force_close=True)
        return self._fresh

    def _connected(self, **kept: Any) -> aiohttp.ClientSession:
        watch = aiohttp.TraceConfig()
        watch.on_request_headers_sent.append(_begun)
        watch.on_request_chunk_sent.append(_begun)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._trust.context(), limit=0, **kept),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": USER_AGENT, "Content-Type": "application/json", "Accept": "application/json"},
            trace_configs=[watch],
            trust_env=False,
        )


async def _begun(_: aiohttp.ClientSession, context: SimpleNamespace, __: Any) -> None:
    context.trace_request_ctx.begin()


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body, as long as it is none without end."""
    content = bytearray()
    async for piece in response.content.iter_chunked(_CHUNK):
        content += piece
        if len(content) > answers.LARGEST:
            raise Unreadable(f"more than {answers.LARGEST} bytes")
    return bytes(content)
