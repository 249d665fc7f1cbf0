"""`make image`: builds the Containerfile with the engine that is there, and says what came out."""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from container import base, engine

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Build, and print name and version."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    parser = argparse.ArgumentParser(description="Build the operator's image.")
    parser.add_argument("--image", default="", help="its name and tag")
    parser.add_argument("--python-image", default="", help="the base, best by digest; `debian`: made by mmdebstrap")
    parser.add_argument("--version", default="", help=f"what its label says; default: {version}")
    asked, options = parser.parse_known_args()
    version = asked.version or version
    name = asked.image or f"localhost/vvol-replication:{version}"
    if not asked.python_image:
        print(
            "PYTHON_IMAGE is not given: say which base to build on, best by digest, as the head of Containerfile shows."
            "\nWhere no registry can be reached: make image PYTHON_IMAGE=debian (a base of Debian packages)",
            file=sys.stderr,
        )
        return 2
    try:
        python = base.make("localhost/vvol-python:debian") if asked.python_image == "debian" else asked.python_image
        wanted = engine.Wanted(name, python, version, engine.source(ROOT))
        engine.build(ROOT, wanted, options)
    except engine.ContainerError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"built {name} with {engine.find_engine()} on {python}, from {wanted.source.revision}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
