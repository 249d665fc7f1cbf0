"""Objects that a tool owns are not deleted by a TTL: it would create them again, and so run them again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from unit.reconcile.model.driver import Driver
from unit.reconcile.model.flows import landed
from unit.reconcile.model.world import World

from vvol_replication.api.conditions import find
from vvol_replication.api.sync import SyncSpec
from vvol_replication.reconcile.core.acceptance import accept
from vvol_replication.reconcile.core.ownership import owner_of

OWNED = [
    ({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}, "Flux"),
    ({"labels": {"helm.toolkit.fluxcd.io/name": "apps"}}, "Flux"),
    ({"annotations": {"argocd.argoproj.io/tracking-id": "dr:x"}}, "Argo CD"),
    ({"annotations": {"argocd.argoproj.io/installation-id": "x"}}, "Argo CD"),
    ({"labels": {"argocd.argoproj.io/instance": "dr"}}, "Argo CD"),
    ({"labels": {"app.kubernetes.io/instance": "dr"}}, "Argo CD or Helm"),
    ({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, "Helm"),
    ({"annotations": {"meta.helm.sh/release-name": "dr"}}, "Helm"),
]


@pytest.mark.parametrize(("metadata", "tool"), OWNED)
def test_the_marks_of_tools(metadata: dict[str, Any], tool: str) -> None:
    owner = owner_of(metadata)
    assert owner is not None
    assert owner.startswith(f"{tool} (")


@pytest.mark.parametrize(
    "metadata", [{}, {"labels": None}, {"labels": {"app.kubernetes.io/managed-by": "kubectl", "app": "x"}}]
)
def test_what_nobody_owns(metadata: dict[str, Any]) -> None:
    assert owner_of(metadata) is None


@pytest.mark.parametrize(("owner", "ttl"), [("Flux (label x)", 60), (None, 60), ("Flux (label x)", None)])
def test_a_refused_ttl_is_told_at_the_end_and_when_the_object_is_edited(owner: str | None, ttl: int | None) -> None:
    driver = Driver(World(), SyncSpec(group="erp", ttl_seconds_after_finished=ttl))
    driver.request = replace(driver.request, owner=owner)
    landed(driver)
    driver.run()
    refused = owner is not None and ttl is not None
    told = find(driver.status.conditions, "TTLIgnored")
    assert (told is not None) == refused
    assert driver.reason("Complete") == "PointInTimeCreated"
    # The tool lets go of it, or takes it.
    other = replace(driver.request, owner=None if owner else "Helm (label y)", generation=7)
    edited = accept(other, driver.status, datetime(2026, 12, 1, tzinfo=UTC))
    assert (find(edited.conditions, "TTLIgnored") is not None) == (ttl is not None and other.owner is not None)
    assert {one.observed_generation for one in edited.conditions} == {7}
    complete, before = find(edited.conditions, "Complete"), find(driver.status.conditions, "Complete")
    assert complete is not None
    assert before is not None
    assert complete.last_transition_time == before.last_transition_time
