"""The handlers: a few lines each, all of them calls of the engine (docs/facts/kopf.md#handlers).

Because of the default -1 of `status.observedGeneration` kopf calls every new object an update, so one function stands
for create, update and resume; whether an object is new is told by its ledger. None raises for what an object says, and
none returns a value: kopf would write either into the object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import kopf

from vvol_replication.api import status as status_
from vvol_replication.api.names import GROUP, KINDS, ONE_SHOT_KINDS, VERSION, Kind
from vvol_replication.engine.engine import Engine


def in_flight(status: Mapping[str, Any], **_: Any) -> bool:
    """Is the finalizer to be there? Only from acceptance to the end (invariant 12)."""
    return status_.in_flight(status)


def registry_for(engine: Engine) -> kopf.OperatorRegistry:
    """All handlers, bound to this engine."""
    registry = kopf.OperatorRegistry()
    for kind in KINDS:
        _watch(registry, engine, kind)
    for kind in ONE_SHOT_KINDS:
        _serve(registry, engine, kind)
    return registry


def _serve(registry: kopf.OperatorRegistry, engine: Engine, kind: Kind) -> None:
    kinds = (GROUP, VERSION, kind.plural)

    @kopf.on.create(*kinds, id="accept", registry=registry)
    @kopf.on.update(*kinds, id="accept", registry=registry)
    @kopf.on.resume(*kinds, id="accept", registry=registry)
    async def accept(body: kopf.Body, patch: kopf.Patch, **_: Any) -> None:
        status = engine.accept(kind, body)
        if status is not None:
            patch.status.update(status)

    @kopf.on.delete(*kinds, id="release", registry=registry, when=in_flight)
    async def release(uid: str, **_: Any) -> None:
        engine.release(uid)


def _watch(registry: kopf.OperatorRegistry, engine: Engine, kind: Kind) -> None:
    @kopf.on.event(GROUP, VERSION, kind.plural, id="observe", registry=registry)
    async def observe(body: kopf.Body, event: Mapping[str, Any], **_: Any) -> None:
        engine.observe(kind, body, deleted=event.get("type") == "DELETED")
