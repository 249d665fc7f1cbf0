"""The API server's audit log: what is written into it, and reading it again and again while it grows.

With `VVOL_KEEP_AUDIT` naming a directory, every change of the product's own objects is logged with the object as it was
afterwards, status included, and the log is kept there when its control plane ends: so that every status that was ever
written can be judged, whoever was watching.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from pathlib import Path
from typing import Any

KEEP = "VVOL_KEEP_AUDIT"
GROUP = "replication.vvol.dev"
_WRITTEN = {  # what is written to the product's own objects is in the log; `status` is a resource of its own
    "level": "Request",
    "verbs": ["create", "update", "patch"],
    "resources": [
        {
            "group": GROUP,
            "resources": [
                "vcenters",
                "flasharrays",
                "replicationgroups",
                "replicationsyncs",
                "failoverpreparations",
                "replicationschedules",
            ],
        }
    ],
}
_ANSWERED = {
    "level": "RequestResponse",
    "verbs": ["create", "update", "patch", "delete"],
    "resources": [{"group": GROUP}],
    "omitManagedFields": True,
}


def policy() -> dict[str, Any]:
    """The audit policy of a control plane."""
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [*([_ANSWERED] if os.environ.get(KEEP) else []), _WRITTEN, {"level": "Metadata"}],
    }


def keep(log: Path) -> None:
    """Copy the log of a control plane that has ended to where it is asked for."""
    directory = os.environ.get(KEEP)
    if directory and log.exists():
        shutil.copyfile(log, Path(directory) / f"{uuid.uuid4().hex}.log")


class AuditLog:
    """Reads the log's new lines at each call, so that asking often costs little."""

    def __init__(self, path: Path) -> None:
        """`path` may not be there yet."""
        self._path, self._offset, self._events = path, 0, list[dict[str, Any]]()

    def read(self) -> list[dict[str, Any]]:
        """All events so far, oldest first, without the objects that were answered."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            event = json.loads(line)
            event.pop("responseObject", None)
            self._events.append(event)
        return list(self._events)
