"""`make release` and `make verify-release`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path[:1] = [str(Path(__file__).parents[2] / one) for one in ("hack", "operator", "tests")]

from container.engine import ContainerError  # noqa: E402 - after the path
from release import verify  # noqa: E402 - as above
from release.make import make  # noqa: E402 - as above


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Make a release of the commit that is checked out, or check one.")
    parser.add_argument("what", choices=("make", "verify"))
    parser.add_argument("--version", required=True, help="as in pyproject.toml and Chart.yaml")
    parser.add_argument("--directory", default="", help="where its files are; default: dist/<version>")
    parser.add_argument("--python-image", default="", help="the image's base, best by digest; or `debian`")
    parser.add_argument("--image", default="", help="where the image is going to be; with it a bundle for OLM is made")
    parser.add_argument("--key", default="", help="private key that signs, or public key that verifies (PEM, P-256)")
    parser.add_argument("--chart-key", default="", help="gpg's name of the chart's key, or the keyring that verifies")
    parser.add_argument("--again", action="store_true", help="verify: make it again from this commit, and compare")
    return parser.parse_args()


def main() -> int:
    """Make or verify; 1 if something is wrong."""
    asked = _arguments()
    if not asked.version:
        print("VERSION is not given: make release VERSION=0.1.0", file=sys.stderr)
        return 2
    directory = Path(asked.directory or Path("dist") / asked.version).absolute()
    key = Path(asked.key) if asked.key else None
    try:
        if asked.what == "make":
            if not asked.python_image:
                print("PYTHON_IMAGE is not given: say which base the image is built on", file=sys.stderr)
                return 2
            make(asked.version, asked.python_image, directory, key, asked.chart_key, place=asked.image)
            print(f"made {directory}; {'signed' if key else 'not signed, because KEY is not given'}")
            return 0
        found = list(verify.problems(directory, asked.version, key, Path(asked.chart_key) if asked.chart_key else None))
        if asked.again and not found:
            found = list(verify.made_again(directory, asked.version))
    except (ContainerError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for problem in found:
        print(problem, file=sys.stderr)
    if not found:
        signatures = "with signatures" if key else "signatures were not checked, because KEY is not given"
        print(f"{directory} is whole: {signatures}{', and the same when made again' if asked.again else ''}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
