"""What is said of a release that is not whole. Whole ones are made and checked in tests/container."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from pages.markdown import ROOT

from container.engine import ContainerError, Source
from olm import bundle, source
from release import archive, artifacts, provenance, verify


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name in ("a.whl", "b.tgz", "b.tgz.prov", provenance.SIGNATURE):
        (tmp_path / name).write_text(name)
    (tmp_path / provenance.SUMS).write_text(provenance.sums(tmp_path))
    return tmp_path


def problems(directory: Path) -> list[str]:
    return list(verify.problems(directory, "1.0.0", None, None))


def test_checksums_are_of_all_files_but_signatures(directory: Path) -> None:
    lines = (directory / provenance.SUMS).read_text().splitlines()

    assert [line.split("  ")[1] for line in lines] == ["a.whl", "b.tgz"]


def test_a_file_that_was_changed_is_named(directory: Path) -> None:
    (directory / "a.whl").write_text("changed")

    assert problems(directory) == ["a.whl is not what SHA256SUMS says."]


def test_a_file_that_is_missing_or_strange_is_named(directory: Path) -> None:
    (directory / "a.whl").rename(directory / "z.whl")

    assert problems(directory) == [
        "a.whl is missing.",
        "z.whl is no part of the release: SHA256SUMS does not have it.",
    ]


def test_without_checksums_nothing_is_believed(directory: Path) -> None:
    (directory / provenance.SUMS).unlink()

    assert problems(directory) == [f"{directory / provenance.SUMS} is missing."]


def test_a_directory_without_what_belongs_to_a_release_is_none(directory: Path) -> None:
    with pytest.raises(ContainerError, match=r"has 0 files provenance\.json and not one: it is no release"):
        problems(directory)


def test_a_commit_of_another_version_is_refused(tmp_path: Path) -> None:
    release = artifacts.Release("0.0.9", Source("abc", 0), ROOT, tmp_path, tmp_path, tmp_path)
    with pytest.raises(ContainerError, match=r"the commit is not version 0\.0\.9: pyproject\.toml has"):
        artifacts.check_version(release)


@pytest.mark.parametrize(
    ("version", "digest", "said"),
    [
        (None, "sha256:1", []),
        ("9.9.9", "sha256:1", ["says another version than 9.9.9."]),
        (None, "sha256:2", ["is for another image than that of this release."]),
    ],
)
def test_a_bundle_of_another_version_or_image_is_named(
    version: str | None, digest: str, said: list[str], tmp_path: Path
) -> None:
    layout, made, release = tmp_path / "layout", tmp_path / "bundle", tmp_path / "release"
    for one in (layout, release):
        one.mkdir()
    (layout / "index.json").write_text(json.dumps({"manifests": [{"digest": "sha256:1"}]}))
    archive.packed(layout, release / "image.oci.tar", 0, compressed=False)
    bundle.write(made, f"registry.example.com/vvol-replication@{digest}")
    file = release / f"vvol-replication-bundle-{source.version()}.tar"
    archive.packed(made, file, 0, compressed=False)

    found = list(verify.of_bundle(release, version or source.version()))
    assert found == [f"{file.name} {one}" for one in said]


def test_artifact_hub_is_told_of_all_crds() -> None:
    chart = yaml.safe_load((ROOT / artifacts.CHART / "Chart.yaml").read_text("utf-8"))
    told = yaml.safe_load(chart["annotations"]["artifacthub.io/crds"])
    crds = [yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader) for path in (ROOT / "crds").glob("*.yaml")]

    found = {
        (one["spec"]["names"]["kind"], one["spec"]["versions"][0]["name"], one["metadata"]["name"]) for one in crds
    }
    assert {(one["kind"], one["version"], one["name"]) for one in told} == found
