"""Each dashboard fits the grid, says what its panels show, and asks for metrics that exist."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pages.markdown import ROOT

from monitoring import boards
from vvol_replication.metrics.catalogue import METRICS, Type

EACH_BOARD = pytest.mark.parametrize("name", boards.BOARDS)
WIDTH = 24
SUFFIXES = ("", "_bucket", "_sum", "_count")


def panels(name: str) -> list[dict[str, Any]]:
    """All panels of a dashboard, as Grafana reads them."""
    found: list[dict[str, Any]] = json.loads(boards.text_of(name))["panels"]
    return found


def shown(name: str) -> list[dict[str, Any]]:
    return [one for one in panels(name) if one["type"] != "row"]


@EACH_BOARD
def test_panels_fill_the_grid_and_do_not_overlap(name: str) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in panels(name):
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, (panel["title"], taken[x, y])
                taken[x, y] = panel["title"]
    bottom = max(y for _, y in taken) + 1
    assert len(taken) == WIDTH * bottom, "there are no holes"


@EACH_BOARD
def test_each_panel_has_a_number_a_title_of_its_own_and_says_what_it_shows(name: str) -> None:
    assert [one["id"] for one in panels(name)] == list(range(1, len(panels(name)) + 1))
    titles = [one["title"] for one in shown(name)]
    assert len(set(titles)) == len(titles)
    assert [one["title"] for one in shown(name) if not one["description"].endswith(".")] == []


@EACH_BOARD
def test_its_metrics_and_labels_exist(name: str) -> None:
    histograms = {one.name for one in METRICS if one.type is Type.HISTOGRAM}
    names = {one.name for one in METRICS} | {f"{one}{suffix}" for one in histograms for suffix in SUFFIXES}
    labels = {label for one in METRICS for label in one.labels} | {"job", "instance", "le"}
    for panel in shown(name):
        for target in panel["targets"]:
            assert set(re.findall(r"vvol_\w+", target["expr"])) <= names, panel["title"]
            by = {label for found in re.findall(r"by \(([^)]*)\)", target["expr"]) for label in found.split(", ")}
            assert by <= labels, panel["title"]
            assert set(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", ""))) <= by | {"instance"}


@EACH_BOARD
def test_each_variable_that_is_used_is_there_and_the_other_way_round(name: str) -> None:
    text = boards.text_of(name)
    defined = {one["name"] for one in json.loads(text)["templating"]["list"]}
    used = {"datasource"} | {
        found
        for panel in shown(name)
        for target in panel["targets"]
        for found in re.findall(r"\$(\w+)", target["expr"])
        if not found.startswith("__")
    }
    assert used == defined
    assert {panel["datasource"]["uid"] for panel in shown(name)} == {"${datasource}"}


def test_dashboards_have_ids_by_which_links_find_them() -> None:
    for name in boards.BOARDS:
        assert json.loads(boards.text_of(name))["uid"] == f"vvol-{name}"


@EACH_BOARD
def test_the_page_has_its_picture_with_all_its_panels(name: str) -> None:
    drawn = (ROOT / "docs" / "drawings" / f"dashboard-{name}.svg").read_text("utf-8")
    assert [one["title"] for one in panels(name) if one["type"] == "row"] == re.findall(r'"row"[^>]*>([^<]+)', drawn)
    assert [one["title"] for one in shown(name)] == re.findall(r'"title"[^>]*>([^<]+)', drawn), (
        "make telemetry draws it"
    )
    assert re.search(
        rf"!\[[^\]]+\]\(drawings/dashboard-{name}\.svg\)", (ROOT / "docs/dashboards.md").read_text("utf-8")
    )
