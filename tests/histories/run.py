"""`make histories`: schedules through kills, outages, edits, clocks and backups, drawn from seeds, in virtual time.

With `--explore`: every interleaving of small worlds against the decisions alone, breadth first (explore.py).
Exit status 1: a run twice, a time that nobody told of, a text credited wrongly, or a run deleted in flight; a planted
fault that is not found.
"""

from __future__ import annotations

import argparse
import asyncio
import copy
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing import Pool
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "operator"), str(ROOT / "tests")]

from component.engine.virtual import VirtualLoop  # noqa: E402 - after the path
from histories.explore import WORLDS, explore  # noqa: E402
from histories.judge import Account, judge  # noqa: E402
from histories.moves import DISTURBING, SCHEDULES, Move, draw  # noqa: E402
from histories.planted import PLANTED, hunted, is_found  # noqa: E402
from histories.world import NAME, Api, Body, Process  # noqa: E402

from vvol_replication.api.names import REPLICATION_SCHEDULE, REPLICATION_SYNC  # noqa: E402
from vvol_replication.api.times import parse_time  # noqa: E402
from vvol_replication.reconcile.schedule.runs import read_schedule  # noqa: E402

PHASES = ("Succeeded", "Succeeded", "Succeeded", "Failed", "Cancelled", "Missed")


@dataclass
class Outcome:
    """What one history came to."""

    seed: int
    moves: tuple[Move, ...]
    broken: list[str] = field(default_factory=list)
    runs: int = 0
    by_text: int = 0
    skipped: int = 0
    missed: int = 0
    writes: int = 0
    story: list[str] = field(default_factory=list)


