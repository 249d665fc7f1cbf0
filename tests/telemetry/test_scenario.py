"""A real Prometheus scrapes the real operator: each query of a dashboard, and each alert, finds what is true."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest
from e2e.protected import have_reader
from pages.markdown import ROOT, anchors
from telemetry import expected_endpoints, expected_fleet, expected_group, expected_operator
from telemetry.expected_alerts import FIRING, FOUND, Found
from telemetry.panels import PANELS, Panel, differences, filled, headings, name_of, title
from telemetry.pictures import picture, words
from telemetry.prometheus import Series
from telemetry.scenario import GROUPS, NAMESPACE, Scene, played

from monitoring import boards, rules
from monitoring.alerts import operator, requests
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from telemetry.numbers import Number

    from testbed.controlplane import ControlPlane

EXPECTED: Mapping[str, Callable[[Scene], Mapping[str, tuple[Mapping[str, Number], ...]]]] = {
    "fleet": expected_fleet.expected,
    "group": expected_group.expected,
    "endpoints": expected_endpoints.expected,
    "operator": expected_operator.expected,
}
SETTLED = 60
"""Seconds until what has happened must be seen: the operator reads, and Prometheus scrapes."""

UPDATE, PICTURED = "VVOL_UPDATE_GOLDEN", "crm"
"""What has the pictures drawn anew; the group that is in the picture of one group."""
LEASE = 30
"""Seconds for which nobody else may lead."""


@pytest.fixture(scope="module")
def scene(
    control_plane: ControlPlane,
    crds: tuple[str, ...],
    programs: dict[str, Path],
    tools: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Scene]:
    assert crds
    have_reader(control_plane, tools["kubectl"])
    with played(control_plane, tmp_path_factory.mktemp("scene"), programs["prometheus"]) as made:
        yield made


def answered(scene: Scene, panel: Panel, expr: str) -> list[Series]:
    """What a query finds. In the dashboard of one group it is asked for each, and that group is one more label."""
    if panel.board != "group":
        return scene.ask(expr)
    return [Series({**one.labels, "group": group}, one.values) for group in GROUPS for one in scene.ask(expr, group)]


def finds(scene: Scene, expr: str, rows: AbstractSet[str], timeout: float = SETTLED) -> None:
    """Wait until an expression of an alert finds these rows, and no others."""
    eventually(
        lambda: {name_of(one.labels) for one in scene.plain(scene.prometheus.query(expr))},
        what=f"{expr} to find {sorted(rows)}",
        until=lambda seen: seen == rows,
        timeout=timeout,
    )


def test_prometheus_scrapes_the_protected_port(scene: Scene) -> None:
    (target,) = scene.prometheus.targets()
    assert target["scrapeUrl"].startswith("https://")
    assert (target["health"], target["lastError"]) == ("up", "")


def test_each_panel_has_its_expectation_and_the_other_way_round(scene: Scene) -> None:
    expected = {board: {title: len(rows) for title, rows in of(scene).items()} for board, of in EXPECTED.items()}
    shown = {board: {one.title: len(one.queries) for one in PANELS if one.board == board} for board in boards.BOARDS}
    assert expected == shown
    empty = [title for of in EXPECTED.values() for title, each in of(scene).items() for rows in each if not rows]
    assert empty == [], "each query finds something"


def is_true(scene: Scene, panel: Panel) -> None:
    """Wait until each query of a panel finds what is true."""
    expected = EXPECTED[panel.board](scene)[panel.title]

    def wrong() -> list[list[str]]:
        return [
            differences(answered(scene, panel, query.expr), rows)
            for query, rows in zip(panel.queries, expected, strict=True)
        ]

    eventually(wrong, what=f"{panel} to be true", until=lambda seen: not any(seen), timeout=SETTLED)


@pytest.mark.parametrize("panel", PANELS, ids=str)
def test_each_query_of_a_panel_finds_what_is_true(scene: Scene, panel: Panel) -> None:
    is_true(scene, panel)


@pytest.mark.parametrize("board", boards.BOARDS)
def test_each_variable_offers_what_is_there(scene: Scene, board: str) -> None:
    groups = {scene.name(one) for one in GROUPS}
    names = ("austin", "dallas", "flasharray-a", "flasharray-b", "locked", "late", "garbled", "gone")
    there = {
        "namespace": {scene.rig.namespace},
        "group": groups,
        "name": {scene.name(one) for one in names},
        "job": {"vvol-replication"},
    }
    for variable in json.loads(boards.text_of(board))["templating"]["list"]:
        if variable["type"] == "datasource":
            continue
        asked = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"])
        assert asked is not None
        found = scene.prometheus.values_of(asked[2], filled(asked[1], scene.variables()))
        assert found == there[variable["name"]]


def test_prometheus_has_all_rules_and_evaluates_them(scene: Scene) -> None:
    found = eventually(
        scene.prometheus.rules,
        what="all rules to be evaluated",
        until=lambda seen: all(one["health"] != "unknown" for one in seen.values()),
    )
    assert {name: (one["health"], one.get("lastError", "")) for name, one in found.items()} == {
        one.name: ("ok", "") for one in rules.ALERTS
    }


def test_each_alert_has_its_expectation() -> None:
    assert [one.alert for one in FOUND] == list(rules.ALERTS)


@pytest.mark.parametrize("found", FOUND, ids=lambda one: one.alert.name)
def test_each_expression_of_an_alert_finds_what_is_true(scene: Scene, found: Found) -> None:
    finds(scene, found.asked(), found.rows)
    if found.instead:
        finds(scene, found.alert.expr, frozenset())


@pytest.mark.parametrize("name", FIRING)
def test_an_alert_fires_with_the_names_of_its_object_and_leads_to_its_runbook(scene: Scene, name: str) -> None:
    rule = eventually(
        lambda: scene.prometheus.rules()[name],
        what=f"{name} to fire",
        until=lambda seen: seen["state"] == "firing",
        timeout=SETTLED,
    )
    (alert,) = rule["alerts"]
    (told,) = scene.plain([Series(alert["labels"], ())])
    assert told.labels == {"alertname": name, "namespace": NAMESPACE, "severity": "warning", **FIRING[name]}
    said = " ".join((alert["annotations"]["summary"], alert["annotations"]["description"]))
    assert f"{alert['labels']['namespace']}/{scene.name(FIRING[name].get('schedule', FIRING[name]['group']))}" in said
    assert "{{" not in said
    page, _, anchor = alert["annotations"]["runbook_url"].partition("docs/")[2].partition("#")
    assert anchor in anchors((ROOT / "docs" / page).read_text("utf-8"))


@pytest.mark.parametrize("board", boards.BOARDS)
def test_the_picture_of_a_dashboard_shows_what_its_queries_find(scene: Scene, board: str) -> None:
    panels = [one for one in PANELS if one.board == board]
    for panel in panels:
        is_true(scene, panel)
    group = PICTURED if board == "group" else ""
    answers = {
        panel.title: [
            (scene.ask_lately if panel.type == "timeseries" else scene.ask)(query.expr, group)
            for query in panel.queries
        ]
        for panel in panels
    }
    drawn = picture(title(board), headings(board), panels, answers)
    path = ROOT / "docs" / "drawings" / f"dashboard-{board}.svg"
    if os.environ.get(UPDATE):
        path.write_text(drawn, "utf-8")
    how = f"if that is meant, draw it anew: {UPDATE}=1 make telemetry ARGS='-k scenario'"
    assert words(drawn) == words(path.read_text("utf-8")), f"{path.name} has other panels or rows; {how}"


def test_while_the_operator_is_dead_and_while_nobody_leads_the_alerts_say_so_and_the_others_stay(scene: Scene) -> None:
    (failed,) = (one for one in FOUND if one.alert is requests.FAILED)
    finds(scene, operator.ABSENT.expr, set())
    scene.rig.kill()
    finds(scene, operator.ABSENT.expr, {""})
    scene.rig.start()  # it waits for the Lease of the dead one
    finds(scene, operator.NOBODY_LEADS.expr, {""})
    finds(scene, failed.alert.expr, failed.rows)
    finds(scene, operator.NOBODY_LEADS.expr, set(), timeout=2 * LEASE)
    finds(scene, operator.ABSENT.expr, set())
    finds(scene, failed.alert.expr, failed.rows)
    assert scene.prometheus.rules()[failed.alert.name]["state"] == "firing"
