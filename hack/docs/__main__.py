"""`make docs`: write the pages that are generated from the code. `--check` says which are stale, and writes nothing."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:1] = [str(ROOT / one) for one in ("hack", "operator", "tests")]

from docs.pages import bring_up_to_date  # noqa: E402 - after the path


def main() -> int:
    """Write what is stale; 1: not all is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a page is stale")
    return 0 if bring_up_to_date(check=parser.parse_args().check) else 1


if __name__ == "__main__":
    sys.exit(main())
