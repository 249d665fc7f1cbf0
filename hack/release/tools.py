"""The programs that make a release, in an environment of their own, of versions locked by hash."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

import toolchain
from container.engine import ContainerError, output

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def ensure() -> Path:
    """Return the directory of their programs; the first time they are installed (half a minute)."""
    key = REQUIREMENTS.read_bytes() + repr((sys.version_info[:2], sys.platform, os.uname().machine)).encode()
    place = toolchain.cache_root() / f"release-{hashlib.sha256(key).hexdigest()[:16]}"
    place.mkdir(parents=True, exist_ok=True)
    with toolchain.locked(place / ".lock"):
        if not (place / ".complete").is_file():
            uv = os.environ.get("UV") or shutil.which("uv")
            if not uv:
                raise ContainerError("uv is not on PATH: run `make release`, which finds or installs it")
            shutil.rmtree(place / "env", ignore_errors=True)
            python = str(place / "env" / "bin" / "python")
            output((uv, "venv", "--quiet", "--python", sys.executable, str(place / "env")))
            output((uv, "pip", "install", "--quiet", "--require-hashes", "--python", python, "-r", str(REQUIREMENTS)))
            (place / ".complete").touch()
    return place / "env" / "bin"
