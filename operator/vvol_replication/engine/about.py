"""Which object the code that runs is about: carried from task to task, and shown in each line that it logs.

Set where an object comes in (`Engine.observe`); the tasks that are begun there, and the calls that these make, have it
as well, because a task begins with a copy of the context in which it was made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from types import MappingProxyType
from typing import Any

from vvol_replication.api.names import FLASHARRAY, ONE_SHOT_KINDS, REPLICATION_GROUP, VCENTER, Kind

_NOBODY: Mapping[str, str] = MappingProxyType({})
_about: ContextVar[Mapping[str, str]] = ContextVar("about", default=_NOBODY)


def about_now() -> Mapping[str, str]:
    """What is known of the object that the code which asks is about, by the keys of the log."""
    return _about.get()


@contextmanager
def about(kind: Kind, body: Mapping[str, Any]) -> Iterator[None]:
    """What is done inside is about this object, as the API server shows it."""
    token = _about.set(fields_of(kind, body))
    try:
        yield
    finally:
        _about.reset(token)


def about_nobody() -> Context:
    """The context for a task that serves many objects, whichever of them made it."""
    context = copy_context()
    context.run(_about.set, _NOBODY)
    return context


def fields_of(kind: Kind, body: Mapping[str, Any]) -> Mapping[str, str]:
    """The keys of the log that an object tells by itself."""
    metadata, spec = body["metadata"], body.get("spec")
    said: Mapping[str, Any] = spec if isinstance(spec, Mapping) else {}
    fields: dict[str, Any] = {"kind": kind.kind, **{key: metadata.get(key) for key in ("namespace", "name", "uid")}}
    if kind in ONE_SHOT_KINDS:
        fields["requestID"] = said.get("requestID") or metadata.get("uid")
    if kind in (VCENTER, FLASHARRAY):
        fields["endpoint"] = metadata.get("name")
    group = said.get("groupRef")
    fields["group"] = group.get("name") if isinstance(group, Mapping) else None
    if kind == REPLICATION_GROUP:
        fields["group"] = metadata.get("name")
    return MappingProxyType({key: value for key, value in fields.items() if isinstance(value, str) and value})
