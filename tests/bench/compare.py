"""Two revisions side by side: each section is measured with both, in turns, each time on a stand of its own."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.figures import ratio, table
from bench.stand import ROOT, USUAL, Size, Stand

Figures = Mapping[str, float]
TURNS = "ABBA"
"""A is the other revision, B the tree as it is."""


@dataclass(frozen=True)
class Compared:
    """Of one section: what each turn found, by the name of the figure."""

    section: str
    revision: str
    before: tuple[Figures, ...]
    now: tuple[Figures, ...]

    def report(self) -> list[str]:
        """Lines for people."""
        rows = [["", self.revision, "this tree", "this tree / that", "single turns"]]
        for name in self.now[0]:
            then, now = ([one[name] for one in turns] for turns in (self.before, self.now))
            each = f"{' '.join(f'{one:.4g}' for one in then)} | {' '.join(f'{one:.4g}' for one in now)}"
            rows.append(
                [name, f"{median(then):.4g}", f"{median(now):.4g}", f"{ratio(median(now), median(then)):.2f}", each]
            )
        return [f"{self.section}: {self.revision} against this tree, in the order {TURNS}", table(rows)]

    def as_dict(self) -> dict[str, Any]:
        """For the report as JSON."""
        return {"revision": self.revision, "before": list(self.before), "now": list(self.now)}


def extracted(revision: str, directory: Path) -> Path:
    """The tree of a revision, in that directory: its operator and its CRDs. It runs on the packages of this tree.

    Raises:
        RuntimeError: if git does not know the revision.
    """
    archive = subprocess.run(
        ["git", "archive", revision, "operator", "crds"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if archive.returncode:
        raise RuntimeError(f"git does not have {revision!r}: {archive.stderr.decode(errors='replace').strip()}")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as packed:
        packed.extractall(directory, filter="data")
    return directory


def compare(
    section: str, revision: str, directory: Path, measure: Callable[[Stand], Any], size: Size = USUAL
) -> Compared:
    """Measure a section with both, in turns. `size`: of the storage."""
    other = extracted(revision, directory / "revision")
    found: dict[str, list[Figures]] = {"A": [], "B": []}
    for number, turn in enumerate(TURNS):
        tree = other if turn == "A" else ROOT
        with Stand.start(directory / f"{section}-{number}", tree, size) as stand:
            found[turn].append(figures(section, measure(stand).as_dict()))
    return Compared(section, revision, tuple(found["A"]), tuple(found["B"]))


def figures(section: str, told: Mapping[str, Any]) -> Figures:
    """Of what a section found for programs: the figures by which two revisions are compared, less being better."""
    return _FIGURES[section](told)


def _latency(told: Mapping[str, Any]) -> Figures:
    return {
        "create to push, p50, ms": told["operator"]["p50"] * 1000,
        "the same / bare script": told["ratio"],
        "the same / bare script, connections kept": told["ratioKept"],
    }


def _calls(told: Mapping[str, Any]) -> Figures:
    return {"storage calls of a sync, besides polling": told["storageCalls"], "writes of a sync": told["writes"]}


def _idle(told: Mapping[str, Any]) -> Figures:
    return {
        "start to ready, s": told["startUp"],
        "CPU until ready, s": told["startCpu"],
        "RSS, MiB": told["rss"] / 2**20,
        "CPU at rest, % of a core": told["cpuShare"] * 100,
        "storage calls a second": told["callsPerSecond"],
    }


def _load(told: Mapping[str, Any]) -> Figures:
    syncs = told["syncs"]
    return {
        "CPU of the operator a sync, ms": told["cpuSeconds"] / syncs * 1000,
        "finished after, times the transfers": told["finishedSeconds"] / told["idealSeconds"],
        "storage calls a sync, polling included": told["callsPerSync"],
        "writes a sync, progress included": sum(told["writes"].values()) / syncs,
        "/livez p99, ms": told["livez"]["p99"] * 1000,
        "RSS after, MiB": told["after"]["rss"] / 2**20,
    }


def _finished(told: Mapping[str, Any]) -> Figures:
    empty, most = (told[count] for count in (min(told, key=int), max(told, key=int)))
    return {
        "RSS more than with none, MiB": (most["rss"] - empty["rss"]) / 2**20,
        "CPU until calm, more than with none, s": most["cpu"] - empty["cpu"],
        "CPU until calm, s": most["cpu"],
        "start to ready, s": most["ready"],
        "start to calm, s": most["calm"],
    }


_FIGURES: Mapping[str, Callable[[Mapping[str, Any]], Figures]] = {
    "latency": _latency,
    "calls": _calls,
    "idle": _idle,
    "load": _load,
    "finished": _finished,
}
COMPARED = tuple(_FIGURES)
"""The sections that can be compared."""
