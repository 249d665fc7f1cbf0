"""The chart's values, their schema and their table say the same; no Helm is needed to see that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from docs import chart

if TYPE_CHECKING:
    from collections.abc import Iterator

VALUES: dict[str, Any] = yaml.safe_load((chart.CHART / "values.yaml").read_text("utf-8"))
SCHEMA: dict[str, Any] = json.loads((chart.CHART / "values.schema.json").read_text("utf-8"))
USERS_OWN = {"global", "affinity.nodeAffinity", "affinity.podAffinity", "affinity.podAntiAffinity"}
"""Objects that Kubernetes checks, or other charts: their keys are not ours."""
OPTIONAL = {
    *USERS_OWN,
    "resources.limits.cpu",
    "resources.requests.ephemeral-storage",
    "resources.limits.ephemeral-storage",
}
"""Values that may be given, and have no default."""


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """The definition that a `$ref` leads to."""
    reference = node.get("$ref")
    found: dict[str, Any] = node if reference is None else SCHEMA["definitions"][reference.rpartition("/")[2]]
    return found


def paths_of_values(values: dict[str, Any], above: str = "") -> Iterator[str]:
    for key, value in values.items():
        yield above + key
        if isinstance(value, dict):
            yield from paths_of_values(value, f"{above}{key}.")


def nodes(schema: dict[str, Any], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for key, node in schema.get("properties", {}).items():
        found = resolved(node)
        yield above + key, found
        yield from nodes(found, f"{above}{key}.")


def objects(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each schema of an object, also within lists and definitions."""
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield path, node
        for key, value in node.items():
            yield from objects(value, f"{path}/{key}")


def test_each_value_is_in_the_schema_and_each_of_the_schema_is_a_value() -> None:
    values, known = set(paths_of_values(VALUES)), {path for path, _ in nodes(SCHEMA)}
    assert values - known == set()
    assert known - values == OPTIONAL


def test_no_object_of_the_schema_takes_a_key_that_it_does_not_know() -> None:
    own = {f"/properties/{path.replace('.', '/properties/')}" for path in USERS_OWN}
    loose = {path for path, node in objects(SCHEMA) if "additionalProperties" not in node}
    assert loose == own
    for path, node in objects(SCHEMA):
        if "properties" in node:
            assert node["additionalProperties"] is False, path


def test_what_is_not_an_object_has_a_type_or_is_one_of_a_list() -> None:
    for path, node in nodes(SCHEMA):
        assert "type" in node or "enum" in node, path


def test_each_value_is_described_and_nothing_else_is() -> None:
    text = (chart.CHART / "values.yaml").read_text("utf-8")
    assert {one.path for one in chart.rows()} == set(chart.comments(text))
    assert len(chart.rows()) > 40


def test_table_and_crds_are_up_to_date() -> None:
    assert chart.stale() == [], "run `make docs` and commit the result"


def test_the_versions_are_the_projects() -> None:
    said = yaml.safe_load((chart.CHART / "Chart.yaml").read_text("utf-8"))
    project = (chart.ROOT / "pyproject.toml").read_text("utf-8")
    assert f'\nversion = "{said["appVersion"]}"\n' in project
    tags = [
        one["newTag"]
        for path in chart.ROOT.glob("manifests/**/kustomization.yaml")
        for one in yaml.safe_load(path.read_text("utf-8")).get("images", ())
    ]
    assert set(tags) == {said["appVersion"]}
