"""HTTP with an array: what both families share (bounds, an answer), and the exchanges of REST 2 on the event loop.

Exchanges are bounded in time, size and number, and know whether their request was sent.

No redirection is followed, no proxy or cookie of the environment used. aiohttp asks once more by itself where a
connection breaks without an answer, and the method is one that may be asked twice: GET, of those used here
(docs/facts/kopf.md#clients-of-the-api-server). All that changes something is a POST, which is never repeated, and has a
connection of its own: one that the array is about to drop would lose it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from types import SimpleNamespace
from typing import Any, Final

import aiohttp

from vvol_replication.storage import reasons
from vvol_replication.storage.tls import TLSTrust

from .errors import Answered, NotAsked, NotReached, Unreadable
from .metadata import ResponseMetadata

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of an answer. A row of a snapshot has about 200."""

KEPT: Final = 45.0
"""Seconds after which a kept connection is not used again. An array is read every 30 s, and each reading would begin
with a TLS handshake otherwise. A GET that crosses the end of a connection is sent once more by aiohttp."""

_CHUNK: Final = 64 * 1024


def _version() -> str:
    try:
        return version("vvol-replication")
    except PackageNotFoundError:  # run from a source tree that was not installed
        return "unknown"


USER_AGENT: Final = f"vvol-replication-operator/{_version()}"
"""How the operator names itself to arrays."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long an array may take, in seconds.

    `connect` bounds one connection attempt, `read` the time between two pieces of an answer, `call` a whole call with
    all that it needs first, and `logout` the last exchange of a session.
    """

    connect: float = 5.0
    read: float = 30.0
    call: float = 45.0
    logout: float = 3.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What an array answered to one request: status, headers (names in any case) and body; cookies of REST 1.

    Only the status shows in a repr: headers and cookies hold the session, and a body may repeat what was sent.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8", errors="replace")

    def check(self) -> None:
        """See that it is a success, whatever its content. Raises `Answered` for every other status."""
        if self.status != HTTPStatus.OK:
            raise Answered(self.status, self.text, self.headers)

    def json(self) -> Any:
        """The content of a success. Raises `Answered` for every other status, and `Unreadable`."""
        self.check()
        kind = self.headers.get("Content-Type", "")
        if "application/json" not in kind.lower():
            raise Unreadable(f"it was answered with {kind or 'content of no type'} instead of JSON")
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Unreadable("the JSON of the answer is broken or cut off") from None


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; `body` goes out as JSON, None as no body at all."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Any = None
    changes: bool = False
    """Does it change something on the array? Then it is sent only while this process leads."""


class _NotLeadingError(Exception):
    """This process must not change anything any more."""


@dataclass(slots=True)
class _Sending:
    """What becomes of one request: set before its first byte can have left."""

    may_begin: Callable[[], bool]
    begun: bool = False
    begun_at: float = field(default_factory=time.time)

    def begin(self) -> None:
        if self.begun:
            return
        if not self.may_begin():
            raise _NotLeadingError
        self.begun, self.begun_at = True, time.time()


class Http:
    """Connections to one array, made when first needed. For one event loop."""

    def __init__(
        self,
        address: str,
        trust: TLSTrust,
        timeouts: Timeouts,
        metadata: ResponseMetadata,
        *,
        leading: Callable[[], bool],
        at_once: int,
    ) -> None:
        """`leading` is asked right before a request that changes something; `at_once` bounds exchanges."""
        self._base = f"https://{address}"
        self._trust = trust
        self._timeouts = timeouts
        self._metadata = metadata
        self._leading = leading
        self._room = asyncio.Semaphore(at_once)
        self.waiting = 0
        """How many exchanges wait for room."""
        self._kept: aiohttp.ClientSession | None = None
        self._fresh: aiohttp.ClientSession | None = None

    async def exchange(self, request: Request, deadline: float) -> Answer:
        """Send one request and read the whole answer by `deadline` (monotonic).

        Raises `NotAsked`, `HeldOff`, `NotReached`, `Unreadable`.
        """
        self.waiting += 1
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                await self._room.acquire()
        except TimeoutError:
            raise NotAsked(reasons.TIMED_OUT_CALLING, "not asked, because earlier calls to it still hang") from None
        finally:
            self.waiting -= 1
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
        self._metadata.check()
        left = deadline - time.monotonic()
        if left <= 0:
            raise NotReached(TimeoutError(), sent=False)
        sending = _Sending(self._leading if request.changes else _always)
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
                self._metadata.heard(response.status, response.headers, sending.begun_at, time.time())
                return Answer(response.status, response.headers, await _read(response))
        except _NotLeadingError:
            raise NotAsked(
                reasons.TIMED_OUT_CALLING, "not asked, because this process does not lead any more"
            ) from None
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, RuntimeError) as error:
            # RuntimeError: the session was closed meanwhile
            raise NotReached(error, sent=sending.begun) from error

    def _session(self, method: str) -> aiohttp.ClientSession:
        if method == "GET":
            if self._kept is None:
                self._kept = self._connected(keepalive_timeout=KEPT)
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


def _always() -> bool:
    return True


async def _begun(_: aiohttp.ClientSession, context: SimpleNamespace, __: Any) -> None:
    context.trace_request_ctx.begin()


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body, as long as it is none without end."""
    content = bytearray()
    async for piece in response.content.iter_chunked(_CHUNK):
        content += piece
        if len(content) > LARGEST:
            raise Unreadable(f"more than {LARGEST} bytes")
    return bytes(content)
