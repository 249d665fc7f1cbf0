"""Checks a release as a stranger would: by its files and public keys, and by the source if it is made again."""

from __future__ import annotations

import json
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

import toolchain
from container.engine import ContainerError, output
from release import artifacts, provenance, signing
from release.make import make

if TYPE_CHECKING:
    from collections.abc import Iterator


def problems(directory: Path, version: str, key: Path | None, keyring: Path | None) -> Iterator[str]:
    """Yield what is wrong with a release, each in a sentence. Without keys no signature is checked."""
    sums = directory / provenance.SUMS
    if not sums.is_file():
        yield f"{sums} is missing."
        return
    if sums.read_text("utf-8") != provenance.sums(directory):
        yield from _differences(sums.read_text("utf-8"), provenance.sums(directory))
        return
    statement = _only(directory, provenance.STATEMENT).read_bytes()
    if key:
        signature = directory / provenance.SIGNATURE
        if not signature.is_file() or not signing.is_signed(sums.read_bytes(), signature.read_text("utf-8"), key):
            yield f"{provenance.SUMS} is not signed with this key."
        sealed = directory / provenance.ENVELOPE
        if not sealed.is_file() or signing.opened(sealed.read_text("utf-8"), key) != statement:
            yield f"{provenance.STATEMENT} is not signed with this key."
    yield from _stated(directory, json.loads(statement), version)
    yield from _versions(directory, version)
    yield from of_bundle(directory, version)
    if keyring:
        yield from _chart(directory, keyring)


def _differences(said: str, found: str) -> Iterator[str]:
    expected, there = _by_name(said), _by_name(found)
    for name in sorted(expected.keys() | there.keys()):
        if name not in there:
            yield f"{name} is missing."
        elif name not in expected:
            yield f"{name} is no part of the release: {provenance.SUMS} does not have it."
        elif expected[name] != there[name]:
            yield f"{name} is not what {provenance.SUMS} says."


def _only(directory: Path, pattern: str) -> Path:
    found = list(directory.glob(pattern))
    if len(found) != 1:
        raise ContainerError(f"{directory} has {len(found)} files {pattern} and not one: it is no release")
    return found[0]


def _by_name(sums: str) -> dict[str, str]:
    return {name: digest for digest, _, name in (line.partition("  ") for line in sums.splitlines())}


def _stated(directory: Path, statement: dict[str, Any], version: str) -> Iterator[str]:
    subjects = {one["name"]: one["digest"]["sha256"] for one in statement["subject"]}
    names = {path.name for path in provenance.artifacts(directory)} - {provenance.STATEMENT}
    image = _only(directory, "*.oci.tar")
    wanted = {name: provenance.digest(directory / name) for name in names}
    wanted[f"vvol-replication:{version}"] = artifacts.digest_of_layout(image).removeprefix("sha256:")
    if subjects != wanted:
        yield f"{provenance.STATEMENT} is about other files than these."


def _versions(directory: Path, version: str) -> Iterator[str]:
    """Does each artifact say the version itself?"""
    wheel, sdist = _only(directory, "*.whl"), _only(directory, "*.tar.gz")
    with zipfile.ZipFile(wheel) as files:
        (name,) = [one for one in files.namelist() if one.endswith(".dist-info/METADATA")]
        in_wheel = files.read(name).decode()
    with tarfile.open(sdist) as files:
        member = files.extractfile(f"vvol_replication-{version}/PKG-INFO")
        in_sdist = member.read().decode() if member else ""
    for path, text in ((wheel, in_wheel), (sdist, in_sdist)):
        if f"\nVersion: {version}\n" not in text:
            yield f"{path.name} says another version than {version}."
    image = _only(directory, "*.oci.tar")
    config = json.loads(output(("skopeo", "inspect", "--config", f"oci-archive:{image}")))["config"]
    if config["Labels"]["org.opencontainers.image.version"] != version:
        yield f"{image.name} says another version than {version}."
    in_image = json.loads(_only(directory, "*.image.cdx.json").read_text("utf-8"))
    in_lock = json.loads(_only(directory, "*.wheel.cdx.json").read_text("utf-8"))
    locked = {(one["name"].lower().replace("_", "-"), one["version"]) for one in in_lock["components"]}
    had = {(one["name"].lower().replace("_", "-"), one["version"]) for one in in_image["components"]}
    if strange := sorted(name for name, _ in had - locked):
        yield f"{image.name} has packages that are not locked: {', '.join(strange)}."


def of_bundle(directory: Path, version: str) -> Iterator[str]:
    """Yield what is wrong with the bundle, if there is one: is it of this version, and for this image?"""
    for path in directory.glob("vvol-replication-bundle-*.tar"):
        with tarfile.open(path) as files:
            member = files.extractfile("manifests/vvol-replication.clusterserviceversion.yaml")
            csv = yaml.load(member.read(), Loader=yaml.CSafeLoader) if member else {"spec": {}}
        if csv["spec"].get("version") != version:
            yield f"{path.name} says another version than {version}."
        image = artifacts.digest_of_layout(_only(directory, "*.oci.tar"))
        if not csv["metadata"]["annotations"]["containerImage"].endswith(f"@{image}"):
            yield f"{path.name} is for another image than that of this release."


def _chart(directory: Path, keyring: Path) -> Iterator[str]:
    chart = _only(directory, "*.tgz")
    helm = toolchain.ensure(["helm"])["helm"]
    try:
        output((helm, "verify", "--keyring", str(keyring), str(chart)))
    except ContainerError as error:
        yield f"{chart.name} is not signed with a key of {keyring}: {error}"


def made_again(directory: Path, version: str) -> Iterator[str]:
    """Make the release again from the commit that is checked out, and yield what is different."""
    statement = json.loads((directory / provenance.STATEMENT).read_text("utf-8"))
    given = statement["predicate"]["buildDefinition"]["externalParameters"]
    with tempfile.TemporaryDirectory(prefix="again-") as scratch:
        again = Path(scratch) / "release"
        make(version, given["pythonImage"], again, None, "", place=given["image"])
        said = (directory / provenance.SUMS).read_text("utf-8")
        if said != (found := (again / provenance.SUMS).read_text("utf-8")):
            yield from _differences(said, found)
