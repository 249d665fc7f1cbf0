"""The configuration of kube-state-metrics asks for fields that the CRDs have, and knows all of their words."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pages.markdown import ROOT

from vvol_replication.api.names import GROUP, KINDS, VERSION
from vvol_replication.api.status import Phase
from vvol_replication.domain.groups import GroupState

DIRECTORY = ROOT / "manifests" / "kube-state-metrics"
RESOURCES = yaml.safe_load((DIRECTORY / "custom-resource-state.yaml").read_text("utf-8"))["spec"]["resources"]
CONDITION = {"True", "False", "Unknown"}
METADATA = {"properties": {"name": {"type": "string"}, "namespace": {"type": "string"}}}
NUMBERS = {"integer", "boolean"}


def schema(kind: str) -> dict[str, Any]:
    for file in (ROOT / "crds").glob("*.yaml"):
        said = yaml.safe_load(file.read_text("utf-8"))
        if said.get("spec", {}).get("names", {}).get("kind") == kind:
            found: dict[str, Any] = said["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
            return found | {"properties": found["properties"] | {"metadata": METADATA}}
    raise LookupError(kind)


def at(node: dict[str, Any], path: list[str]) -> dict[str, Any]:
    """The schema of a field; KeyError: there is none."""
    for key in path:
        node = (node["items"] if node.get("type") == "array" else node)["properties"][key]
    return node


def test_each_kind_is_told_of_in_the_version_that_is_served() -> None:
    assert [one["groupVersionKind"] for one in RESOURCES] == [
        {"group": GROUP, "version": VERSION, "kind": kind}
        for kind in (one["groupVersionKind"]["kind"] for one in RESOURCES)
    ]
    assert {one["groupVersionKind"]["kind"] for one in RESOURCES} == {kind.kind for kind in KINDS}


def test_the_role_reads_what_is_told_of_and_nothing_else() -> None:
    role, _ = yaml.safe_load_all((DIRECTORY / "rbac.yaml").read_text("utf-8"))
    (rule,) = [one for one in role["rules"] if one["apiGroups"] == [GROUP]]
    assert set(rule["resources"]) == {kind.plural for kind in KINDS}
    assert {verb for one in role["rules"] for verb in one["verbs"]} == {"list", "watch"}


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: one["groupVersionKind"]["kind"])
def test_each_field_is_one_of_the_crd_and_becomes_a_true_value(resource: dict[str, Any]) -> None:
    crd = schema(resource["groupVersionKind"]["kind"])
    for path in resource["labelsFromPath"].values():
        assert at(crd, path)["type"] == "string"
    names = [metric["name"] for metric in resource["metrics"]]
    assert len(names) == len(set(names))
    for metric in resource["metrics"]:
        (source,) = (metric["each"][key] for key in ("gauge", "stateSet", "info") if key in metric["each"])
        found = at(crd, source["path"])
        for path in source.get("labelsFromPath", {}).values():
            assert at(found, path)["type"] == "string"
        for path in metric.get("labelsFromPath", {}).values():
            assert at(crd, path)["type"] == "string"
        if metric["each"]["type"] == "Gauge":
            is_time = found["type"] == "string" and metric["name"].endswith("_timestamp_seconds")
            assert is_time or found["type"] in NUMBERS, metric["name"]
        elif metric["each"]["type"] == "StateSet":
            words = at(found, source["valueFrom"])
            expected = {
                "status": CONDITION,
                "phase": {phase.value for phase in Phase},
                "state": {state.value for state in GroupState},
            }
            assert set(source["list"]) == expected[source["labelName"]]
            assert set(words.get("enum", source["list"])) == set(source["list"])
