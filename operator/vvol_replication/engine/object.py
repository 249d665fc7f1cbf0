"""One object's status as the API server has it, and the writes of it: one place, one writer (DESIGN §5.6)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from vvol_replication.api.names import FINALIZER
from vvol_replication.api.objects import Failed, Gone, ObjectRef, Written
from vvol_replication.api.sync import SyncStatus

from .ports import Clock, Cluster, Pace
from .telling import elapsed, worth_telling

_RETRY_FIRST, _RETRY_MOST = 0.2, 10.0


class StoredObject:
    """What is stored is kept as JSON beside its resourceVersion; every write is refused if the object moved on."""

    def __init__(self, ref: ObjectRef, cluster: Cluster, clock: Clock, pace: Pace) -> None:
        self.ref = ref
        self._cluster, self._clock, self._pace = cluster, clock, pace
        self._json: Mapping[str, Any] = {}
        self._version: str | None = None
        self._written_at: datetime | None = None
        self.confirmed = False
        """The API server shows our acceptance of this generation, and our finalizer."""

    def show(self, body: Mapping[str, Any]) -> bool:
        """The API server shows the object so. False if we know it newer than that."""
        metadata = body.get("metadata") or {}
        version = metadata.get("resourceVersion")
        if _older(version, self._version):
            return False
        status = body.get("status") or {}
        self._json, self._version = status, version
        self.confirmed = FINALIZER in (metadata.get("finalizers") or ()) and bool(status.get("acceptedAt"))
        return True

    def parsed(self) -> SyncStatus:
        """The stored status, typed."""
        return SyncStatus.parse(self._json)

    def operation_json(self) -> Any:
        """The stored ledger."""
        return self._json.get("operation")

    async def store(self, status: SyncStatus) -> bool:
        """Store this, now. False if it was not, or if that is not known: `refresh` tells."""
        after = status.to_json()
        result = await self._cluster.write_status(self.ref, self._json, after, self._version)
        if not isinstance(result, Written):
            return False
        self._json, self._version, self._written_at = after, result.resource_version, self._clock.now()
        return True

    async def tell(self, status: SyncStatus) -> bool:
        """Store this if it is worth a write."""
        after = status.to_json()
        every = timedelta(seconds=self._pace.progress * (1 - self._clock.jitter() / 4))
        since = elapsed(self._written_at, self._clock.now())
        if not worth_telling(self._json, after, since=since, every=every):
            return True
        return await self.store(status)

    async def refresh(self) -> Gone | None:
        """Read the object again, for as long as that takes. `Gone`: there is nothing left to write to."""
        pause = _RETRY_FIRST
        while True:
            body = await self._cluster.read(self.ref)
            if isinstance(body, Gone):
                return body
            if not isinstance(body, Failed):
                self._version = None
                self.show(body)
                return None
            await asyncio.sleep(pause * (1 - self._clock.jitter() / 4))
            pause = min(pause * 2, _RETRY_MOST)


def _older(version: str | None, known: str | None) -> bool:
    """ResourceVersions of one object grow; since Kubernetes 1.35 they may be compared as numbers."""
    if version is None or known is None or not (version.isdigit() and known.isdigit()):
        return False
    return int(version) < int(known)
