"""`status GROUP` begins to ask before anything is loaded, and loads little: what click reads and shows, it does too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from unit.cli.objects import condition, group, sync

from vvol_cli import __main__, glance, headstart, screen
from vvol_cli.app import cli
from vvol_cli.commands import status
from vvol_cli.outcome import Outcome

OPERATOR = Path(__file__).parents[3] / "operator"
LOADS = """
import os, sys
before = set(sys.modules)
def tell(*_, **__):
    print("loaded:", *sorted(set(sys.modules) - before))
    sys.stdout.flush()
    os.kill(os.getpid(), 9)
os.{moment} = tell
sys.argv[1:] = ["status", "erp"]
from vvol_cli.__main__ import main
main()
"""
FRAGMENTS = [
    *("erp", "", "-", "--", "-A", "-o json", "--help", "--no=x", "-n x", "-n", "-nx", "-n=x", "--n x", "-s y"),
    *("--context c", "--context=c", "--context=", "--context", "-context c", "--namespace -n", "--as-group a"),
    *("--as-group=b", "--insecure-skip-tls-verify", "--insecure-skip-tls-verify=true", "-insecure-skip-tls-verify"),
]

DAYS_AGO = {"lastReadAt": "2026-01-01T00:00:00Z", "newestPointInTime": "2026-01-01T00:00:00Z"}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A kubectl that answers with one group, and our modules."""
    answer(tmp_path, group())
    return {
        **os.environ,
        "PYTHONPATH": str(OPERATOR),
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "PYTHONIOENCODING": "utf-8",
    }


def answer(directory: Path, *objects: dict[str, Any], err: str = "", code: int = 0, out: str | None = None) -> None:
    """Put a kubectl there that says this."""
    (directory / "out").write_text(json.dumps({"items": objects}) if out is None else out)
    (directory / "err").write_text(err)
    program = directory / "kubectl"
    program.write_text(f"#!/bin/sh\ncat {directory}/out\ncat {directory}/err >&2\nexit {code}\n")
    program.chmod(0o755)


def loaded(moment: str, environment: dict[str, str]) -> set[str]:
    """The modules that are loaded by the first call of a function of `os`."""
    program = LOADS.format(moment=moment)
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    return set(done.stdout.rpartition("loaded:")[2].split())


def test_kubectl_is_started_before_anything_else_is_loaded(environment: dict[str, str]) -> None:
    # what an interpreter may have had before is not counted
    ours = {"vvol_cli", "vvol_cli.__main__", "vvol_cli.headstart"}
    found = loaded("posix_spawnp", environment)
    assert ours <= found <= ours | {"__future__", "gc"}


def test_a_group_is_shown_without_the_libraries_of_a_command_line(environment: dict[str, str]) -> None:
    found = loaded("_exit", environment)
    assert {"vvol_cli.glance", "json"} <= found
    assert not {"click", "yaml", "rich", "subprocess", "inspect", "dataclasses", "typing"} & found
    assert not {"vvol_cli.app", "vvol_cli.options", "vvol_replication"} & found


def test_what_a_group_needs_is_shown_without_them_too(tmp_path: Path, environment: dict[str, str]) -> None:
    answer(tmp_path, group(condition("Ready", "False", "GroupGone"), **DAYS_AGO))
    found = loaded("_exit", environment)
    assert "vvol_replication.api.reasons" in found
    assert not {"click", "inspect", "dataclasses", "vvol_replication.api.reading"} & found


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=4))
def test_a_command_line_that_is_read_without_click_is_read_as_click_does(fragments: list[str]) -> None:
    words = [word for one in fragments for word in one.split(" ")]
    asked = headstart.group_asked_for(["status", *words])
    if asked is not None:
        with mock.patch.object(status, "show_group", return_value=Outcome.DONE) as show:
            CliRunner().invoke(cli, ["status", *words])
        cluster, name, form = show.call_args.args
        assert (name, cluster.flags, form) == (*asked, "table")


