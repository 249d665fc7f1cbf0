"""Programs beside ours end with us, whichever way we end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from testbed.processes import SUPERVISOR, Process, is_running, supervised
from testbed.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

# Says "up" and waits for good; the second one will not be ended by SIGTERM.
WAITS = "import signal; print('up', flush=True); signal.pause()"
STUBBORN = (
    "import signal\nsignal.signal(signal.SIGTERM, lambda *_: print('no', flush=True))\nprint('up', flush=True)\n"
    "while True: signal.pause()"
)

# Tells the child to end before it is the program.
TOO_EARLY = """
import os, runpy, signal, sys
supervise = runpy.run_path(sys.argv[1])["supervise"]
supervise.__globals__["_die_with_parent"] = lambda _parent: os.kill(os.getpid(), signal.SIGTERM)
sys.exit(supervise([sys.executable, "-c", ""], None, 10.0))
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def wait_until_up(process: Process) -> int:
    """Wait for the program's first word and return its pid."""
    eventually(lambda: "up" in process.log.read_text(), what="the program's first word")
    return int(process.pid_file.read_text())


def wait_until_gone(pid: int) -> None:
    eventually(lambda: is_running(pid), what=f"process {pid} to end", until=lambda running: not running)


def test_end_asks_with_sigterm(tmp_path: Path) -> None:
    process = Process("waits", python(WAITS), tmp_path)
    pid = wait_until_up(process)
    assert process.pid == pid
    assert process.exit_status is None

    assert process.end() == 128 + signal.SIGTERM
    assert not is_running(pid)


def test_end_kills_what_ignores_sigterm_after_the_grace_period(tmp_path: Path) -> None:
    process = Process("stubborn", python(STUBBORN), tmp_path, grace=2.0)
    pid = wait_until_up(process)

    assert process.end() == 128 + signal.SIGKILL
    assert not is_running(pid)
    assert process.last_lines() == "up\nno"


def test_a_programs_own_children_end_with_it(tmp_path: Path) -> None:
    code = f"import subprocess, sys; c = subprocess.Popen([sys.executable, '-c', {WAITS!r}]); print(c.pid); c.wait()"
    process = Process("parent", [sys.executable, "-uc", code], tmp_path)
    wait_until_up(process)
    (child,) = [int(line) for line in process.log.read_text().splitlines() if line.isdigit()]

    process.end()
    wait_until_gone(child)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_death_of_the_starter_ends_the_program(how: signal.Signals, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = (
        "import subprocess, sys, signal\n"
        "held = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, start_new_session=True)\n"
        "signal.pause()"
    )
    command = [*python(code), *supervised(python(WAITS), pid_file=pid_file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        try:
            assert starter.stdout is not None
            assert starter.stdout.readline() == "up\n"
            pid = int(pid_file.read_text())
            assert is_running(pid)
            starter.send_signal(how)
            starter.wait(timeout=30)
            wait_until_gone(pid)
        finally:
            starter.kill()  # else a failure waits for it for good


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a child's life to its parent's")
def test_the_death_of_the_supervisor_ends_the_program(tmp_path: Path) -> None:
    process = Process("waits", python(WAITS), tmp_path)
    pid = wait_until_up(process)
    os.kill(process.supervisor_pid, signal.SIGKILL)
    assert process.wait(timeout=30) == -signal.SIGKILL
    wait_until_gone(pid)
    process.end()


def test_the_programs_own_exit_status_is_passed_on(tmp_path: Path) -> None:
    process = Process("ends", python("import sys; sys.stderr.write('why\\n'); sys.exit(7)"), tmp_path)
    assert process.wait(timeout=30) == 7
    assert process.last_lines() == "why"
    process.end()


def test_a_program_that_is_not_there_says_so(tmp_path: Path) -> None:
    process = Process("absent", [str(tmp_path / "absent")], tmp_path)
    assert process.wait(timeout=30) == 127
    assert process.last_lines().startswith(f"cannot run {tmp_path / 'absent'}: ")
    process.end()


def test_a_program_that_is_told_to_end_before_it_runs_ends() -> None:
    command = [*python(TOO_EARLY), str(SUPERVISOR)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.wait(timeout=30) == 128 + signal.SIGTERM
