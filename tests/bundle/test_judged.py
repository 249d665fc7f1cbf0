"""OLM's own validators find nothing in the bundle, and what is broken in it they do find."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from e2e import olm

import gobuild
from olm import bundle, judge, source
from testbed.kubectl import KubectlError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from testbed.controlplane import ControlPlane

    Object = dict[str, Any]

BUNDLE = source.ROOT / bundle.DIRECTORY
CSV = f"{source.NAME}.clusterserviceversion.yaml"


def test_no_validator_has_an_error_or_a_warning() -> None:
    assert judge.problems(BUNDLE) == []


def without_crd(_: Object, manifests: Path) -> None:
    next(manifests.glob("*_vcenters.yaml")).unlink()


def without_description(csv: Object, _: Path) -> None:
    csv["spec"]["customresourcedefinitions"]["owned"][0]["description"] = ""


def without_provider(csv: Object, _: Path) -> None:
    csv["spec"]["provider"] = {}


def with_a_category_of_its_own(csv: Object, _: Path) -> None:
    csv["metadata"]["annotations"]["categories"] = "Fishing"


def with_a_capability_of_its_own(csv: Object, _: Path) -> None:
    csv["metadata"]["annotations"]["capabilities"] = "Everything"


def without_examples(csv: Object, _: Path) -> None:
    del csv["metadata"]["annotations"]["alm-examples"]


@pytest.mark.parametrize(
    ("break_it", "validator", "words"),
    [
        (without_crd, "default", "not found in bundle"),
        (without_description, "good-practices", "empty description"),
        (without_provider, "operatorhub", "Provider.Name not specified"),
        (with_a_category_of_its_own, "categories", "Fishing"),
        (with_a_capability_of_its_own, "capabilities", "Everything"),
        (without_examples, "default", "example"),
    ],
)
def test_what_is_broken_is_found(
    break_it: Callable[[Object, Path], None], validator: str, words: str, tmp_path: Path
) -> None:
    broken = tmp_path / "bundle"
    shutil.copytree(BUNDLE, broken)
    manifests = broken / "manifests"
    csv = olm.csv_of(broken)
    break_it(csv, manifests)
    (manifests / CSV).write_text(yaml.safe_dump(csv), "utf-8")

    found = judge.problems(broken)
    assert any(one.validator == validator and words in one.message for one in found), found


def test_a_directory_without_a_bundle_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(gobuild.BuildError, match="cannot be read as a bundle"):
        judge.problems(tmp_path)


def test_the_api_server_takes_it_by_olms_own_definition_and_drops_no_field(control_plane: ControlPlane) -> None:
    client = control_plane.client
    client.apply(judge.definition(), options=("--server-side",))
    name = judge.definition()["metadata"]["name"]
    control_plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", f"crd/{name}")
    client.make_namespace("olm")
    csv = olm.csv_of(BUNDLE)
    home = client.in_namespace("olm")
    home.apply(csv, options=("--validate=strict",))
    stored = home.get("clusterserviceversion", csv["metadata"]["name"])

    assert {key: stored["spec"][key] for key in csv["spec"]} == csv["spec"]
    csv["spec"]["install"]["spec"]["deployments"][0]["replicas"] = 2
    with pytest.raises(KubectlError, match=r"unknown field .*deployments\[0\]\.replicas"):
        home.apply(csv, options=("--validate=strict",))
