"""The kustomize manifests on a real API server, and against the chart: the same objects, whoever makes them."""

from __future__ import annotations

import copy
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from e2e.helm import NAMESPACE, RELEASE, is_hook, one
from e2e.permissions import spread

from testbed import accounts, stage
from testbed.kubectl import KubectlError
from vvol_replication.api.names import KINDS
from vvol_replication.cluster.reviews import Permission, needed

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.helm import Helm

    from testbed.controlplane import ControlPlane
    from testbed.kubectl import Kubectl

    Object = dict[str, Any]

MANIFESTS = accounts.MANIFESTS
OVERLAYS = ("cluster-wide", "one-namespace")


def bare(objects: list[Object]) -> dict[tuple[str, str | None, str], Object]:
    """Objects without what belongs to the tool that made them: labels, selectors by them, Helm's annotations."""

    def stripped(node: Any, key: str = "") -> Any:
        if isinstance(node, dict):
            if key in {"labels", "matchLabels"} or (key == "selector" and "matchLabels" not in node):
                return {name: value for name, value in node.items() if not name.startswith(("app.k", "helm.sh/"))}
            found = {name: stripped(value, name) for name, value in node.items()}
            found.pop("helm.sh/resource-policy", None)
            return {name: value for name, value in found.items() if value not in ({}, None)}
        return [stripped(value) for value in node] if isinstance(node, list) else node

    return {(obj["kind"], obj["metadata"].get("namespace"), obj["metadata"]["name"]): stripped(obj) for obj in objects}


@pytest.mark.parametrize(
    ("overlay", "values"), [("cluster-wide", {}), ("one-namespace", {"namespaces": [accounts.WATCHED]})]
)
def test_it_renders_what_the_overlay_has(
    helm: Helm, tools: dict[str, Path], overlay: str, values: dict[str, Any]
) -> None:
    ours = bare([obj for obj in helm.objects(values) if not is_hook(obj)])
    theirs = bare(
        [
            obj
            for obj in accounts.built(tools["kubectl"], accounts.MANIFESTS / "overlays" / overlay)
            if obj["kind"] != "Namespace"  # Helm has --create-namespace
        ]
    )
    assert ours.keys() == theirs.keys()
    for deployment in (ours, theirs):  # kustomize can only append
        container = deployment["Deployment", NAMESPACE, RELEASE]["spec"]["template"]["spec"]["containers"][0]
        container["args"] = sorted(container["args"])
    for what, obj in ours.items():
        assert obj == theirs[what], what


def test_the_job_of_an_uninstallation_is_the_one_of_kustomize(helm: Helm, tools: dict[str, Path]) -> None:
    ours = bare([obj for obj in helm.objects() if "post-delete" in str(obj["metadata"].get("annotations"))])
    theirs = bare(accounts.built(tools["kubectl"], accounts.MANIFESTS / "uninstall"))
    assert ours.keys() == theirs.keys()
    for what, obj in ours.items():
        obj["metadata"].pop("annotations")
        assert obj == theirs[what], what


# On the API server


STRICT = ("apply", "--validate=strict")
"""No field is dropped as unknown."""


@pytest.fixture(scope="module")
def applied(control_plane: ControlPlane, crds: tuple[str, ...]) -> Kubectl:
    """The overlay `cluster-wide`, applied; the namespace that the other one watches is there."""
    assert crds
    kubectl = control_plane.client
    kubectl("create", "namespace", accounts.WATCHED)
    kubectl(*STRICT, "-k", str(MANIFESTS / "overlays" / "cluster-wide"))
    return kubectl


def test_apply_takes_both_overlays_and_changes_nothing_the_second_time(applied: Kubectl) -> None:
    for overlay in reversed(OVERLAYS):
        where, versions = str(MANIFESTS / "overlays" / overlay), []
        for _ in range(2):
            applied(*STRICT, "-k", where)
            found = applied.get("-k", where)["items"]
            versions.append(
                {(obj["kind"], obj["metadata"]["name"]): obj["metadata"]["resourceVersion"] for obj in found}
            )
        assert len(versions[0]) > 15
        assert versions[0] == versions[1]


