"""Operator processes as the sweep orders them from a nursery, and what they tell of themselves."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed.processes import Process
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROGRAM = Path(__file__).with_name("nursery.py")
_LONG = 60.0


class Operator:
    """One operator process."""

    def __init__(self, connection: socket.socket, order: dict[str, Any]) -> None:
        self.log = Path(order["log"])
        self.points: list[str] = []
        """All points so far, in order."""
        self.hit = threading.Event()
        """It has come to the point that its plan names."""
        self.ended = threading.Event()
        self._connection = connection
        self._pid = 0
        connection.sendall(json.dumps(order).encode() + b"\n")
        self._reader = threading.Thread(target=self._read, name="operator", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError), self._connection.makefile("rb") as lines:
            for line in lines:
                message = json.loads(line)
                self._pid = message.get("pid", self._pid)
                if "point" in message:
                    self.points.append(message["point"])
                    if message["hit"]:
                        self.hit.set()
        self.ended.set()

    def go_on(self) -> None:
        """Let it go on from where it is paused."""
        with contextlib.suppress(OSError):
            self._connection.sendall(b".")

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        eventually(lambda: self._pid or self.ended.is_set(), what="an operator's pid", every=0.01)
        if not self.ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
        if not self.ended.wait(_LONG):
            raise TimeoutError(f"process {self._pid} outlives SIGKILL")
        self._reader.join()
        self._connection.close()


class Nursery:
    """Starts operators."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    @contextlib.contextmanager
    def open(cls, directory: Path) -> Iterator[Nursery]:
        """One; it ends, with all that it started, on leaving. `directory` has its log."""
        with tempfile.TemporaryDirectory(prefix="nursery-") as short:  # a socket's path is at most 100 characters
            path = Path(short, "s")
            process = Process("nursery", [sys.executable, "-P", str(PROGRAM), str(path)], directory)
            try:
                eventually(
                    lambda: path.exists() or process.exit_status is not None, what="the nursery's socket", every=0.02
                )
                if process.exit_status is not None:
                    raise RuntimeError(f"the nursery did not start:\n{process.last_lines(20)}")
                yield cls(path)
            finally:
                process.end()

    def start(self, arguments: Sequence[str], log: Path, plan: dict[str, Any] | None = None) -> Operator:
        """Start an operator."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self._path))
        return Operator(connection, {"arguments": list(arguments), "log": str(log), "plan": plan})
