"""What the history of a ReplicationGroup learns from its requests (invariant 6: from what is seen, not from events).

Each object that the API server shows is held against the history of its group: at the start, at its end, at any time.
So an end that was stored by a process which died before it told the group is made good, and nothing has to be
remembered of objects that have ended.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vvol_replication.api.errors import SpecError
from vvol_replication.api.names import Kind
from vvol_replication.api.status import has_ended, in_flight
from vvol_replication.api.times import parse_time
from vvol_replication.engine.monitors.registry import Registry

from .kind import Body
from .kinds import REQUEST_KINDS


def note_end(registry: Registry, kind: Kind, body: Body) -> None:
    """The API server shows a request so: if it has ended, or is deleted in its turn, its group's history has it."""
    group = registry.groups.get((body["metadata"]["namespace"], _group_of(body)))
    if group is None:
        return
    with contextlib.suppress(SpecError):  # its acceptance says so
        ended, deleted_at = _times(body)
        at = ended or deleted_at
        if at is None or not group.lacks((kind.kind, body["metadata"]["uid"]), at):
            return
        entry = REQUEST_KINDS[kind].entry_of(body, deleted_at)
        if entry is not None:
            group.note(entry)


def _times(body: Body) -> tuple[datetime | None, datetime | None]:
    """When it ended, and when it was deleted while it was in flight, as cheaply as can be told.

    Raises:
        SpecError: if that is no time.
    """
    status, deleted_at = body.get("status") or {}, body["metadata"].get("deletionTimestamp")
    if has_ended(status):
        return parse_time(str(status["finishedAt"])), None
    if deleted_at and in_flight(status):
        return None, parse_time(str(deleted_at))
    return None, None


def _group_of(body: Body) -> str:
    spec: Any = body.get("spec")
    ref = spec.get("groupRef") if isinstance(spec, Mapping) else None
    name = ref.get("name") if isinstance(ref, Mapping) else None
    return name if isinstance(name, str) else ""