def pods(tools: dict[str, Path], helm: Helm) -> list[Object]:
    """A pod of each workload that is shipped, by manifests and by the chart."""
    objects = accounts.built(tools["kubectl"], MANIFESTS / "overlays" / "cluster-wide")
    objects = [*objects, *accounts.built(tools["kubectl"], MANIFESTS / "uninstall"), *helm.objects()]
    made = []
    for number, obj in enumerate(obj for obj in objects if obj["kind"] in {"Deployment", "Job", "Pod"}):
        spec = obj["spec"] if obj["kind"] == "Pod" else {"restartPolicy": "Always", **obj["spec"]["template"]["spec"]}
        made.append({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"one-{number}"}, "spec": spec})
    return made


def test_each_pod_is_admitted_where_the_restricted_level_is_enforced(
    applied: Kubectl, tools: dict[str, Path], helm: Helm
) -> None:
    labels = applied.get("namespace", NAMESPACE)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    kubectl = applied.in_namespace(NAMESPACE)
    made = pods(tools, helm)
    assert len(made) == 5
    for pod in made:
        said = kubectl.apply(pod, options=("--dry-run=server",))
        assert "Warning" not in said, said
        loose = copy.deepcopy(pod)
        del loose["spec"]["securityContext"]["runAsNonRoot"]
        with pytest.raises(KubectlError, match='violates PodSecurity "restricted'):
            kubectl.apply(loose, options=("--dry-run=server",))


def test_other_namespaces_are_chosen_in_one_place_each(tools: dict[str, Path], tmp_path: Path) -> None:
    for name in ("crds", "manifests"):
        shutil.copytree(MANIFESTS.parent / name, tmp_path / name)
    overlay = tmp_path / "manifests" / "overlays" / "one-namespace"
    for where, old, new in (("operator", NAMESPACE, "storage"), ("watched", accounts.WATCHED, "erp")):
        file = overlay / where / "kustomization.yaml"
        file.write_text(file.read_text().replace(f"namespace: {old}\n", f"namespace: {new}\n"))
    objects = accounts.built(tools["kubectl"], overlay)
    text = json.dumps([obj for obj in objects if obj["kind"] != "CustomResourceDefinition"])
    assert NAMESPACE not in text
    assert "--namespace=erp" in one(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]["args"]
    assert {obj["metadata"]["namespace"] for obj in objects if obj["kind"] == "Role"} == {"storage", "erp", "default"}
    subjects = [subject["namespace"] for obj in objects for subject in obj.get("subjects", ())]
    assert set(subjects) == {"storage"}
    for where in ("overlays/cluster-wide", "uninstall"):
        file = tmp_path / "manifests" / where / "kustomization.yaml"
        file.write_text(file.read_text().replace(f"namespace: {NAMESPACE}\n", "namespace: storage\n"))
        objects = accounts.built(tools["kubectl"], file.parent)
        assert NAMESPACE not in json.dumps([obj for obj in objects if obj["kind"] != "CustomResourceDefinition"])


def test_the_crds_can_be_applied_by_themselves(control_plane: ControlPlane) -> None:
    kubectl = control_plane.client
    directory = str(MANIFESTS.parent / "crds")
    plain = kubectl("apply", "--server-side", "--dry-run=server", "-f", directory, "--output=name").stdout.split()
    kustomized = [
        f"customresourcedefinition.apiextensions.k8s.io/{obj['metadata']['name']}"
        for obj in yaml.safe_load_all(kubectl("kustomize", directory).stdout)
    ]
    assert sorted(plain) == sorted(kustomized)
    assert len(plain) == len(KINDS)


