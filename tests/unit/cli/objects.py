"""Objects as the API server has them, for the tests of `vvol_cli`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

Object = dict[str, Any]
NOW = datetime(2026, 11, 30, 12, 0, 0, tzinfo=UTC)


def condition(type_: str, status: str, reason: str, message: str = "A message.") -> Object:
    """One condition."""
    return {"type": type_, "status": status, "reason": reason, "message": message,
            "lastTransitionTime": "2026-11-30T11:00:00Z"}  # fmt: skip


def obj(kind: str, name: str, spec: Object, conditions: list[Object], **status: Any) -> Object:
    """An object whose latest spec an operator has seen."""
    return {
        "kind": kind,
        "metadata": {"name": name, "namespace": "prod", "uid": f"uid-{name}", "generation": 1},
        "spec": spec,
        "status": {"observedGeneration": 1, "conditions": conditions, **status},
    }


def group(*conditions: Object, name: str = "erp", **status: Any) -> Object:
    """A ReplicationGroup that was read a minute ago."""
    spec = {"recoveryPointObjective": "15m", "group": {"name": "flasharray-a:erp"}}
    ready = [] if any(one["type"] == "Ready" for one in conditions) else [condition("Ready", "True", "Ready")]
    known: Object = {"lastReadAt": "2026-11-30T11:59:00Z", "newestPointInTime": "2026-11-30T11:50:00Z", **status}
    return obj("ReplicationGroup", name, spec, [*ready, *conditions], **known)


def sync(name: str, reason: str, status: str = "Unknown", message: str = "A message.", **more: Any) -> Object:
    """A ReplicationSync of the group erp that is under way."""
    return obj(
        "ReplicationSync", name, {"groupRef": {"name": "erp"}}, [condition("Ready", status, reason, message)], **more
    )
