"""kopf's settings, each with its reason (docs/facts/kopf.md#settings)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import kopf

from vvol_replication.api.names import GROUP


class NothingHandled(kopf.DiffBaseStorage):
    """What was handled is nothing to kopf: no copy of an object is made, compared, or stored in an annotation."""

    def build(self, *, body: kopf.Body, extra_fields: Any = None) -> Any:
        """What counts as a change: nothing."""
        del body, extra_fields

    def fetch(self, *, body: kopf.Body) -> Any:
        """What was handled last: nothing."""
        del body

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: Any) -> None:
        """Nothing is stored."""
        del body, patch, essence


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
    settings.persistence.diffbase_storage = NothingHandled()
    # kopf takes its finalizer off what it has no handler for; ours is the engine's, so kopf's has another name.
    settings.persistence.finalizer = f"{GROUP}/not-used"
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
