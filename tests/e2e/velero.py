"""Velero's backup format, and what a restore of it does to objects; Velero itself does not run here.

As documented, and as its code does (`pkg/restore/restore.go`, `resetMetadataAndStatus`). A backup is a gzipped tarball
with `resources/<resource>.<group>/namespaces/<namespace>/<name>.json`, each object as the API server gave it. A restore
takes kinds that have no place of their own in alphabetical order, leaves objects that are there alone, takes away what
the API server gives (uid, resourceVersion, generation, times, owners) and the status, creates the object, and writes
its status only where that was asked for (`spec.restoreStatus`, annotation `velero.io/restore-status`).
"""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from testbed.kubectl import Kubectl

Object = dict[str, Any]
KINDS = ("failoverpreparations", "replicationgroups", "replicationschedules", "replicationsyncs")
_GIVEN = (
    "generateName", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
    "deletionGracePeriodSeconds", "ownerReferences", "managedFields",
)  # fmt: skip


def backup(kubectl: Kubectl, file: Path) -> None:
    """All of our kinds in kubectl's namespace."""
    with tarfile.open(file, "w:gz") as archive:
        for kind in KINDS:
            for obj in json.loads(kubectl("get", kind, "--output=json").stdout)["items"]:
                where = f"{kind}.replication.vvol.dev/namespaces/{obj['metadata']['namespace']}"
                member = tarfile.TarInfo(f"resources/{where}/{obj['metadata']['name']}.json")
                content = json.dumps(obj).encode()
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))


def restore(
    kubectl: Kubectl, file: Path, *, status: bool = False, modified: Callable[[Object], None] = lambda _: None
) -> None:
    """Create what is in the backup. `status`: with it; `modified` is what a resource modifier does to each object."""
    with tarfile.open(file) as archive:
        for member in sorted(archive.getmembers(), key=lambda one: one.name):
            content = archive.extractfile(member)
            assert content is not None
            obj = json.load(content)
            told = obj.pop("status", None)
            obj["metadata"] = {key: value for key, value in obj["metadata"].items() if key not in _GIVEN}
            obj["metadata"].setdefault("labels", {})["velero.io/restore-name"] = "restored"
            modified(obj)
            kubectl("create", "--filename=-", stdin=json.dumps(obj))
            if status and told:
                patch = json.dumps({"status": told})
                where = (obj["kind"].lower(), obj["metadata"]["name"])
                kubectl("patch", *where, "--subresource=status", "--type=merge", "--patch", patch)
