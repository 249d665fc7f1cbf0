"""Programs that run beside ours, and never longer: Ctrl-C, an exception and SIGKILL of the starter all end them."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SUPERVISOR = Path(__file__).with_name("supervise.py")


def supervised(argv: Sequence[str], *, pid_file: Path | None = None, grace: float = 10.0) -> list[str]:
    """Return the command line that runs ``argv`` for as long as its standard input (a pipe of ours) is open."""
    pid_option = [] if pid_file is None else ["--pid-file", str(pid_file)]
    return [sys.executable, "-IS", str(SUPERVISOR), *pid_option, "--grace", str(grace), "--", *argv]


def is_running(pid: int) -> bool:
    """Whether there is a process ``pid`` that has not ended; one that nobody has collected yet has ended."""
    said = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(said.strip()) and not said.strip().startswith("Z")


class Process:
    """One running program with a log file.

    Files in ``directory``: ``<name>.log`` (standard output and error) and ``<name>.pid`` (the program's own pid). It is
    in a session of its own, so that Ctrl-C in a terminal reaches only the starter, which then ends it in order.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        directory: Path,
        *,
        environment: Mapping[str, str] | None = None,
        grace: float = 10.0,
    ) -> None:
        """Start ``argv``; ``environment`` replaces ours if given; ``grace``: seconds between SIGTERM and SIGKILL."""
        self.name = name
        self.log = directory / f"{name}.log"
        self.pid_file = directory / f"{name}.pid"
        self._grace = grace
        self.pid_file.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                supervised(argv, pid_file=self.pid_file, grace=grace),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=None if environment is None else dict(environment),
                start_new_session=True,
            )

    @property
    def pid(self) -> int | None:
        """The program's pid (not its supervisor's); None until it has been started."""
        try:
            return int(self.pid_file.read_text())
        except (OSError, ValueError):
            return None

    @property
    def supervisor_pid(self) -> int:
        """The pid of the process that watches over the program."""
        return self._popen.pid

    @property
    def exit_status(self) -> int | None:
        """None while it runs, else its exit status (128 + signal if a signal ended it)."""
        return self._popen.poll()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for it to end by itself; raises subprocess.TimeoutExpired."""
        return self._popen.wait(timeout)

    def last_lines(self, count: int = 5) -> str:
        """The end of its log, for a message to a person."""
        try:
            lines = self.log.read_text(errors="replace").splitlines()
        except OSError:
            return "(no log)"
        return "\n".join(lines[-count:])

    def ask_to_end(self) -> None:
        """Close its lifeline: it gets SIGTERM now and SIGKILL after the grace period. Does not wait."""
        if self._popen.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._popen.stdin.close()

    def end(self) -> int:
        """End it and wait until it is gone; return its exit status."""
        self.ask_to_end()
        return self._popen.wait(self._grace + 30)
