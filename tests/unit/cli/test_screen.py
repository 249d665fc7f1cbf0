"""Formats of the output, options and the objects that are created."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner
from unit.cli.objects import NOW, group

from vvol_cli import manual, requests, screen
from vvol_cli.app import COMMANDS, cli
from vvol_cli.options import Duration, one_object
from vvol_cli.outcome import Outcome, Stop
from vvol_cli.tables import Row, Sheet, Table
from vvol_replication.api.preparation import PreparationSpec
from vvol_replication.api.sync import SyncSpec

ROOT = Path(__file__).parents[3]
TABLE = Table(
    "Thing",
    ("NAME", "STATE", "MORE"),
    [
        Row("thing/a", ("a", "Failed", "x"), {"name": "a"}),
        Row("thing/b", ("b\x1b[2J", "", "y"), {"name": "b", "time": None}),
    ],
    2,
    notes=["A note."],
)


def printed(shown: Table | Sheet, form: str, capsys: pytest.CaptureFixture[str]) -> str:
    screen.print_out(shown, form)
    return capsys.readouterr().out


def test_a_table_in_each_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(TABLE, "table", capsys) == "NAME    STATE\na       Failed\nb?[2J   -\n"
    assert printed(TABLE, "wide", capsys).splitlines()[0] == "NAME    STATE    MORE"
    assert printed(TABLE, "name", capsys) == "thing/a\nthing/b\n"
    document = {
        "apiVersion": screen.API_VERSION,
        "kind": "ThingList",
        "items": [{"name": "a"}, {"name": "b", "time": None}],
    }
    assert json.loads(printed(TABLE, "json", capsys)) == document
    assert yaml.safe_load(printed(TABLE, "yaml", capsys)) == document
    screen.print_out(TABLE, "json")
    assert capsys.readouterr().err == "A note.\n"


def test_an_empty_table_is_said_beside_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    screen.print_out(Table("Thing", ("NAME",), [], 1, empty="None."), "table")
    assert capsys.readouterr() == ("", "None.\n")
    assert json.loads(printed(Table("Thing", ("NAME",), [], 1), "json", capsys))["items"] == []


def test_a_sheet(capsys: pytest.CaptureFixture[str]) -> None:
    sheet = Sheet([("Group", "erp"), ("", "more")], Row("group/erp", (), {"group": "erp"}), "Thing")
    assert printed(sheet, "table", capsys) == "Group:  erp\n        more\n"
    assert json.loads(printed(sheet, "json", capsys)) == {
        "apiVersion": screen.API_VERSION,
        "kind": "Thing",
        "group": "erp",
    }


def test_words_have_colours_on_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert screen.table_lines(TABLE, wide=False, colour=True)[1] == "a       \x1b[31mFailed\x1b[0m"
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign] # a terminal
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert screen.colours(terminal)
    assert not screen.colours(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not screen.colours(terminal)


@pytest.mark.parametrize(
    "word", ["sync/a", "ReplicationSync/a", "repsync/a", "replicationsyncs.replication.vvol.dev/a", "a"]
)
def test_an_object_is_named_as_people_do(word: str) -> None:
    assert one_object(word, "ReplicationSync", "FailoverPreparation", default="ReplicationSync") == (
        "ReplicationSync",
        "a",
    )


@pytest.mark.parametrize("word", ["a", "group/a", "sync/", "/", ""])
def test_what_is_no_object_here_is_wrong_usage(word: str) -> None:
    with pytest.raises(Stop, match=r"write one of sync/NAME, prep/NAME") as caught:
        one_object(word, "ReplicationSync", "FailoverPreparation")
    assert caught.value.outcome is Outcome.USAGE


def test_durations() -> None:
    assert Duration().convert("1h30m5s", None, None) == timedelta(hours=1, minutes=30, seconds=5)
    for wrong in ("", "5", "soon", "1d", "-5s"):
        with pytest.raises(click.BadParameter):
            Duration().convert(wrong, None, None)


def test_what_is_created_is_what_the_api_reads() -> None:
    name = requests.new_name("g" * 250, NOW, "abc123", "check")
    assert len(name) <= 253
    assert re.fullmatch(r"g+-check-20261130-120000-abc123", name)
    sync = requests.sync(group(), "x", pointInTimeName="p", method=None, maxAge="10m")
    assert sync["metadata"] == {"name": "x", "namespace": "prod"}
    assert SyncSpec.parse(sync["spec"]).max_age == timedelta(minutes=10)
    assert "method" not in sync["spec"]
    dry = requests.preparation(group(), "x", NOW, dry_run=True)
    real = requests.preparation(group(), "x", NOW, dry_run=False, validFor="4h")
    assert (PreparationSpec.parse(dry["spec"]).dry_run, PreparationSpec.parse(real["spec"]).dry_run) == (True, False)
    assert PreparationSpec.parse(real["spec"]).ttl_seconds_after_finished is None


def test_every_command_has_help_with_an_example() -> None:
    known = dict(manual.commands())
    assert {words.partition(" ")[0] for words in known} == set(COMMANDS)
    for words, command in known.items():
        assert command.help, words
        assert command.examples, words
        assert all(one.startswith(f"kubectl vvol {words}") for one in command.examples), words
        shown = CliRunner().invoke(cli, [*words.split(), "--help"])
        assert shown.exit_code == 0
        assert command.examples[0] in shown.output


def test_the_krew_manifest_has_the_form_that_krew_reads() -> None:
    plugin: Any = yaml.safe_load((ROOT / "manifests/krew/vvol.yaml").read_text("utf-8"))
    assert (plugin["apiVersion"], plugin["kind"]) == ("krew.googlecontainertools.github.com/v1alpha2", "Plugin")
    assert re.fullmatch(r"[a-z][a-z0-9-]*", plugin["metadata"]["name"])
    spec = plugin["spec"]
    assert re.fullmatch(r"v\d+\.\d+\.\d+", spec["version"])
    assert len(spec["shortDescription"]) <= 50
    assert spec["description"]
    assert spec["homepage"].startswith("https://")
    seen = set()
    for platform in spec["platforms"]:
        assert set(platform) == {"selector", "uri", "sha256", "bin"}
        assert platform["uri"].startswith("https://")
        assert spec["version"] in platform["uri"]
        assert re.fullmatch(r"[0-9a-f]{64}", platform["sha256"])
        assert platform["bin"] == "kubectl-vvol"
        seen.add(tuple(sorted(platform["selector"]["matchLabels"].items())))
    assert len(seen) == len(spec["platforms"])
