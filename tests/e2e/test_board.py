"""`kubectl vvol board` against a real API server, without a browser: what it serves, to whom, and how it ends."""

from __future__ import annotations

import os
import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from e2e.board import Board, arguments_of_all
from e2e.cli import vvol
from e2e.preparing import powered
from e2e.rig import Rig, Site

from testbed.waiting import eventually
from vvol_cli import manual
from vvol_cli.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(powered("erp")) as made:
        made.group("erp", name="erp", recoveryPointObjective="15m")
        made.wait_group("erp", "RecoveryPointCurrent")
        yield made


EXAMPLES = [one for words, command in manual.commands() if words == "board" for one in command.examples]


@pytest.mark.parametrize("command", EXAMPLES)
def test_each_example_of_the_help_shows_the_groups_and_ctrl_c_ends_it_well(rig: Rig, site: Site, command: str) -> None:
    assert site.rig is rig
    with Board(rig, *shlex.split(command)) as board:
        assert "<!doctype html>" in board.get()
        news = next(board.news())
        assert ">erp</th>" in news["groups"]
        assert "objective 15m: held" in news["groups"]
        assert news["notes"] == news["trouble"] == ""
        code, said = board.end()
    assert (code, said) == (Outcome.DONE, "Open this link in a browser of this machine. Ctrl-C ends it.\n")


def test_a_sync_that_is_made_meanwhile_appears_moves_and_goes(rig: Rig, site: Site) -> None:
    site.act("hold", "erp")
    with Board(rig) as board:
        news = board.news()
        assert "Nothing runs." in next(news)["running"]
        request = site.request("erp", "made-meanwhile")
        seen = next(one for one in news if "Transferring" in one["running"])
        assert "sync/made-meanwhile" in seen["running"]
        assert seen["summary"] == "Groups: 1. Running: 1. Needs you: 0."
        site.act("release", "erp")
        request.wait_complete()
        assert "Nothing runs." in next(one for one in news if "sync/" not in one["running"])["running"]


def test_a_group_that_is_deleted_goes_from_the_page(rig: Rig, site: Site) -> None:
    site.group("erp", name="second")
    site.wait_group("second")
    with Board(rig) as board:
        news = board.news()
        assert ">second</th>" in next(news)["groups"]
        rig.kubectl("delete", "replicationgroup", "second")
        assert ">erp</th>" in next(one for one in news if ">second</th>" not in one["groups"])["groups"]


def test_the_token_is_in_the_arguments_of_no_process_and_the_private_file_goes_with_the_board(
    rig: Rig, site: Site, tmp_path: Path
) -> None:
    assert site.rig is rig
    given, browser = tmp_path / "given", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$*" > {given}.new\nmv {given}.new {given}\n')
    browser.chmod(0o755)
    command = ("kubectl", "vvol", "board")
    with Board(rig, *command, BROWSER=f"{browser} %s", TMPDIR=str(tmp_path)) as board:
        token = board.link.rpartition("token=")[2]
        eventually(given.exists, what="the browser to be started")
        address = given.read_text().strip()
        leading = Path(address.removeprefix("file://"))
        assert address.startswith("file://")
        assert token not in address
        assert board.link in leading.read_text()
        assert leading.stat().st_mode & 0o077 == 0
        assert token not in arguments_of_all()
        assert "board" in arguments_of_all(), "they were read"
        assert board.end()[0] == Outcome.DONE
    assert not leading.parent.exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_it_alone_ends_it_and_its_watches(rig: Rig, site: Site, how: signal.Signals) -> None:
    assert site.rig is rig
    with Board(rig) as board:
        children = eventually(board.children, what="its watches to run", until=lambda seen: len(seen) >= 4)
        os.kill(board.process.pid, how)
        assert board.process.wait(45) == Outcome.DONE
        assert [one for one in children if Path(f"/proc/{one}").exists()] == []


def test_under_nohup_it_stays_when_its_terminal_goes(rig: Rig, site: Site) -> None:
    assert site.rig is rig
    with Board(rig, "nohup", "kubectl", "vvol", "board", "--no-open") as board:
        os.kill(board.process.pid, signal.SIGHUP)
        assert ">erp</th>" in next(board.news())["groups"]
        assert board.end()[0] == Outcome.DONE


def test_a_port_that_was_asked_for_is_used_and_one_that_is_taken_is_wrong_usage(rig: Rig, site: Site) -> None:
    assert site.rig is rig
    with Board(rig) as board:
        port = board.link.split(":")[2].partition("/")[0]
        done = vvol(rig, "board", "--no-open", "--port", port)
        assert done.returncode == Outcome.USAGE
        assert f"Port {port} of 127.0.0.1 cannot be used" in done.stderr
        board.end()
    with Board(rig, "kubectl", "vvol", "board", "--no-open", "--port", port) as again:
        assert again.link.startswith(f"http://127.0.0.1:{port}/?token=")


def test_who_may_read_groups_alone_sees_them_and_what_is_not_shown(rig: Rig, site: Site) -> None:
    kinds = ("--resource=replicationgroups.replication.vvol.dev", "--verb=get,list,watch")
    rig.kubectl("create", "role", "only-groups", *kinds)
    rig.kubectl("create", "rolebinding", "only-groups", "--role=only-groups", "--user=one-who-looks")
    with Board(rig, "kubectl", "vvol", "board", "--no-open", "--as=one-who-looks") as board:
        news = board.news()
        first = next(news)
        assert ">erp</th>" in first["groups"]
        assert first["notes"].count("Not shown: ") == 3
        site.group("erp", name="made-meanwhile")
        assert next(one for one in news if ">made-meanwhile</th>" in one["groups"])["trouble"] == ""
    rig.kubectl("delete", "replicationgroup", "made-meanwhile")


def test_who_may_not_read_groups_has_no_board_and_is_told_why(rig: Rig, site: Site) -> None:
    assert site.rig is rig
    done = vvol(rig, "board", "--no-open", "--as", "nobody")
    assert (done.returncode, done.stdout) == (Outcome.NO_ACCESS, "")
    assert "Forbidden" in done.stderr
