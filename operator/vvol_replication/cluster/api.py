"""The engine's `Cluster` port on a real API server."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
import logging
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import aiohttp

from vvol_replication.api.names import API_VERSION, GROUP, VERSION, Kind
from vvol_replication.api.objects import (
    ApplyResult,
    Conflict,
    CreateResult,
    Denial,
    Denied,
    Failed,
    Gone,
    ObjectRef,
    WriteResult,
    Written,
)

from .faults import fault_of
from .patches import merge_patch
from .reviews import Permission, review
from .session import OURS, Connection

_log = logging.getLogger(__name__)
_PAGE = 100  # objects; a larger one is not faster, and its memory stays with the process
_COMPONENT = "vvol-replication"
_FIELD_MANAGER = "vvol-replication-discovery"
_SCHEDULE_MANAGER = "vvol-replication-schedule"
_OK, _CREATED, _ACCEPTED, _FORBIDDEN, _NOT_FOUND, _CONFLICT = 200, 201, 202, 403, 404, 409
_INVALID = (400, 422)
_ALREADY_EXISTS = "AlreadyExists"
"""Why, where an object of that name is there. A creation has 409 for other reasons, too: while a quota is counted."""
_LONGEST_NOTE = 1024
"""Bytes of UTF-8: more of an event's note is refused that has an `eventTime`."""
_MORE = "…"
LAST = 255
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class UnknownKindError(ConnectionError):
    """The API server does not serve the kind: its CRD is not installed."""


