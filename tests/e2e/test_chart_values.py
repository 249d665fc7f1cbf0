"""Values that are wrong are errors that name them; what Helm says to people; Helm's own linter."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from e2e.helm import CHART, NAMESPACE, RELEASE, HelmError, with_image

from docs.chart import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.helm import Helm

    from testbed.controlplane import ControlPlane


def wrong() -> Iterator[tuple[dict[str, Any], str]]:
    """Values, and what Helm's message has to name."""
    yield {"replicaCount": 2}, "replicaCount"
    yield {"image": {"repo": "x"}}, "repo"
    yield {"image": {"digest": "sha256:abc"}}, "digest"
    yield {"image": {"repository": "x@sha256:1"}}, "repository"
    yield {"image": {"repository": ""}}, "repository"
    yield {"image": {"tag": "a b"}}, "tag"
    yield {"image": {"pullPolicy": "Sometimes"}}, "pullPolicy"
    yield {"imagePullSecrets": ["registry"]}, "imagePullSecrets"
    yield {"imagePullSecrets": [{"nme": "registry"}]}, "nme"
    yield {"namespaces": ["Not-A-Namespace"]}, "namespaces"
    yield {"namespaces": ["dr", "dr"]}, "namespaces"
    yield {"namespaces": "dr"}, "namespaces"
    yield {"log": {"format": "xml"}}, "format"
    yield {"http": {"port": 80}}, "port"
    yield {"http": {"port": "8080"}}, "port"
    yield {"leaderElection": {"leaseDuration": "15"}}, "leaseDuration"
    yield {"leaderElection": {"renewDeadline": "500ms"}}, "renewDeadline"
    yield {"leaderElection": {"retryPeriod": "0.5s"}}, "retryPeriod"
    yield {"leaderElection": {"enabled": False}}, "enabled"
    yield {"trustedCA": {"key": "../x"}}, "key"
    yield {"resources": {"limit": {}}}, "limit"
    yield {"resources": {"limits": {"memory": "much"}}}, "memory"
    yield {"podSecurity": {"runAsUser": 0}}, "runAsUser"
    yield {"podSecurity": {"privileged": True}}, "privileged"
    yield {"terminationGracePeriodSeconds": 5}, "terminationGracePeriodSeconds"
    yield {"replicas": -1}, "replicas"
    yield {"podLabels": {"a": 1}}, "podLabels"
    yield {"tolerations": [{"keys": "a"}]}, "keys"
    yield {"affinity": {"nodeAfinity": {}}}, "nodeAfinity"
    yield {"priorityClassName": "A"}, "priorityClassName"
    yield {"podDisruptionBudget": {"maxUnavailable": 0}}, "maxUnavailable"
    yield {"serviceAccount": {"create": "yes"}}, "create"
    yield {"serviceAccount": {"create": False}}, "serviceAccount.name is required"
    yield {"userRoles": {"agregate": False}}, "agregate"
    yield {"networkPolicy": {"storage": {"cidrs": [], "ports": [443]}}}, "cidrs"
    yield {"networkPolicy": {"storage": {"cidrs": ["vcenter.example.com"]}}}, "cidrs"
    yield {"networkPolicy": {"apiServer": {"ports": [0]}}}, "ports"
    yield {"networkPolicy": {"dns": {"namespace": "_"}}}, "namespace"
    yield {"metrics": {"prometheusRule": {"enabled": "yes"}}}, "enabled"
    yield {"metrics": {"prometheusRule": {"labels": {"release": 1}}}}, "release"
    yield {"metrics": {"prometheusRule": {"runbookURL": "docs/runbooks.md"}}}, "runbookURL"
    yield {"metrics": {"dashboards": {"folder": "vVols"}}}, "folder"
    yield {"metrics": {"dashboards": {"annotations": {"a b": "c"}}}}, "a b"
    yield {"crds": {"install": True}}, "install"
    yield {"uninstall": {"timeoutSeconds": 1}}, "timeoutSeconds"
    yield {"credentials": {"password": "x"}}, "credentials"


WRONG = list(wrong())


@pytest.mark.parametrize(("values", "named"), WRONG, ids=[f"{i}-{named}" for i, (_, named) in enumerate(WRONG)])
def test_a_value_that_is_wrong_is_an_error_that_names_it(helm: Helm, values: dict[str, Any], named: str) -> None:
    with pytest.raises(HelmError, match=named):
        helm.text(values)


def test_an_installation_without_an_image_is_refused_and_told_what_to_do(
    helm: Helm, control_plane: ControlPlane
) -> None:
    asking = dataclasses.replace(helm, kubeconfig=control_plane.kubeconfig)
    where = (RELEASE, str(CHART), f"--namespace={NAMESPACE}")
    for command in (("template", *where, "--kube-version=1.36.1"), ("install", *where, "--set=image.tag=0.1.0")):
        with pytest.raises(HelmError) as refused:
            asking(*command)
        said = str(refused.value)
        assert "image.repository is not set" in said
        assert "--set image.repository=registry.example.com/vvol-replication" in said
        assert "docs/image.md" in said
    with pytest.raises(HelmError, match="release: not found"):
        asking("status", RELEASE, f"--namespace={NAMESPACE}")


def test_a_typo_in_any_value_is_an_error(helm: Helm) -> None:
    """All at once: Helm names each one."""
    typos: dict[str, Any] = {}
    for row in rows():
        *above, last = row.path.split(".")
        place = typos
        for key in above:
            place = place.setdefault(key, {})
        place[f"{last}x"] = row.default
    with pytest.raises(HelmError) as error:
        helm.text(typos)
    assert [row.path for row in rows() if f"{row.path.rpartition('.')[2]}x" not in str(error.value)] == []


def test_the_notes_show_a_first_object_and_what_the_values_mean(helm: Helm, control_plane: ControlPlane) -> None:
    asking = dataclasses.replace(helm, kubeconfig=control_plane.kubeconfig)
    out_of_the_way = {"crds": {"enabled": False}}  # they may be there already, without a release

    def notes(**values: Any) -> str:
        where = ("install", RELEASE, str(CHART), "--dry-run=client", f"--namespace={NAMESPACE}", "--values=-")
        return asking(*where, stdin=json.dumps(with_image(out_of_the_way | values))).partition("NOTES:")[2]

    plain = notes()
    assert "kind: VCenter" in plain
    assert "helm test vvol-replication" in plain
    assert "every namespace." in plain
    assert "<no value>" not in plain
    assert "acts in dr, test." in " ".join(notes(namespaces=["dr", "test"]).split())
    assert "Bind them to people" in notes(userRoles={"aggregate": False})
    assert "wait until requests in flight have ended" in notes(uninstall={"releaseFinalizers": False})


def test_helms_own_linter_has_nothing_to_say(helm: Helm) -> None:
    said = helm("lint", str(CHART), "--strict", "--kube-version=1.36.1")
    assert "0 chart(s) failed" in said
    assert "WARNING" not in said
