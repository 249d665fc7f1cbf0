"""Rounds of trouble for two replicas: `make rounds`, or a few of them in the tests.

In each round a sync is in flight when the leader is killed, told to end, stopped for longer than its Lease, or cut off
from the API server; where it is caught is chosen by the round's number: before the sync, with calls in flight, or
while the transfer runs. Counted: pushes beyond the first of each request, and requests that did not complete.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import signal
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / one) for one in ("hack", "operator", "tests")]

from e2e.replicas import Replica, Replicas  # noqa: E402 - after the path
from e2e.rig import ARM, PUSH, RECOVERY, SOURCE, Rig, Site, topology  # noqa: E402 - as above

from testbed import stage  # noqa: E402 - as above
from testbed.controlplane import ControlPlane  # noqa: E402 - as above
from testbed.waiting import eventually  # noqa: E402 - as above

if TYPE_CHECKING:
    from collections.abc import Iterable

    from e2e.rig import Request

KINDS = ("SIGKILL", "SIGTERM", "SIGSTOP", "partition")
PLACES = ("arming", "pushing", "transferring")
LONG = 300.0


@dataclass(frozen=True)
class Round:
    """What was seen. `seconds`: from the trouble to another leader. `exit_status` is the old leader's."""

    kind: str
    place: str
    seconds: float
    exit_status: int
    pushes: int
    completed: bool
    ended_as: str


class Play:
    """One protection group on which round after round is played."""

    def __init__(self, site: Site, replicas: Replicas, group: str, *, stopped: float = 0.0) -> None:
        self.site, self.replicas, self.group, self._stopped = site, replicas, group, stopped
        self.name = site.group(group)
        site.wait_group(self.name)

    def round(self, kind: str, place: str) -> Round:
        """One round; ends with two replicas at work."""
        self.replicas.refill()
        leader = self.replicas.leader()
        request = self._in_flight(place)
        seconds = self._trouble(leader, kind)
        self.site.simulator.clear_faults()
        self.site.act("release", self.group)
        status = leader.process.wait(60)
        obj = eventually(
            lambda: self._tended(request), what=f"{request.name}'s end", until=_finished, timeout=LONG, every=2
        )
        suffix = ((obj["status"].get("operation") or {}).get("suffix")) or ""
        pushes = [one["arguments"]["suffix"] for one in self.site.calls(PUSH, self.group)].count(suffix)
        complete = stage.is_true(obj, "Complete")
        ready = stage.condition(obj, "Ready") or {}
        request.kubectl("delete", "replicationsync", request.name, "--wait=false")
        return Round(kind, place, seconds, status, pushes, complete, str(ready.get("reason")))

    def _tended(self, request: Request) -> dict[str, Any]:
        """The request as it is; replicas that have ended meanwhile are started again."""
        self.replicas.tend()
        return request.get()

    def _in_flight(self, place: str) -> Request:
        """A request that has come so far: its call's answer is out, or its data is on the way."""
        site = self.site
        site.act("hold", self.group)
        if place == "transferring":
            request = site.request(self.name)
            request.wait_reason("Transferring", LONG)
            return request
        endpoint, call = (RECOVERY, ARM) if place == "arming" else (SOURCE, PUSH)
        fault = site.hang(endpoint, call, times=1, when="after")
        request = site.request(self.name)
        site.wait_hit(fault)
        return request

    def _trouble(self, leader: Replica, kind: str) -> float:
        if kind == "partition":
            leader.proxy.cut()
        else:
            leader.signal(signal.Signals[kind])
        seconds = self.replicas.taken_over(leader)
        if kind == "SIGSTOP":
            # Stopped for longer than its Lease: another one leads by now. It has to notice before it does anything.
            time.sleep(max(0.0, self._stopped - seconds))  # no waiting for anything: this long it is stopped
            leader.signal(signal.SIGCONT)
        leader.proxy.mend()
        return seconds


def _finished(obj: dict[str, Any]) -> bool:
    return stage.is_true(obj, "Finished")


