"""Checksums, and the statement of in-toto that says what the artifacts were made of (SLSA provenance, version 1)."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from release.artifacts import Release

SUMS, STATEMENT = "SHA256SUMS", "provenance.json"
SIGNATURE, ENVELOPE = "SHA256SUMS.sig", "provenance.intoto.jsonl"
BUILD_TYPE = "urn:vvol-replication:make-release:v1"
_SIGNED_BY_ITSELF = (SUMS, SIGNATURE, ENVELOPE)
LOCKS = ("uv.lock", "hack/image/requirements.txt", "hack/release/requirements.txt")


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def artifacts(directory: Path) -> list[Path]:
    """All files but checksums and signatures: the part of a release that is the same each time it is made."""
    found = [path for path in directory.iterdir() if path.name not in _SIGNED_BY_ITSELF and path.suffix != ".prov"]
    return sorted(found)


def sums(directory: Path) -> str:
    """Return the checksums, as `sha256sum --check` reads them."""
    return "".join(f"{digest(path)}  {path.name}\n" for path in artifacts(directory))


def statement(release: Release, base: str, image: str, place: str) -> str:
    """Return the statement about all that is made by now, on this base.

    `image` is the digest of the image's manifest, `place` where the image is going to be, as the bundle says.
    """
    subjects: list[dict[str, Any]] = [
        {"name": path.name, "digest": {"sha256": digest(path)}} for path in artifacts(release.into)
    ]
    subjects.append(
        {"name": f"vvol-replication:{release.version}", "digest": {"sha256": image.removeprefix("sha256:")}}
    )
    python: dict[str, Any] = {"uri": base}
    if pinned := re.search(r"@sha256:([0-9a-f]{64})$", base):
        python["digest"] = {"sha256": pinned[1]}
    made_of = [{"uri": "git+vvol-replication", "digest": {"gitCommit": release.source.revision}}, python]
    made_of += [{"uri": name, "digest": {"sha256": digest(release.tree / name)}} for name in LOCKS]
    predicate = {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {"version": release.version, "pythonImage": base, "image": place},
            "internalParameters": {"sourceDateEpoch": release.source.epoch},
            "resolvedDependencies": made_of,
        },
        "runDetails": {"builder": {"id": "urn:vvol-replication:by-hand"}},
    }
    whole = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": predicate,
    }
    return json.dumps(whole, indent=2) + "\n"
