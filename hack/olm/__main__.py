"""`make bundle`: writes the bundle for the Operator Lifecycle Manager, for an image; OLM's own validators judge it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:1] = [str(ROOT / one) for one in ("hack", "operator", "tests")]

import gobuild  # noqa: E402 - after the path
from olm import bundle, judge  # noqa: E402 - as above


def main() -> int:
    """Write and judge; 1 if a validator has something to say."""
    parser = argparse.ArgumentParser(description="Write the bundle for OLM, and judge it.")
    parser.add_argument("--image", default="", help="the operator's image, best by digest; without it: judge only")
    parser.add_argument("--directory", default="", help="where it is written; default: dist/bundle")
    asked = parser.parse_args()
    directory = ROOT / bundle.DIRECTORY
    if asked.image:
        directory = Path(asked.directory or "dist/bundle").absolute()
        try:
            bundle.write(directory, asked.image)
        except FileExistsError as error:
            print(error, file=sys.stderr)
            return 1
    try:
        found = judge.problems(directory)
    except gobuild.BuildError as error:
        print(error, file=sys.stderr)
        return 1
    for one in found:
        print(f"{one.level} ({one.validator}): {one.message}", file=sys.stderr)
    image = asked.image or bundle.default_image()
    print(f"{directory} for {image}: {len(found) or 'no'} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
