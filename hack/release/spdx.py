"""Writes the SPDX document for a CycloneDX one: ``python spdx.py <in> <out>``, in the environment of tools.py.

Both say the same: name, version, package URL and licence of each component, and which needs which. spdx-tools writes
it and judges it.
"""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spdx_tools.common.spdx_licensing import spdx_licensing
from spdx_tools.spdx.model import (
    Actor,
    ActorType,
    CreationInfo,
    Document,
    ExternalPackageRef,
    ExternalPackageRefCategory,
    Package,
    Relationship,
    RelationshipType,
    SpdxNoAssertion,
)
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
from spdx_tools.spdx.writer.write_anything import write_file


def _licence(component: dict[str, Any]) -> Any:
    """The one expression of SPDX that a component has; else nothing is asserted."""
    said = [one.get("expression") or one.get("license", {}).get("id") for one in component.get("licenses", ())]
    if len(said) != 1 or not said[0]:
        return SpdxNoAssertion()
    parsed = spdx_licensing.parse(said[0])
    return SpdxNoAssertion() if spdx_licensing.validate(said[0]).errors else parsed


def _package(component: dict[str, Any], identity: str) -> Package:
    location = component.get("purl")
    found = ExternalPackageRef(ExternalPackageRefCategory.PACKAGE_MANAGER, "purl", location) if location else None
    return Package(
        spdx_id=identity,
        name=component["name"],
        version=component.get("version"),
        download_location=SpdxNoAssertion(),
        files_analyzed=False,
        license_concluded=SpdxNoAssertion(),
        license_declared=_licence(component),
        external_references=[found] if found else [],
    )


def document(read: dict[str, Any], epoch: int) -> Document:
    """Return the document for what was read. Its namespace is the content's own hash."""
    root = read["metadata"]["component"]
    components = [root, *read["components"]]
    identities = {one["bom-ref"]: f"SPDXRef-Package-{number}" for number, one in enumerate(components)}
    digest = hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()
    info = CreationInfo(
        spdx_version="SPDX-2.3",
        spdx_id="SPDXRef-DOCUMENT",
        name=f"{root['name']}-{root.get('version', '')}",
        document_namespace=f"https://spdx.org/spdxdocs/{root['name']}-{digest}",
        creators=[Actor(ActorType.TOOL, "vvol-replication-make-release")],
        created=datetime.fromtimestamp(epoch, UTC).replace(tzinfo=None),
    )
    described = Relationship("SPDXRef-DOCUMENT", RelationshipType.DESCRIBES, identities[root["bom-ref"]])
    needs = [
        Relationship(identities[one["ref"]], RelationshipType.DEPENDS_ON, identities[other])
        for one in read.get("dependencies", ())
        for other in one.get("dependsOn", ())
    ]
    packages = [_package(one, identities[one["bom-ref"]]) for one in components]
    return Document(info, packages=packages, relationships=[described, *needs])


def main() -> int:
    """Convert, and judge what came out."""
    source, target, epoch = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    made = document(json.loads(source.read_text("utf-8")), epoch)
    if problems := validate_full_spdx_document(made):
        print("\n".join(one.validation_message for one in problems), file=sys.stderr)
        return 1
    write_file(made, target, validate=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