class ApiServer:
    """Reads, status writes, Secrets and events. No method raises for what the server or the network does."""

    def __init__(self, connection: Connection, *, operator_namespace: str, namespaces: tuple[str, ...] = ()) -> None:
        self._connection = connection
        self._operator_namespace, self._namespaces = operator_namespace, namespaces
        # Who waits for a connection is no sign of a server that does not answer: the time of a call begins after it.
        self._room = asyncio.Semaphore(OURS)

    async def write_status(
        self, ref: ObjectRef, before: Mapping[str, Any], after: Mapping[str, Any], resource_version: str | None
    ) -> WriteResult:
        """Make `status` what `after` says, where it was `before`. With a resourceVersion, only if still at that."""
        patch = {"metadata": _still(ref, resource_version), "status": merge_patch(before, after)}
        headers = {"Content-Type": "application/merge-patch+json"}
        answer = await self._call("PATCH", f"{_path(ref.kind, ref.namespace)}/{ref.name}/status", patch, headers)
        return answer if isinstance(answer, Failed) else _written(*answer, what=str(ref))

    async def write_finalizers(
        self, ref: ObjectRef, finalizers: Sequence[str], resource_version: str | None
    ) -> WriteResult:
        """Make these the finalizers of this object. With a resourceVersion, only if it is still at that."""
        patch = {"metadata": {**_still(ref, resource_version), "finalizers": list(finalizers)}}
        headers = {"Content-Type": "application/merge-patch+json"}
        answer = await self._call("PATCH", f"{_path(ref.kind, ref.namespace)}/{ref.name}", patch, headers)
        return answer if isinstance(answer, Failed) else _written(*answer, what=f"the finalizers of {ref}")

    async def served(self) -> frozenset[str] | Failed:
        """The plural names of our group's kinds that the API server serves."""
        answer = await self._call("GET", f"/apis/{GROUP}/{VERSION}")
        if isinstance(answer, Failed):
            return answer
        code, body = answer
        if code == _NOT_FOUND:
            return frozenset()
        found = body.get("resources") if isinstance(body, Mapping) else None
        if code != _OK or not isinstance(found, list):
            return Failed(f"the API server answered {code} to the question for {API_VERSION}: {_message(body)}")
        return frozenset(str(one.get("name")) for one in found if isinstance(one, Mapping))

    async def allows(self, permission: Permission) -> bool | Failed:
        """May this account do that? Says the API server's own authorizer."""
        answer = await self._call("POST", _REVIEWS, review(permission))
        if isinstance(answer, Failed):
            return answer
        code, body = answer
        status = body.get("status") if isinstance(body, Mapping) else None
        if code != _CREATED or not isinstance(status, Mapping):
            return Failed(f"the API server answered {code} to the question for a permission: {_message(body)}")
        return status.get("allowed") is True

    async def delete(self, ref: ObjectRef, resource_version: str) -> Gone | Conflict | Failed:
        """Delete exactly this object, if it is still at that version. `Gone`: it is not there any more."""
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": ref.uid, "resourceVersion": resource_version},
        }
        answer = await self._call("DELETE", f"{_path(ref.kind, ref.namespace)}/{ref.name}", options)
        if isinstance(answer, Failed):
            return answer
        code, body = answer
        if code in (_OK, _ACCEPTED, _NOT_FOUND):
            return Gone()
        if code == _CONFLICT:
            return Conflict()
        return Failed(f"the API server answered {code} to a deletion of {ref}: {_message(body)}")

    async def read(self, ref: ObjectRef) -> Mapping[str, Any] | Gone | Failed:
        """One object as it is now; another one of the same name is not it."""
        answer = await self._call("GET", f"{_path(ref.kind, ref.namespace)}/{ref.name}")
        if isinstance(answer, Failed):
            return answer
        code, body = answer
        uid = _metadata(body).get("uid")
        if code == _NOT_FOUND or (code == _OK and uid and uid != ref.uid):
            return Gone()
        found: Mapping[str, Any] = body
        if code == _OK and uid:
            return found
        return Failed(f"the API server answered {code} to a read of {ref}: {_message(body)}")

    async def list(self, kind: Kind, fields: str = "") -> AsyncIterator[Mapping[str, Any]]:
        """All objects of a kind in the namespaces that the operator is to see, a page at a time.

        Parameters:
            fields: a field selector (`api.selectors`); where the CRD is older than it, all objects come.

        Raises:
            ConnectionError: if the server does not answer: who lists must not take silence for absence (invariant 10).
        """
        namespaces: tuple[str | None, ...] = self._namespaces if kind.namespaced and self._namespaces else (None,)
        for namespace in namespaces:
            async for item in self._listed(kind, namespace, fields=fields):
                yield item

    def watches(self, namespace: str) -> bool:
        """Is that namespace one of those that the operator is to see?"""
        return not self._namespaces or namespace in self._namespaces

    async def list_in(
        self, kind: Kind, namespace: str, *, labels: Mapping[str, str] | None = None, fields: str = ""
    ) -> Sequence[Mapping[str, Any]] | Failed:
        """All objects of a kind in one namespace, as they are now.

        Parameters:
            labels: only those that have all of these.
            fields: a field selector, as of `list`.
        """
        selector = ",".join(f"{key}={value}" for key, value in (labels or {}).items())
        try:
            return [item async for item in self._listed(kind, namespace, labels=selector, fields=fields)]
        except ConnectionError as error:
            return Failed(f"the {kind.plural} of namespace {namespace!r} could not be listed: {error}")

    async def create(self, kind: Kind, manifest: Mapping[str, Any]) -> CreateResult:
        """Make a new object. `Conflict`: there is one of that name already. `Failed`: it may have been made."""
        metadata = manifest["metadata"]
        path = f"{_path(kind, metadata['namespace'])}?fieldManager={_SCHEDULE_MANAGER}"
        answer = await self._call("POST", path, manifest)
        if isinstance(answer, Failed):
            return answer
        code, body = answer
        if code == _CREATED and (version := _metadata(body).get("resourceVersion")):
            return Written(str(version))
        if code == _CONFLICT and isinstance(body, Mapping) and body.get("reason") == _ALREADY_EXISTS:
            return Conflict()
        why = None if code == _CONFLICT else _denial(code, body)
        if why is not None:
            return Denied(why, _message(body))
        return Failed(f"the API server answered {code} to the creation of {metadata['name']!r}: {_message(body)}")

    async def _listed(
        self, kind: Kind, namespace: str | None, *, labels: str = "", fields: str = ""
    ) -> AsyncIterator[Mapping[str, Any]]:
        asked = {"limit": str(_PAGE), "labelSelector": labels, "fieldSelector": fields, "continue": ""}
        while True:
            query = urlencode({name: value for name, value in asked.items() if value})
            answer = await self._call("GET", f"{_path(kind, namespace)}?{query}")
            if isinstance(answer, Failed):
                raise ConnectionError(answer.message)
            code, body = answer
            items = body.get("items") if isinstance(body, Mapping) else None
            if code == HTTPStatus.BAD_REQUEST and asked["fieldSelector"] and not asked["continue"]:
                asked["fieldSelector"] = ""  # a CRD from before it
                continue
            if code == _NOT_FOUND:
                raise UnknownKindError(f"it does not know {kind.crd_name}. Install the CRDs")
            if code != _OK or not isinstance(items, list):
                raise ConnectionError(f"it answered {code} to a list of {kind.plural}: {_message(body)}")
            for item in items:
                yield {"apiVersion": API_VERSION, "kind": kind.kind, **item}
            asked["continue"] = str(_metadata(body).get("continue") or "")
            if not asked["continue"]:
                break

    async def server_side_apply(self, kind: Kind, manifest: Mapping[str, Any]) -> ApplyResult:
        """Server-side apply under a field manager of our own, without force: nobody loses a field to us."""
        metadata = manifest["metadata"]
        path = f"{_path(kind, metadata['namespace'])}/{metadata['name']}?fieldManager={_FIELD_MANAGER}"
        headers = {"Content-Type": "application/apply-patch+yaml"}  # JSON is YAML
        answer = await self._call("PATCH", path, manifest, headers)
        if isinstance(answer, Failed):
            return answer
        code, body = answer
        if code in (_OK, _CREATED) and (version := _metadata(body).get("resourceVersion")):
            return Written(str(version))
        why = _denial(code, body)
        if why is not None:
            return Denied(why, _message(body))
        return Failed(f"the API server answered {code} to an apply of {metadata['name']!r}: {_message(body)}")

    @property
    def secrets_in(self) -> str:
        """The operator's own namespace."""
        return self._operator_namespace

    async def secret(self, name: str) -> Mapping[str, str] | Gone | Failed:
        """A Secret of the operator's own namespace, decoded. Bytes that are not UTF-8 come as surrogates."""
        answer = await self._call("GET", f"/api/v1/namespaces/{self._operator_namespace}/secrets/{name}")
        if isinstance(answer, Failed):
            return answer
        code, body = answer
        if code == _NOT_FOUND:
            return Gone()
        if code != _OK or not isinstance(body, Mapping):
            return Failed(f"the API server answered {code} to a read of Secret {name!r}: {_message(body)}")
        data = body.get("data")
        pairs = data.items() if isinstance(data, Mapping) else ()
        return {key: text for key, value in pairs if (text := _decoded(value)) is not None}

    async def event(
        self, ref: ObjectRef, *, warning: bool, reason: str, message: str, once: str = "", order: int = LAST
    ) -> None:
        """Tell people, as a Kubernetes event. Losing one is no harm.

        Of those with the same `once` for the same object there is one: its name follows from both, and a second one is
        refused as being there already. The empty one is each time another. `order`, 0 to 255: where it stands among
        those of the same second. kubectl sorts by `lastTimestamp`, which has seconds and which only the core API
        takes, and then leaves events in the order of their names.
        """
        known = hashlib.sha256(f"{ref.uid}/{once}".encode()).hexdigest() if once else uuid.uuid4().hex
        now = datetime.now(UTC)
        second = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        namespace = ref.namespace or "default"
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            # Named as client-go names them: the API server takes no generateName that ends with a dot.
            "metadata": {"name": f"{ref.name[:200].rstrip('.-')}.{order:02x}{known[:16]}", "namespace": namespace},
            "eventTime": now.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "firstTimestamp": second,
            "lastTimestamp": second,
            "count": 1,
            "reportingComponent": GROUP,
            "reportingInstance": _COMPONENT,
            "action": "Reconcile",
            "type": "Warning" if warning else "Normal",
            "reason": reason,
            "message": note_of(message),
            "involvedObject": {
                "apiVersion": API_VERSION,
                "kind": ref.kind.kind,
                "name": ref.name,
                "uid": ref.uid,
                **({"namespace": ref.namespace} if ref.namespace else {}),
            },
        }
        answer = await self._call("POST", f"/api/v1/namespaces/{namespace}/events", body)
        if isinstance(answer, Failed):
            _log.info("an event of %s was not stored: %s", ref, answer.message)
        elif answer[0] != _CREATED and not (once and answer[0] == _CONFLICT):
            _log.info("an event of %s was not stored: %s: %s", ref, answer[0], _message(answer[1]))

    async def _call(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any] | Failed:
        http, url = self._connection.http, self._connection.server + path
        try:
            async with self._room, http.request(method, url, json=body, headers=headers) as response:
                return response.status, _json(await response.read())
        except TimeoutError:
            return Failed(f"the API server did not answer a {method} in time")
        except (aiohttp.ClientError, OSError) as error:
            return Failed(f"the API server could not be asked ({method}): {fault_of(error)}")


