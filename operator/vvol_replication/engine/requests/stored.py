"""One object's status as the API server has it, and the writes of it: one place, one writer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Generic

from vvol_replication.api.names import FINALIZER
from vvol_replication.api.objects import Failed, Gone, ObjectRef, Written
from vvol_replication.api.preparation import PreparationLedger
from vvol_replication.api.status import has_ended
from vvol_replication.api.sync import Operation
from vvol_replication.engine.ports import Clock, Cluster, Pace
from vvol_replication.engine.status.changes import elapsed, worth_telling
from vvol_replication.engine.status.versions import older
from vvol_replication.engine.waiting import growing
from vvol_replication.reconcile.core.steps import StatusT

_log = logging.getLogger(__name__)


class StoredRequest(Generic[StatusT]):
    """What is stored is kept as JSON beside its resourceVersion; every write is refused if the object moved on."""

    def __init__(
        self,
        ref: ObjectRef,
        cluster: Cluster,
        clock: Clock,
        pace: Pace,
        parse: Callable[[object], StatusT],
        *,
        changed: Callable[[ObjectRef, Mapping[str, Any], Mapping[str, Any]], None] = lambda *_: None,
    ) -> None:
        """`changed` is told each status that the API server is known to hold, after the one before."""
        self.ref = ref
        self._changed = changed
        self._parse: Callable[[object], StatusT] = parse
        self._cluster, self._clock, self._pace = cluster, clock, pace
        self._json: Mapping[str, Any] = {}
        self._written_at: datetime | None = None
        self._failures = 0
        self._gone: Gone | None = None
        self._was_confirmed = self._stripped = False
        self.version: str | None = None
        """The newest resourceVersion that is known."""
        self.confirmed = False
        """The API server shows our acceptance of this generation, and our finalizer."""

    @property
    def writable(self) -> bool:
        """Is nobody else about to write? kopf is, until acceptance and finalizer are shown.

        An acceptance that was there and has been wiped is written again, unless kopf takes the object for a new one.
        """
        return self.confirmed or self._stripped

    @property
    def finished(self) -> bool:
        """Does the API server hold the end of this request? Nothing is written after it."""
        return has_ended(self._json)

    def show(self, body: Mapping[str, Any]) -> bool:
        """The API server shows the object so. False if we know it newer than that."""
        version = body["metadata"].get("resourceVersion")
        if older(version, self.version):
            return False
        self._take(body, version)
        return True

    def _take(self, body: Mapping[str, Any], version: str | None) -> None:
        metadata, status = body["metadata"], body.get("status") or {}
        accepted = bool(status.get("acceptedAt"))
        handled = status.get("observedGeneration") == metadata.get("generation")
        self._was_confirmed = self._was_confirmed or self.confirmed
        self._stripped = self._was_confirmed and not accepted and handled
        self.confirmed = accepted and FINALIZER in (metadata.get("finalizers") or ())
        self._hold(status, version)

    def _hold(self, status: Mapping[str, Any], version: str | None) -> None:
        before, self._json, self.version = self._json, status, version
        self._changed(self.ref, before, status)

    def parsed(self) -> StatusT:
        """The stored status, typed.

        Raises:
            SpecError: if the ledger is there and cannot be read.
        """
        parsed: StatusT = self._parse(self._json)
        return parsed

    def operation_json(self) -> Any:
        """The stored ledger."""
        return self._json.get("operation")

    def holds(self, status: StatusT) -> bool:
        """Is this ledger, and this end, what is stored? Tells whether a write without an answer took place."""
        wanted = status.to_json()
        return all(self._json.get(key) == wanted.get(key) for key in ("operation", "finishedAt", "acceptedAt"))

    async def store(self, status: StatusT) -> bool:
        """Store this, now. False if it was not, or if that is not known: `refresh` tells."""
        after = status.to_json()
        result = await self._cluster.write_status(self.ref, self._json, after, self.version)
        if isinstance(result, Written):
            self._hold(after, result.resource_version)
            self._written_at, self._failures = self._clock.now(), 0
            return True
        self._gone = result if isinstance(result, Gone) else None
        self._failures += 1
        if isinstance(result, Failed) and self._failures == 1:
            _log.warning("%s; it is tried again", result.message)
        if isinstance(result, Failed) or self._failures > 1:
            # Whoever refuses each write, or changes the object before each, is not answered at full speed.
            await self._pause()
        return False

    async def tell(self, status: StatusT) -> bool:
        """Store this if it is worth a write."""
        after = status.to_json()
        every = timedelta(seconds=self._pace.progress * (1 - self._clock.jitter() / 4))
        since = elapsed(self._written_at, self._clock.now())
        if not worth_telling(self._json, after, since=since, every=every):
            return True
        return await self.store(status)

    async def refresh(self) -> Mapping[str, Any] | Gone:
        """Read the object again, for as long as that takes. `Gone`: there is nothing left to write to."""
        while self._gone is None:
            body = await self._cluster.read(self.ref)
            if isinstance(body, Gone):
                self._gone = body
            elif isinstance(body, Failed):
                self._failures += 1
                await self._pause()
            else:
                self._take(body, body["metadata"].get("resourceVersion"))
                return body
        return self._gone

    async def _pause(self) -> None:
        pace = self._pace
        await asyncio.sleep(
            growing(pace.write_retry_first, pace.write_retry_most, self._failures, self._clock.jitter())
        )


def lacks(stored: Operation | PreparationLedger | None, mine: Operation | PreparationLedger | None) -> bool:
    """Is anything of what was recorded not there any more?"""
    parts = ("resolved", "baseline", "sync", "push", "prepare")
    return any(getattr(mine, part, None) is not None and getattr(stored, part, None) is None for part in parts)
