"""One HTTP exchange with an array, bounded in time and size, that knows whether its request was sent.

`purestorage` calls `requests.request`, which trusts the environment (proxies, netrc, CA bundles), makes a TLS
connection for each call, follows redirections and lets a server dribble its answer for ever. A session of our own
does none of that.
"""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from http import cookiejar
from typing import Any, Final

import requests
import urllib3
from requests.adapters import HTTPAdapter

from vvol_replication.storage.flasharray import http
from vvol_replication.storage.flasharray.errors import NotReached, Unreadable
from vvol_replication.storage.flasharray.http import Answer, Timeouts
from vvol_replication.storage.flasharray.metadata import ResponseMetadata
from vvol_replication.storage.lane import Permit
from vvol_replication.storage.tls import TLSTrust

IDLE: Final = 4.0
"""Seconds after which a kept connection is not used again: web servers drop idle ones after 5 s and more, and a request
that crosses such an end is lost without need."""

_CHUNK: Final = 64 * 1024


class Wire:
    """The connection to one array, kept between calls. For one thread at a time."""

    def __init__(self, trust: TLSTrust, timeouts: Timeouts, metadata: ResponseMetadata) -> None:
        if trust.insecure:
            # Said in the object in as many words; urllib3 would warn on every call.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._timeouts = timeouts
        self._metadata = metadata
        self._last_used = time.monotonic()
        self._connection = requests.Session()
        self._connection.trust_env = False
        self._connection.mount("https://", _Trusting(trust))
        # The client keeps the cookies; a second jar here would outlive a logout.
        self._connection.cookies.set_policy(cookiejar.DefaultCookiePolicy(allowed_domains=()))
        self.deadline = time.monotonic() + timeouts.call
        """The monotonic moment at which the call under way has to be over."""

    @property
    def remaining(self) -> float:
        """Seconds left for the call under way."""
        return self.deadline - time.monotonic()

    def begin_logout(self) -> None:
        """Give the exchange that ends a session its own, short time."""
        self.deadline = time.monotonic() + self._timeouts.logout

    def exchange(
        self,
        method: str,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        cookies: Mapping[str, str],
        *,
        permit: Permit | None = None,
    ) -> Answer:
        """Send one request and read the whole answer. Raises `NotReached`, `HeldOff`, or what `permit` raises."""
        self._metadata.check()
        remaining = self.remaining
        if remaining <= 0:
            raise NotReached(requests.Timeout(), sent=False)
        if method == "POST" or time.monotonic() - self._last_used > IDLE:
            # What changes something goes out on a connection of its own: one that is being dropped would lose it.
            self._connection.close()
        outgoing = _Outgoing(body, permit)
        try:
            with self._connection.request(
                method,
                url,
                data=outgoing,
                headers=dict(headers),
                cookies=dict(cookies),
                timeout=(min(self._timeouts.connect, remaining), min(self._timeouts.read, remaining)),
                allow_redirects=False,
                stream=True,
            ) as response:
                self._metadata.heard(response.status_code, response.headers, outgoing.begun_at, time.time())
                content = self._read(response)
                found = {cookie.name: cookie.value or "" for cookie in response.cookies}
                return Answer(response.status_code, response.headers, content, found)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise NotReached(error, sent=outgoing.begun) from error
        finally:
            self._last_used = time.monotonic()

    def close(self) -> None:
        """Let go of the socket; a later exchange makes a new one."""
        self._connection.close()

    def _read(self, response: requests.Response) -> bytes:
        """The body, piece by piece as it comes, so that the deadline is seen between two pieces."""
        content = bytearray()
        while piece := response.raw.read1(_CHUNK, decode_content=True):
            content += piece
            if self.remaining <= 0:
                raise requests.ReadTimeout
            if len(content) > http.LARGEST:
                raise Unreadable(f"more than {http.LARGEST} bytes")
        return bytes(content)


class _Outgoing(io.BytesIO):
    """A request's body that notices when it begins to be sent: after connection, TLS and headers.

    Until then the array cannot have acted on the request.
    """

    def __init__(self, content: bytes, permit: Permit | None) -> None:
        super().__init__(content)
        self._permit = permit
        self.begun = False
        self.begun_at = time.time()

    def read(self, size: int | None = -1, /) -> bytes:
        if not self.begun:
            if self._permit is not None:
                self._permit.use()
            self.begun, self.begun_at = True, time.time()
        return super().read(size)


class _Trusting(HTTPAdapter):
    """Connections that trust exactly what `TLSTrust` says; `requests` would add its own bundle to the context."""

    def __init__(self, trust: TLSTrust) -> None:
        self._trust = trust
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:  # noqa: FBT001, FBT002 - overrides
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._trust.context(), **kwargs)

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {}

    def close(self) -> None:
        """Close the sockets here and now: urllib3 leaves that to the garbage collector, which a traceback holds up."""
        pools = self.poolmanager.pools
        for key in pools.keys():  # noqa: SIM118 - this mapping refuses to be iterated over
            pool = pools.get(key)
            if pool is not None:
                pool.close()
        super().close()

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing: the context says it all."""
