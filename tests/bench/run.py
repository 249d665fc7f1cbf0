"""`make bench`: measure the operator against a real API server and simulated storage, and print what was found.

Figures that depend on the machine are told as ratios within this run. Exit status 1 means that something could not be
measured; a slow figure is no failure. See README.md beside this file for what each one means.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "hack"), str(ROOT / "operator"), str(ROOT / "tests")]

from bench import cli, compare, counts, finished, idle, latency, load, polling, scrape, soak  # noqa: E402 - after the path
from bench.rest import ApiError  # noqa: E402 - as above
from bench.stand import Size, Stand  # noqa: E402 - as above

from testbed.controlplane import ControlPlaneError  # noqa: E402 - as above
from testbed.kubectl import KubectlError  # noqa: E402 - as above
from vvol_simulator.client import SimulatorError  # noqa: E402 - as above

SECTIONS = ("latency", "calls", "idle", "load")
LONG = ("finished", "polling", "soak", "scrape", "cli")
"""Sections that are run only when asked for."""


class Result(Protocol):
    """What a section found."""

    def report(self) -> list[str]:
        """Lines for people."""
        ...

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        ...


def _arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure speed, calls and memory of the operator.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument(
        "--only", choices=(*SECTIONS, *LONG), action="append", help="this section; repeatable; default: all"
    )
    parser.add_argument("--samples", type=int, default=40, help="of the latency, or of the cli (default: 40)")
    parser.add_argument(
        "--call-ms",
        type=float,
        default=0,
        help="what the storage takes longer for each call, in the latency (default: 0)",
    )
    parser.add_argument("--syncs", type=int, default=500, help="of the load, or the soak (default: 500)")
    parser.add_argument("--transfer-seconds", type=float, default=1.0, help="of each sync of the load (default: 1)")
    parser.add_argument("--finished", type=int, default=5000, help="requests that have ended (default: 5000)")
    parser.add_argument("--endpoints", type=int, default=6, help="vCenters and FlashArrays, 6 or more (default: 6)")
    parser.add_argument("--vcenters", type=int, default=2, help="of these endpoints, an even number (default: 2)")
    parser.add_argument("--groups", type=int, default=0, help="connected when idle (default: 0); under load 50 or more")
    parser.add_argument("--seed", type=int, default=1, help="of the soak's storm (default: 1)")
    parser.add_argument("--compare", metavar="REVISION", help="measure that revision, too, in turns")
    parser.add_argument("--keep", type=Path, metavar="DIRECTORY", help="where logs go and stay")
    return parser.parse_args(given)


def _sections(arguments: argparse.Namespace, size: Size) -> dict[str, Callable[[Stand], Result]]:
    return {
        "latency": lambda stand: latency.measure(stand, arguments.samples, arguments.call_ms / 1000),
        "calls": counts.measure,
        "idle": lambda stand: idle.measure(stand, size.groups[: arguments.groups]),
        "load": lambda stand: load.measure(stand, arguments.syncs, size),
        "finished": lambda stand: finished.measure(stand, arguments.finished),
        "polling": polling.measure,
        "scrape": lambda stand: scrape.measure(stand, arguments.syncs),
        "cli": lambda stand: cli.measure(stand, arguments.samples),
        "soak": lambda stand: soak.measure(stand, arguments.syncs, arguments.seed),
    }


def _measured(arguments: argparse.Namespace, directory: Path) -> dict[str, Any]:
    """All sections that were asked for, in their order, each told when it is done."""
    size = Size.of(arguments.endpoints, arguments.groups, arguments.vcenters, arguments.transfer_seconds)
    sections, found = _sections(arguments, size), {}
    wanted = [name for name in (*SECTIONS, *LONG) if name in (arguments.only or SECTIONS)]
    with contextlib.ExitStack() as running:
        shared = None if arguments.compare else running.enter_context(Stand.start(directory, size=size))
        for name in wanted:
            begun, result = time.monotonic(), None
            if shared is not None:
                result = sections[name](shared)
            elif name in compare.COMPARED:
                result = compare.compare(name, arguments.compare, directory, sections[name], size)
            else:
                raise RuntimeError(f"{name} cannot be compared; what can: {', '.join(compare.COMPARED)}")
            found[name] = result.as_dict()
            again = f"  (took {time.monotonic() - begun:.0f} s; again: make bench ARGS='{_again(name, arguments)}')"
            sys.stdout.write("\n".join([*result.report(), again, "\n"]))
            sys.stdout.flush()
    return found


def _again(name: str, arguments: argparse.Namespace) -> str:
    """The arguments that measure this section once more in the same way."""
    usual = vars(_arguments([]))
    more = {one: value for one, value in vars(arguments).items() if one not in ("only", "json", "keep")}
    return " ".join(
        [
            f"--only {name}",
            *(f"--{one.replace('_', '-')} {value}" for one, value in more.items() if value != usual[one]),
        ]
    )


def main() -> int:
    """Run what was asked for."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="vvol-bench-") as scratch:
        directory = Path(scratch) if arguments.keep is None else arguments.keep.absolute()
        try:
            found = _measured(arguments, directory)
        except KeyboardInterrupt:
            return 130
        except (
            ControlPlaneError,
            KubectlError,
            ApiError,
            SimulatorError,
            OSError,
            RuntimeError,
            subprocess.TimeoutExpired,
        ) as error:  # TimeoutError is an OSError
            sys.stderr.write(f"It could not be measured: {error}\n")
            return 1
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
