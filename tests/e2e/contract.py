"""The conditions contract of one-shot kinds, as a table that every status ever seen is held against."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

TABLE: dict[str, tuple[str, frozenset[str], str]] = {
    # phase: Ready, which of the others are True (and there at all), what kstatus makes of it
    "Running": ("Unknown", frozenset({"Reconciling"}), "InProgress"),
    "Waiting": ("False", frozenset({"Reconciling"}), "InProgress"),
    "Suspended": ("False", frozenset(), "InProgress"),
    "Succeeded": ("True", frozenset({"Complete", "Finished"}), "Current"),
    "Failed": ("False", frozenset({"Stalled", "Failed", "Finished"}), "Failed"),
    "Cancelled": ("False", frozenset({"Stalled", "Failed", "Finished"}), "Failed"),
    "Missed": ("False", frozenset({"Stalled", "Failed", "Finished"}), "Failed"),
    "Expired": ("True", frozenset({"Finished"}), "Current"),
}
CONTRACT = frozenset({"Reconciling", "Stalled", "Complete", "Failed", "Finished"})
BESIDE = frozenset({"Ready", "Named", "PointInTimeIdentified", "TTLIgnored", "Valid", "Preparable"})


def kstatus(obj: Object) -> str:
    """What kstatus computes for a custom resource: generation first, then the two abnormal conditions, then Ready."""
    status = obj.get("status") or {}
    conditions = {one["type"]: one["status"] for one in status.get("conditions", ())}
    if status.get("observedGeneration") != obj["metadata"]["generation"]:
        return "InProgress"
    if conditions.get("Reconciling") == "True":
        return "InProgress"
    if conditions.get("Stalled") == "True":
        return "Failed"
    return "Current" if conditions.get("Ready", "True") == "True" else "InProgress"


def check(obj: Object) -> None:
    """Hold one status against the table; the object may be one that nobody has seen yet."""
    status, generation = obj.get("status") or {}, obj["metadata"]["generation"]
    conditions = {one["type"]: one for one in status.get("conditions", ())}
    if not conditions:
        assert status.get("observedGeneration") == -1
        assert kstatus(obj) == "InProgress"
        return
    wanted, flags, seen_as = TABLE[status["phase"]]
    assert conditions["Ready"]["status"] == wanted, status
    assert {one for one in CONTRACT if one in conditions} == flags, status
    assert all(conditions[one]["status"] == "True" for one in flags), status
    assert not conditions.keys() - CONTRACT - BESIDE, status
    assert status["observedGeneration"] <= generation
    for one in conditions.values():
        assert one["observedGeneration"] == status["observedGeneration"], one
        assert one["reason"], one
        assert one["message"].strip(), one
        assert "\n" not in one["message"], one
    assert kstatus(obj) == (seen_as if status["observedGeneration"] == generation else "InProgress")
    assert bool(status.get("finishedAt")) == ("Finished" in flags)
