"""Takes our finalizer off objects that no operator will end any more: for an uninstallation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vvol_replication.api.names import FINALIZER, Kind
from vvol_replication.api.objects import Conflict, Failed, Gone, ObjectRef

from .api import ApiServer, UnknownKindError

_TRIES = 5


async def held(cluster: ApiServer, kind: Kind) -> list[ObjectRef]:
    """The objects of a kind that carry our finalizer; none where the kind itself is not there any more.

    Raises:
        ConnectionError: if the API server does not say.
    """
    try:
        return [_ref(kind, body) async for body in cluster.list(kind) if FINALIZER in _finalizers(body)]
    except UnknownKindError:
        return []


async def let_go(cluster: ApiServer, ref: ObjectRef) -> str | None:
    """Take our finalizer off this object, whoever else changes it meanwhile. What prevented it, or None."""
    for _ in range(_TRIES):
        body = await cluster.read(ref)
        if isinstance(body, Failed):
            return body.message
        if isinstance(body, Gone) or FINALIZER not in _finalizers(body):
            return None
        others = [one for one in _finalizers(body) if one != FINALIZER]
        result = await cluster.write_finalizers(ref, others, body["metadata"]["resourceVersion"])
        if isinstance(result, Failed):
            return result.message
        if not isinstance(result, Conflict):
            return None
    return f"{ref} was changed by others each time that it was written"


def _finalizers(body: Mapping[str, Any]) -> list[str]:
    return list(body["metadata"].get("finalizers") or ())


def _ref(kind: Kind, body: Mapping[str, Any]) -> ObjectRef:
    metadata = body["metadata"]
    return ObjectRef(kind, metadata.get("namespace"), metadata["name"], metadata["uid"])
