"""Makes a release of the commit that is checked out."""

from __future__ import annotations

import tempfile
from pathlib import Path

from container import base, engine
from container.engine import ContainerError
from release import artifacts, provenance, sbom, signing, tools

ROOT = Path(__file__).parents[2]


def make(version: str, python_image: str, into: Path, key: Path | None, chart_key: str, *, place: str) -> None:
    """Make all artifacts of `version` in the directory `into`, which must be empty.

    Parameters:
        python_image: the base of the image; `debian` as in `make image`.
        key: the private key that signs, or None.
        chart_key: gpg's name of the key that signs the chart, or empty.
        place: where the image is going to be, without tag; empty: no bundle for OLM is made.

    Raises ContainerError.
    """
    source = engine.source(ROOT)
    if source.revision.endswith("-dirty"):
        raise ContainerError("there are changes that are not committed: a release is made of a commit")
    if into.exists() and any(into.iterdir()):
        raise ContainerError(f"{into} is not empty: remove it, or name another directory")
    sign = signing.signer(key) if key else None
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="release-") as made:
        scratch = Path(made)
        artifacts.exported(ROOT, source.revision, scratch / "tree")
        release = artifacts.Release(version, source, scratch / "tree", scratch, into, tools.ensure())
        artifacts.check_version(release)
        python = base.make("localhost/vvol-python:debian") if python_image == "debian" else python_image
        artifacts.python_packages(release)
        chart = artifacts.chart(release)
        image = artifacts.image(release, python)
        sbom.of_wheel(release)
        sbom.of_image(release, artifacts.site_packages(release, image))
        if place:
            artifacts.bundle(release, place)
        artifacts.notes(release)
        manifest = artifacts.digest_of_layout(scratch / "layout")
        statement = provenance.statement(release, python, manifest, place)
        (into / provenance.STATEMENT).write_text(statement, "utf-8")
        sums = provenance.sums(into)
        (into / provenance.SUMS).write_text(sums, "utf-8")
        if sign:
            (into / provenance.SIGNATURE).write_text(sign(sums.encode()) + "\n", "utf-8")
            (into / provenance.ENVELOPE).write_text(signing.envelope(statement.encode(), sign), "utf-8")
        if chart_key:
            metadata = (release.tree / artifacts.CHART / "Chart.yaml").read_text("utf-8")
            signing.sign_chart(chart, metadata, chart_key)
