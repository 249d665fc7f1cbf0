"""The sweep as a whole: which runs there are, several at once, and the table of what came of them."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from e2e.sweep.children import Nursery
from e2e.sweep.faults import FAULTS
from e2e.sweep.ground import Ground
from e2e.sweep.play import Case, play

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from e2e.sweep.play import Outcome

    from testbed.controlplane import ControlPlane

_BATCH = 100
"""Runs on one simulator: vCenters list all their groups to each operator that starts."""

Points = dict[str, list[str]]
"""For each method (or kind that has none) all points that an unharmed run comes to."""


def cases_of(points: Mapping[str, Sequence[str]], faults: Iterable[str]) -> list[Case]:
    """Each fault at each point where it makes sense, for each method."""
    return [
        Case(method, FAULTS[fault], point)
        for method, fault in itertools.product(points, faults)
        for point in points[method]
        if FAULTS[fault].where(point) and Case(method).kind in FAULTS[fault].kinds
    ]


def every(cases: Sequence[Case], step: int, seed: int) -> list[Case]:
    """Every so many-th case; which ones they are rotates with the seed."""
    return list(cases[seed % step :: step])


class Sweep:
    """Plays cases, `workers` of them at the same time, in one control plane."""

    def __init__(self, plane: ControlPlane, directory: Path, workers: int) -> None:
        self.plane, self.directory, self.workers = plane, directory, workers
        self._numbers = itertools.count(1)

    def points(self, methods: Iterable[str]) -> tuple[Points, list[Outcome]]:
        """Run each method unharmed, and list the points.

        Raises:
            RuntimeError: if one of them breaks a rule all by itself.
        """
        found = list(self.play([Case(method) for method in methods]))
        for one in found:
            if one.broken:
                raise RuntimeError(f"{one.case.label}: {'; '.join(one.broken)} (log: {one.log})")
        return {one.case.method: list(dict.fromkeys(one.points)) for one in found}, found

    def play(self, cases: Sequence[Case], told: Callable[[Outcome], None] = lambda _: None) -> Iterator[Outcome]:
        """Play them all; each outcome is told at once, and yielded in the order of the cases."""
        with Nursery.open(self.directory) as nursery, ThreadPoolExecutor(self.workers) as pool:
            for batch in _batched(cases):
                with Ground.open(self.plane, nursery, self.directory, len(batch)) as ground:

                    def played(case: Case, ground: Ground = ground) -> Outcome:
                        outcome = play(ground, case, next(self._numbers))
                        told(outcome)
                        return outcome

                    yield from pool.map(played, batch)


def _batched(cases: Sequence[Case]) -> Iterator[Sequence[Case]]:
    for start in range(0, len(cases), _BATCH):
        yield cases[start : start + _BATCH]


def cell(outcome: Outcome, usual: str) -> str:
    """One word for an outcome: `=` ended as an unharmed run does; else where; brackets: the point was not reached."""
    word = "BROKEN" if outcome.broken else "=" if outcome.end == usual else outcome.end
    return word if outcome.reached else f"({word})"


def table(outcomes: Sequence[Outcome], usual: Mapping[str, str]) -> list[str]:
    """Points down, faults across, one table for each method; then every rule that was broken."""
    lines: list[str] = []
    for method in dict.fromkeys(one.case.method for one in outcomes):
        mine = [one for one in outcomes if one.case.method == method]
        faults = list(dict.fromkeys(one.case.fault.name for one in mine if one.case.fault))
        points = list(dict.fromkeys(one.case.point for one in mine))
        cells = {(one.case.point, one.case.fault.name): cell(one, usual[method]) for one in mine if one.case.fault}
        widths = {fault: max(len(fault), *(len(cells.get((point, fault), "")) for point in points)) for fault in faults}
        first = max(map(len, points), default=0)
        lines += [f"{method}: `=` is {usual[method]}; (…): the point was not reached; ·: makes no sense there", ""]
        lines.append("  ".join([" " * first, *(fault.ljust(widths[fault]) for fault in faults)]).rstrip())
        lines += [
            "  ".join(
                [point.ljust(first), *(cells.get((point, one), "·").ljust(widths[one]) for one in faults)]
            ).rstrip()
            for point in points
        ]
        lines.append("")
    for one in outcomes:
        lines += [f"BROKEN {one.case.label}: {text} (log: {one.log})" for text in one.broken]
    return lines


def summary(outcomes: Sequence[Outcome], usual: Mapping[str, str], begun: float) -> list[str]:
    """A line for each fault, and one for all."""
    lines = []
    for name in dict.fromkeys(one.case.fault.name for one in outcomes if one.case.fault):
        mine = [one for one in outcomes if one.case.fault and one.case.fault.name == name]
        ends = Counter(cell(one, usual[one.case.method]).strip("()") for one in mine)
        missed = sum(not one.reached for one in mine)
        slowest = max(one.seconds for one in mine)
        told = ", ".join(f"{count} {end}" for end, count in ends.most_common())
        armings, calls = max(one.armings for one in mine), max(one.prepare_calls for one in mine)
        lines.append(
            f"{name:15} {len(mine):5} runs: {told}; {missed} did not come to their point; "
            f"{armings} armings, {calls} prepare calls at most; slowest {slowest:.0f} s"
        )
    broken = sum(bool(one.broken) for one in outcomes)
    lines.append(f"{len(outcomes)} runs in {time.monotonic() - begun:.0f} s, {broken} with a broken rule")
    return lines
