"""The connections towards the API server, shared by kopf and by our own calls.

Where the server is and who we are is read by `login.py`; the calls are raw aiohttp, at a third of the cost of those of
the `kubernetes` library (docs/facts/kopf.md#clients-of-the-api-server).
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from .login import Login
from .settings import NoApiServerError
from .writes import Writes

_log = logging.getLogger(__name__)
_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
_KEPT = 75.0
"""Seconds that an unused connection is kept: longer than the looks at Secrets are apart, for each would begin with a
TLS handshake otherwise. The API server closes it after 90 s (`k8s.io/apiserver`, `secure_serving.go`: IdleTimeout)."""
_CONNECTIONS = 50
OURS = 40
"""So many of the connections are for our own calls at once; the others are left to kopf's."""
_UNAUTHORIZED = 401
_LOGIN_SECONDS = 10.0
_SAID_AGAIN = 60.0  # seconds between two lines about the same trouble


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the API server is, and the session to it. Paths are relative to `server`; requests pass `middlewares`."""

    server: str
    http: aiohttp.ClientSession
    login: Login
    middlewares: tuple[aiohttp.ClientMiddlewareType, ...] = ()
    writes: Writes = field(default_factory=Writes)

    def for_kopf(self, *beside: aiohttp.ClientMiddlewareType) -> aiohttp.ClientSession:
        """A session for kopf, over the same connections. Who takes it closes it. Its requests pass `beside` first."""
        return aiohttp.ClientSession(
            connector=self.http.connector,
            connector_owner=False,
            timeout=self.http.timeout,
            headers=self.http.headers,
            middlewares=(*beside, *self.middlewares, _tell_closed),
            **_way(self.login),
        )


async def _tell_closed(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Kopf closes a session whose login was refused, also under a request that is being connected.

    It takes another session where it is told so by a RuntimeError, as aiohttp does for one that was closed before.
    """
    try:
        return await handler(request)
    except (AssertionError, AttributeError) as error:
        if request.session.closed:
            raise RuntimeError("Session is closed") from error
        raise


def connect(kubeconfig: str | None = None, *, watches: int = 0) -> Connection:
    """Find the API server: an explicit kubeconfig, the pod's service account, or the user's kubeconfig.

    `watches` is how many connections will be held open by watches; calls have their own beside them.

    Raises:
        NoApiServerError: if there is none of these, or it cannot be used.
        OSError: if a file cannot be read.
    """
    login = Login(kubeconfig)
    writes = Writes()
    middlewares = (writes, _Authorization(login))
    http = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS + watches, keepalive_timeout=_KEPT),
        timeout=_TIMEOUT,
        headers={"User-Agent": "vvol-replication-operator"},
        middlewares=middlewares,
        **_way(login),
    )
    return Connection(login.current.server, http, login, middlewares, writes)


def _way(login: Login) -> dict[str, Any]:
    """How a session gets to the API server: through which proxy, and by the TLS of the moment.

    A connection is used again only by requests of the same TLS context, so one under a certificate or CA that has been
    replaced is left to end.
    """

    class Request(aiohttp.ClientRequest):
        def __init__(self, *given: Any, **named: Any) -> None:
            now = login.current
            super().__init__(*given, **{**named, "ssl": now.tls, "server_hostname": now.tls_server_name})

    return {"request_class": Request, "proxy": login.current.proxy}


class _Authorization:
    """Sets the token of the moment on each request, and has the login renewed: not for each one, and in a thread."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._lock = asyncio.Lock()
        self._good_until = time.monotonic() + _LOGIN_SECONDS
        self._refused = False
        self._said, self._said_at = "", -math.inf

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        async with self._lock:
            if time.monotonic() >= self._good_until:
                await self._renew()
                self._good_until = time.monotonic() + _LOGIN_SECONDS
        token = self._login.current.token
        if token:
            request.headers["Authorization"] = token
        response = await handler(request)
        if response.status == _UNAUTHORIZED:
            self._refused = True
        return response

    async def _renew(self) -> None:
        """Whatever fails here, the API server judges the login from before: it may be good for a while."""
        anew, self._refused = self._refused, False
        try:
            await asyncio.to_thread(self._login.renew, anew=anew)
        except Exception as error:  # noqa: BLE001 - whatever a login program or a half-written file does
            self._refused = self._refused or anew
            self._say(str(error) if isinstance(error, NoApiServerError) else type(error).__name__)
        else:
            self._said = ""

    def _say(self, why: str) -> None:
        now = time.monotonic()
        if why != self._said or now >= self._said_at + _SAID_AGAIN:
            _log.warning("the login to the API server could not be read again: %s. The one from before is used.", why)
            self._said, self._said_at = why, now
