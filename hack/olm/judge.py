"""OLM's own validators, those of `operator-sdk bundle validate`, asked about a bundle."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gobuild
import toolchain

if TYPE_CHECKING:
    from pathlib import Path

TOOL = "olm-judge"


@dataclass(frozen=True, order=True)
class Problem:
    """What a validator says: its name, `Error` or `Warning`, and why."""

    validator: str
    level: str
    message: str


def _said(*arguments: str | Path) -> list[dict[str, Any]]:
    command = [toolchain.ensure([TOOL])[TOOL], *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise gobuild.BuildError(done.stderr.strip())
    return [json.loads(line) for line in done.stdout.splitlines()]


def problems(bundle: Path) -> list[Problem]:
    """Return what all validators say of a bundle's directory. BuildError: there is no judge, or it is no bundle."""
    return sorted(Problem(**one) for one in _said("judge", bundle))


def definition() -> dict[str, Any]:
    """Return the CustomResourceDefinition of ClusterServiceVersion."""
    (found,) = _said("crd")
    return found
