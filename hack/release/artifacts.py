"""Wheel, sdist, chart and image of one commit, each the same byte for byte whenever and wherever it is made."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import tarfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

import toolchain
from container import engine
from container.engine import ContainerError, output
from olm import bundle as olm
from release import archive

if TYPE_CHECKING:
    from collections.abc import Mapping

CHART = Path("charts") / "vvol-replication"


@dataclass(frozen=True)
class Release:
    """What is made: `tree` has the commit's files, `scratch` is for what is thrown away, `into` for the artifacts."""

    version: str
    source: engine.Source
    tree: Path
    scratch: Path
    into: Path
    programs: Path

    @property
    def times(self) -> Mapping[str, str]:
        """The environment in which programs take the commit's time for the present."""
        return {"SOURCE_DATE_EPOCH": str(self.source.epoch)}


def exported(root: Path, revision: str, into: Path) -> None:
    """Write the files of a commit: what is in the work tree and not in the commit is no part of a release."""
    packed = into.with_suffix(".tar")
    output(("git", "-C", str(root), "archive", f"--output={packed}", revision))
    with tarfile.open(packed) as files:
        files.extractall(into, filter="data")


def check_version(release: Release) -> None:
    """ContainerError unless package and chart have the version that is asked for."""
    chart: dict[str, Any] = yaml.safe_load((release.tree / CHART / "Chart.yaml").read_text("utf-8"))
    project = tomllib.loads((release.tree / "pyproject.toml").read_text("utf-8"))["project"]
    found = {
        "pyproject.toml": project["version"],
        "Chart.yaml, version": chart["version"],
        "Chart.yaml, appVersion": chart["appVersion"],
    }
    if wrong := [f"{where} has {is_}" for where, is_ in found.items() if is_ != release.version]:
        raise ContainerError(f"the commit is not version {release.version}: {', '.join(wrong)}. Change and commit that")


def python_packages(release: Release) -> None:
    """Wheel and sdist."""
    python = release.programs / "python"
    output(
        ("env", "-C", str(release.tree), str(python), "-m", "hatchling", "build", "-d", str(release.into)),
        **release.times,
    )


def chart(release: Release) -> Path:
    """Package the chart."""
    helm = toolchain.ensure(["helm"])["helm"]
    output((helm, "package", str(release.tree / CHART), "--destination", str(release.into)))
    (made,) = release.into.glob("vvol-replication-*.tgz")
    archive.repacked(made, release.scratch / "chart", release.source.epoch)
    return made


def image(release: Release, base: str) -> str:
    """Build the image, write it as an archive of an OCI layout, and return its name."""
    engine.required("skopeo")
    if engine.find_engine() == "docker":
        raise ContainerError("a release needs buildah or podman: docker's images are not the same byte for byte")
    name = f"localhost/vvol-replication:{release.version}"
    engine.build(release.tree, engine.Wanted(name, base, release.version, release.source))
    layout = release.scratch / "layout"
    output(("skopeo", "copy", "--quiet", f"containers-storage:{name}", f"oci:{layout}:{release.version}"))
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    file = release.into / f"vvol-replication-image-{release.version}-{machine}.oci.tar"
    archive.packed(layout, file, release.source.epoch, compressed=False)
    return name


def bundle(release: Release, image: str) -> None:
    """Write the bundle for OLM, for the image that this release has, at the place `image` (without tag or digest)."""
    digest = digest_of_layout(release.scratch / "layout")
    olm.write(release.scratch / "bundle", f"{image}@{digest}")
    file = release.into / f"vvol-replication-bundle-{release.version}.tar"
    archive.packed(release.scratch / "bundle", file, release.source.epoch, compressed=False)


def site_packages(release: Release, image_name: str) -> Path:
    """Take the Python packages out of the image."""
    container = output(("buildah", "from", "--pull-never", image_name)).strip()
    try:
        mounted = output(("buildah", "mount", container)).strip()
        output(("cp", "-a", f"{mounted}/opt/vvol-replication/lib", str(release.scratch / "lib")))
    finally:
        output(("buildah", "rm", container))
    (found,) = (release.scratch / "lib").glob("python3.*/site-packages")
    return found


def notes(release: Release) -> None:
    """The version's section of CHANGELOG.md; before there is one, what towncrier makes of the fragments."""
    text = (release.tree / "CHANGELOG.md").read_text("utf-8")
    found = re.search(rf"^## {re.escape(release.version)} .*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    draft = ("build", "--draft", "--version", release.version, "--date", release.source.created[:10])
    towncrier = (str(Path(sys.executable).with_name("towncrier")), *draft, "--dir", str(release.tree))
    said = found[0] if found else output(towncrier, LC_ALL=os.environ.get("LC_ALL", "C.UTF-8"))
    (release.into / "RELEASE-NOTES.md").write_text(said.strip() + "\n", "utf-8")


def digest_of_layout(layout: Path) -> str:
    """The digest of the one manifest of an OCI layout's index, or of its archive."""
    if layout.is_dir():
        content = (layout / "index.json").read_text("utf-8")
    else:
        with tarfile.open(layout) as files:
            member = files.extractfile("index.json")
            if member is None:
                raise ContainerError(f"{layout} is no archive of an OCI layout")
            content = member.read().decode()
    (manifest,) = json.loads(content)["manifests"]
    return str(manifest["digest"])
