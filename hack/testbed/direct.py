"""What a test sets up and looks at in a control plane of ours, over a kept connection: a program for each costs more.

With a kubectl for each look, three tests that wait keep two cores busy, and the operator that they wait for waits for
them. Looks over a kept connection were still half of all that the API server was asked: who waits for an object watches
it. What people do, and are told, is asked of kubectl itself.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

GROUP = "replication.vvol.dev"
BASE = f"/apis/{GROUP}/v1alpha1"
NAMESPACED = {
    "replicationsync": "replicationsyncs",
    "replicationgroup": "replicationgroups",
    "failoverpreparation": "failoverpreparations",
    "replicationschedule": "replicationschedules",
}
CLUSTER_WIDE = {"vcenter": "vcenters", "flasharray": "flasharrays"}
CORE = {"secret": "secrets", "configmap": "configmaps"}
NAMESPACES = "/api/v1/namespaces"
PATIENCE = 60.0
WATCHED = 5
"""Seconds of one watch."""
AGENT = "kubectl-in-person"
"""In the audit log, where the operator's writes are told from people's by the name of kubectl."""
JSON, MERGE, APPLY = "application/json", "application/merge-patch+json", "application/apply-patch+yaml"

Object = dict[str, Any]


class DirectError(Exception):
    """The API server said something else than what was asked for; the message has its words."""


def _plural(kind: str, table: Mapping[str, str]) -> str | None:
    """The plural of a kind as kubectl takes it: singular, plural, or with its group. None: it is not of this table."""
    word = kind.lower().removesuffix(f".{GROUP}")
    return word if word in table.values() else table.get(word)


class Direct:
    """The admin's requests. Each thread has a connection of its own, which is made again when the server dropped it."""

    def __init__(self, server: str, credentials: Path) -> None:
        """`credentials`: the directory with a control plane's `ca.crt` and `admin.pem`."""
        self._where = urlsplit(server)
        self._tls = ssl.create_default_context(cafile=str(credentials / "ca.crt"))
        self._tls.load_cert_chain(credentials / "admin.pem")
        self._own = threading.local()
        self._all: list[http.client.HTTPSConnection] = []

    @staticmethod
    def path(kind: str, namespace: str | None, *name: str) -> str | None:
        """Where an object is, or without a name all of its kind (as kubectl takes it). None: no kind known here."""
        place = f"namespaces/{namespace or 'default'}"
        if (plural := _plural(kind, CLUSTER_WIDE)) is not None:
            return "/".join([BASE, plural, *name])
        if (plural := _plural(kind, NAMESPACED)) is not None:
            return "/".join([BASE, place, plural, *name])
        if (plural := _plural(kind, CORE)) is not None and name:  # items of a list do not say what they are
            return "/".join(["/api/v1", place, plural, *name])
        return None

    def read(self, path: str) -> Object | None:
        """The object there; None: there is none."""
        status, content = self._ask("GET", path)
        return None if status == HTTPStatus.NOT_FOUND else _decoded("GET", path, status, content)

    def states(self, path: str) -> Generator[Object | None, None, None]:
        """The object there as it is, and after each change; None: there is none. It is told again every few seconds.

        A watch may begin with what was so before: only what is newer than what was read is told.
        """
        while True:
            seen = self.read(path)
            yield seen
            newest = 0 if seen is None else int(seen["metadata"]["resourceVersion"])
            collection, _, name = path.rpartition("/")
            query = {"watch": "true", "fieldSelector": f"metadata.name={name}", "timeoutSeconds": str(WATCHED)}
            with contextlib.closing(self._connect()) as connection:
                connection.request("GET", f"{collection}?{urlencode(query)}", headers={"User-Agent": AGENT})
                answer = connection.getresponse()
                if answer.status != HTTPStatus.OK:
                    _decoded("GET", path, answer.status, answer.read())
                for line in answer:
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        break
                    if int(event["object"]["metadata"]["resourceVersion"]) > newest:
                        yield None if event["type"] == "DELETED" else event["object"]

    def make_namespace(self, name: str) -> None:
        """Create a namespace."""
        self._write("POST", NAMESPACES, {"metadata": {"name": name}}, JSON)

    def apply(self, obj: Object, namespace: str | None) -> Object:
        """Apply an object of a kind that is known here, as `kubectl apply --server-side --force-conflicts` does."""
        metadata = obj["metadata"]
        path = self.path(obj["kind"], metadata.get("namespace", namespace), metadata["name"])
        if path is None:
            raise DirectError(f"where a {obj['kind']} is, is not known: apply it with kubectl")
        options = {"fieldManager": "kubectl", "force": "true", "fieldValidation": "Strict"}
        return self._write("PATCH", f"{path}?{urlencode(options)}", obj, APPLY)

    def patch(self, path: str, body: Object) -> Object:
        """Change what is at a path by a merge patch."""
        return self._write("PATCH", path, body, MERGE)

    def delete(self, path: str) -> None:
        """Ask for the end of what is at a path, if it is there. It goes when its finalizers are gone."""
        status, content = self._ask("DELETE", path)
        if status != HTTPStatus.NOT_FOUND:
            _decoded("DELETE", path, status, content)

    def close(self) -> None:
        """Close the connections of all threads."""
        for one in self._all:
            with contextlib.suppress(OSError):
                one.close()

    def _write(self, method: str, path: str, body: Object, kind: str) -> Object:
        return _decoded(method, path, *self._ask(method, path, body, kind))

    def _ask(self, method: str, path: str, body: Object | None = None, kind: str = JSON) -> tuple[int, bytes]:
        try:
            return self._ask_once(method, path, body, kind)
        except (ConnectionError, http.client.RemoteDisconnected, ssl.SSLError):
            # It had been idle for long, and the server has closed it, with a word of TLS or without one.
            return self._ask_once(method, path, body, kind)

    def _ask_once(self, method: str, path: str, body: Object | None, kind: str) -> tuple[int, bytes]:
        connection = self._connection()
        headers = {"Accept": JSON, "Content-Type": kind, "User-Agent": AGENT}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except BaseException:
            connection.close()  # the next request opens it again
            raise

    def _connection(self) -> http.client.HTTPSConnection:
        made: http.client.HTTPSConnection | None = getattr(self._own, "connection", None)
        if made is None:
            made = self._own.connection = self._connect()
            self._all.append(made)
        return made

    def _connect(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(
            self._where.hostname or "", self._where.port, timeout=PATIENCE, context=self._tls
        )


def _decoded(method: str, path: str, status: int, content: bytes) -> Object:
    if status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
        raise DirectError(f"{method} {path} was answered {status}: {content[:300].decode(errors='replace')}")
    found: Object = json.loads(content)
    return found
