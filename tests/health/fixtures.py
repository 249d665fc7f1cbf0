"""The fixtures beside the Lua files, in Argo CD's layout: health tests, discovery tests, action tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from docs import gitops_health

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Object = dict[str, Any]
ROOT = gitops_health.CUSTOMIZATIONS


@dataclass(frozen=True)
class Case:
    """One test of a file: what is put in (`path`), and the entry of the test file that says what must come out."""

    kind: str
    path: Path
    entry: Object

    @property
    def object(self) -> Object:
        return read(self.path)

    def __str__(self) -> str:
        return f"{self.kind}-{self.path.stem}"


def read(path: Path) -> Object:
    """One YAML document."""
    found: Object = yaml.safe_load(path.read_text("utf-8"))
    return found


def kinds() -> list[str]:
    """The kinds that have a directory."""
    return sorted(one.name for one in ROOT.iterdir())


def health_cases() -> Iterator[Case]:
    """Each entry of each `health_test.yaml`."""
    for kind in kinds():
        for entry in read(ROOT / kind / "health_test.yaml")["tests"]:
            yield Case(kind, ROOT / kind / entry["inputPath"], entry)


def action_cases(section: str) -> Iterator[Case]:
    """Each entry of that section (`discoveryTests`, `actionTests`) of each `action_test.yaml`."""
    for file in sorted(ROOT.glob("*/actions/action_test.yaml")):
        for entry in read(file)[section]:
            yield Case(file.parts[-3], (file.parent / entry["inputPath"]).resolve(), entry)
