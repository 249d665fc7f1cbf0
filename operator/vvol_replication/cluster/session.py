"""The connections towards the API server, shared by kopf and by our own calls.

Where the server is and who we are is read by the `kubernetes` library (kubeconfig with all its kinds of login, or the
pod's service account); the calls are raw aiohttp, at a third of the cost
(docs/facts/kopf.md#clients-of-the-api-server).
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
from kubernetes import client, config

# The library has no annotations here.
_load_pod: Callable[..., None] = config.load_incluster_config
_load_file: Callable[..., None] = config.load_kube_config

_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
_CONNECTIONS = 50
OURS = 40
"""So many of the connections are for our own calls at once; the others are left to kopf's."""
_CONFLICT = 409
_CONFLICT_PAUSES = (0.1, 0.3, 1.0, 3.0, 9.0)  # seconds; together less than a request may take
_TOKEN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the API server is, and the session to it. Paths are relative to `server`; requests pass `middlewares`."""

    server: str
    http: aiohttp.ClientSession
    middlewares: tuple[aiohttp.ClientMiddlewareType, ...] = ()

    def patient(self) -> aiohttp.ClientSession:
        """A session for kopf, over the same connections. Who takes it closes it.

        kopf takes a conflict for a defect and lets the object lie until its watch begins anew, after minutes. The API
        server answers so where others keep changing an object; kopf's patches have no precondition that this could
        break, or test it themselves, so they are repeated.
        """
        return aiohttp.ClientSession(
            connector=self.http.connector,
            connector_owner=False,
            timeout=self.http.timeout,
            headers=self.http.headers,
            middlewares=(_repeat_conflicts, *self.middlewares),
        )


async def _repeat_conflicts(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    for pause in _CONFLICT_PAUSES:
        response = await handler(request)
        if request.method != "PATCH" or response.status != _CONFLICT:
            return response
        response.release()
        await asyncio.sleep(pause)
    return await handler(request)


def connect(kubeconfig: str | None = None, *, watches: int = 0) -> Connection:
    """Find the API server: an explicit kubeconfig, the pod's service account, or the user's kubeconfig.

    `watches` is how many connections will be held open by watches; calls have their own beside them.

    Raises:
        kubernetes.config.ConfigException: if there is none of these, or it cannot be read.
    """
    settings = client.Configuration()
    _load(settings, kubeconfig)
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS + watches, ssl=_tls(settings))
    middlewares = (_Authorization(settings),)
    http = aiohttp.ClientSession(
        connector=connector,
        timeout=_TIMEOUT,
        headers={"User-Agent": "vvol-replication-operator"},
        middlewares=middlewares,
    )
    return Connection(settings.host, http, middlewares)


def _load(settings: client.Configuration, kubeconfig: str | None) -> None:
    if kubeconfig is None:
        with contextlib.suppress(config.ConfigException):
            _load_pod(client_configuration=settings)
            return
    _load_file(config_file=kubeconfig, client_configuration=settings)


class _Authorization:
    """Sets the token of the moment on each request: service account tokens are renewed under our feet.

    The library reads a file for that, or runs a login program, so it is asked in a thread and not for each request.
    """

    def __init__(self, settings: client.Configuration) -> None:
        self._settings = settings
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._good_until = -math.inf

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        token = await self._current()
        if token:
            request.headers["Authorization"] = token
        return await handler(request)

    async def _current(self) -> str | None:
        async with self._lock:
            if time.monotonic() >= self._good_until:
                try:
                    self._token = await asyncio.to_thread(self._read)
                except Exception as error:
                    # Whatever a login program does, to those who call it is a server that cannot be reached.
                    raise aiohttp.ClientConnectionError(f"no token: {type(error).__name__}") from error
                self._good_until = time.monotonic() + _TOKEN_SECONDS
            return self._token

    def _read(self) -> str | None:
        token = self._settings.get_api_key_with_prefix("authorization")
        token = token or self._settings.get_api_key_with_prefix("BearerToken")
        return str(token).strip() if token else None  # files of tokens end with a line break


def _tls(settings: client.Configuration) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.ssl_ca_cert)
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    if not settings.verify_ssl:  # the kubeconfig says insecure-skip-tls-verify
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
