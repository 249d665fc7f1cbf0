"""From the API call that creates a ReplicationSync to the push arriving at the source array, idle system."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from bench.bare import Bare
from bench.figures import medians, ms, quantile, ratio, seconds, stages, table
from bench.rest import Api
from bench.stand import BARE, OURS, Stand, arguments_of

from testbed import stage
from testbed.waiting import eventually

WARM_UP = 3
_AUDITED = {("patch", "status"): "status", ("patch", None): "finalizer"}


@dataclass(frozen=True)
class Latency:
    """Seconds for each sample, and the medians of what they consist of."""

    operator: list[float]
    bare: list[float]
    bare_kept: list[float]
    stages: dict[str, float]
    bare_calls: dict[str, float]
    slower: float = 0.0

    def report(self) -> list[str]:
        """Lines for people."""
        rows = [["", "p50", "p95", "operator's p50 / this p50"]]
        for name, values in (
            ("operator", self.operator),
            ("bare script", self.bare),
            ("bare script, TLS connections kept", self.bare_kept),
        ):
            fits = f"{ratio(quantile(self.operator, 0.5), quantile(values, 0.5)):.2f}"
            rows.append([name, ms(quantile(values, 0.5)), ms(quantile(values, 0.95)), fits])
        return [
            f"Latency, idle: create -> push at the source ({len(self.operator)} samples each, in turns)"
            + (f"; the storage takes {ms(self.slower)} more for each call" if self.slower else ""),
            table(rows),
            "  where the operator's time goes (medians):",
            table([[name, ms(value)] for name, value in self.stages.items()]),
            "  the bare script's calls (medians):",
            table([[name, ms(value)] for name, value in self.bare_calls.items()]),
        ]

    def as_dict(self) -> dict[str, Any]:
        """For the report as JSON."""
        p50 = quantile(self.operator, 0.5)
        return {
            "samples": len(self.operator),
            "slowerBy": self.slower,
            "operator": {"p50": p50, "p95": quantile(self.operator, 0.95)},
            "bare": {"p50": quantile(self.bare, 0.5), "p95": quantile(self.bare, 0.95)},
            "bareKept": {"p50": quantile(self.bare_kept, 0.5), "p95": quantile(self.bare_kept, 0.95)},
            "ratio": ratio(p50, quantile(self.bare, 0.5)),
            "ratioKept": ratio(p50, quantile(self.bare_kept, 0.5)),
            "stages": self.stages,
            "bareCalls": self.bare_calls,
        }


def measure(stand: Stand, samples: int, slower: float = 0.0) -> Latency:
    """Take the samples in turns, so that a slow moment of the machine meets all alike.

    `slower`: seconds that the storage takes longer for each call, as networks and real arrays do.
    """
    stand.connect_groups("single", [OURS])
    ready = stand.simulator.ready
    plain, kept = Bare(ready, "array-1a", "array-1b"), Bare(ready, "array-1a", "array-1b", keep=True)
    for script in (plain, kept):
        script.find(BARE)
    slow = [stand.simulator.fault("*", "*", "slow", seconds=slower)["id"]] if slower else []
    begun: dict[str, float] = {}
    pushed: dict[str, float] = {}
    taken: dict[str, list[float]] = {"plain": [], "kept": []}
    laps: list[dict[str, float]] = []
    with stand.api() as api:
        for number in range(WARM_UP + samples):
            counted = number >= WARM_UP
            name = f"sample-{number}"
            began, arrived = _by_operator(stand, api, name)
            if counted:
                begun[name], pushed[name] = began, arrived
            for kind, script in (("plain", plain), ("kept", kept)):
                took, calls = _by_script(stand, script, f"{name}-{kind}")
                if counted:
                    taken[kind].append(took)
                    laps += [calls] if kind == "plain" else []
    for one in slow:
        stand.simulator.clear_faults(one)
    rows = _time_lines(stand, begun, pushed)
    return Latency(
        operator=[pushed[name] - begun[name] for name in begun],
        bare=taken["plain"],
        bare_kept=taken["kept"],
        stages=medians(rows),
        bare_calls=medians(laps),
        slower=slower,
    )


def _by_operator(stand: Stand, api: Api, name: str) -> tuple[float, float]:
    last = _last(stand)
    began = time.time()
    api.create(stage.sync(name, "single", OURS, pointInTimeName=name))
    arrived = _push_after(stand, last, OURS)
    eventually(
        lambda: api.sync("single", name),
        what=f"{name} to be Complete and free of its finalizer",
        until=lambda one: stage.is_true(one, "Complete") and not one["metadata"].get("finalizers"),
        every=0.05,
    )
    stand.settled()
    return began, arrived


def _by_script(stand: Stand, script: Bare, name: str) -> tuple[float, dict[str, float]]:
    last = _last(stand)
    began = time.time()
    calls = script.push(BARE, name)
    arrived = _push_after(stand, last, BARE)
    stand.settled()
    return arrived - began, calls


def _last(stand: Stand) -> int:
    entries = stand.simulator.journal()
    return int(entries[-1]["number"]) if entries else 0


def _push_after(stand: Stand, last: int, group: str) -> float:
    entry = stand.simulator.wait_journal(
        lambda one: one["call"] == "POST pgroup" and group in arguments_of(one), since=last
    )
    return seconds(entry["time"])


def _time_lines(stand: Stand, begun: dict[str, float], pushed: dict[str, float]) -> list[dict[str, float]]:
    """For each sample what lay between its moments, from the audit log's and the journal's times."""
    audited: dict[str, list[dict[str, Any]]] = {name: [] for name in begun}
    for event in stand.plane.writes("single", "replicationsyncs"):
        audited.get(event["objectRef"].get("name", ""), []).append(event)
    armed = {
        name: seconds(entry["time"])
        for entry in stand.simulator.journal()
        for name in begun
        if entry["call"] == "SyncReplicationGroup_Task" and f'"{name}"' in arguments_of(entry)
    }
    return [_time_line(audited[name], begun[name], armed.get(name), pushed[name]) for name in begun]


def _time_line(events: list[dict[str, Any]], begun: float, armed: float | None, pushed: float) -> dict[str, float]:
    moments: list[tuple[str, float]] = []
    names = {"status": iter(("intent",)), "finalizer": iter(("finalizer",))}
    for event in sorted(events, key=lambda one: str(one["requestReceivedTimestamp"])):
        came, went = seconds(event["requestReceivedTimestamp"]), seconds(event["stageTimestamp"])
        if came > pushed:
            break
        kind = _AUDITED.get((event["verb"], event["objectRef"].get("subresource")))
        what = "the API server creates it" if event["verb"] == "create" else next(names.get(kind or "", iter(())), None)
        if what is None:
            continue
        if event["verb"] == "create":
            moments += [("request on its way", came), (what, went)]
        else:
            moments += [(f"until the {what} patch arrives", came), (f"{what} patch", went)]
    if armed is not None:
        moments.append(("until the sync call has been carried out", armed))
    moments.append(("task seen pending, last looks, push", pushed))
    return stages(moments, begun)