@pytest.mark.parametrize("watched", [(), (accounts.WATCHED,)], ids=OVERLAYS)
def test_the_operators_own_check_asks_for_each_permission_that_it_gets(
    tools: dict[str, Path], watched: tuple[str, ...]
) -> None:
    """And for no other: neither list can grow without the other one."""
    wide = {"vcenters", "flasharrays", "tokenreviews", "subjectaccessreviews"}
    given = set[Permission]()
    for obj in accounts.permissions(tools["kubectl"], accounts.HOME, watched):
        if obj["metadata"]["name"].startswith("vvol-replication-release"):
            continue  # for a namespace that is being deleted: an installation works without
        for rule in obj.get("rules", ()):
            for group, resource, verb in spread(rule):
                where = [obj["metadata"].get("namespace")] if resource.partition("/")[0] not in wide else [None]
                names = rule.get("resourceNames", [None])
                given |= {Permission(group, resource, verb, place, name) for place in where for name in names}
    lease = (accounts.HOME, "vvol-replication")
    assert set(needed(accounts.HOME, watched, lease, judges_scrapers=True)) == given
    assert given - set(needed(accounts.HOME, watched, lease, judges_scrapers=False)) == {
        Permission("authentication.k8s.io", "tokenreviews", "create"),
        Permission("authorization.k8s.io", "subjectaccessreviews", "create"),
    }


def test_what_is_namespaced_needs_no_cluster_wide_role_but_for_the_finalizer(tools: dict[str, Path]) -> None:
    objects = accounts.permissions(tools["kubectl"], accounts.HOME, [accounts.WATCHED])
    wide = [rule for obj in objects if obj["kind"] == "ClusterRole" for rule in obj["rules"]]
    beyond = {
        (resource, verb)
        for rule in wide
        for resource in rule["resources"]
        for verb in rule["verbs"]
        if resource.partition("/")[0] not in {"vcenters", "flasharrays", "tokenreviews", "subjectaccessreviews"}
    }
    assert beyond == {("replicationsyncs", "patch"), ("failoverpreparations", "patch")}


# The sample


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    """The sample with a name for each commit, to be changed."""
    shutil.copytree(MANIFESTS / "samples" / "kustomize", tmp_path / "kustomize")
    return tmp_path / "kustomize" / "overlay"


def with_commit(overlay: Path, commit: str) -> None:
    """What a pipeline does: the commit takes the place of the one that is there."""
    path = overlay / "kustomization.yaml"
    path.write_text(path.read_text().replace("3f9c1e7", commit))


@pytest.mark.parametrize("commit", ["4711042", "0711042", "12e4567", "a81b2c0"])
def test_a_commit_of_digits_alone_is_a_name_as_any_other(commit: str, tools: dict[str, Path], overlay: Path) -> None:
    with_commit(overlay, commit)
    (request,) = accounts.built(tools["kubectl"], overlay)
    assert request["metadata"]["name"] == f"before-deploy-{commit}"
    assert request["spec"]["groupRef"]["name"] == "erp", "the group is not in there, and keeps its name"


def test_requests_follow_a_group_that_kustomize_renames(tools: dict[str, Path], overlay: Path) -> None:
    more = [
        stage.group("erp", "prod", "a:erp", recovery="dallas", protected=None),
        stage.preparation("move", "prod", "erp", not_after="2026-12-01T00:00:00Z"),
        yaml.safe_load((MANIFESTS / "samples" / "kubectl" / "replicationschedule.yaml").read_text()),
    ]
    base = overlay.parent / "base"
    request = yaml.safe_load((base / "replicationsync.yaml").read_text())
    for obj in (request, more[-1]):
        obj["metadata"]["namespace"] = "prod"
    (base / "replicationsync.yaml").write_text(yaml.safe_dump_all([request, *more]))

    built = {
        (obj["kind"], obj["metadata"]["name"]): obj.get("spec", {}) for obj in accounts.built(tools["kubectl"], overlay)
    }

    assert built["ReplicationSync", "before-deploy-3f9c1e7"]["groupRef"]["name"] == "erp-3f9c1e7"
    assert built["ReplicationSchedule", "nightly-3f9c1e7"]["groupRef"]["name"] == "erp-3f9c1e7"
    move = built["FailoverPreparation", "move-3f9c1e7"]
    assert (move["groupRef"]["name"], move["consent"]) == ("erp-3f9c1e7", "erp-3f9c1e7")
    assert built["ReplicationGroup", "erp-3f9c1e7"]["recoverySite"]["vCenterRef"]["name"] == "dallas"
