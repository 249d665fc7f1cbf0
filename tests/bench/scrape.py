"""What metrics cost: a scrape of a large installation, and the processor time of syncs with them and without."""

from __future__ import annotations

import asyncio
import http.client
import threading
import time
from dataclasses import dataclass
from statistics import median
from typing import Any, Self

from bench.applying import apply, ended, is_free
from bench.figures import ms, ratio, table
from bench.stand import Stand, load_groups
from bench.usage import usage

from testbed import stage
from vvol_replication.api.names import FLASHARRAY, REPLICATION_GROUP, REPLICATION_SYNC, VCENTER, Kind
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.status import Phase
from vvol_replication.api.sync import SyncStatus
from vvol_replication.domain.measures import Calls
from vvol_replication.domain.outcomes import Done
from vvol_replication.engine.engine import Engine
from vvol_replication.engine.measures import EndpointMeasures, Measures
from vvol_replication.engine.ports import PortMeasures, RequestEnd
from vvol_replication.metrics.ends import EndCounter
from vvol_replication.metrics.exposition import Exposition, Sources
from vvol_replication.metrics.lag import LoopLag
from vvol_replication.wiring import SystemClock

GROUPS, ENDPOINTS, FINISHED = 500, 20, 5_000
ROUNDS = 10
SCRAPES = 50
TURNS = 4
"""Of each, with metrics and without, one after the other."""
EVERY = 15.0
"""Seconds between two scrapes, as Prometheus is often set; its own default is a minute."""
_TIME = "2026-06-01T12:00:00Z"
_STUCK = 120.0
_OPERATIONS = ("about", "inventory", "group", "points_in_time", "start_sync", "start_prepare", "task", "members")


@dataclass(frozen=True)
class Scrape:
    """Times in seconds, of one answer. `held`: the longest that the event loop waited while one was written."""

    loop: float
    written: float
    held: float
    size: int
    packed: int
    each: float
    with_metrics: list[float]
    without: list[float]

    def report(self) -> list[str]:
        """Lines for people."""
        rows = [
            ["with", *(ms(one) for one in self.with_metrics), ms(median(self.with_metrics))],
            ["without", *(ms(one) for one in self.without), ms(median(self.without))],
        ]
        more = ratio(median(self.with_metrics), median(self.without)) - 1
        beside = f"{ms(self.written)} of a thread beside it, in which the loop waited {ms(self.held)} at most"
        size = f"{self.size / 2**20:.2f} MiB, gzipped {self.packed / 2**10:.0f} KiB"
        share = f"every {EVERY:g} s that is {self.each / EVERY:.2%} of a processor"
        return [
            f"Metrics of {GROUPS} groups, {ENDPOINTS} endpoints and {FINISHED} finished requests",
            f"  one scrape: {ms(self.loop)} of the event loop, {beside}; {size}",
            f"  CPU of a real operator for one scrape of {len(load_groups())} groups: {ms(self.each)}; {share}",
            f"  CPU of the operator per sync, scraped every {EVERY:g} s: {more:+.1%} (median of {TURNS})",
            table([["metrics", *map(str, range(1, TURNS + 1)), "median"], *rows]),
        ]

    def as_dict(self) -> dict[str, Any]:
        """For the report as JSON."""
        return {
            "loopSeconds": self.loop,
            "threadSeconds": self.written,
            "loopHeldSeconds": self.held,
            "bytes": self.size,
            "gzippedBytes": self.packed,
            "cpuPerScrape": self.each,
            "cpuPerSync": {"with": self.with_metrics, "without": self.without},
        }


def measure(stand: Stand, syncs: int) -> Scrape:
    """The scrape in this process, the syncs in operators of their own."""
    loop, written, held, size, packed = asyncio.run(_scraped())
    stand.connect_groups("load", load_groups())
    found: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(TURNS):
        # In the order ABBA: what grows from turn to turn (objects that have ended) weighs as much on both.
        for metrics in (True, False) if turn % 2 == 0 else (False, True):
            found[metrics].append(_cpu_per_sync(stand, syncs, f"{turn}-{'with' if metrics else 'without'}", metrics))
    return Scrape(loop, written, held, size, packed, _cpu_per_scrape(stand), found[True], found[False])


