"""`make docs`: write the pages that are generated from the code. `--check` says which are stale, and writes nothing."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:1] = [str(ROOT / one) for one in ("hack", "operator", "tests")]

from docs.pages import PAGES, is_stale, text_of  # noqa: E402 - after the path


def main() -> int:
    """Write what is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a page is stale")
    check = parser.parse_args().check
    stale = [page for page in PAGES if is_stale(page)]
    for page in stale:
        if check:
            print(f"{page} is stale: run `make docs` and commit it", file=sys.stderr)
        else:
            path = ROOT / page
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text_of(page), "utf-8")
            print(f"wrote {page}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