def _json(text: bytes) -> Any:
    """What was answered; None for what is no JSON: a proxy's page, or half an answer."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def _metadata(body: Any) -> Mapping[str, Any]:
    metadata = body.get("metadata") if isinstance(body, Mapping) else None
    return metadata if isinstance(metadata, Mapping) else {}


def _still(ref: ObjectRef, resource_version: str | None) -> dict[str, str]:
    """What a patch says of the object that it is for: any other one is not changed."""
    return {"uid": ref.uid} | ({"resourceVersion": resource_version} if resource_version else {})


def _written(code: int, body: Any, *, what: str) -> WriteResult:
    if code == _OK and (version := _metadata(body).get("resourceVersion")):
        return Written(str(version))
    if code == _NOT_FOUND:
        return Gone()
    if code == _CONFLICT:
        return Conflict()
    return Failed(f"the API server answered {code} to a write of {what}: {_message(body)}")


def _denial(code: int, body: Any) -> Denial | None:
    details = body.get("details") if isinstance(body, Mapping) else None
    details = details if isinstance(details, Mapping) else {}
    causes = [one for one in details.get("causes") or () if isinstance(one, Mapping)]
    if code == _NOT_FOUND and details.get("kind") == "namespaces":
        return Denial.NO_NAMESPACE
    if code == _FORBIDDEN:
        ending = any(cause.get("reason") == "NamespaceTerminating" for cause in causes)
        return Denial.NO_NAMESPACE if ending else Denial.FORBIDDEN
    if code == _CONFLICT:
        return Denial.OTHERS_FIELD
    return Denial.INVALID if code in _INVALID else None


def _path(kind: Kind, namespace: str | None) -> str:
    where = f"/namespaces/{namespace}" if kind.namespaced and namespace else ""
    return f"/apis/{GROUP}/{VERSION}{where}/{kind.plural}"


def _message(body: Any) -> str:
    text = body.get("message") if isinstance(body, Mapping) else None
    return " ".join(str(text or "the answer has no readable text").split())[:300]


def note_of(message: str) -> str:
    """As much of it as an event holds, in whole characters."""
    text = message.encode("utf-8", "replace")
    if len(text) <= _LONGEST_NOTE:
        return text.decode()
    return text[: _LONGEST_NOTE - len(_MORE.encode())].decode("utf-8", "ignore") + _MORE


def _decoded(value: Any) -> str | None:
    try:
        return base64.b64decode(str(value), validate=True).decode(errors="surrogateescape")
    except binascii.Error:
        return None
