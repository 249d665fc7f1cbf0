"""`make sweep`: the operator is disturbed at every point where it awaits the outside, and must end in the same place.

Exit status 1: something happened that must not, see the lines that begin with BROKEN.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "hack"), str(ROOT / "operator"), str(ROOT / "tests")]

from e2e.sweep.faults import FAULTS  # noqa: E402 - after the path
from e2e.sweep.ground import SYNC  # noqa: E402 - as above
from e2e.sweep.play import METHODS, WAYS, Outcome  # noqa: E402 - as above
from e2e.sweep.sweep import Sweep, cases_of, every, summary, table  # noqa: E402 - as above

from testbed.controlplane import ControlPlane  # noqa: E402 - as above


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=WAYS, default=SYNC, help=f"of request (default: {SYNC})")
    parser.add_argument("--method", choices=METHODS, action="append", help="of syncs; repeatable; default: all")
    parser.add_argument("--fault", choices=FAULTS, action="append", help="this one; repeatable; default: all")
    parser.add_argument("--point", action="append", help="points with this in their names; repeatable; default: all")
    parser.add_argument("--every", type=int, default=1, help="every so many-th run only (default: 1)")
    parser.add_argument("--seed", type=int, help="which ones these are; default: today's date")
    parser.add_argument("--workers", type=int, default=8, help="runs at the same time (default: 8)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table there as well")
    parser.add_argument("--keep", type=Path, metavar="DIRECTORY", help="where logs go and stay")
    return parser.parse_args()


def _sweep(directory: Path, arguments: argparse.Namespace) -> int:
    seed = dt.datetime.now(dt.UTC).date().toordinal() if arguments.seed is None else arguments.seed
    begun = time.monotonic()
    ways = (arguments.method if arguments.kind == SYNC else None) or WAYS[arguments.kind]
    with ControlPlane.start(directory / "control-plane") as plane:
        plane.install(ROOT / "crds")
        sweep = Sweep(plane, directory, arguments.workers)
        points, unharmed = sweep.points(ways)
        usual = {one.case.method: one.end for one in unharmed}
        cases = cases_of(points, arguments.fault or FAULTS)
        cases = [one for one in cases if any(part in one.point for part in arguments.point or [""])]
        cases = every(cases, arguments.every, seed)
        _say(f"{ {method: len(found) for method, found in points.items()} } points; {len(cases)} runs, seed {seed}")
        count = 0

        def told(one: Outcome) -> None:
            nonlocal count
            count += 1
            if one.broken or count % 25 == 0:
                _say(f"{count:5} {one.case.label}: {'; '.join(one.broken) or one.end} ({one.seconds:.0f} s)")

        outcomes = [*unharmed, *sweep.play(cases, told)]
    lines = [*table(outcomes, usual), *summary(outcomes, usual, begun)]
    _say("\n".join(lines))
    if arguments.write is not None:
        arguments.write.write_text("\n".join(lines) + "\n")
    return int(any(one.broken for one in outcomes))


def main() -> int:
    """Sweep and tell."""
    arguments = _arguments()
    if arguments.keep is not None:
        arguments.keep.mkdir(parents=True, exist_ok=True)
        return _sweep(arguments.keep.absolute(), arguments)
    with tempfile.TemporaryDirectory(prefix="sweep-") as scratch:
        return _sweep(Path(scratch), arguments)


if __name__ == "__main__":
    sys.exit(main())
