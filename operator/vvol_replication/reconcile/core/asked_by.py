"""Who asked for a request, as far as its metadata tells it; what it does not tell is left out, never guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vvol_replication.api.history import AskedBy

_LONGEST_MANAGER = 128
"""Characters: the API server takes no longer name of a field manager."""


def asked_by(metadata: Mapping[str, Any]) -> AskedBy | None:
    """Manager and operation that own `spec.groupRef`, and the object's controller.

    `groupRef` is required and cannot be changed, so nobody but who made the object owns it, or who applied the same
    once more. Of several owners the earliest counts; where two are of the same second, none does.
    """
    owners = [one for one in _items(metadata.get("managedFields")) if _owns_group_ref(one)]
    first = min((_text(one, "time") for one in owners), default="")
    named = {(_text(one, "manager"), _text(one, "operation")) for one in owners if _text(one, "time") == first}
    manager, operation = named.pop() if len(named) == 1 else ("", "")
    if not 0 < len(manager) <= _LONGEST_MANAGER:
        manager = operation = ""
    controller = _controller(metadata)
    found = AskedBy(manager or None, operation or None, controller or None)
    return None if found == AskedBy() else found


def _owns_group_ref(entry: Mapping[str, Any]) -> bool:
    spec = _mapping(_mapping(entry.get("fieldsV1")).get("f:spec"))
    return "f:groupRef" in spec


def _controller(metadata: Mapping[str, Any]) -> str:
    """The owner that made it and looks after it: the API server takes one at most."""
    for one in _items(metadata.get("ownerReferences")):
        kind, name = _text(one, "kind"), _text(one, "name")
        if one.get("controller") is True and kind and name:
            return f"{kind}/{name}"
    return ""


def _items(raw: object) -> Sequence[Mapping[str, Any]]:
    return [_mapping(one) for one in raw] if isinstance(raw, list) else []


def _mapping(raw: object) -> Mapping[str, Any]:
    return raw if isinstance(raw, Mapping) else {}


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""
