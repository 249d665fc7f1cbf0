"""Many syncs in a storm of faults and kills: is any lost, pushed twice, or claimed without being there?"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from bench.applying import ended, feed
from bench.figures import table
from bench.stand import Stand, load_groups
from bench.storm import Storm
from bench.truth import Judgement, judge
from bench.usage import Usage, usage

from testbed import stage

_NAMESPACE = "load"
_EVERY_KILL = 60.0
_AT_ONCE = 150
"""So many syncs are under way; the storm ends when the last one has been created."""
_CALM = 45.0
"""Seconds after the storm in which what it left behind (sockets, delays between tries) is over."""
_RETRIES = 100
"""`retryLimit` of the requests: the storm refuses more often than a person would wait for."""


@dataclass(frozen=True)
class Soak:
    """What was found. `sessions` are those that each endpoint holds at the end, when all is calm."""

    syncs: int
    seed: int
    took: float
    troubles: Counter[str]
    judgement: Judgement
    sessions: dict[str, int]
    pushes: int
    after: Usage

    @property
    def clean(self) -> bool:
        """Nothing lost, repeated or false, and one session at each endpoint."""
        return self.judgement.clean and set(self.sessions.values()) == {1}

    def report(self) -> list[str]:
        """Lines for people."""
        found = self.judgement
        ordered = ", ".join(f"{count} x {kind}" for kind, count in self.troubles.most_common())
        ends = ", ".join(f"{reason} {count}" for reason, count in found.endings.most_common())
        odd = {name: count for name, count in self.sessions.items() if count != 1}
        rows = [
            ["lost", "pushed twice", "false successes", "sessions other than 1"],
            [*(str(len(one)) for one in (found.lost, found.repeated, found.false)), str(odd or "none")],
        ]
        used, storm = self.after, f"{sum(self.troubles.values())} troubles (seed {self.seed})"
        return [
            f"Soak: {self.syncs} syncs in {self.took:.0f} s under {storm}",
            f"  troubles: {ordered}",
            f"  endings: {ends}; {self.pushes} pushes",
            table(rows),
            f"  operator afterwards: {used.threads} threads, {used.sockets} sockets, {used.rss / 2**20:.0f} MiB",
            *(f"    {line}" for line in (*found.lost, *found.repeated, *found.false)[:20]),
        ]

    def as_dict(self) -> dict[str, Any]:
        """For the report as JSON."""
        return {
            "syncs": self.syncs,
            "seed": self.seed,
            "seconds": self.took,
            "troubles": dict(self.troubles),
            "lost": list(self.judgement.lost),
            "repeated": list(self.judgement.repeated),
            "false": list(self.judgement.false),
            "endings": dict(self.judgement.endings),
            "sessions": self.sessions,
            "clean": self.clean,
        }


def measure(stand: Stand, syncs: int, seed: int) -> Soak:
    """Apply them while the storm rages, then wait in the calm for the last ones."""
    groups = load_groups()
    stand.connect_groups(_NAMESPACE, groups)
    stand.settled()
    objects = [
        stage.sync(f"soak-{number:05}", _NAMESPACE, groups[number % len(groups)], retryLimit=_RETRIES, timeout="12h")
        for number in range(syncs)
    ]
    begun = time.monotonic()
    with Storm(stand.simulator, seed, kill=lambda: _kill(stand), every_kill=_EVERY_KILL) as storm:
        feed(stand, _NAMESPACE, objects, _AT_ONCE)
        storm.calm()
        for group in groups:
            # As arrays do by themselves: where SMS has forgotten a task, its sync stays armed until something lands.
            stand.simulator.action("run-schedule", protectionGroup=group)
        found = ended(stand, _NAMESPACE)
    took = time.monotonic() - begun
    # Who was killed did not log out; the endpoints end such sessions after half an hour.
    stand.simulator.action("expire-sessions")
    time.sleep(_CALM)
    state, journal = stand.simulator.state(), stand.simulator.journal()
    sessions = {name: one["sessions"] for kind in ("vcenters", "arrays") for name, one in state[kind].items()}
    judgement = judge(found, state, journal)
    pushes = sum(one["tookEffect"] and one["call"].startswith("POST p") for one in journal)
    return Soak(syncs, seed, took, storm.kinds, judgement, sessions, pushes, usage(stand.operator.pid))


def _kill(stand: Stand) -> None:
    os.kill(stand.operator.pid, signal.SIGKILL)
    stand.operator.process.wait(30)
    stand.start_operator()
