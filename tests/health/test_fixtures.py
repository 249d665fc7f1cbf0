"""Every fixture beside the Lua files, judged by Argo CD's Lua VM, kstatus, and Flux's rules and expressions."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from health import contract, fixtures, judges

from docs import gitops_health
from vvol_replication.api.schedule import ReplicationScheduleSpec
from vvol_replication.api.times import parse_time

if TYPE_CHECKING:
    from pathlib import Path

    from health.fixtures import Case
    from health.judges import Opinion

Object = dict[str, Any]
HEALTH = list(fixtures.health_cases())
DISCOVERY = list(fixtures.action_cases("discoveryTests"))
ACTIONS = list(fixtures.action_cases("actionTests"))
ODD = {"no-status", "no-conditions", "odd-types", "odd-status", "odd-conditions", "undecided"}
"""Fixtures of what no operator writes: Argo CD has to show something all the same."""
FILES = sorted(fixtures.ROOT.glob("*/testdata/*.yaml"))
TRUE = [path for path in FILES if path.stem not in ODD]
ROWS = {
    "created, not seen yet": "created",
    "read, suspended": "read-suspended",
    "not read": "not-read",
    **{
        one: one for one in ("running", "waiting", "suspended", "succeeded", "failed", "cancelled", "history", "missed")
    },
    "read": "read",
    **{one.name: one.name.replace(" ", "-") for one in contract.SCHEDULE_ROWS[1:]},
}
"""Names of the fixtures by rows of the contract."""


@cache
def opinion(path: Path) -> Opinion:
    """What the programs say of a fixture; all are asked about in one call."""
    known = _opinions()
    return known[path]


@cache
def _opinions() -> dict[Path, Opinion]:
    return dict(zip(FILES, judges.opinions([fixtures.read(path) for path in FILES]), strict=True))


def name(path: Path) -> str:
    return f"{path.parts[-3]}-{path.stem}"


def test_every_kind_is_there() -> None:
    crds = (gitops_health.ROOT / "crds").glob("*.yaml")
    kinds = {fixtures.read(path)["spec"]["names"]["kind"] for path in crds}
    assert kinds == contract.KINDS == set(fixtures.kinds())


@pytest.mark.parametrize("kind", sorted(contract.KINDS))
def test_every_row_of_the_table_has_a_fixture(kind: str) -> None:
    rows: tuple[contract.Row, ...] = (
        (contract.UNSEEN, *contract.ROWS) if kind in contract.ONE_SHOT else contract.MONITORED_ROWS
    )
    if kind in contract.SCHEDULES:
        rows = contract.SCHEDULE_ROWS
    if kind in {"VCenter", "FlashArray"}:
        rows = tuple(one for one in rows if one is not contract.SUSPENDED_GROUP)
    found = {}
    for one in rows:
        obj = fixtures.read(fixtures.ROOT / kind / "testdata" / f"{ROWS[one.name]}.yaml")
        found[one.name] = contract.row(obj)
    assert found == {one.name: one for one in rows}


def test_every_fixture_is_in_its_health_test() -> None:
    tested = {case.path for case in HEALTH}
    assert [name(path) for path in FILES if path not in tested and path.stem != "deleting"] == []


@pytest.mark.parametrize("case", HEALTH, ids=str)
def test_argo_cd_shows_what_the_health_test_says(case: Case) -> None:
    said = opinion(case.path).argo
    assert said.get("argoError") is None
    assert {"status": said["argo"], "message": said["message"]} == case.entry["healthStatus"]


@pytest.mark.parametrize("path", TRUE, ids=name)
def test_the_fixture_keeps_the_contract_and_all_tools_agree(path: Path) -> None:
    obj = fixtures.read(path)
    assert [*contract.judge(obj), *contract.unknown_reasons(obj)] == []
    assert judges.differences(obj, opinion(path)) == []


@pytest.mark.parametrize("path", [path for path in FILES if path.stem in ODD], ids=name)
def test_what_no_operator_writes_is_neither_good_nor_bad_news(path: Path) -> None:
    said = opinion(path)
    assert (said.argo["argo"], said.argo.get("actionsError")) == ("Progressing", None)
    assert said.flux["health"] in {"", "InProgress"}
    assert contract.judge(fixtures.read(path)) != []


@pytest.mark.parametrize("case", DISCOVERY, ids=str)
def test_argo_cd_offers_the_actions(case: Case) -> None:
    said = opinion(case.path).argo
    offered = {"disabled": said["disabled"], "actions": said["actions"]}
    wanted = case.entry["result"]
    assert offered == {
        "disabled": sorted(one["name"] for one in wanted if one["disabled"]),
        "actions": sorted(one["name"] for one in wanted if not one["disabled"]),
    }


def test_every_action_has_a_test() -> None:
    scripts = {(path.parts[-4], path.parts[-2]) for path in fixtures.ROOT.glob("*/actions/*/action.lua")}
    assert {(case.kind, case.entry["action"]) for case in ACTIONS} == scripts
    assert {kind for kind, _ in scripts} == {case.kind for case in DISCOVERY}


def test_the_actions_do_what_their_tests_say() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    said = judges.argocd({"object": case.object, "action": case.entry["action"]} for case in ACTIONS)
    after = datetime.now(UTC)
    for case, answer in zip(ACTIONS, said, strict=True):
        expected = fixtures.read(case.path.parents[1] / "actions" / case.entry["expectedOutputPath"])
        assert answer.get("resultError") is None, case
        if case.entry["action"] == "run-now":  # its text is the time of the click; the file has another one
            assert before <= parse_time(answer["result"]["spec"]["runNow"]) <= after, case
            answer["result"]["spec"]["runNow"] = expected["spec"]["runNow"]
        assert answer["result"] == expected, case


def test_a_text_of_run_now_is_one_that_the_api_server_takes() -> None:
    obj = fixtures.read(fixtures.ROOT / "ReplicationSchedule" / "testdata" / "scheduled.yaml")
    (said,) = judges.argocd([{"object": obj, "action": "run-now"}])

    assert ReplicationScheduleSpec.parse(said["result"]["spec"]).run_now == said["result"]["spec"]["runNow"]


def test_an_action_on_nothing_still_says_what_is_wanted() -> None:
    bare = {"apiVersion": gitops_health.API_VERSION, "kind": "ReplicationSync", "metadata": {"name": "bare"}}
    said = judges.argocd({"object": bare, "action": action} for action in ("cancel", "suspend", "resume"))
    assert [one["result"].get("spec") for one in said] == [{"cancel": True}, {"suspend": True}, None]


# The judges can say no


def broken(path: Path, *changes: tuple[str, str]) -> Path:
    text = judges.ARGOCD_CM.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        (
            'status = "Degraded"',
            'status = "Healthy"',
            {"failed", "cancelled", "missed", "not-read", "schedule-invalid"},
        ),
        ("not executed: ", "done: ", {"history"}),
        ('status = "Suspended"', 'status = "Progressing"', {"suspended", "read-suspended", "schedule-suspended"}),
        (" Last run: ", " ", {"last-run-failed"}),
        ("status.observedGeneration ~= generation", "false", {"created", "stale"}),
        ('type(status) ~= "table"', "status == nil", {"odd-status"}),
        ("found[name] ~= nil and ", "", {"succeeded"}),
        ("return {", "return {{", {"running", "succeeded", "read"}),
    ],
)  # fmt: skip
def test_a_broken_lua_file_is_seen(old: str, new: str, seen: set[str], tmp_path: Path) -> None:
    config = broken(tmp_path / "argocd-cm.yaml", (old, new))
    said = judges.argocd(({"object": case.object} for case in HEALTH), config)
    wrong = {
        case.path.stem
        for case, answer in zip(HEALTH, said, strict=True)
        if {"status": answer["argo"], "message": answer["message"]} != case.entry["healthStatus"]
    }
    assert seen <= wrong


def changed(path: str, **changes: Any) -> Object:
    obj = copy.deepcopy(fixtures.read(fixtures.ROOT / path))
    for key, value in changes.items():
        if key in {"phase", "observedGeneration", "finishedAt"}:
            obj["status"][key] = value
            continue
        found = [one for one in obj["status"]["conditions"] if one["type"] == key]
        if value is None:
            obj["status"]["conditions"].remove(found[0])
        elif found:
            found[0].update(value)
        else:
            obj["status"]["conditions"].append({**obj["status"]["conditions"][0], "type": key, **value})
    return obj


SYNC, SCHEDULE = "ReplicationSync/testdata", "ReplicationSchedule/testdata"
BROKEN = {
    "ready beside reconciling": changed(f"{SYNC}/running.yaml", Ready={"status": "True"}),
    "reconciling left over at the end": changed(f"{SYNC}/succeeded.yaml", Reconciling={"status": "True"}),
    "failed without stalled": changed(f"{SYNC}/failed.yaml", Stalled=None),
    "stalled kept as False": changed(f"{SYNC}/succeeded.yaml", Stalled={"status": "False"}),
    "ready without the end": changed(f"{SYNC}/succeeded.yaml", Complete=None),
    "no ready": changed(f"{SYNC}/waiting.yaml", Ready=None),
    "a generation ahead": changed(f"{SYNC}/succeeded.yaml", observedGeneration=2),
    "an older condition": changed(f"{SYNC}/succeeded.yaml", Named={"observedGeneration": 0}),
    "a phase of another row": changed(f"{SYNC}/succeeded.yaml", phase="Running"),
    "ended without a time": changed(f"{SYNC}/failed.yaml", finishedAt=None),
    "no message": changed(f"{SYNC}/waiting.yaml", Ready={"message": " "}),
    "a reason that is a sentence": changed(f"{SYNC}/waiting.yaml", Ready={"reason": "not its turn"}),
    "an unknown condition": changed(f"{SYNC}/succeeded.yaml", Progress={"status": "True"}),
    "cancelled for another reason": changed(f"{SYNC}/cancelled.yaml", Stalled={"reason": "Failed"}),
    "a text for a number": changed(f"{SYNC}/succeeded.yaml", observedGeneration="1"),
    "stalled and ready": changed("VCenter/testdata/read.yaml", Stalled={"status": "True"}),
    "a schedule that waits and is ready": changed(f"{SCHEDULE}/schedule-waiting.yaml", Ready={"status": "True"}),
    "a schedule that waits for another reason": changed(
        f"{SCHEDULE}/schedule-waiting.yaml", Reconciling={"reason": "RunRefused"}
    ),
    "a schedule that ended": changed(f"{SCHEDULE}/scheduled.yaml", Finished={"status": "True"}),
    "a schedule with a reason of no row": changed(f"{SCHEDULE}/scheduled.yaml", Ready={"reason": "Ready"}),
    "a last run that is not known": changed(f"{SCHEDULE}/scheduled.yaml", LastRunSucceeded={"status": "Unknown"}),
    "a warning kept as False": changed(f"{SCHEDULE}/objective-too-tight.yaml", ObjectiveTooTight={"status": "False"}),
    "a schedule with a condition of others": changed(f"{SCHEDULE}/scheduled.yaml", Named={"status": "True"}),
    "an older last run": changed(f"{SCHEDULE}/run-now-waiting.yaml", LastRunSucceeded={"observedGeneration": 1}),
    "a reading without ready": changed("ReplicationGroup/testdata/read.yaml", Ready=None),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_status_is_seen(what: str) -> None:
    assert contract.judge(BROKEN[what]) != []


def test_fluxs_rules_see_broken_statuses_too() -> None:
    said = dict(zip(BROKEN, judges.flux(list(BROKEN.values())), strict=True))
    for what, rule in {
        "ready beside reconciling": "Ready condition must be False when Reconciling",
        "reconciling left over at the end": "Negative polarity condition cannot be True",
        "stalled kept as False": "Stalled condition can be removed",
        "no ready": "Ready condition must always be present",
        "a generation ahead": "must be less than or equal to the object Generation",
        "an older condition": "must be equal to the root ObservedGeneration",
        "stalled and ready": "Ready condition must be False when Stalled",
    }.items():
        assert any(rule in text for text in said[what]["fail"] + said[what]["warn"]), (what, said[what])


def test_a_row_of_the_contract_that_is_wrong_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    obj = fixtures.read(fixtures.ROOT / SYNC / "failed.yaml")
    said = opinion(fixtures.ROOT / SYNC / "failed.yaml")
    (row,) = [one for one in contract.ROWS if one.name == "failed"]
    for field, value in {"kstatus": "InProgress", "argo": "Healthy", "words": "sorry"}.items():
        wrong = type(row)(**{**vars(row), field: value})
        monkeypatch.setattr(contract, "ROWS", (wrong,))
        assert judges.differences(obj, said) != [], field
