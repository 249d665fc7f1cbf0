"""Rules of the tree that no linter holds."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
LOCKS = {"uv.lock", "go.sum"}
MOST_LINES = 400

# One letter of each in brackets, so that this file keeps the rules too.
UNFINISHED = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b|NotImplementedErro[r]")
PRIVATE_PATH = re.compile(r"(?<![\w.])/(?:work|farm|root|home|Users|tm[p])/\w|\.\./share[d]\b")
REGISTRY_HOST = re.compile(
    r"\b(?:pypi\.or[g]|pythonhosted\.or[g]|proxy\.golang\.or[g]|registry\.npmjs\.or[g]|crates\.i[o])\b"
)


def ignored_names() -> list[str]:
    lines = (ROOT / ".gitignore").read_text().splitlines()
    return [".git", *(line.strip("/") for line in lines if line and not line.startswith("#"))]


def walk(directory: Path, ignored: list[str]) -> Iterator[Path]:
    for path in sorted(directory.iterdir()):
        if any(fnmatch.fnmatch(path.name, pattern) for pattern in ignored):
            continue
        if path.is_dir():
            yield from walk(path, ignored)
        else:
            yield path


FILES = list(walk(ROOT, ignored_names()))
PYTHON = [path for path in FILES if path.suffix == ".py"]


def texts() -> Iterator[tuple[str, str]]:
    """Yield (path below the root, content) of each text file that people write."""
    for path in FILES:
        if path.name in LOCKS:
            continue
        try:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def places(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_the_walk_sees_the_tree() -> None:
    seen = {str(path.relative_to(ROOT)) for path in FILES}
    assert {"Makefile", ".ci/run", "pyproject.toml", "operator/vvol_replication/__init__.py"} <= seen
    assert not [name for name in seen if name.startswith((".venv/", ".git/", ".cache/"))]


def test_the_source_root_is_no_package() -> None:
    assert [path.name for path in (ROOT / "operator").iterdir() if path.suffix == ".py"] == []


def test_pythons_own_operator_module_is_reachable_from_the_root() -> None:
    code = "import sys; sys.modules.pop('operator', None); import operator; print(operator.itemgetter(1)('ab'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("b\n", "")


def test_files_are_short() -> None:
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in PYTHON}
    assert {name: lines for name, lines in long.items() if lines > MOST_LINES} == {}


def test_nothing_is_marked_unfinished() -> None:
    assert places(UNFINISHED) == []


def test_no_path_of_somebodys_machine() -> None:
    assert places(PRIVATE_PATH) == []


def test_no_package_registry_is_named() -> None:
    assert places(REGISTRY_HOST) == []


@pytest.mark.parametrize(
    ("pattern", "start", "end"),
    [
        (UNFINISHED, "# TO", "DO: later"),
        (UNFINISHED, "raise NotImplemented", "Error"),
        (PRIVATE_PATH, "see ../shar", "ed/x"),
        (PRIVATE_PATH, "open('/tm", "p/x')"),
        (REGISTRY_HOST, "https://pypi.or", "g/simple"),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], start: str, end: str) -> None:
    assert pattern.search(start + end)
    assert not pattern.search(start)


def test_changelog_fragments_are_named_for_an_issue_and_a_known_type() -> None:
    kinds = [
        kind["directory"] for kind in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["towncrier"]["type"]
    ]
    valid = re.compile(rf"(?:\d+|\+[a-z0-9-]+)\.(?:{'|'.join(kinds)})(?:\.\d+)?\.md")
    fragments = [path for path in (ROOT / "changelog.d").iterdir() if path.name != ".gitignore"]

    assert [path.name for path in fragments if not valid.fullmatch(path.name)] == []
    assert [path.name for path in fragments if not path.read_text().strip()] == []
    assert valid.fullmatch("3.added.md")
    assert not valid.fullmatch("3.feature.md")
