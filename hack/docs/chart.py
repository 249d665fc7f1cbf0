"""What of the chart is made of other files: copies of CRDs, alerts and dashboards, and the README's table of values.

`python hack/docs/chart.py` writes what is stale (`make docs` does it too); `--check` says what is, and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "vvol-replication"
COPIES = {
    "crds": "crds/*.yaml",
    "monitoring": "manifests/monitoring/*.yaml",
    "dashboards": "manifests/monitoring/dashboards/*.json",
}
"""What is copied into each folder of the chart's files."""
BEGIN, END = "<!-- values: made by `make docs` of values.yaml -->\n", "<!-- end of values -->\n"
_KEY = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z][A-Za-z0-9]*):(?: |$)")


@dataclass(frozen=True)
class Value:
    """One row of the table."""

    path: str
    default: Any
    description: str


def leaves(values: dict[str, Any], said: dict[str, str], above: str = "") -> Iterator[Value]:
    """The values that people set, from top to bottom: what is described is one, whatever is in it."""
    for key, value in values.items():
        path = f"{above}{key}"
        if path in said or not (isinstance(value, dict) and value):
            yield Value(path, value, said[path])
        else:
            yield from leaves(value, said, f"{path}.")


def comments(text: str) -> dict[str, str]:
    """What values.yaml says of each value: the lines from `# -- ` on above it, by path."""
    found: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    said: list[str] = []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("# -- "):
            said = [stripped.removeprefix("# -- ")]
        elif stripped.startswith("# ") and said:
            said.append(stripped.removeprefix("# "))
        elif match := _KEY.match(line):
            indent = len(match["indent"])
            above = [*(one for one in above if one[0] < indent), (indent, match["key"])]
            if said:
                found[".".join(key for _, key in above)] = " ".join(said)
            said = []
        else:
            said = []
    return found


def rows() -> list[Value]:
    """All values with default and description, as values.yaml has them. KeyError: one is not described."""
    text = (CHART / "values.yaml").read_text("utf-8")
    return list(leaves(yaml.safe_load(text), comments(text)))


def table() -> str:
    """The table, in Markdown."""
    lines = ["| value | default | what it is |", "|---|---|---|"]
    lines += [f"| `{one.path}` | `{json.dumps(one.default)}` | {one.description} |" for one in rows()]
    return "\n".join(lines) + "\n"


def wanted() -> dict[Path, str]:
    """What each generated file should hold."""
    readme = CHART / "README.md"
    before, _, rest = readme.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    copies = {
        CHART / "files" / folder / path.name: path.read_text("utf-8")
        for folder, pattern in COPIES.items()
        for path in sorted(ROOT.glob(pattern))
    }
    return {**copies, readme: before + BEGIN + table() + END + after}


def stale() -> list[Path]:
    """The files that are not what they should be, and copies of files that are gone."""
    expected = wanted()
    left_over = [path for folder in COPIES for path in (CHART / "files" / folder).glob("*") if path not in expected]
    changed = [path for path, text in expected.items() if not path.exists() or path.read_text("utf-8") != text]
    return [*changed, *left_over]


def main() -> int:
    """Write what is stale."""
    parser = argparse.ArgumentParser(description="Bring the generated parts of the Helm chart up to date.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if something is stale")
    check = parser.parse_args().check
    found, expected = stale(), wanted()
    for path in found:
        name = path.relative_to(ROOT)
        if check:
            print(f"{name} is stale: run `make docs` and commit it", file=sys.stderr)
        elif path in expected:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(expected[path], "utf-8")
            print(f"wrote {name}")
        else:
            path.unlink()
            print(f"removed {name}")
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