def _cpu_per_scrape(stand: Stand) -> float:
    """Of an operator at rest; its own work in that time is told by the idle section, and is little."""
    stand.restart_operator()
    _scrape(stand.operator.port)
    before = usage(stand.operator.pid).cpu
    for _ in range(SCRAPES):
        _scrape(stand.operator.port)
    return (usage(stand.operator.pid).cpu - before) / SCRAPES


def _cpu_per_sync(stand: Stand, syncs: int, name: str, metrics: bool) -> float:  # noqa: FBT001 - a row of the table
    stand.start_operator(*(() if metrics else ("--without-metrics",)))
    stand.operator_settled()
    before_them = sum(map(is_free, ended(stand, "load", stuck=_STUCK)))
    groups, pid = load_groups(), stand.operator.pid
    before = usage(pid).cpu
    with _Scraper(stand.operator.port if metrics else None):
        apply(stand, [stage.sync(f"scrape-{name}-{n:04}", "load", groups[n % len(groups)]) for n in range(syncs)])
        done = sum(map(is_free, ended(stand, "load", stuck=_STUCK))) - before_them
    if done < syncs:
        raise TimeoutError(f"{done} of {syncs} syncs have ended, and none more for {_STUCK:g} s")
    return (usage(pid).cpu - before) / syncs


class _Scraper:
    """Scrapes at once, then every few seconds, gzipped and as OpenMetrics, as Prometheus does; without a port: not."""

    def __init__(self, port: int | None) -> None:
        self._port, self._over = port, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        if self._port is None:
            return
        while True:
            _scrape(self._port)
            if self._over.wait(EVERY):
                return


