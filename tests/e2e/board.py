"""`kubectl vvol board` as a process, and what its page is given."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Self

from e2e.pipelines import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.rig import Rig


class Board:
    """It, until its block is left. `variables` are added to its environment."""

    def __init__(self, rig: Rig, *words: str, namespace: str | None = None, **variables: str) -> None:
        self._command = words or ("kubectl", "vvol", "board", "--no-open")
        self._environment = {**environment(rig, namespace), **variables}

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.link = self.process.stdout.readline().strip()
        if not self.link:
            _, said = self.process.communicate(timeout=45)
            raise AssertionError(said)
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def get(self, path: str = "/") -> str:
        """What it answers to its link, or to another path of it."""
        with urllib.request.urlopen(self.link.replace("/?", f"{path}?"), timeout=45) as answer:  # noqa: S310 - ours
            return str(answer.read().decode())

    def news(self) -> Iterator[dict[str, str]]:
        """What the page is given, as it comes."""
        with urllib.request.urlopen(self.link.replace("/?", "/events?"), timeout=45) as answer:  # noqa: S310 - ours
            for line in answer:
                if line.startswith(b"data: "):
                    yield json.loads(line.removeprefix(b"data: "))

    def end(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """End it as a terminal would, all its processes together; the exit code, and what it said to people."""
        os.killpg(self.process.pid, how)
        _, said = self.process.communicate(timeout=45)
        return self.process.returncode, said

    def children(self) -> list[int]:
        """The processes that it has started, and that still run."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                told = re.fullmatch(r"(\d+) \(.*\) (\S) (\d+) .*", stat.read_text().strip(), re.DOTALL)
            except OSError:
                continue  # it has ended
            if told is not None and int(told[3]) == self.process.pid and told[2] != "Z":
                found.append(int(told[1]))
        return found


def arguments_of_all() -> str:
    """The arguments of all processes of this machine, as any user can read them."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(place.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it has ended
    return "\n".join(found)
