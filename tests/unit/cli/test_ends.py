"""What a script reads of requests that have ended: names on standard output, why there is none, and the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from unit.cli.objects import Object, condition, obj, sync

from vvol_cli.app import cli
from vvol_cli.commands.ends import print_ends
from vvol_cli.following.follow import Ended
from vvol_cli.outcome import Outcome, Stop

OPERATOR = Path(__file__).parents[3] / "operator"
LANDED = "Snapshot fa:erp.1 has landed."
DOUBT = condition("PointInTimeIdentified", "False", "PointInTimeAmbiguous", "More than one fits.")
OTHER = condition("Named", "False", "NameOnOtherPointInTime", "The name is on another one.")


def done(*conditions: Object, point: Object | None = None, **spec: Any) -> Object:
    """A request that is done, with this point in time."""
    ready = [condition(one, "True", "AlreadyDone", LANDED) for one in ("Ready", "Complete", "Finished")]
    kind = spec.pop("kind", "ReplicationSync")
    return obj(
        kind, "one", {"groupRef": {"name": "erp"}, **spec}, [*ready, *conditions],
        pointInTime=point, finishedAt="2026-11-30T12:00:00Z",
    )  # fmt: skip


def end(request: Object, outcome: Outcome = Outcome.DONE) -> Ended:
    return Ended(request, outcome)


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (done(DOUBT, point={}), "More than one fits."),
        (done(OTHER, point={"id": "p"}), "The name is on another one."),
        (done(), LANDED),
    ],
)
def test_one_that_is_done_and_whose_name_is_not_known_is_told_and_is_no_success(
    request_: Object, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    named = done(point={"id": "p", "name": "before-upgrade"})

    assert print_ends([end(named), end(request_)], "name") is Outcome.UNKNOWN
    out, err = capsys.readouterr()
    assert out == "before-upgrade\n"
    assert err == (
        f"sync/one is done, but no name of its point in time is known. {why} "
        "`kubectl vvol points erp` shows the points in time.\n"
    )
    assert print_ends([end(request_)], "json") is Outcome.DONE  # there the point in time says what is known


def test_a_run_of_a_schedule_that_is_done_has_a_name_too(capsys: pytest.CaptureFixture[str]) -> None:
    run = done(DOUBT, kind="ReplicationSchedule")
    assert print_ends([end(run)], "name") is Outcome.UNKNOWN
    assert capsys.readouterr().err


def test_a_preparation_promises_no_name_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_ends([end(done(kind="FailoverPreparation", point={"id": "p"}))], "name") is Outcome.DONE
    assert "no name of its point in time is known" in capsys.readouterr().err

    assert print_ends([end(done(kind="FailoverPreparation", dryRun=True))], "name") is Outcome.DONE
    assert capsys.readouterr() == ("", "")


def test_without_a_name_the_reason_is_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    refused = sync("one", "GroupPrepared", "False", "The group is prepared.")
    assert print_ends([end(refused, Outcome.REFUSED)], "name") is Outcome.REFUSED
    out, err = capsys.readouterr()
    assert (out, err.startswith("sync/one: The group is prepared.")) == ("", True)


def kubectl(directory: Path, says: Object) -> dict[str, str]:
    """An environment whose kubectl says this, and writes down what it is asked for."""
    (directory / "says").write_text(json.dumps(says))
    program = directory / "kubectl"
    program.write_text(f'#!/bin/sh\necho "$1" >> {directory}/asked\ncat {directory}/says\n')
    program.chmod(0o755)
    path = f"{directory}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(OPERATOR)}


@pytest.mark.parametrize("form", ["name", "table"])
def test_who_reads_no_further_is_told_the_outcome_all_the_same(form: str, tmp_path: Path) -> None:
    failed = done(point={"name": "n"})
    failed["status"]["conditions"] = [
        condition("Ready", "False", "GroupPrepared"), condition("Finished", "True", "GroupPrepared")
    ]  # fmt: skip
    for request, outcome in ((done(point={"name": "n"}), Outcome.DONE), (failed, Outcome.REFUSED)):
        reader, writer = os.pipe()
        os.close(reader)
        command = [sys.executable, "-m", "vvol_cli", "wait", "sync/one", "-o", form]
        ended = subprocess.run(command, env=kubectl(tmp_path, request), stdout=writer, check=False)
        os.close(writer)
        assert ended.returncode == outcome


@pytest.mark.parametrize(("name", "outcome"), [("before-upgrade", Outcome.DONE), (None, Outcome.UNKNOWN)])
def test_a_request_that_is_waited_for_again_ends_as_its_name_is_known(
    name: str | None,
    outcome: Outcome,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", kubectl(tmp_path, done(point={"name": name}))["PATH"])
    assert cli.main(["wait", "sync/one", "-o", "name"], standalone_mode=False) == outcome
    assert capsys.readouterr().out == (f"{name}\n" if name else "")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("name", "replicationschedule.replication.vvol.dev/nightly\n"),
        ("table", "SCHEDULE           RUN NOW\nschedule/nightly   CHG-1\n"),
    ],
)
def test_a_run_that_is_not_waited_for_is_printed_in_the_format_that_was_asked_for(
    form: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", kubectl(tmp_path, obj("ReplicationSchedule", "nightly", {}, []))["PATH"])
    command = ["schedule", "run-now", "nightly", "--text", "CHG-1", "--no-wait", "-o"]
    assert cli.main([*command, form], standalone_mode=False) == Outcome.DONE
    assert capsys.readouterr().out == said
    assert cli.main([*command, "json"], standalone_mode=False) == Outcome.DONE
    assert json.loads(capsys.readouterr().out)["items"] == [{"schedule": "nightly", "runNow": "CHG-1"}]


def test_a_name_that_the_method_never_learns_is_not_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", kubectl(tmp_path, {})["PATH"])
    with pytest.raises(Stop, match="Nothing was asked for") as stop:
        cli.main(["sync", "erp", "--method", "ArrayOnly", "-o", "name"], standalone_mode=False)
    assert stop.value.outcome is Outcome.USAGE
    assert (tmp_path / "asked").read_text().split() == ["get"]


@pytest.mark.parametrize(
    ("valid", "said"),
    [
        (condition("Valid", "True", "FailoverPrepared"), ""),
        (condition("Valid", "False", "VMPoweredOn", "VM 'app' is on."), "is not valid any more: VM 'app' is on."),
        (condition("Valid", "Unknown", "EndpointUnreachable", "No answer."), "may not be valid any more: No answer."),
    ],
)
@pytest.mark.parametrize("form", ["table", "name"])
def test_a_completed_preparation_that_does_not_hold_is_told(
    form: str, valid: Object, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = done(valid, kind="FailoverPreparation", point={"id": "p", "name": "last"})
    assert print_ends([end(made)], form) is Outcome.DONE
    err = capsys.readouterr().err
    assert (said in err) if said else err == ""