def _scrape(port: int) -> None:
    headers = {"Accept": "application/openmetrics-text;version=1.0.0", "Accept-Encoding": "gzip"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/metrics", headers=headers)
    connection.getresponse().read()
    connection.close()


async def _scraped() -> tuple[float, float, float, int, int]:
    """Medians: seconds of the loop, of the thread, the longest wait of the loop; bytes, and bytes gzipped."""
    exposition = Exposition(*_large())
    loops, threads, waits, size, packed = [], [], [], 0, 0
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        snapshot = exposition.look()
        looked = time.perf_counter()
        body, _ = exposition.write(snapshot, "application/openmetrics-text", "")
        threads.append(time.perf_counter() - looked)
        loops.append(looked - begun)
        size = len(body)
        waits.append(await _longest_wait(exposition))
        packed = len((await exposition.answer("", "gzip"))[0])
    return median(loops), median(threads), median(waits), size, packed


async def _longest_wait(exposition: Exposition) -> float:
    """How long the loop did not turn, while it answers one scrape and has nothing else to do."""
    answering = asyncio.create_task(exposition.answer("", ""))
    longest, last = 0.0, time.perf_counter()
    while not answering.done():
        await asyncio.sleep(0)
        longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
    return longest


def _large() -> tuple[Sources, EndCounter, LoopLag]:
    engine = Engine(_Nobody(), _Nobody(), SystemClock())  # type: ignore[arg-type]  # neither is asked
    for number in range(GROUPS):
        _observe(engine, REPLICATION_GROUP, f"group-{number:03}", _group())
    for number in range(FINISHED):
        _observe(engine, REPLICATION_SYNC, f"sync-{number:04}", _sync(number))
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()  # nothing is read or written
    kinds = (VCENTER,) * (ENDPOINTS // 4) + (FLASHARRAY,) * (ENDPOINTS - ENDPOINTS // 4)
    endpoints = tuple(_endpoint(kind, f"endpoint-{number:02}") for number, kind in enumerate(kinds))
    ends = EndCounter()
    for number in range(FINISHED):
        ref = ObjectRef(REPLICATION_SYNC, "prod", f"sync-{number:04}", f"uid-{number}")
        ends.ended(RequestEnd(ref, "erp", "Coordinated", ref.uid, SyncStatus.parse(_sync(number)["status"])))

    def measures() -> Measures:
        found = engine.measures()
        return Measures(found.groups, tuple(_copied(one) for one in endpoints), found.requests, (), found.observed)

    return Sources("0.1.0", measures, lambda: True, lambda: (1, 0), ()), ends, LoopLag()


class _Nobody:
    """Stands for an API server and for storage that are never asked."""


def _observe(engine: Engine, kind: Kind, name: str, body: dict[str, Any]) -> None:
    metadata = {"name": name, "uid": f"uid-{name}", "generation": 1, "resourceVersion": "1"}
    engine.observe(
        kind, {"metadata": metadata | {"namespace": "team-of-long-name", "creationTimestamp": _TIME}, **body}
    )


def _condition(type_: str, reason: str = "Ready") -> dict[str, Any]:
    said = {"type": type_, "status": "True", "reason": reason, "message": "It is so.", "observedGeneration": 1}
    return {**said, "lastTransitionTime": _TIME}


def _group() -> dict[str, Any]:
    status = {
        "observedGeneration": 1,
        "conditions": [_condition("Ready"), _condition("RecoveryPointCurrent")],
        "source": {"state": "SOURCE"},
        "target": {"state": "TARGET"},
        "pointsInTime": [{"id": f"id-{n}", "name": f"nightly-{n}", "time": _TIME} for n in range(10)],
        "pointInTimeCount": 24,
        "newestPointInTime": _TIME,
        "newestNamedPointInTime": {"id": "id-0", "name": "nightly-0", "time": _TIME},
        "lastReadAt": _TIME,
        "history": [
            {
                "kind": kind,
                "name": "one",
                "uid": "1",
                "outcome": "Succeeded",
                "reason": "AlreadyDone",
                "finishedAt": _TIME,
            }
            for kind in ("ReplicationSync", "FailoverPreparation")
        ],
    }
    spec = {"recoverySite": {"vCenterRef": {"name": "a"}}, "group": {"name": "a:b"}, "recoveryPointObjective": "15m"}
    return {"spec": spec, "status": status}


def _sync(number: int) -> dict[str, Any]:
    phases = (Phase.SUCCEEDED, Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED)
    reasons = ("PointInTimeCreated", "AlreadyDone", "TimedOut", "Cancelled")
    status = {
        "observedGeneration": 1,
        "phase": phases[number % 4].value,
        "conditions": [_condition("Ready", reasons[number % 4]), _condition("Finished", reasons[number % 4])],
        "acceptedAt": _TIME,
        "finishedAt": _TIME,
        "operation": {"requestID": "id", "turnAt": _TIME},
        "transfer": {"snapshot": "x", "percent": 100, "startedAt": _TIME, "completedAt": _TIME},
    }
    return {"spec": {"groupRef": {"name": f"group-{number % GROUPS:03}"}}, "status": status}


def _endpoint(kind: Kind, name: str) -> EndpointMeasures:
    calls = Calls()
    for operation in _OPERATIONS:
        calls.note(operation, Done(None), 0.01)
    conditions = [_condition(one) for one in ("Ready", "Reachable", "Authenticated")]
    status = {"conditions": conditions, "lastReadAt": _TIME}
    return EndpointMeasures(kind, name, status, 0, None, PortMeasures(calls, 0, 2e9))


def _copied(one: EndpointMeasures) -> EndpointMeasures:
    """As a connector gives it: its figures are copied at each scrape."""
    assert one.port is not None, "each has one here"
    port = PortMeasures(one.port.calls.copy(), one.port.waiting, one.port.certificate_ends)
    return EndpointMeasures(one.kind, one.name, one.status, one.retries, one.clock_skew, port)
