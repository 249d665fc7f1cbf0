"""The handlers: one for each kind, and each a call of the engine (docs/facts/kopf.md#handlers).

kopf watches and tells; it writes nothing. Who handles an object on creation, change and deletion by kopf's other
decorators has two writers of one status, and a write and an event more for each of these moments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import kopf

from vvol_replication.api.names import GROUP, KINDS, VERSION, Kind
from vvol_replication.engine.engine import Engine


def registry_for(engine: Engine) -> kopf.OperatorRegistry:
    """All handlers, bound to this engine."""
    registry = kopf.OperatorRegistry()
    for kind in KINDS:
        _watch(registry, engine, kind)
    return registry


def _watch(registry: kopf.OperatorRegistry, engine: Engine, kind: Kind) -> None:
    @kopf.on.event(GROUP, VERSION, kind.plural, id="observe", registry=registry)
    async def observe(event: kopf.RawEvent, **_: Any) -> None:
        body: Mapping[str, Any] = event["object"]
        engine.observe(kind, body, deleted=event["type"] == "DELETED")
