"""`make walk`: scenarios drawn from seeds, against the whole engine in virtual time.

Exit status 1: a prepare call that an interlock forbids, a repeated one, an untrue word, or a request without an end.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing import Pool
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "operator"), str(ROOT / "tests")]

from walk.moves import Move, draw  # noqa: E402 - after the path
from walk.outcome import Outcome  # noqa: E402
from walk.scenario import run  # noqa: E402


def walk(seed: int) -> Outcome:
    """The scenario of a seed. Its warnings are of faults that it plays; the log is as it was afterwards."""
    log = logging.getLogger("vvol_replication")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        return run(seed, draw(seed))
    finally:
        log.setLevel(before)


def shrunk(outcome: Outcome) -> Outcome:
    """The same violation with as few moves as can be found by leaving out one after the other."""
    best, again = outcome, True
    kind = _kind(outcome)
    while again:
        again = False
        for number in range(len(best.moves)):
            moves = best.moves[:number] + best.moves[number + 1 :]
            shorter = run(outcome.seed, moves)
            if shorter.broken and _kind(shorter) == kind:
                best, again = shorter, True
                break
    return best


def _kind(outcome: Outcome) -> str:
    return "".join(letter for letter in outcome.broken[0][:60] if not letter.isdigit())


def report(outcome: Outcome) -> Iterator[str]:
    """A violation, for people."""
    yield f"seed {outcome.seed} broke: {'; '.join(outcome.broken)}"
    yield from (f"    {line}" for line in outcome.story)


class Figures:
    """What the scenarios came to, added up."""

    def __init__(self) -> None:
        self.scenarios = self.calls = self.effects = self.kills = self.hand_overs = 0
        self.reasons: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.moves: Counter[str] = Counter()
        self.races: Counter[str] = Counter()
        self.longest = 0.0
        self.windows: list[float] = []
        self.broken: list[Outcome] = []

    def add(self, outcome: Outcome) -> None:
        """One more."""
        self.scenarios += 1
        self.calls, self.effects = self.calls + outcome.calls, self.effects + outcome.effects
        self.kills, self.hand_overs = self.kills + outcome.kills, self.hand_overs + outcome.hand_overs
        self.reasons += outcome.reasons
        self.faults += outcome.faults
        self.moves.update(_what(move) for move in outcome.moves)
        self.races.update("".join(one for one in what if not one.isdigit()) for what, _ in outcome.races)
        self.longest = max([self.longest, *(window for _, window in outcome.races)])
        self.windows.extend(outcome.windows)
        if outcome.broken:
            self.broken.append(outcome)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.scenarios:,} scenarios: {self.calls:,} prepare calls, {self.effects:,} took effect"
        yield f"{self.kills:,} kills, {self.hand_overs:,} hand-overs to a second process"
        yield "ends: " + _told(self.reasons)
        yield "moves: " + _told(self.moves)
        yield "faults of calls: " + _told(self.faults)
        yield f"changes after the last reading, before the effect: {_told(self.races) or 'none'}"
        if self.windows:
            ordered = sorted(self.windows)
            middle, most = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
            yield (
                f"from the last reading of the VMs to the effect: median {middle:.3f} s, 99 % {most:.3f} s, "
                f"longest {ordered[-1]:.3f} s (the wire's delay of up to 45 s is in it)"
            )
        yield f"{len(self.broken)} scenarios broke something"


def _what(move: Move) -> str:
    return move.what


def _told(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counted.most_common())


def walked(seeds: range, say: Callable[[str], None], jobs: int = 1, most: int = 3) -> Figures:
    """Walk them all, or until `most` scenarios broke something."""
    figures = Figures()
    if jobs > 1:
        with Pool(jobs) as pool:
            for outcome in pool.imap_unordered(walk, seeds, chunksize=8):
                _count(figures, outcome, say)
                if len(figures.broken) >= most:
                    break
        return figures
    for seed in seeds:
        _count(figures, walk(seed), say)
        if len(figures.broken) >= most:
            break
    return figures


def _count(figures: Figures, outcome: Outcome, say: Callable[[str], None]) -> None:
    figures.add(outcome)
    if outcome.broken:
        for line in report(shrunk(outcome)):
            say(line)
    elif figures.scenarios % 500 == 0:
        say(f"{figures.scenarios} scenarios, {len(figures.broken)} broken")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Walk, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenarios", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1, help="of the first scenario; the others follow")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--most", type=int, default=3, help="stop after so many broken scenarios")
    arguments = parser.parse_args()
    begun = time.monotonic()
    seeds = range(arguments.seed, arguments.seed + arguments.scenarios)
    figures = walked(seeds, _say, arguments.jobs, arguments.most)
    for line in figures.lines():
        _say(line)
    _say(f"{time.monotonic() - begun:.0f} s")
    return 1 if figures.broken else 0


if __name__ == "__main__":
    sys.exit(main())
