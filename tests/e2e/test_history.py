"""The history of a group against a real API server: who asked, what came of it, and that it outlives everything."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from e2e.rig import Rig, Site, topology

from testbed import stage

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs/kinds/replicationgroup.md"
LONG = 45.0


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology("kept")) as made:
        yield made


def history(rig: Rig, group: str, length: int) -> list[dict[str, Any]]:
    """The history, as soon as it has so many entries."""
    obj = rig.kubectl.wait_until(
        "replicationgroup",
        group,
        lambda obj: len(obj["status"].get("history", ())) == length,
        what=f"{length} entries in the history",
        timeout=LONG,
    )
    entries: list[dict[str, Any]] = obj["status"]["history"]
    return entries


def test_who_asked_and_what_came_of_it_is_known_when_the_objects_are_gone(rig: Rig, site: Site) -> None:
    group = site.group("kept")
    site.wait_group(group)
    by_kubectl = site.request(group, "by-kubectl", pointInTimeName="before-upgrade", requestID="CHG-1")
    first = by_kubectl.assert_true_success("kept")
    site.next_second()
    by_argocd = stage.sync("by-argocd", rig.namespace, group, ttlSecondsAfterFinished=0)
    rig.plane.client.apply(by_argocd, options=("--server-side", "--field-manager=argocd-controller"))

    newest, oldest = history(rig, group, 2)
    assert newest["askedBy"] == {"manager": "argocd-controller", "operation": "Apply"}
    assert (newest["name"], newest["outcome"]) == ("by-argocd", "Succeeded")
    assert re.fullmatch(r"([0-9]+m)?[0-9]+s", newest["newestPointAgeBefore"])
    assert re.fullmatch(r"[0-9]+s", newest["newestPointAgeAfter"])
    status = first["status"]
    assert oldest.pop("newestPointAgeAfter", "0s")
    assert oldest == {
        "kind": "ReplicationSync",
        "name": "by-kubectl",
        "uid": first["metadata"]["uid"],
        "requestID": "CHG-1",
        "askedBy": {"manager": "kubectl", "operation": "Apply"},
        "method": "Coordinated",
        "outcome": "Succeeded",
        "reason": "PointInTimeCreated",
        "pointInTime": status["pointInTime"],
        "snapshot": status["transfer"]["snapshot"],
        "acceptedAt": status["acceptedAt"],
        "startedAt": status["operation"]["turnAt"],
        "finishedAt": status["finishedAt"],
    }

    known = rig.kubectl.get("replicationgroup", group)["status"]["history"]
    rig.kubectl("delete", "replicationsync", "--all", "--timeout=60s")
    rig.kill()
    rig.start()
    site.request(group, "after").wait_complete()
    after = history(rig, group, 3)
    assert after[1:] == known
    assert after[0]["name"] == "after"

    command = re.search(r"^kubectl get repgroup erp (-o jsonpath='(.*)')$", PAGE.read_text(), re.MULTILINE)
    assert command is not None
    lines = rig.kubectl("get", "repgroup", group, "-o", f"jsonpath={command[2]}").stdout.splitlines()
    assert [line.split("\t")[1:] for line in lines][1:] == [
        [
            "ReplicationSync/by-argocd",
            "Succeeded",
            "PointInTimeCreated",
            newest["pointInTime"]["name"],
            "argocd-controller",
        ],
        [
            "ReplicationSync/by-kubectl",
            "Succeeded",
            "PointInTimeCreated",
            "before-upgrade",
            "kubectl",
        ],
    ]
    explained = rig.kubectl("explain", "replicationgroup.status.history", "--recursive").stdout
    assert all(name in explained for name in ("askedBy", "newestPointAgeBefore", "startedAt", "snapshot"))
