"""One request's status as the API server has it: what may be written, and when, by whom else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Generic

from vvol_replication.api.names import FINALIZER
from vvol_replication.api.objects import Gone, ObjectRef, Written
from vvol_replication.api.preparation import PreparationLedger
from vvol_replication.api.status import has_ended
from vvol_replication.api.sync import Operation
from vvol_replication.engine.news import StatusChanged
from vvol_replication.engine.services import Services
from vvol_replication.engine.status.changes import worth_writing
from vvol_replication.engine.status.writer import StatusWriter
from vvol_replication.reconcile.core.steps import StatusT


class StoredRequest(Generic[StatusT]):
    """What is stored of a request. Each status that the API server is known to hold is news."""

    def __init__(self, ref: ObjectRef, services: Services, parse: Callable[[object], StatusT]) -> None:
        """`parse` reads a status; it raises SpecError for a ledger that cannot be read."""
        self.ref = ref
        self._services = services
        self._parse: Callable[[object], StatusT] = parse
        self._writer = StatusWriter(ref, services)
        self._was_confirmed = self._stripped = False
        self.confirmed = False
        """The API server shows an acceptance, and our finalizer."""

    @property
    def version(self) -> str | None:
        """The newest resourceVersion that is known."""
        return self._writer.version

    @property
    def writable(self) -> bool:
        """Is nobody else about to write? kopf is, until acceptance and finalizer are shown.

        An acceptance that was there and has been wiped is written again, unless kopf takes the object for a new one.
        """
        return self.confirmed or self._stripped

    @property
    def finished(self) -> bool:
        """Does the API server hold the end of this request? Nothing is written after it."""
        return has_ended(self._writer.stored)

    def observe(self, body: Mapping[str, Any]) -> bool:
        """The API server shows the object so. False if it is known newer than that."""
        before = self._writer.stored
        if not self._writer.observe(body):
            return False
        self._taken(body, before)
        return True

    def _taken(self, body: Mapping[str, Any], before: Mapping[str, Any]) -> None:
        metadata, status = body["metadata"], body.get("status") or {}
        accepted = bool(status.get("acceptedAt"))
        handled = status.get("observedGeneration") == metadata.get("generation")
        self._was_confirmed = self._was_confirmed or self.confirmed
        self._stripped = self._was_confirmed and not accepted and handled
        self.confirmed = accepted and FINALIZER in (metadata.get("finalizers") or ())
        self._services.notify(StatusChanged(self.ref, before, status, ours=False))

    def parsed(self) -> StatusT:
        """The stored status, typed.

        Raises:
            SpecError: if the ledger is there and cannot be read.
        """
        parsed: StatusT = self._parse(self._writer.stored)
        return parsed

    def operation_json(self) -> Any:
        """The stored ledger."""
        return self._writer.stored.get("operation")

    def holds(self, status: StatusT) -> bool:
        """Is this ledger, and this end, what is stored? Tells whether a write without an answer took place."""
        stored, wanted = self._writer.stored, status.to_json()
        return all(stored.get(key) == wanted.get(key) for key in ("operation", "finishedAt", "acceptedAt"))

    async def write(self, status: StatusT) -> bool:
        """Store this, now. False if it was not, or if that is not known: `read_again` tells."""
        return isinstance(await self._writer.write_patiently(status.to_json()), Written)

    async def write_if_news(self, status: StatusT) -> bool:
        """Store this if it is worth a write."""
        after, jitter = status.to_json(), self._services.clock.jitter()
        every = timedelta(seconds=self._services.pace.progress * (1 - jitter / 4))
        if not worth_writing(self._writer.stored, after, since=self._writer.since_written(), every=every):
            return True
        return await self.write(status)

    async def read_again(self) -> Mapping[str, Any] | Gone:
        """Read the object again, for as long as that takes. `Gone`: there is nothing left to write to."""
        body = await self._writer.read()
        if not isinstance(body, Gone):
            before = self._writer.stored
            self._writer.take(body)
            self._taken(body, before)
        return body


def lacks(stored: Operation | PreparationLedger | None, mine: Operation | PreparationLedger | None) -> bool:
    """Is anything of what was recorded not there any more?"""
    parts = ("resolved", "baseline", "sync", "push", "prepare")
    return any(getattr(mine, part, None) is not None and getattr(stored, part, None) is None for part in parts)
