"""The operator with nothing to do: start-up, memory, processor time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from bench.figures import table
from bench.stand import Stand
from bench.usage import Usage, usage

SECONDS = 15.0
CALM = 20.0
"""Seconds after which what a start left behind is over."""


@dataclass(frozen=True)
class Rest:
    """One look at an operator at rest: how long it took to start, and what it uses. `share` is of one processor."""

    start_up: float
    used: Usage
    share: float

    def row(self, name: str) -> list[str]:
        """A line of a table with HEAD above it."""
        used = self.used
        return [
            name,
            f"{self.start_up:.2f} s",
            f"{used.rss / 2**20:.0f} MiB",
            f"{self.share:.2%}",
            str(used.threads),
            str(used.sockets),
        ]

    def as_dict(self) -> dict[str, Any]:
        """For the report as JSON."""
        return {"startUp": self.start_up, "cpuShare": self.share, **self.used.as_dict()}


HEAD = ["", "start to ready", "RSS", "CPU", "threads", "sockets"]


@dataclass(frozen=True)
class Idle:
    """With everything connected and no objects; the load tells the same with its objects finished."""

    rest: Rest

    def report(self) -> list[str]:
        """Lines for people."""
        return [f"At rest, everything connected, over {SECONDS:g} s", table([HEAD, self.rest.row("fresh start")])]

    def as_dict(self) -> dict[str, Any]:
        """For the report as JSON."""
        return self.rest.as_dict()


def measure(stand: Stand) -> Idle:
    """A fresh operator."""
    stand.restart_operator()
    return Idle(at_rest(stand))


def at_rest(stand: Stand) -> Rest:
    """Watch the operator doing nothing, once it is calm."""
    pid = stand.operator.pid
    time.sleep(CALM)
    before, begun = usage(pid), time.monotonic()
    time.sleep(SECONDS)
    after = usage(pid)
    return Rest(stand.operator.start_up, after, (after.cpu - before.cpu) / (time.monotonic() - begun))
