"""The operator with nothing to do: start-up, memory, processor time, calls."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.figures import called, table
from bench.stand import Stand
from bench.usage import Usage, usage

SECONDS = 60.0
"""Two readings of each endpoint, and half of those of a group."""
CALM = 20.0
"""Seconds after which what a start left behind is over."""


@dataclass(frozen=True)
class Rest:
    """One look at an operator at rest: how long it took to start, and what it uses.

    `share` is of one processor, `calls` are those of the storage in a second. Of the start, CPU is in seconds, too.
    """

    start_up: float
    start_cpu: float
    used: Usage
    share: float
    calls: float

    def row(self, name: str) -> list[str]:
        """A line of a table with HEAD above it."""
        used = self.used
        return [
            name,
            f"{self.start_up:.2f} s",
            f"{self.start_cpu:.2f} s",
            f"{used.rss / 2**20:.0f} MiB",
            f"{self.share:.2%}",
            f"{self.calls:.1f}",
            str(used.threads),
            str(used.sockets),
        ]

    def as_dict(self) -> dict[str, Any]:
        """For the report as JSON."""
        start = {"startUp": self.start_up, "startCpu": self.start_cpu}
        return {**start, "cpuShare": self.share, "callsPerSecond": self.calls, **self.used.as_dict()}


HEAD = ["", "start to ready", "its CPU", "RSS", "CPU", "calls/s", "threads", "sockets"]


@dataclass(frozen=True)
class Idle:
    """With everything connected, and so many groups; the load tells the same with its objects finished."""

    rest: Rest
    endpoints: int
    groups: int

    def report(self) -> list[str]:
        """Lines for people."""
        what = f"{self.endpoints} endpoints and {self.groups} groups connected"
        return [f"At rest, {what}, over {SECONDS:g} s", table([HEAD, self.rest.row("fresh start")])]

    def as_dict(self) -> dict[str, Any]:
        """For the report as JSON."""
        return self.rest.as_dict()


def measure(stand: Stand, groups: Sequence[str] = ()) -> Idle:
    """A fresh operator, with these groups connected."""
    if groups:
        stand.connect_groups("load", groups)
    stand.restart_operator()
    endpoints = sum(len(stand.simulator.ready[kind]) for kind in ("vcenters", "arrays"))
    return Idle(at_rest(stand), endpoints, len(groups))


def at_rest(stand: Stand) -> Rest:
    """Watch the operator doing nothing, once it is calm."""
    pid = stand.operator.pid
    time.sleep(CALM)
    counted, before, begun = stand.simulator.counters(), usage(pid), time.monotonic()
    time.sleep(SECONDS)
    after, took = usage(pid), time.monotonic() - begun
    calls = called(counted, stand.simulator.counters()).total() / took
    return Rest(stand.operator.start_up, stand.operator.start_cpu, after, (after.cpu - before.cpu) / took, calls)
