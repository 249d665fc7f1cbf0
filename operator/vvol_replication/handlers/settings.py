"""kopf's settings, each with its reason (docs/facts/kopf.md#settings)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import kopf

from vvol_replication.api.names import FINALIZER, GROUP


class GenerationDiffBase(kopf.DiffBaseStorage):
    """What was handled is what `status.observedGeneration` says: no copy of the object in an annotation."""

    def build(self, *, body: kopf.Body, extra_fields: Any = None) -> Any:
        """What counts as a change: another generation, nothing else."""
        del extra_fields
        return {"spec": {"generation": body["metadata"].get("generation")}}

    def fetch(self, *, body: kopf.Body) -> Any:
        """What was handled last."""
        generation = (body.get("status") or {}).get("observedGeneration")
        return None if generation is None else {"spec": {"generation": generation}}

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: Any) -> None:
        """Called when all handlers are done: their one patch carries the mark.

        Not for what is being deleted: its finalizer is to go even where no status can be written any more, because the
        Role that allows it has been deleted together with the namespace.
        """
        if not body["metadata"].get("deletionTimestamp"):
            patch.status["observedGeneration"] = essence["spec"]["generation"]


class _Backoffs:
    """Delays after network errors: doubling up to half a minute, for as long as it takes."""

    def __iter__(self) -> Iterator[float]:
        delay = 0.2
        while True:
            yield delay
            delay = min(delay * 2, 30.0)


def operator_settings() -> kopf.OperatorSettings:
    """All settings that differ from kopf's own."""
    settings = kopf.OperatorSettings()
    settings.persistence.diffbase_storage = GenerationDiffBase()
    # A prefix that begins with "kopf." spares the marker annotation, and with it one PATCH for each object.
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=f"kopf.{GROUP}", v1=False)
    settings.persistence.finalizer = FINALIZER
    settings.persistence.consistency_timeout = 30.0  # a watch that lags must not make handlers run twice
    settings.posting.enabled = False  # events are ours, on transitions only
    settings.peering.standalone = True  # peering is no leader election
    settings.scanning.disabled = True  # no watch of all CRDs and namespaces, no right to it
    settings.watching.chunk_size = 500
    settings.watching.server_timeout = 300
    settings.watching.client_timeout = 330
    settings.watching.connect_timeout = 10
    settings.networking.connect_timeout = 10
    settings.networking.request_timeout = 30  # 300 s, the default, holds an object up that long
    settings.networking.error_backoffs = _Backoffs()
    settings.queueing.idle_timeout = 0.5  # memory: a worker for each object that is quiet
    settings.process.ultimate_exiting_timeout = 10
    return settings
