"""`kubectl vvol` as people and pipelines start it: through kubectl, in a pipe or on a terminal."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import subprocess
from typing import TYPE_CHECKING, Any

from e2e.pipelines import environment, shell

from testbed.waiting import eventually

if TYPE_CHECKING:
    from e2e.rig import Rig

_STEERING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def vvol(rig: Rig, *words: str, namespace: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run it in a pipe."""
    return shell(rig, "kubectl", "vvol", *words, namespace=namespace)


def told(rig: Rig, *words: str, namespace: str | None = None) -> Any:
    """What it says to programs; it has to end with 0."""
    done = vvol(rig, *words, "--output=json", namespace=namespace)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Terminal:
    """It on a terminal of its own, which is read until it ends."""

    def __init__(self, rig: Rig, *words: str, **variables: str) -> None:
        self._here, there = pty.openpty()
        os.set_blocking(self._here, False)
        self.process = subprocess.Popen(
            ["kubectl", "vvol", *words],
            stdin=there,
            stdout=there,
            stderr=there,
            env={**environment(rig), "TERM": "xterm-256color", "COLUMNS": "160", **variables},
            start_new_session=True,
        )
        os.close(there)
        self.raw = ""

    @property
    def text(self) -> str:
        """What was shown so far, without what steers the terminal."""
        return _STEERING.sub("", self.raw)

    def _read(self) -> str:
        with contextlib.suppress(OSError):  # nothing new, or nobody writes any more
            self.raw += os.read(self._here, 1 << 16).decode(errors="replace")
        return self.text

    def wait_for(self, words: str) -> None:
        """Wait until it shows these words."""
        eventually(self._read, what=f"the terminal to show {words!r}", until=lambda seen: words in seen, timeout=45)

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._here, f"{line}\n".encode())

    def ended(self) -> int:
        """Wait for its end; the exit code."""

        def is_over() -> int | None:
            self._read()
            return self.process.poll()

        code = eventually(is_over, what="its end", until=lambda seen: seen is not None, timeout=45)
        self._read()
        os.close(self._here)
        assert code is not None
        return code
