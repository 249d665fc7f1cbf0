"""Read the product's objects of a control plane of ours over a kept connection: a program for each look costs more.

A test that waits looks five times a second. With a kubectl for each look, three such tests keep two cores busy, and the
operator that they wait for waits for them.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pathlib import Path

BASE = "/apis/replication.vvol.dev/v1alpha1"
NAMESPACED = {
    "replicationsync": "replicationsyncs",
    "replicationgroup": "replicationgroups",
    "failoverpreparation": "failoverpreparations",
    "replicationschedule": "replicationschedules",
}
CLUSTER_WIDE = {"vcenter": "vcenters", "flasharray": "flasharrays"}
PATIENCE = 60.0

Object = dict[str, Any]


class ReadingError(Exception):
    """The API server said something else than the object, or that there is none."""


class Reader:
    """The admin's reads. Each thread has a connection of its own, which is made again when the server dropped it."""

    def __init__(self, server: str, credentials: Path) -> None:
        """`credentials`: the directory with a control plane's `ca.crt` and `admin.pem`."""
        self._where = urlsplit(server)
        self._tls = ssl.create_default_context(cafile=str(credentials / "ca.crt"))
        self._tls.load_cert_chain(credentials / "admin.pem")
        self._own = threading.local()
        self._all: list[http.client.HTTPSConnection] = []

    @staticmethod
    def path(kind: str, name: str, namespace: str | None) -> str | None:
        """Where an object is: `kind` as kubectl takes it, in the singular. None: not one of the product's kinds."""
        if kind in CLUSTER_WIDE:
            return f"{BASE}/{CLUSTER_WIDE[kind]}/{name}"
        if kind in NAMESPACED:
            return f"{BASE}/namespaces/{namespace or 'default'}/{NAMESPACED[kind]}/{name}"
        return None

    def read(self, path: str) -> Object | None:
        """The object there; None: there is none."""
        try:
            status, content = self._ask(path)
        except (ConnectionError, http.client.RemoteDisconnected):
            self._connection().close()  # it had been idle for long; the next request opens it again
            status, content = self._ask(path)
        if status == HTTPStatus.NOT_FOUND:
            return None
        if status != HTTPStatus.OK:
            raise ReadingError(f"GET {path} was answered {status}: {content[:300].decode(errors='replace')}")
        found: Object = json.loads(content)
        return found

    def close(self) -> None:
        """Close the connections of all threads."""
        for one in self._all:
            with contextlib.suppress(OSError):
                one.close()

    def _ask(self, path: str) -> tuple[int, bytes]:
        connection = self._connection()
        connection.request("GET", path, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def _connection(self) -> http.client.HTTPSConnection:
        made: http.client.HTTPSConnection | None = getattr(self._own, "connection", None)
        if made is None:
            made = http.client.HTTPSConnection(
                self._where.hostname or "", self._where.port, timeout=PATIENCE, context=self._tls
            )
            self._own.connection = made
            self._all.append(made)
        return made
