"""Many syncs at once: do all complete, how fast, and what does the operator use meanwhile and afterwards?"""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

from bench.applying import apply, ended, is_free
from bench.figures import called, ms, quantile, seconds, table
from bench.idle import HEAD, Rest, at_rest
from bench.stand import Size, Stand
from bench.usage import Usage, Watch, usage

from testbed import stage

_OK = 200
_STUCK = 45.0
_IDLE_SOCKETS = 35.0
"""Seconds after which unused connections are closed: aiohttp keeps them for 15, and looks every 15."""


class _Prober:
    """Asks /livez again and again: what it waits for is the event loop."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.taken: list[float] = []
        self.lost = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        while not self._over.wait(0.05):
            begun = time.monotonic()
            try:
                connection.request("GET", "/livez")
                connection.getresponse().read()
                self.taken.append(time.monotonic() - begun)
            except (OSError, http.client.HTTPException):
                self.lost += 1
                connection.close()


@dataclass(frozen=True)
class Load:
    """What was found. Times in seconds."""

    size: Size
    syncs: int
    complete: int
    endings: Counter[str]
    applied: float
    finished: float
    ideal: float
    calls: Counter[tuple[str, str]]
    writes: Counter[int]
    before: Usage
    peak: Usage
    after: Usage
    cpu: float
    others_cpu: dict[str, float]
    livez: list[float]
    livez_lost: int
    fresh: Rest
    polls: dict[str, float] = field(default_factory=dict)

    def report(self) -> list[str]:
        """Lines for people."""
        by_call: Counter[str] = Counter()
        for (_, call), count in self.calls.items():
            by_call[call] += count
        livez = "  ".join(f"p{part * 100:g} {ms(quantile(self.livez, part))}" for part in (0.5, 0.99, 1.0))
        spent = self.cpu
        others = {reason: count for reason, count in self.endings.items() if reason != "PointInTimeCreated"}
        polled = ", ".join(f"{array} {rate:.1f}" for array, rate in sorted(self.polls.items()))
        groups, arrays, vcenters = len(self.size.groups), self.size.pairs * 2, self.size.vcenter_pairs * 2
        in_a_row = f"{self.ideal:.0f} s: {-(-self.syncs // groups)} in a row of {self.size.transfer_seconds:g} s"
        refused = ", ".join(f"{count} with {code}" for code, count in self.writes.items() if code != _OK) or "none"
        rate = f"{self.syncs / self.finished:.1f}/s, {self.finished / self.ideal:.1f} x the transfers ({in_a_row})"
        each, written = sum(self.calls.values()) / self.syncs, sum(self.writes.values()) / self.syncs
        return [
            f"Load: {self.syncs} syncs on {groups} groups of {arrays} arrays, {vcenters} vCenters, applied at once",
            f"  complete: {self.complete} of {self.syncs}{f'; other endings: {others}' if others else ''}",
            f"  applied in {self.applied:.1f} s, all finished after {self.finished:.1f} s: {rate}",
            f"  storage calls: {each:.1f} per sync, polling and monitors included; at the targets per s: {polled}",
            table([[call, f"{count / self.syncs:.2f} per sync"] for call, count in by_call.most_common()]),
            f"  writes of the syncs: {written:.1f} each, with progress; refused: {refused}",
            f"  event loop, /livez while loaded ({len(self.livez)} probes, {self.livez_lost} lost): {livez}",
            f"  CPU: operator {spent:.1f} s ({spent / self.syncs * 1000:.0f} ms per sync), "
            + ", ".join(f"{name} {cpu:.1f} s" for name, cpu in self.others_cpu.items()),
            table(
                [
                    ["operator", "before", "peak", "after"],
                    *(
                        [name, *(str(getattr(one, name)) for one in (self.before, self.peak, self.after))]
                        for name in ("threads", "sockets")
                    ),
                    ["RSS, MiB", *(f"{one.rss / 2**20:.0f}" for one in (self.before, self.peak, self.after))],
                ]
            ),
            f"  at rest after a restart, {self.syncs} finished objects:",
            table([HEAD, self.fresh.row("restarted")]),
        ]

    def as_dict(self) -> dict[str, Any]:
        """For the report as JSON."""
        return {
            "syncs": self.syncs,
            "complete": self.complete,
            "endings": dict(self.endings),
            "appliedSeconds": self.applied,
            "finishedSeconds": self.finished,
            "idealSeconds": self.ideal,
            "callsPerSync": sum(self.calls.values()) / self.syncs,
            "calls": {" ".join(key): count for key, count in self.calls.items()},
            "writes": {str(code): count for code, count in self.writes.items()},
            "pollsPerSecond": self.polls,
            "before": self.before.as_dict(),
            "peak": self.peak.as_dict(),
            "after": self.after.as_dict(),
            "cpuSeconds": self.cpu,
            "othersCpuSeconds": self.others_cpu,
            "livez": {f"p{part * 100:g}": quantile(self.livez, part) for part in (0.5, 0.99, 1.0)},
            "livezLost": self.livez_lost,
            "restarted": self.fresh.as_dict(),
        }


def measure(stand: Stand, syncs: int, size: Size) -> Load:
    """Apply them and wait for the last one; the storage is of that size."""
    groups = size.groups
    stand.connect_groups("load", groups)
    stand.settled()
    objects = [stage.sync(f"load-{number:04}", "load", groups[number % len(groups)]) for number in range(syncs)]
    pid, others = stand.operator.pid, stand.others()
    before, counted = usage(pid), stand.simulator.counters()
    spent = {name: usage(other).cpu for name, other in others.items()}
    begun = time.time()
    with Watch(pid) as watch, _Prober(stand.operator.port) as prober:
        apply(stand, objects)
        applied = time.time() - begun
        all_ended = _wait(stand, syncs)
    finished = max(seconds(one["status"]["finishedAt"]) for one in all_ended) - begun
    calls = called(counted, stand.simulator.counters())
    writes = Counter(
        int(event["responseStatus"]["code"])
        for event in stand.plane.writes("load", "replicationsyncs")
        if event["verb"] == "patch"
    )
    used = {name: usage(other).cpu - spent[name] for name, other in others.items()}
    loaded = usage(pid).cpu
    time.sleep(_IDLE_SOCKETS)
    after = usage(pid)
    stand.restart_operator()
    return Load(
        size=size,
        syncs=syncs,
        complete=sum(stage.is_true(one, "Complete") for one in all_ended),
        endings=Counter(str((stage.condition(one, "Ready") or {}).get("reason")) for one in all_ended),
        applied=applied,
        finished=finished,
        ideal=-(-syncs // len(groups)) * size.transfer_seconds,
        calls=calls,
        writes=writes,
        before=before,
        peak=watch.peak,
        after=after,
        cpu=loaded - before.cpu,
        others_cpu=used,
        livez=prober.taken,
        livez_lost=prober.lost,
        fresh=at_rest(stand),
        polls={
            endpoint: count / finished
            for (endpoint, call), count in calls.items()
            if call in {"GET pgroup", "GET protection-group-snapshots/transfer"} and endpoint.endswith("b")
        },
    )


def _wait(stand: Stand, syncs: int) -> list[stage.Object]:
    """All of them, when they have ended. TimeoutError, with how many say what, if nothing has ended for long."""
    found = ended(stand, "load", stuck=_STUCK)
    count = sum(map(is_free, found))
    if count < syncs:
        raise TimeoutError(
            f"{count} of {syncs} syncs have ended, and none more for {_STUCK:g} s; they say: {_said(found)}"
        )
    return found


def _said(found: list[stage.Object]) -> str:
    reasons = Counter(str((stage.condition(one, "Ready") or {}).get("reason")) for one in found)
    return ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