class History:
    """Plays the moves of one seed."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)  # noqa: S311 - no secret
        self.api = Api(self.chance, self._made)
        self.account = Account()
        self.story: list[str] = []
        self.process: Process | None = None
        self.saved: dict[tuple[str, str], Body] | None = None
        self.every = 0
        self.suspended = False
        self.skew = timedelta()

    @property
    def now(self) -> datetime:
        return self.api.clock.now()

    async def play(self, moves: tuple[Move, ...]) -> None:
        chosen = self.chance.choice(list(SCHEDULES))
        spec: dict[str, Any] = {"groupRef": {"name": "erp"}, "schedule": chosen}
        if self.chance.random() < 0.3:
            spec["startingDeadline"] = self.chance.choice(["2m", "10m", "1h"])
        if self.chance.random() < 0.3:
            spec["stagger"] = "4m"
        spec["successfulHistoryLimit"], spec["failedHistoryLimit"] = (
            self.chance.randint(1, 3),
            self.chance.randint(1, 2),
        )
        self.every = SCHEDULES[chosen]
        self.api.apply(REPLICATION_SCHEDULE, NAME, spec)
        self._counts()
        await self._lead()
        for move in moves:
            self.story.append(f"{self.now:%H:%M:%S} {move.what} {move.seconds:g} {move.text}")
            await self._do(move)
        self.api.down, self.api.losing = False, 0.0
        if self.process is not None:
            self.process.clock.skew = timedelta()
        if self.skew:  # put right, it jumps once more
            self.account.forgotten.append(self.now)
        await self._pass(3 * max(SCHEDULES.values()))

    def _counts(self) -> None:
        self.account.tables.append((self.now, 0 if self.suspended else self.every))

    async def _lead(self) -> None:
        self.process = Process(self.api, skew=self.skew, lag=self.chance.choice([0.01, 0.3, 5.0]))
        await self.process.start()

    async def _pass(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    def _made(self, name: str) -> None:
        """A run begins. It comes to its end by itself."""
        takes, phase = self.chance.choice([5, 60, 60, 400, 2000, 5000]), self.chance.choice(PHASES)
        asyncio.get_running_loop().call_later(takes, self.api.end_run, name, phase)

    async def _do(self, move: Move) -> None:  # noqa: C901, PLR0912, PLR0915 - a table of moves
        api, gone = self.api, self.now
        match move.what:
            case "kill":
                assert self.process is not None
                await self.process.kill()
                await self._pass(move.seconds)
                await self._lead()
                self.account.away.append((gone, self.now))
            case "outage":
                api.down = True
                await self._pass(move.seconds)
                api.down = False
                self.account.away.append((gone, self.now + timedelta(seconds=20)))
            case "losing":
                api.losing = 0.0 if api.losing else 0.3
            case "run now" | "run now again":
                self.account.texts.setdefault(move.text, self.now)
                api.edit(runNow=move.text)
                await self._pass(move.seconds)
            case "schedule":
                self.every = SCHEDULES[move.text]
                changed = api.schedule["spec"]["schedule"] != move.text
                api.edit(schedule=move.text)
                if changed:
                    self._counts()
                await self._pass(move.seconds)
            case "suspend" | "resume":
                suspended = move.what == "suspend"
                if suspended != self.suspended:
                    self.suspended = suspended
                    api.edit(suspend=suspended)
                    self._counts()
            case "policy":
                api.edit(concurrencyPolicy=move.text)
            case "touch":
                api.touch()
            case "delete a run":
                names = sorted(body["metadata"]["name"] for body in api.runs)
                if names:
                    api.remove(REPLICATION_SYNC, self.chance.choice(names))
            case "save":
                self.saved = copy.deepcopy(api.objects)
            case "restore" if self.saved is not None:
                await self._restore()
            case "wipe":
                api.wipe()
                self.account.forgotten.append(self.now)
            case "clock back" | "clock ahead":
                assert self.process is not None
                sign = 1 if move.what == "clock ahead" else -1
                self.skew += sign * timedelta(seconds=move.seconds)
                self.process.clock.skew = self.skew
                self.account.forgotten.append(self.now)
            case _:
                await self._pass(move.seconds)

    async def _restore(self) -> None:
        """The whole cluster comes back from a backup: nobody runs meanwhile, and watches begin anew."""
        assert self.process is not None
        assert self.saved is not None
        await self.process.kill()
        spec = self.saved[REPLICATION_SCHEDULE.plural, NAME]["spec"]
        self.api.objects = copy.deepcopy(self.saved)
        self.every = SCHEDULES[spec["schedule"]]
        self.suspended = bool(spec.get("suspend"))
        for body in self.api.runs:
            self._made(body["metadata"]["name"])
        self.account.forgotten.append(self.now)
        await self._lead()

    async def close(self) -> None:
        if self.process is not None:
            await self.process.kill()


def run(seed: int, moves: tuple[Move, ...] | None = None) -> Outcome:
    """The history of a seed. Every second one is calm, so that its accounts can be checked."""
    moves = draw(seed, calm=seed % 2 == 0) if moves is None else moves
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_run(seed, moves))


async def _run(seed: int, moves: tuple[Move, ...]) -> Outcome:
    history = History(seed)
    await history.play(moves)
    api = history.api
    offset = read_schedule(api.schedule).offset
    broken = judge(api.record, history.account, history.now, api.schedule, offset=offset)
    status = api.schedule["status"]
    left = [body for body in api.runs if body["status"].get("finishedAt")]
    limits = api.schedule["spec"]["successfulHistoryLimit"] + api.schedule["spec"]["failedHistoryLimit"]
    if len(left) > limits + 2:
        broken.append(f"{len(left)} ended runs are left, and {limits} are to be kept")
    asked = api.schedule["spec"].get("runNow")
    words = {one["type"]: one["reason"] for one in status.get("conditions") or ()}
    why = words.get("RunNowSucceeded")
    # Hours have passed since the last text, and no run takes so long.
    waits = why == "RunNowWaiting" and api.schedule["spec"].get("suspend")
    if asked and status.get("lastRunNow") != asked and not waits and why not in ("RunNowUnderWay", "RunNowUsedBefore"):
        broken.append(f"runNow {asked} has no run, and nobody says why")
    ends = {body["metadata"]["name"]: body["status"].get("finishedAt") for body in api.runs}
    for one in status.get("active") or ():
        end = ends.get(one["name"], "2026-01-01T00:00:00Z")
        if end is not None and parse_time(end) < history.now - timedelta(minutes=2):
            broken.append(f"{one['name']} has ended, and is still called active")
    if parse_time(status["timetable"]["since"]) > history.now:
        broken.append("it counts from a time that is to come")
    await history.close()
    record = api.record
    return Outcome(
        seed,
        moves,
        broken,
        runs=len(record.created),
        by_text=sum(1 for one in record.created if one.text is not None),
        skipped=status.get("skipped", 0),
        missed=status.get("missed", 0),
        writes=record.writes,
        story=[*history.story, *(f"{one.at:%H:%M:%S} made {one.name} {one.text or ''}" for one in record.created)],
    )


def told(outcomes: list[Outcome]) -> str:
    """The figures, for people."""
    moves = Counter(move.what for one in outcomes for move in one.moves)
    runs = sum(one.runs for one in outcomes)
    return (
        f"{len(outcomes):,} histories: {runs:,} runs, {sum(one.by_text for one in outcomes):,} of them by runNow, "
        f"{sum(one.skipped for one in outcomes):,} times skipped, {sum(one.missed for one in outcomes):,} missed, "
        f"{sum(one.writes for one in outcomes) / max(runs, 1):.2f} writes a run\n"
        f"moves: {', '.join(f'{name} {count:,}' for name, count in moves.most_common())}\n"
        f"{sum(bool({move.what for move in one.moves} & DISTURBING) for one in outcomes):,} with lost memory or "
        f"clocks that jump\n{sum(bool(one.broken) for one in outcomes)} histories broke something"
    )


def played(seeds: range, say: Callable[[str], None], jobs: int = 1, most: int = 3) -> list[Outcome]:
    """Play them all, or until `most` have broken something."""
    outcomes: list[Outcome] = []
    with Pool(jobs) as pool:
        for one in pool.imap_unordered(run, seeds, chunksize=8) if jobs > 1 else map(run, seeds):
            outcomes.append(one)
            if one.broken:
                say(f"seed {one.seed}: {'; '.join(one.broken)}\n  " + "\n  ".join(one.story))
            if sum(bool(one.broken) for one in outcomes) >= most:
                pool.terminate()
                break
    return outcomes


def _explored(most: int) -> int:
    well = True
    for name, world in WORLDS.items():
        found = explore(world(), most)
        well = well and found.broken is None
        sys.stdout.write("\n".join([f"{name}:", *(f"  {line}" for line in found.lines())]) + "\n")
        sys.stdout.flush()
    for name in PLANTED:
        found = hunted(name)
        well = well and is_found(name, found)
        sys.stdout.write("\n".join([f"planted, {name}:", *(f"  {line}" for line in found.lines())]) + "\n")
    return int(not well)


def main() -> int:
    """Play, tell, and judge."""
    parser = argparse.ArgumentParser(prog="make histories", description=__doc__)
    parser.add_argument("--histories", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1, help="the first one")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--explore", action="store_true", help="every interleaving of small worlds instead")
    parser.add_argument("--most", type=int, default=200_000, help="distinct states of each world (default: 200000)")
    given = parser.parse_args()
    if given.explore:
        return _explored(given.most)
    began = time.monotonic()
    outcomes = played(range(given.seed, given.seed + given.histories), print, given.jobs)
    sys.stdout.write(f"{told(outcomes)}\n{time.monotonic() - began:.0f} s\n")
    return int(any(one.broken for one in outcomes))


if __name__ == "__main__":
    sys.exit(main())
