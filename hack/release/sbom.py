"""Bills of materials: CycloneDX by cyclonedx-py, SPDX by spdx-tools.

That of the wheel has what is locked for it, that of the image the Python packages that are in it.
What the base image has is not in them: its builder says that.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from container.engine import ContainerError, output

if TYPE_CHECKING:
    from release.artifacts import Release

CYCLONEDX, SPDX = ".cdx.json", ".spdx.json"
EXTRAS = ("metrics-tls", "tracing")
"""Of the wheel, as the image has them. What else is in the image is no part of the lock: `verify` says so."""


def _options(release: Release, made: Path) -> tuple[str, ...]:
    project = str(release.tree / "pyproject.toml")
    return ("--output-reproducible", "--of", "JSON", "--pyproject", project, "--validate", "-o", str(made))


def of_wheel(release: Release) -> None:
    """Write the bill of the locked dependencies with EXTRAS, for all platforms, with the hashes of their files."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        raise ContainerError("uv is not on PATH: run `make release`, which finds or installs it")
    locked = release.scratch / "locked.txt"
    export = ("export", "--quiet", "--frozen", "--no-dev", "--no-emit-project", "--no-header", "--no-annotate")
    extras = tuple(f"--extra={one}" for one in EXTRAS)
    output((uv, *export, *extras, "--project", str(release.tree), "--output-file", str(locked)))
    made = release.into / f"vvol-replication-{release.version}.wheel{CYCLONEDX}"
    output((release.programs / "cyclonedx-py", "requirements", *_options(release, made), str(locked)), **release.times)
    _as_spdx(release, made)


def of_image(release: Release, site_packages: Path) -> None:
    """Write the bill of the Python packages that are in the image.

    They need not be those of this machine's interpreter, so its place is taken by a program that only says where
    they are.
    """
    shim = release.scratch / "python"
    shim.write_text(f"#!/bin/sh\nprintf '[\"%s\"]' '{site_packages}'\n", "utf-8")
    shim.chmod(0o755)
    made = release.into / f"vvol-replication-{release.version}.image{CYCLONEDX}"
    output((release.programs / "cyclonedx-py", "environment", *_options(release, made), str(shim)), **release.times)
    _as_spdx(release, made)


def _as_spdx(release: Release, made: Path) -> None:
    target = str(made).removesuffix(CYCLONEDX) + SPDX
    program = Path(__file__).with_name("spdx.py")
    output((release.programs / "python", str(program), str(made), target, str(release.source.epoch)))