def summary(rounds: Iterable[Round]) -> list[str]:
    """For people."""
    played = list(rounds)
    lines = ["  trouble    rounds  hand-over median / most  exit codes  pushes repeated  requests lost"]
    for kind in KINDS:
        some = [one for one in played if one.kind == kind]
        if not some:
            continue
        times = [one.seconds for one in some]
        codes = ",".join(str(code) for code in sorted({one.exit_status for one in some}))
        repeated = sum(max(0, one.pushes - 1) for one in some)
        lost = sum(not one.completed for one in some)
        figures = f"{statistics.median(times):8.1f} / {max(times):.1f} s"
        lines.append(f"  {kind:<10} {len(some):>6}  {figures:>23}  {codes:>10}  {repeated:>15}  {lost:>13}")
    lines += [f"  lost: {one}" for one in played if not one.completed or one.pushes != 1]
    return lines


def _play(scratch: Path, rounds: int, arguments: argparse.Namespace) -> list[Round]:
    """So many rounds, one after another, of two replicas that have an API server of their own."""
    scratch.mkdir()
    begun, played = time.monotonic(), list[Round]()
    with ControlPlane.start(scratch / "plane") as plane:
        plane.install(ROOT / "crds")
        rig = Rig(plane, scratch)
        timing: tuple[int, int, int] = tuple(arguments.lease)
        with (
            rig.site(topology("round")) as site,
            Replicas.running(plane, scratch, rig.secrets, rig.namespaces, timing) as replicas,
        ):
            play = Play(site, replicas, "round", stopped=arguments.stopped)
            for kind, place in itertools.islice(
                zip(itertools.cycle(KINDS), itertools.cycle(PLACES), strict=True), rounds
            ):
                if arguments.minutes and time.monotonic() - begun > 60 * arguments.minutes:
                    break
                played.append(play.round(kind, place))
                sys.stdout.write(f"{scratch.name}.{len(played)}: {played[-1]}\n")
                sys.stdout.flush()
    return played


def main() -> int:
    """Play as many rounds as were asked for. Exit status 1: a push was repeated, or a request was lost."""
    parser = argparse.ArgumentParser(description="Kill, stop and cut off leaders while syncs are in flight.")
    parser.add_argument("--rounds", type=int, default=200, help="how many (default: 200)")
    parser.add_argument("--minutes", type=float, default=0, help="no new round after this long (default: no limit)")
    parser.add_argument("--lease", type=int, nargs=3, default=(5, 3, 1), metavar="SECONDS",
        help="duration, renew deadline and retry period (default: 5 3 1; the operator's own: 15 10 2)")  # fmt: skip
    parser.add_argument("--stopped", type=float, default=30, metavar="SECONDS",
        help="a stopped leader stays so for this long, at least until another one leads (default: 30)")  # fmt: skip
    parser.add_argument("--keep", type=Path, help="keep the logs of all processes in this directory")
    parser.add_argument("--plays", type=int, default=1, metavar="N",
        help="so many at the same time, each with its own API server, storage and replicas (default: 1)")  # fmt: skip
    arguments = parser.parse_args()
    begun = time.monotonic()
    kept: Path | None = arguments.keep
    if kept is not None:
        kept.mkdir(parents=True)
    place = tempfile.TemporaryDirectory(prefix="rounds-") if kept is None else contextlib.nullcontext(str(kept))
    with place as scratch, ThreadPoolExecutor(arguments.plays) as plays:
        shares = [len(range(number, arguments.rounds, arguments.plays)) for number in range(arguments.plays)]
        running = [
            plays.submit(_play, Path(scratch) / str(number), share, arguments) for number, share in enumerate(shares)
        ]
        played = [one for play in running for one in play.result()]
    took = time.monotonic() - begun
    lease = "/".join(str(one) for one in arguments.lease)
    sys.stdout.write(f"\n{len(played)} rounds in {took:.0f} s, Lease {lease} s\n" + "\n".join(summary(played)) + "\n")
    return int(any(one.pushes != 1 or not one.completed for one in played))


if __name__ == "__main__":
    sys.exit(main())
