"""The bundle for OLM says what manifests, CRDs and chart say, and what the scorecard of operator-sdk asks for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from olm import bundle, descriptors, source
from vvol_replication.api.names import KINDS
from vvol_replication.cluster.reviews import needed

if TYPE_CHECKING:
    from pathlib import Path

Object = dict[str, Any]
IMAGE = "registry.example.com/vvol-replication@sha256:" + "0" * 64
CSV = f"manifests/{source.NAME}.clusterserviceversion.yaml"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle for an image; made once, and only read."""
    directory = tmp_path_factory.mktemp("bundle")
    bundle.write(directory, IMAGE)
    return directory


@pytest.fixture(scope="module")
def csv(written: Path) -> Object:
    """Its ClusterServiceVersion."""
    found: Object = yaml.load((written / CSV).read_text("utf-8"), Loader=yaml.CSafeLoader)
    return found


def examples(csv: Object) -> list[Object]:
    found: list[Object] = json.loads(csv["metadata"]["annotations"]["alm-examples"])
    return found


def owned(csv: Object) -> dict[str, Object]:
    return {one["kind"]: one for one in csv["spec"]["customresourcedefinitions"]["owned"]}


def test_nothing_is_in_the_directory_that_is_not_made() -> None:
    directory = source.ROOT / bundle.DIRECTORY
    there = {path.relative_to(source.ROOT).as_posix() for path in directory.rglob("*") if path.is_file()}
    assert there == set(bundle.pages())


def test_each_kind_is_owned_and_has_an_example_with_a_spec(csv: Object) -> None:
    kinds = [one.kind for one in KINDS]
    assert list(owned(csv)) == kinds
    assert [one["kind"] for one in examples(csv)] == kinds
    assert all(one["spec"] for one in examples(csv))  # basic-check-spec


def test_each_field_of_an_example_is_in_the_crd_and_has_a_descriptor(csv: Object) -> None:
    """olm-crds-have-validation, olm-spec-descriptors."""
    for kind, example in zip(KINDS, examples(csv), strict=True):
        described = {one["path"] for one in owned(csv)[kind.kind]["specDescriptors"]}
        schema = source.schema(kind)["properties"]["spec"]["properties"]
        assert set(example["spec"]) <= schema.keys() <= described


def test_each_kind_has_resources_and_all_its_status_described(csv: Object) -> None:
    """olm-crds-have-resources, olm-status-descriptors."""
    for kind in KINDS:
        entry = owned(csv)[kind.kind]
        assert entry["resources"]
        status = source.schema(kind)["properties"]["status"]["properties"]
        assert [one["path"] for one in entry["statusDescriptors"]] == list(status)


def test_the_format_of_the_directory_is_what_its_labels_say(written: Path) -> None:
    """The part of olm-bundle-validation that is in operator-registry."""
    labels = yaml.safe_load((written / "metadata" / "annotations.yaml").read_text("utf-8"))["annotations"]
    dockerfile = (written / "bundle.Dockerfile").read_text("utf-8")
    for name, value in labels.items():
        assert f"LABEL {name}={value}\n" in dockerfile
    prefix = "operators.operatorframework.io"
    for what in ("bundle.manifests", "bundle.metadata", "test.config"):
        assert (written / labels[f"{prefix}.{what}.v1"]).is_dir()
    asked = yaml.safe_load((written / "tests" / "scorecard" / "config.yaml").read_text("utf-8"))
    assert len(asked["stages"][0]["tests"]) == 6


def test_the_image_is_the_one_that_was_asked_for_everywhere(csv: Object) -> None:
    text = json.dumps(csv)
    assert text.count(IMAGE) == 3
    assert source.IMAGE not in text.replace(IMAGE, "")


def test_versions_and_names_are_the_charts(csv: Object) -> None:
    assert csv["metadata"]["name"] == f"vvol-replication.v{source.version()}"
    assert csv["spec"]["version"] == source.version()
    assert csv["spec"]["minKubeVersion"] == "1.31.0"
    assert f">={csv['spec']['minKubeVersion']}-0" == source.chart()["kubeVersion"]


def test_what_is_granted_in_all_namespaces_has_no_secrets_and_no_leases(csv: Object) -> None:
    install = csv["spec"]["install"]["spec"]
    assert "permissions" not in install
    (granted,) = install["clusterPermissions"]
    resources = {what for rule in granted["rules"] for what in rule["resources"]}
    assert "events" in resources
    assert not resources & {"secrets", "leases"}
    modes = {one["type"]: one["supported"] for one in csv["spec"]["installModes"]}
    assert [mode for mode, supported in modes.items() if supported] == ["AllNamespaces"]


def test_all_that_the_operator_needs_is_granted_by_both_together(csv: Object, written: Path) -> None:
    (granted,) = csv["spec"]["install"]["spec"]["clusterPermissions"]
    role = yaml.safe_load((written / "manifests" / "vvol-replication-home_role.yaml").read_text("utf-8"))
    found = {
        (group, what, verb)
        for rule in [*granted["rules"], *role["rules"]]
        for group in rule["apiGroups"]
        for what in rule["resources"]
        for verb in rule["verbs"]
    }
    wanted = needed("home", (), ("home", source.NAME), judges_scrapers=True)
    assert {(one.group, one.resource, one.verb) for one in wanted} <= found


def test_openshift_may_choose_the_user_and_nothing_else_of_the_deployment_is_changed(csv: Object) -> None:
    (made,) = csv["spec"]["install"]["spec"]["deployments"]
    manifest = source.deployment()
    security = manifest["spec"]["template"]["spec"]["securityContext"]
    assert (security.pop("runAsUser"), security.pop("runAsGroup")) == (65532, 65532)
    manifest["spec"]["template"]["spec"]["containers"][0]["image"] = IMAGE
    assert made["spec"] == manifest["spec"]
    assert security["runAsNonRoot"] is True


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("groupRef", "Group Ref"),
        ("vCenterRef", "vCenter Ref"),
        ("requestID", "Request ID"),
        ("caCertificates", "CA Certificates"),
        ("ttlSecondsAfterFinished", "TTL Seconds After Finished"),
    ],
)
def test_a_field_is_named_in_words(field: str, words: str) -> None:
    assert descriptors.spoken(field) == words


def test_a_directory_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"no part of a bundle: letter.txt"):
        bundle.write(tmp_path, IMAGE)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
