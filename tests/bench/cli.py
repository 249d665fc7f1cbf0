"""How long `kubectl vvol status GROUP` takes as users install it, beside `kubectl get replicationgroup GROUP`."""

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
from bench.stand import OURS, ROOT, Stand

GOAL = 2.0
_MEASURED = {
    "kubectl get": ("kubectl", "get", "replicationgroup", OURS),
    "kubectl vvol": ("kubectl", "vvol", "status", OURS),
    "kubectl-vvol": ("kubectl-vvol", "status", OURS),
}
"""By name; the last is the plugin without the kubectl that looks for it."""


@dataclass(frozen=True)
class Starts:
    """Seconds from start to end, of each command, in the order in which they were taken."""

    taken: dict[str, list[float]]

    @property
    def ratios(self) -> dict[str, tuple[float, float]]:
        """The times of the plugin in those of kubectl: of the medians, and of the quickest."""
        get = self.taken["kubectl get"]
        return {
            name: (ratio(median(one), median(get)), ratio(min(one), min(get)))
            for name, one in self.taken.items()
            if one is not get
        }

    def report(self) -> list[str]:
        """Lines for people."""
        rows = [[name, f"{median(one) * 1000:.0f} ms", f"{min(one) * 1000:.0f} ms"] for name, one in self.taken.items()]
        rows += [[f"{name}, ratio", f"{middle:.2f}", f"{best:.2f}"] for name, (middle, best) in self.ratios.items()]
        head = ["", "median", "quickest"]
        return [
            f"Start to end of one command, {len(self.taken['kubectl get'])} each (goal: {GOAL:g})",
            table([head, *rows]),
        ]

    def as_dict(self) -> dict[str, Any]:
        """For the report as JSON."""
        return {"seconds": self.taken, "ratios": self.ratios}


def measure(stand: Stand, samples: int) -> Starts:
    """Both in turns, after one of each that fills caches."""
    stand.connect_groups("single", [OURS])
    kubectl = stand.plane.client.in_namespace("single")
    programs = installed(stand.directory / "pipx")
    path = os.pathsep.join([str(kubectl.program.parent), str(programs), os.environ["PATH"]])
    environment = {**kubectl.environment(), "PATH": path}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled
    where = (f"--cache-dir={kubectl.cache}", "--namespace=single")

    def took(words: tuple[str, ...]) -> float:
        begun = time.perf_counter()
        subprocess.run([*words, *where], env=environment, check=True, capture_output=True)
        return time.perf_counter() - begun

    for words in _MEASURED.values():
        took(words)
    taken: dict[str, list[float]] = {name: [] for name in _MEASURED}
    for _ in range(samples):
        for name, words in _MEASURED.items():
            taken[name].append(took(words))
    return Starts(taken)


def installed(directory: Path) -> Path:
    """Install this tree as `pipx install 'vvol-replication[cli]'` does, at the locked versions: where its programs are.

    The repository's own environment starts slower: it has the packages of developers, and finds our modules through it.
    """
    uv = subprocess.run([ROOT / "hack/setup.sh", "uv"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    command = [uv, "sync", "--locked", "--no-default-groups", "--no-editable", "--extra=cli", "--compile-bytecode"]
    environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(directory), "UV_PYTHON_DOWNLOADS": "never"}
    subprocess.run(
        [*command, "--quiet", f"--python={sys.executable}", f"--project={ROOT}"], env=environment, check=True
    )
    return directory / "bin"
