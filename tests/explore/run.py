"""`make explore`: every interleaving of a small world, breadth first, against the real decisions.

Exit status 1: a rule is broken, a state has no way to an end, a planted bug was not found, or there were fewer states
than asked for although there are more.
"""

from __future__ import annotations

import argparse
import resource
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "operator"), str(ROOT / "tests")]

from explore.cases import CASES, HUNTS, explored, hunted  # noqa: E402 - after the path

_MIB = 1024


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Explore all cases, then show that planted bugs are found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=600_000, help="distinct states of each case (default: 600000)")
    parser.add_argument("--only", choices=[*CASES, "planted"], action="append", help="this one; repeatable")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    arguments = parser.parse_args()
    wanted = arguments.only or [*CASES, "planted"]
    states, well = 0, True
    for name in CASES:
        if name in wanted:
            _say(f"{name}:")
            found = explored(name, arguments.most, tell=(lambda _: None) if arguments.quiet else _say)
            states, well = states + found.states, well and found.well
            _say("\n".join(f"  {line}" for line in found.lines()))
    for bug in HUNTS if "planted" in wanted else ():
        found = hunted(bug)
        well = well and not found.well
        what = (
            "NOT FOUND" if found.well else f"found after {found.states:,} states: {found.broken or 'no end in reach'}"
        )
        _say(f"planted, {bug}: {what}")
        _say("\n".join(f"  {number:3}. {move}" for number, move in enumerate(found.path or found.stuck, 1)))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // _MIB
    _say(f"{states:,} distinct states in all, {memory} MiB; {'all is well' if well else 'NOT WELL'}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
