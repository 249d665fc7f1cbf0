"""How long `kubectl vvol status GROUP` takes, beside `kubectl get replicationgroup GROUP`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.figures import ratio, table
from bench.stand import OURS, Stand

GOAL = 2.0
_MEASURED = {"kubectl get": ("get", "replicationgroup", OURS), "kubectl vvol": ("vvol", "status", OURS)}


@dataclass(frozen=True)
class Starts:
    """Seconds from start to end, of each command, in the order in which they were taken."""

    taken: dict[str, list[float]]

    @property
    def ratios(self) -> tuple[float, float]:
        """The plugin's time in kubectl's: of the medians, and of the quickest."""
        get, vvol = (self.taken[name] for name in _MEASURED)
        return ratio(median(vvol), median(get)), ratio(min(vvol), min(get))

    def report(self) -> list[str]:
        """Lines for people."""
        rows = [[name, f"{median(one) * 1000:.0f} ms", f"{min(one) * 1000:.0f} ms"] for name, one in self.taken.items()]
        middle, quickest = self.ratios
        rows.append(["ratio", f"{middle:.2f}", f"{quickest:.2f}"])
        head = ["", "median", "quickest"]
        return [
            f"Start to end of one command, {len(self.taken['kubectl get'])} each (goal: {GOAL:g})",
            table([head, *rows]),
        ]

    def as_dict(self) -> dict[str, Any]:
        """For the report as JSON."""
        middle, quickest = self.ratios
        return {"seconds": self.taken, "ratioOfMedians": middle, "ratioOfQuickest": quickest}


def measure(stand: Stand, samples: int) -> Starts:
    """Both in turns, after one of each that fills caches."""
    stand.connect_groups("single", [OURS])
    kubectl = stand.plane.client.in_namespace("single")
    path = os.pathsep.join([str(kubectl.program.parent), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**kubectl.environment(), "PATH": path}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled
    where = (f"--cache-dir={kubectl.cache}", "--namespace=single")

    def took(words: tuple[str, ...]) -> float:
        begun = time.perf_counter()
        subprocess.run(["kubectl", *words, *where], env=environment, check=True, capture_output=True)
        return time.perf_counter() - begun

    for words in _MEASURED.values():
        took(words)
    taken: dict[str, list[float]] = {name: [] for name in _MEASURED}
    for _ in range(samples):
        for name, words in _MEASURED.items():
            taken[name].append(took(words))
    return Starts(taken)
