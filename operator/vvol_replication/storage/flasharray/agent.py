"""How the operator names itself to arrays."""

from __future__ import annotations

from importlib import metadata
from typing import Final


def _version() -> str:
    try:
        return metadata.version("vvol-replication")
    except metadata.PackageNotFoundError:  # run from a source tree that was not installed
        return "unknown"


USER_AGENT: Final = f"vvol-replication-operator/{_version()}"
