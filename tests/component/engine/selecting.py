"""Field selectors as the API server evaluates them: the fields that the CRDs name, `=` and `!=`, all at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FIELDS = frozenset({"spec.groupRef.name", "spec.requestID", "spec.ttlSecondsAfterFinished", "status.phase"})


def selects(fields: str, body: Mapping[str, Any]) -> bool:
    """Does this object have all that is asked for? What is not there is the empty string."""
    return all(_holds(one, body) for one in fields.split(",") if one)


def _holds(requirement: str, body: Mapping[str, Any]) -> bool:
    path, _, wanted = requirement.partition("=")
    path, differs = path.removesuffix("!"), path.endswith("!")
    assert path in FIELDS, f"the CRD has no selectable field {path}"
    found: Any = body
    for part in path.split("."):
        found = (found or {}).get(part)
    return ((str(found) if found is not None else "") == wanted) != differs
