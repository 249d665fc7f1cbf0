"""The sessions with one array: few, made when first needed, each used by one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from vvol_replication.storage.flasharray.errors import IdentityDiffers
from vvol_replication.storage.flasharray.http import Timeouts
from vvol_replication.storage.flasharray.metadata import ResponseMetadata
from vvol_replication.storage.tls import TLSTrust

from .client import Client, Login
from .exchange import Wire


class Sessions:
    """Lends clients. There are never more than threads that ask at once; the one used last is lent first."""

    def __init__(self, login: Login, trust: TLSTrust, timeouts: Timeouts, metadata: ResponseMetadata) -> None:
        self._login = login
        self._trust = trust
        self._timeouts = timeouts
        self._metadata = metadata
        self._lock = threading.Lock()
        self._idle: list[Client] = []
        self._closed = False

    @contextmanager
    def one(self, deadline: float) -> Iterator[Client]:
        """A client with an open session, for calls that are over at `deadline`. Raises `CallFailed` from the login.

        One that met a foreign array is thrown away with its session there: its cookie would be taken for a login.
        """
        client = self._borrow(deadline)
        try:
            yield client
        except IdentityDiffers:
            client.close()
            raise
        except BaseException:
            self._give_back(client)
            raise
        self._give_back(client)

    def close(self) -> None:
        """Log out of the idle sessions; those in use are logged out when their call is over. May be called twice."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for client in idle:
            client.close()

    def _borrow(self, deadline: float) -> Client:
        with self._lock:
            client = self._idle.pop() if self._idle else None
        if client is None:
            wire = Wire(self._trust, self._timeouts, self._metadata)
            wire.deadline = deadline
            return Client(self._login, wire)
        client.begin(deadline)
        return client

    def _give_back(self, client: Client) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(client)
                return
        client.close()
