"""What the chart and kustomize install for Prometheus: nothing by default, and the same from both."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import yaml
from e2e.helm import NAMESPACE, RELEASE, one

from testbed import accounts

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.helm import Helm

RULES = accounts.MANIFESTS / "monitoring" / "rules.yaml"


def with_component(tools: dict[str, Path], directory: Path, component: str) -> list[dict[str, Any]]:
    """The objects of the overlay `cluster-wide` with a component of `manifests/monitoring`."""
    for name in ("crds", "manifests"):
        shutil.copytree(accounts.MANIFESTS.parent / name, directory / name)
    overlay = directory / "manifests" / "overlays" / "cluster-wide"
    with (overlay / "kustomization.yaml").open("a") as file:
        file.write(f"components:\n- ../../monitoring/{component}\n")
    return accounts.built(tools["kubectl"], overlay)


def alerts(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [rule for group in spec["groups"] for rule in group["rules"]]


def test_the_chart_makes_the_alerts_if_it_is_asked_to(helm: Helm) -> None:
    assert "PrometheusRule" not in {obj["kind"] for obj in helm.objects()}
    values = {"enabled": True, "labels": {"release": "prometheus"}}
    made = one(helm.objects({"metrics": {"prometheusRule": values}}), "PrometheusRule")
    assert made["metadata"]["namespace"] == NAMESPACE
    assert (
        made["metadata"]["labels"].items() >= {"release": "prometheus", "app.kubernetes.io/instance": RELEASE}.items()
    )
    assert made["spec"] == yaml.safe_load(RULES.read_text("utf-8"))


def test_the_chart_links_to_the_runbooks_where_the_team_reads_them(helm: Helm) -> None:
    address = "https://wiki.example.com/dr/runbooks"
    values = {"metrics": {"prometheusRule": {"enabled": True, "runbookURL": address}}}
    urls = [rule["annotations"]["runbook_url"] for rule in alerts(one(helm.objects(values), "PrometheusRule")["spec"])]
    assert all(url.startswith(f"{address}#vvol") for url in urls)
    shipped = alerts(yaml.safe_load(RULES.read_text("utf-8")))
    assert [url.partition("#")[2] for url in urls] == [
        rule["annotations"]["runbook_url"].partition("#")[2] for rule in shipped
    ]


def test_the_component_of_kustomize_has_the_same_alerts(helm: Helm, tools: dict[str, Path], tmp_path: Path) -> None:
    theirs = one(with_component(tools, tmp_path, "alerts"), "PrometheusRule")
    ours = one(helm.objects({"metrics": {"prometheusRule": {"enabled": True}}}), "PrometheusRule")
    assert theirs["metadata"]["namespace"] == NAMESPACE
    assert theirs["spec"] == ours["spec"]
    assert "{{ $labels.namespace }}" in json.dumps(ours["spec"]), "Helm leaves Prometheus' templates alone"


DASHBOARDS = {path.stem: path for path in (accounts.MANIFESTS / "monitoring" / "dashboards").glob("*.json")}


def config_maps(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {obj["metadata"]["name"]: obj for obj in objects if obj["kind"] == "ConfigMap"}


def test_the_chart_makes_a_labelled_config_map_for_each_dashboard_if_it_is_asked_to(helm: Helm) -> None:
    assert config_maps(helm.objects()) == {}
    values = {"enabled": True, "labels": {"team": "dr"}, "annotations": {"grafana_folder": "vVols"}}
    made = config_maps(helm.objects({"metrics": {"dashboards": values}}))
    assert set(made) == {f"{RELEASE}-{name}" for name in DASHBOARDS}
    for name, path in DASHBOARDS.items():
        obj = made[f"{RELEASE}-{name}"]
        assert obj["metadata"]["labels"].items() >= {"grafana_dashboard": "1", "team": "dr"}.items()
        assert obj["metadata"]["annotations"] == {"grafana_folder": "vVols"}
        assert json.loads(obj["data"][f"{name}.json"]) == json.loads(path.read_text("utf-8"))


def test_the_component_of_kustomize_has_the_same_dashboards(helm: Helm, tools: dict[str, Path], tmp_path: Path) -> None:
    theirs = config_maps(with_component(tools, tmp_path, "dashboards"))
    ours = config_maps(helm.objects({"metrics": {"dashboards": {"enabled": True}}}))
    assert theirs.keys() == ours.keys()
    for name, obj in theirs.items():
        assert obj["metadata"]["namespace"] == NAMESPACE
        assert obj["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert {file: json.loads(text) for file, text in obj["data"].items()} == {
            file: json.loads(text) for file, text in ours[name]["data"].items()
        }
