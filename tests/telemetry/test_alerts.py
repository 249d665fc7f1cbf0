"""promtool judges each alert in the situations that it is for, and in those that it is not for."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from telemetry import alert_cases_endpoints, alert_cases_groups, alert_cases_operator, alert_cases_requests

from monitoring import rules
from monitoring.alerts.alert import Alert

CASES = (
    *(*alert_cases_operator.CASES, *alert_cases_endpoints.CASES),
    *(*alert_cases_groups.CASES, *alert_cases_requests.CASES),
)


@pytest.fixture(scope="session")
def rules_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of rules, as it is shipped."""
    path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    path.write_text(rules.plain(), "utf-8")
    return path


def run(promtool: Path, *arguments: str | Path) -> tuple[int, str]:
    """Promtool's exit status, and all that it says."""
    done = subprocess.run([promtool, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_promtool_reads_all_rules_and_has_nothing_to_say(programs: dict[str, Path], rules_file: Path) -> None:
    status, said = run(programs["promtool"], "check", "rules", "--lint=all", "--lint-fatal", rules_file)
    assert status == 0, said
    assert f"{len(rules.ALERTS)} rules found" in said


@pytest.mark.parametrize("alert", rules.ALERTS, ids=lambda one: one.name)
def test_each_alert_has_situations_in_which_it_fires_and_in_which_it_does_not(alert: Alert) -> None:
    judged = [case.fires is not None for case in CASES if case.alert is alert]
    assert True in judged
    assert False in judged


@pytest.mark.parametrize("alert", rules.ALERTS, ids=lambda one: one.name)
def test_it_fires_when_it_should_and_not_when_it_should_not(
    alert: Alert, programs: dict[str, Path], rules_file: Path, tmp_path: Path
) -> None:
    tests = [case.test() for case in CASES if case.alert is alert]
    path = tmp_path / "tests.yaml"
    path.write_text(yaml.safe_dump({"rule_files": [str(rules_file)], "tests": tests}, sort_keys=False), "utf-8")
    status, said = run(programs["promtool"], "test", "rules", path)
    assert status == 0, said


def test_a_situation_that_is_judged_wrongly_would_fail(
    programs: dict[str, Path], rules_file: Path, tmp_path: Path
) -> None:
    case = next(case for case in CASES if case.fires)
    path = tmp_path / "tests.yaml"
    for wrong in (replace(case, fires=None), replace(case, fires={"name": "another"})):
        path.write_text(yaml.safe_dump({"rule_files": [str(rules_file)], "tests": [wrong.test()]}), "utf-8")
        status, said = run(programs["promtool"], "test", "rules", path)
        assert status == 1
        assert case.situation in said
