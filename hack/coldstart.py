"""The first minutes of a new user, measured: `make demo` with empty caches, of a baseline revision and of HEAD.

Each is a clone of its own with caches of its own (Go's, Python's, ours), and they run one after the other; `--rounds`
repeats that, the other way round each second time. Printed are wall and CPU seconds (user and system of all that ran)
of both, and their ratios. What is on PATH counts: with a fitting kubectl there, none is built.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHES = ("GOCACHE", "GOMODCACHE", "UV_CACHE_DIR", "PIP_CACHE_DIR", "VVOL_TOOLCHAIN_CACHE")
OURS = (
    "UV",
    "PYTHON",
    "VIRTUAL_ENV",
    "KUBEBUILDER_ASSETS",
    "DEMO_KUBECONFIG",
    "MAKEFLAGS",
    "MFLAGS",
    "MAKELEVEL",
    "ARGS",
)


@dataclass(frozen=True)
class Cost:
    """What one run took, in seconds."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"wall {self.wall:5.0f} s   CPU {self.cpu:5.0f} s"


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _commit(revision: str) -> str:
    said = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return said.stdout.strip() or sys.exit(f"there is no revision {revision}")


def _clone(revision: str, into: Path) -> None:
    subprocess.run(["git", "clone", "--quiet", "--no-checkout", str(ROOT), str(into)], check=True)
    subprocess.run(["git", "-C", str(into), "checkout", "--quiet", "--detach", revision], check=True)


def _remove(directory: Path) -> None:
    """Remove a directory; Go's modules in it are read-only."""
    for path, _, _ in os.walk(directory):
        with contextlib.suppress(OSError):
            Path(path).chmod(stat.S_IRWXU)
    shutil.rmtree(directory, ignore_errors=True)


def measure(revision: str, target: str, log: Path) -> Cost:
    """Run a make target of a revision as on a fresh machine; its output goes to ``log``."""
    place = Path(tempfile.mkdtemp(prefix="coldstart-"))
    try:
        _clone(revision, place / "checkout")
        environment = {name: value for name, value in os.environ.items() if name not in OURS}
        environment |= {name: str(place / "caches" / name.lower()) for name in CACHES}
        began, used = time.monotonic(), _cpu()
        with log.open("wb") as output:
            done = subprocess.run(
                ["make", target],
                cwd=place / "checkout",
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
            )
        cost = Cost(time.monotonic() - began, _cpu() - used)
    finally:
        _remove(place)
    if done.returncode:
        sys.exit(f"make {target} of {revision} ended with {done.returncode}; see {log}")
    return cost


def main() -> int:
    """Measure both, as often as is asked for."""
    parser = argparse.ArgumentParser(description="make demo with cold caches, of a baseline and of HEAD.")
    parser.add_argument("baseline", help="the revision to compare HEAD with")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--target", default="demo", help="of the Makefile; `tools` leaves the demo itself out")
    options = parser.parse_args()
    revisions = {name: _commit(name) for name in (options.baseline, "HEAD")}
    logs = Path(tempfile.mkdtemp(prefix="coldstart-logs-"))
    print(f"make {options.target}, cold caches, {os.cpu_count()} processors; output in {logs}", flush=True)
    costs: dict[str, list[Cost]] = {name: [] for name in revisions}
    for number in range(options.rounds):
        for revision in [*costs][:: -1 if number % 2 else 1]:
            cost = measure(
                revisions[revision], options.target, logs / f"{number}-{len(costs[revision])}-{revision[:12]}.log"
            )
            costs[revision].append(cost)
            load = os.getloadavg()[-1]  # of the last 15 minutes: more than the processors means that wall says little
            print(f"{number + 1}  {revision[:12]:12}  {cost}   load {load:.1f}", flush=True)
        before, after = costs[options.baseline][-1], costs["HEAD"][-1]
        ratios = f"wall {after.wall / before.wall:.2f}   CPU {after.cpu / before.cpu:.2f}"
        print(f"{number + 1}  HEAD / {options.baseline[:12]}: {ratios}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
