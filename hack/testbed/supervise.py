"""Run one program for as long as somebody holds this program's standard input open.

``python supervise.py --pid-file FILE --grace SECONDS -- PROGRAM ARGUMENT...``

The starter keeps the writing end of a pipe as our standard input. When the starter dies, however it dies, the kernel
closes the pipe, we read end-of-file, and the program's whole process group is ended: SIGTERM first, SIGKILL after the
grace period. SIGTERM to us does the same. Ends with the program's exit status (128 + signal if a signal ended it).
A pipe, and not only a parent-death signal: that one follows the starting *thread*, and exists on Linux only.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import selectors
import signal
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
ASKED_TO_END = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def _die_with_parent(parent: int) -> None:
    """Ask Linux to kill this process when the supervisor itself is killed; elsewhere there is no such request."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _start(argv: list[str], pid_file: Path | None) -> int:
    """Fork and execute ``argv`` in a process group of its own, with an empty standard input; return its pid.

    The pid is in ``pid_file`` before the program can say its first word: who waits for that word reads the pid then.
    """
    parent = os.getpid()
    # Until it executes the program, the child has our handlers, which would take note of a signal and forget it.
    signal.pthread_sigmask(signal.SIG_BLOCK, ASKED_TO_END)
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ASKED_TO_END)
        with contextlib.suppress(OSError):  # the child sets it too; whoever is first
            os.setpgid(pid, pid)
        return pid
    try:
        for number in ASKED_TO_END:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ASKED_TO_END)
        os.setpgid(0, 0)
        _die_with_parent(parent)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        if pid_file is not None:
            pid_file.write_text(f"{os.getpid()}\n")
        os.execvp(argv[0], argv)
    except OSError as error:
        os.write(2, f"cannot run {argv[0]}: {error}\n".encode())
    finally:
        os._exit(127)


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # PermissionError: macOS, for a group of zombies
        os.killpg(pid, number)


def _exit_status(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def supervise(argv: list[str], pid_file: Path | None, grace: float) -> int:
    """Run ``argv`` until it ends, until standard input ends, or until SIGTERM; return the exit status to pass on."""
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    asked: list[int] = []
    for number in ASKED_TO_END:
        signal.signal(number, lambda received, _frame: asked.append(received))
    signal.signal(signal.SIGCHLD, lambda *_: None)  # only so that it wakes the selector

    pid = _start(argv, pid_file)
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    selector.register(wake_read, selectors.EVENT_READ)
    kill_at: float | None = None
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            _signal_group(pid, signal.SIGKILL)  # what the program itself left in its group
            return _exit_status(status)
        if asked and kill_at is None:
            _signal_group(pid, signal.SIGTERM)
            kill_at = time.monotonic() + grace
        if kill_at is not None and time.monotonic() >= kill_at:
            _signal_group(pid, signal.SIGKILL)
        timeout = None if kill_at is None else max(0.05, kill_at - time.monotonic())
        for key, _ in selector.select(timeout):
            if not os.read(key.fd, 4096) and key.fd == 0:
                selector.unregister(0)
                asked.append(signal.SIGTERM)


def main() -> int:
    """Read the command line and supervise."""
    parser = argparse.ArgumentParser(description="Run a program until it ends or standard input is closed.")
    parser.add_argument("--pid-file", type=Path, help="where to write the program's process id")
    parser.add_argument("--grace", type=float, default=10.0, help="seconds between SIGTERM and SIGKILL")
    parser.add_argument("argv", nargs="+", help="the program and its arguments, after --")
    options = parser.parse_args()
    return supervise(options.argv, options.pid_file, options.grace)


if __name__ == "__main__":
    sys.exit(main())