@pytest.mark.parametrize(
    "words", [["erp"], ["-n", "x", "erp"], ["erp", "--context=c", "-s", "y", "--as-group=a", "--as-group=b"]]
)
def test_the_plainest_forms_are_read_without_click(words: list[str]) -> None:
    asked = headstart.group_asked_for(["status", *words])
    assert asked is not None
    assert asked[0] == "erp"


BOTH = [[sys.executable, "-m", "vvol_cli", "status", "erp", *more] for more in ((), ("--output=table",))]
"""Without click, and with it, which reads `-o`."""
FORBIDDEN = 'Error from server (Forbidden): {} is forbidden: User "x" cannot list resource\n'


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"objects": (group(**DAYS_AGO), sync("now", "Transferring"))}, Outcome.DONE),
        ({"objects": (group(condition("Ready", "False", "GroupGone", "Gone, \u00fc."), **DAYS_AGO),)}, Outcome.DONE),
        ({"objects": (group(name="crm"),)}, Outcome.USAGE),
        ({"objects": (group(**DAYS_AGO),), "err": FORBIDDEN.format("replicationsyncs"), "code": 1}, Outcome.DONE),
        ({"objects": (), "err": FORBIDDEN.format("replicationgroups"), "code": 1}, Outcome.NO_ACCESS),
        ({"objects": (), "err": "error: context was not found", "out": "", "code": 1}, Outcome.USAGE),
        ({"objects": (), "out": "<html>"}, Outcome.NO_ACCESS),
    ],
)
def test_without_click_the_same_is_said_as_with_it(
    said: dict[str, Any], code: Outcome, tmp_path: Path, environment: dict[str, str]
) -> None:
    answer(tmp_path, *said.pop("objects"), **said)
    ends = [subprocess.run(words, env=environment, capture_output=True, text=True, check=False) for words in BOTH]
    first, second = ((one.returncode, one.stdout, one.stderr) for one in ends)
    assert first == second
    assert first[0] == code, first
    assert "Traceback" not in first[2]


def test_a_reader_that_went_away_is_no_mistake(tmp_path: Path, environment: dict[str, str]) -> None:
    answer(tmp_path, group(**DAYS_AGO))
    ends = []
    for words in BOTH:
        here, there = os.pipe()
        os.close(here)
        done = subprocess.run(words, env=environment, stdout=there, stderr=subprocess.PIPE, check=False)
        os.close(there)
        ends.append((done.returncode, done.stderr))
    assert ends == [(Outcome.FAILED, b"")] * 2


def test_ctrl_c_is_told_as_with_click(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    interrupted = mock.Mock(side_effect=KeyboardInterrupt)
    monkeypatch.setattr(status, "show_group", interrupted)
    monkeypatch.setattr(glance, "show_group", interrupted)
    monkeypatch.setattr(sys, "argv", ["kubectl-vvol", "status", "erp"])
    told = []
    asked: list[tuple[str, dict[str, list[str]]] | None] = [("erp", {}), None]
    for one in asked:
        assert __main__.run(one) == Outcome.UNKNOWN
        told.append(capsys.readouterr().err)
    assert told[0] == told[1]
    assert told[0].startswith("\nInterrupted.")


@pytest.mark.parametrize(("word", "shade"), [("Ready", "green"), ("Failed, x", "red"), ("Waiting", "yellow")])
def test_colours_are_those_of_click(word: str, shade: str) -> None:
    assert screen.painted(word) == click.style(word, fg=shade)
    assert screen.painted("else") == "else"


def test_where_a_stream_does_not_take_every_text_click_writes(environment: dict[str, str], tmp_path: Path) -> None:
    answer(tmp_path, group(condition("Ready", "False", "GroupGone", "Gone, \u00fc."), **DAYS_AGO))
    environment["PYTHONIOENCODING"] = "ascii"
    done = subprocess.run(BOTH[0], env=environment, capture_output=True, check=False)
    assert (done.returncode, "Gone, \u00fc.".encode() in done.stdout) == (Outcome.DONE, True), done.stderr
