"""Each alert can be read, names metrics that exist, and leads to a runbook that says what to look at first."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from pages.markdown import ROOT, Block, anchors, read

from monitoring import rules
from monitoring.alerts.alert import RUNBOOKS, Alert
from monitoring.alerts.requests import WAITS_FOR_A_PERSON
from vvol_replication.api.reasons import CATALOGUE, Reason
from vvol_replication.metrics.catalogue import METRICS

EACH_ALERT = pytest.mark.parametrize("alert", rules.ALERTS, ids=lambda one: one.name)
PAGE = "docs/runbooks.md"
LABELS = {label for one in METRICS for label in one.labels} | {"job"}


def chapter(alert: Alert) -> str:
    """The runbook of an alert: what is below its heading."""
    text = (ROOT / PAGE).read_text("utf-8")
    (found,) = re.findall(rf"^## {alert.name}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return str(found)


@EACH_ALERT
def test_its_runbook_is_there_and_begins_with_what_to_look_at(alert: Alert) -> None:
    url = rules.rule(alert)["annotations"]["runbook_url"]
    page, _, anchor = url.partition("#")
    assert page == RUNBOOKS
    assert page.endswith(PAGE)
    assert anchor in anchors((ROOT / PAGE).read_text("utf-8"))
    text = chapter(alert)
    assert re.match(r"\n?First: ", text), "it says what to look at first"
    assert "```sh\n" in text, "with commands"


def test_each_chapter_of_the_runbooks_is_of_an_alert_and_in_their_order() -> None:
    chapters = re.findall(r"^## (Vvol\w+)$", (ROOT / PAGE).read_text("utf-8"), re.MULTILINE)
    assert chapters == [one.name for one in rules.ALERTS]


def test_commands_of_the_runbooks_are_played() -> None:
    blocks = [one for one in read(PAGE) if isinstance(one, Block) and one.is_commands]
    assert len([one for one in blocks if not one.not_run]) >= len(rules.ALERTS) - 3


def test_names_are_unique_and_in_one_form() -> None:
    names = [one.name for one in rules.ALERTS]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"Vvol([A-Z][a-z]+)+", name)] == []


@EACH_ALERT
def test_its_metrics_and_labels_exist(alert: Alert) -> None:
    names = {one.name for one in METRICS}
    used = set(re.findall(r"vvol_\w+", alert.expr))
    assert used
    assert used - names == set()
    by = {label for found in re.findall(r"by \(([^)]*)\)", alert.expr) for label in found.split(", ")}
    assert by - LABELS == set()
    told = set(re.findall(r"\$labels\.(\w+)", alert.summary + alert.description))
    assert told <= by, "only what the expression keeps can be shown"


@EACH_ALERT
def test_its_summary_names_the_object(alert: Alert) -> None:
    by = {label for found in re.findall(r"by \(([^)]*)\)", alert.expr) for label in found.split(", ")}
    names = by & {"namespace", "group", "schedule", "kind", "name"}
    assert all(f"$labels.{label}" in alert.summary + alert.description for label in names)


def test_reasons_that_wait_for_a_person_go_on_by_themselves_then_and_not_before() -> None:
    assert {Reason.GROUP_NOT_FOUND, Reason.TARGET_NOT_ALLOWED, Reason.VM_POWERED_ON} <= set(WAITS_FOR_A_PERSON)
    others = {Reason.GROUP_BUSY, Reason.RATE_LIMITED, Reason.SUSPENDED, Reason.UNREACHABLE, Reason.LOGIN_FAILED}
    assert others & set(WAITS_FOR_A_PERSON) == set()
    assert [reason for reason in WAITS_FOR_A_PERSON if not CATALOGUE[reason].retried] == []


def test_both_files_have_the_same_rules() -> None:
    plain: dict[str, Any] = yaml.safe_load(rules.plain())
    assert yaml.safe_load(rules.prometheus_rule())["spec"] == plain
    read_back = {one["alert"]: one["expr"] for group in plain["groups"] for one in group["rules"]}
    assert read_back == {one.name: one.expr for one in rules.ALERTS}


def test_the_chart_replaces_the_address_of_the_runbooks_that_is_shipped() -> None:
    template = (ROOT / "charts/vvol-replication/templates/prometheusrule.yaml").read_text("utf-8")
    values = yaml.safe_load((ROOT / "charts/vvol-replication/values.yaml").read_text("utf-8"))
    assert f'"{RUNBOOKS}"' in template
    assert values["metrics"]["prometheusRule"]["runbookURL"] == RUNBOOKS
