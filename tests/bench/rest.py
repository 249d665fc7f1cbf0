"""A raw client of the API server: one kept connection, no discovery, nothing between the clock and the request."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from testbed.stage import API_VERSION, Object

_OK = range(200, 300)


class ApiError(Exception):
    """The API server declined; the message has its words."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Api:
    """The API server as the cluster's admin. For one thread at a time."""

    def __init__(self, server: str, credentials: Path, timeout: float = 30) -> None:
        """Take the keys from a control plane's directory. `timeout`: seconds without a word from it."""
        self._tls = ssl.create_default_context(cafile=str(credentials / "ca.crt"))
        self._tls.load_cert_chain(credentials / "admin.pem")
        where = urlsplit(server)
        self._connection = http.client.HTTPSConnection(
            where.hostname or "", where.port, timeout=timeout, context=self._tls, blocksize=65536
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def call(self, method: str, path: str, body: Object | None = None, kind: str = "application/json") -> Any:
        """One request, with a body of that kind; the decoded answer. `ApiError` for anything but success."""
        data = None if body is None else json.dumps(body).encode()
        self._connection.request(method, path, data, {"Content-Type": kind})
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status not in _OK:
            text = content[:300].decode(errors="replace")
            raise ApiError(f"{method} {path} was answered {answer.status}: {text}", answer.status)
        return json.loads(content)

    def watch(self, path: str, version: str) -> Iterator[Object]:
        """Each event about the objects of a path after that version, as it comes; ends with the connection."""
        self._connection.request("GET", f"{path}?watch=1&resourceVersion={version}&timeoutSeconds=1800")
        with self._connection.getresponse() as answer:
            for line in answer:
                yield json.loads(line)

    def hang_up(self) -> None:
        """End what is watched, from another thread."""
        if self._connection.sock is not None:
            with contextlib.suppress(OSError):
                self._connection.sock.shutdown(socket.SHUT_RDWR)

    def create(self, obj: Object) -> Object:
        """Create a ReplicationSync, as kubectl would, whose own start takes longer than what is measured."""
        created: Object = self.call("POST", syncs(obj["metadata"]["namespace"]), obj)
        return created

    def sync(self, namespace: str, name: str) -> Object:
        """One ReplicationSync."""
        found: Object = self.call("GET", f"{syncs(namespace)}/{name}")
        return found

    def list_syncs(self, namespace: str) -> list[Object]:
        """All ReplicationSyncs of a namespace, as the API server's cache has them."""
        found: list[Object] = self.call("GET", f"{syncs(namespace)}?resourceVersion=0")["items"]
        return found


def syncs(namespace: str) -> str:
    """The path of a namespace's ReplicationSyncs."""
    return f"/apis/{API_VERSION}/namespaces/{namespace}/replicationsyncs"
