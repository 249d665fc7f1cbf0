"""The engine's `Cluster` port on a real API server."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp

from vvol_replication.api.names import API_VERSION, GROUP, VERSION, Kind
from vvol_replication.api.objects import Conflict, Failed, Gone, ObjectRef, WriteResult, Written

from .patches import merge_patch
from .session import Connection

_log = logging.getLogger(__name__)
_PAGE = 500
_COMPONENT = "vvol-replication"
_OK, _NOT_FOUND, _CONFLICT, _GONE = 200, 404, 409, 410


class ApiServer:
    """Reads, status writes, Secrets and events. No method raises for what the server or the network does."""

    def __init__(self, connection: Connection, *, operator_namespace: str, namespaces: tuple[str, ...] = ()) -> None:
        self._connection = connection
        self._operator_namespace, self._namespaces = operator_namespace, namespaces

    async def write_status(
        self, ref: ObjectRef, before: Mapping[str, Any], after: Mapping[str, Any], resource_version: str | None
    ) -> WriteResult:
        """Make `status` what `after` says, where it was `before`. With a resourceVersion, only if still at that."""
        metadata = {"uid": ref.uid} | ({"resourceVersion": resource_version} if resource_version else {})
        patch = {"metadata": metadata, "status": merge_patch(before, after)}
        headers = {"Content-Type": "application/merge-patch+json"}
        answer = await self._call("PATCH", f"{_path(ref.kind, ref.namespace)}/{ref.name}/status", patch, headers)
        if isinstance(answer, Failed):
            return answer
        code, body = answer
        if code == _OK:
            return Written(body["metadata"]["resourceVersion"])
        if code == _NOT_FOUND:
            return Gone()
        if code == _CONFLICT:
            return Conflict()
        return Failed(f"the API server answered {code} to a write of {ref}: {_message(body)}")

    async def read(self, ref: ObjectRef) -> Mapping[str, Any] | Gone | Failed:
        """One object as it is now; another one of the same name is not it."""
        answer = await self._call("GET", f"{_path(ref.kind, ref.namespace)}/{ref.name}")
        if isinstance(answer, Failed):
            return answer
        code, body = answer
        if code == _NOT_FOUND or (code == _OK and body["metadata"]["uid"] != ref.uid):
            return Gone()
        return body if code == _OK else Failed(f"the API server answered {code} to a read of {ref}: {_message(body)}")

    async def list(self, kind: Kind) -> AsyncIterator[Mapping[str, Any]]:
        """All objects of a kind in the namespaces that the operator is to see, a page at a time.

        Raises:
            ConnectionError: if the server does not answer: who lists must not take silence for absence (rule 10).
        """
        namespaces: tuple[str | None, ...] = self._namespaces if kind.namespaced and self._namespaces else (None,)
        for namespace in namespaces:
            token = ""
            while True:
                query = f"?limit={_PAGE}" + (f"&continue={token}" if token else "")
                answer = await self._call("GET", _path(kind, namespace) + query)
                if isinstance(answer, Failed):
                    raise ConnectionError(answer.message)
                code, body = answer
                if code != _OK:
                    raise ConnectionError(f"listing {kind.plural}: the API server answered {code}: {_message(body)}")
                for item in body["items"]:
                    yield {"apiVersion": API_VERSION, "kind": kind.kind, **item}
                token = body["metadata"].get("continue") or ""
                if not token:
                    break

    async def secret(self, name: str) -> Mapping[str, str] | Gone | Failed:
        """A Secret of the operator's own namespace, decoded."""
        answer = await self._call("GET", f"/api/v1/namespaces/{self._operator_namespace}/secrets/{name}")
        if isinstance(answer, Failed):
            return answer
        code, body = answer
        if code == _NOT_FOUND:
            return Gone()
        if code != _OK:
            return Failed(f"the API server answered {code} to a read of Secret {name!r}: {_message(body)}")
        return {key: text for key, value in (body.get("data") or {}).items() if (text := _decoded(value)) is not None}

    async def event(self, ref: ObjectRef, *, warning: bool, reason: str, message: str) -> None:
        """Tell people, as a Kubernetes event. Losing one is no harm."""
        now = datetime.now(UTC)
        namespace = ref.namespace or "default"
        body = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"generateName": f"{ref.name[:200]}.", "namespace": namespace},
            "eventTime": now.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "reportingController": GROUP,
            "reportingInstance": _COMPONENT,
            "action": "Reconcile",
            "type": "Warning" if warning else "Normal",
            "reason": reason,
            "note": message[:1024],
            "regarding": {
                "apiVersion": API_VERSION,
                "kind": ref.kind.kind,
                "name": ref.name,
                "uid": ref.uid,
                **({"namespace": ref.namespace} if ref.namespace else {}),
            },
        }
        answer = await self._call("POST", f"/apis/events.k8s.io/v1/namespaces/{namespace}/events", body)
        if isinstance(answer, Failed):
            _log.info("an event of %s was not stored: %s", ref, answer.message)

    async def _call(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any] | Failed:
        http, url = self._connection.http, self._connection.server + path
        try:
            async with http.request(method, url, json=body, headers=headers) as response:
                return response.status, await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return Failed(f"the API server did not answer a {method}: {type(error).__name__}")


def _path(kind: Kind, namespace: str | None) -> str:
    where = f"/namespaces/{namespace}" if kind.namespaced and namespace else ""
    return f"/apis/{GROUP}/{VERSION}{where}/{kind.plural}"


def _message(body: Any) -> str:
    text = body.get("message") if isinstance(body, Mapping) else None
    return " ".join(str(text or "no message").split())[:300]


def _decoded(value: Any) -> str | None:
    try:
        return base64.b64decode(str(value), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
