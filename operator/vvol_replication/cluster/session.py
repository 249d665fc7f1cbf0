"""One HTTP session towards the API server, shared by kopf and by our own calls.

Where the server is and who we are is read by the `kubernetes` library (kubeconfig with all its kinds of login, or the
pod's service account); the calls are raw aiohttp, at a third of the cost (reference: kopf §2.8).
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
from kubernetes import client, config

# The library has no annotations here.
_load_pod: Callable[..., None] = config.load_incluster_config
_load_file: Callable[..., None] = config.load_kube_config

_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
_CONNECTIONS = 100


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the API server is, and the session to it. Paths are relative to `server`."""

    server: str
    default_namespace: str | None
    http: aiohttp.ClientSession


def connect(kubeconfig: str | None = None) -> Connection:
    """Find the API server: an explicit kubeconfig, the pod's service account, or the user's kubeconfig.

    Raises:
        kubernetes.config.ConfigException: if there is none of these, or it cannot be read.
    """
    settings = client.Configuration()
    _load(settings, kubeconfig)
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS, ssl=_tls(settings))
    http = aiohttp.ClientSession(
        connector=connector,
        timeout=_TIMEOUT,
        headers={"User-Agent": "vvol-replication-operator"},
        middlewares=(_Authorization(settings),),
    )
    return Connection(settings.host, None, http)


def _load(settings: client.Configuration, kubeconfig: str | None) -> None:
    if kubeconfig is None:
        with contextlib.suppress(config.ConfigException):
            _load_pod(client_configuration=settings)
            return
    _load_file(config_file=kubeconfig, client_configuration=settings)


class _Authorization:
    """Sets the token of the moment on each request: service account tokens are renewed under our feet."""

    def __init__(self, settings: client.Configuration) -> None:
        self._settings = settings

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        token = self._settings.get_api_key_with_prefix("authorization") or self._settings.get_api_key_with_prefix(
            "BearerToken"
        )
        if token:
            request.headers["Authorization"] = token
        return await handler(request)


def _tls(settings: client.Configuration) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.ssl_ca_cert)
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    if not settings.verify_ssl:  # the kubeconfig says insecure-skip-tls-verify
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
