"""The one writer of statuses and of our finalizer: of requests, of what is monitored, and of finished objects."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from vvol_replication.api.names import FINALIZER
from vvol_replication.api.objects import Conflict, Failed, Gone, ObjectRef, WriteResult, Written
from vvol_replication.engine.news import StatusChanged
from vvol_replication.engine.services import Services

from .changes import elapsed
from .versions import older

T = TypeVar("T")
_log = logging.getLogger(__name__)


class StatusWriter:
    """Writes the status of one object, and our finalizer, and knows what the API server holds of it.

    A write carries what differs from `stored`, and the resourceVersion of that: the API server refuses it where the
    object has moved on, and whoever asked for it looks again.
    """

    def __init__(self, ref: ObjectRef, services: Services) -> None:
        self.ref = ref
        self.stored: Mapping[str, Any] = {}
        """The newest status that is known, as JSON."""
        self.version: str | None = None
        """The newest resourceVersion that is known."""
        self._finalizers: tuple[str, ...] = ()
        self._body: Mapping[str, Any] = {}
        self._parsed: tuple[Mapping[str, Any], Any] | None = None
        self._services = services
        self._written_at: datetime | None = None
        self._failures = 0
        self._gone: Gone | None = None

    def observe(self, body: Mapping[str, Any]) -> bool:
        """The API server shows the object so. False if it is known newer than that."""
        if older(body["metadata"].get("resourceVersion"), self.version):
            return False
        self.take(body)
        return True

    def take(self, body: Mapping[str, Any]) -> None:
        """Go on from this, whatever was known."""
        metadata = body["metadata"]
        self.stored, self.version = body.get("status") or {}, metadata.get("resourceVersion")
        self._finalizers, self._body = tuple(metadata.get("finalizers") or ()), body

    @property
    def body(self) -> Mapping[str, Any]:
        """The object as it is known now: as it was shown last, with what was written since."""
        written = {"resourceVersion": self.version, "finalizers": list(self._finalizers)}
        return {**self._body, "metadata": {**self._body["metadata"], **written}, "status": self.stored}

    @property
    def held(self) -> bool:
        """Does the object carry our finalizer?"""
        return FINALIZER in self._finalizers

    def parsed(self, parse: Callable[[object], T]) -> T:
        """What is stored, as `parse` reads it: it is asked once for each status, so it has to be the same each time."""
        if self._parsed is None or self._parsed[0] is not self.stored:
            self._parsed = self.stored, parse(self.stored)
        found: T = self._parsed[1]
        return found

    async def write(self, status: Mapping[str, Any]) -> WriteResult:
        """Make the status this. `Failed` leaves open whether it took place; a read tells."""
        before = self.stored  # the watch may show the write before its answer is here
        result = await self._services.cluster.write_status(self.ref, before, status, self.version)
        if isinstance(result, Written):
            self.stored, self.version = status, result.resource_version
            self._written_at, self._failures = self._services.clock.now(), 0
            self._services.notify(StatusChanged(self.ref, before, status, ours=True))
            return result
        return self._refused(result)

    async def write_patiently(self, status: Mapping[str, Any]) -> WriteResult:
        """As `write`; whoever refuses each write, or changes the object before each, is not answered at full speed."""
        return await self._patiently(await self.write(status))

    async def hold(self) -> WriteResult:
        """Put our finalizer on: from now on a deletion waits until it is taken off."""
        return await self._patiently(await self._write_finalizers((*self._finalizers, FINALIZER)))

    async def let_go(self) -> WriteResult:
        """Take our finalizer off."""
        others = tuple(one for one in self._finalizers if one != FINALIZER)
        return await self._patiently(await self._write_finalizers(others))

    async def _write_finalizers(self, finalizers: tuple[str, ...]) -> WriteResult:
        result = await self._services.cluster.write_finalizers(self.ref, finalizers, self.version)
        if isinstance(result, Written):
            self._finalizers, self.version, self._failures = finalizers, result.resource_version, 0
            return result
        return self._refused(result)

    def _refused(self, result: Conflict | Gone | Failed) -> WriteResult:
        self._gone = result if isinstance(result, Gone) else None
        self._failures += 1
        if isinstance(result, Failed) and self._failures == 1:
            _log.warning("%s. Trying again.", result.message)
        return result

    async def _patiently(self, result: WriteResult) -> WriteResult:
        if isinstance(result, Failed) or (not isinstance(result, Written) and self._failures > 1):
            await self._pause()
        return result

    async def read(self) -> Mapping[str, Any] | Gone:
        """Read the object again, for as long as that takes. `Gone`: there is nothing left to write to."""
        while self._gone is None:
            body = await self._read()
            if isinstance(body, Gone):
                self._gone = body
            elif isinstance(body, Failed):
                self._failures += 1
                await self._pause()
            else:
                return body
        return self._gone

    async def look(self) -> None:
        """After conflicts in a row, which only a watch that lags explains: ask once how old the object really is."""
        if self._failures > 1:
            await self._read()

    async def _read(self) -> Mapping[str, Any] | Gone | Failed:
        known = self.version  # before the question: meanwhile the watch may show a newer one
        body = await self._services.cluster.read(self.ref)
        if isinstance(body, Mapping) and older(body["metadata"].get("resourceVersion"), known):
            self._services.put_back()
        return body

    def since_written(self) -> timedelta | None:
        """How long ago this process wrote the status; None: it has not."""
        return elapsed(self._written_at, self._services.clock.now())

    async def _pause(self) -> None:
        await asyncio.sleep(self._services.until_next_write(self._failures))
