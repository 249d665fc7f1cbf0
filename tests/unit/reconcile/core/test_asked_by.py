"""Who asked for a request, by its metadata: the owner of spec.groupRef, and the controller."""

from __future__ import annotations

from typing import Any

import pytest

from vvol_replication.api.history import AskedBy
from vvol_replication.reconcile.core.asked_by import asked_by

SPEC: dict[str, Any] = {"f:spec": {"f:groupRef": {}, "f:method": {}}}


def entry(
    manager: object, time: str = "2026-11-24T12:00:00Z", operation: str = "Update", **more: Any
) -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "time": time, "fieldsV1": SPEC, **more}


def managed(*entries: Any) -> dict[str, Any]:
    return {"managedFields": list(entries)}


def test_who_owns_the_group_ref_has_asked() -> None:
    status = entry("vvol-replication", "2026-11-24T11:00:00Z", fieldsV1={"f:status": {}}, subresource="status")
    edited = entry("kubectl-edit", "2026-11-24T11:30:00Z", fieldsV1={"f:spec": {"f:suspend": {}}})
    finalizer = entry("kopf", "2026-11-24T11:30:00Z", fieldsV1={"f:metadata": {"f:finalizers": {}}})

    found = asked_by(managed(status, finalizer, edited, entry("kubectl-client-side-apply")))

    assert found == AskedBy("kubectl-client-side-apply", "Update")


def test_of_several_who_applied_the_same_the_earliest_has_asked() -> None:
    later = entry("argocd-controller", "2026-11-24T13:00:00Z", "Apply")

    assert asked_by(managed(later, entry("helm"))) == AskedBy("helm", "Update")


def test_of_several_in_the_same_second_nobody_is_guessed() -> None:
    assert asked_by(managed(entry("helm"), entry("argocd-controller", operation="Apply"))) is None
    assert asked_by(managed(entry("helm"), entry("helm"))) == AskedBy("helm", "Update")


def test_the_controller_is_told_beside_the_manager() -> None:
    owners = [
        {"kind": "Namespace", "name": "prod"},
        {"kind": "ReplicationSchedule", "name": "nightly", "controller": True},
    ]

    assert asked_by({"ownerReferences": owners}) == AskedBy(owner="ReplicationSchedule/nightly")
    assert asked_by({"ownerReferences": owners} | managed(entry("python"))) == AskedBy(
        "python", "Update", "ReplicationSchedule/nightly"
    )


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"managedFields": None, "ownerReferences": None},
        {"managedFields": "kubectl", "ownerReferences": [7]},
        managed(7, {}, {"manager": "m", "fieldsV1": 7}, {"manager": "m", "fieldsV1": {"f:spec": 7}}),
        managed(entry(7)),
        managed(entry("")),
        managed(entry("x" * 129)),
        {"ownerReferences": [{"kind": "Job", "name": "n", "controller": "true"}, {"kind": "Job", "controller": True}]},
    ],
)
def test_what_is_not_told_is_left_out(metadata: dict[str, Any]) -> None:
    assert asked_by(metadata) is None
