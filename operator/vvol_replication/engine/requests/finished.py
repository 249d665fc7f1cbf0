"""What has ended is neither watched from its beginning nor held: it is looked through, a page at a time.

Three things may be left to do about such an object, and no event tells of them: it was edited while nobody watched, so
its newest generation is to be answered; a process died before it took its finalizer off, or told its group's history;
its TTL will have passed before the next look. The first two are looked for after each list of kopf's, the last every
hour. What happens meanwhile the watch shows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from vvol_replication.api.names import Kind
from vvol_replication.api.objects import Failed, ObjectRef, WriteResult
from vvol_replication.api.selectors import WITH_TTL
from vvol_replication.api.status import ENDED_PHASES, Phase, has_ended
from vvol_replication.engine.about import about
from vvol_replication.engine.services import Services
from vvol_replication.engine.waiting import ended, news_or_time

from .kind import Body
from .kinds import REQUEST_KINDS
from .settling import Settling

_log = logging.getLogger(__name__)
_AT_ONCE = 50
"""So many objects are looked at before others get their turn on the event loop."""


class FinishedRequests:
    """Looks through all requests that have ended, in the background."""

    def __init__(self, services: Services, settling: Settling, found: Callable[[ObjectRef, Body], None]) -> None:
        """`found` is told each object that has ended."""
        self._services, self._settling, self._found = services, settling, found
        self._asked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Look through all that has ended, soon."""
        self._asked.set()

    def start(self) -> None:
        """Look when asked to, and now and then by itself."""
        self._task = asyncio.create_task(self._run(), name="finished-requests")

    async def stop(self) -> None:
        """Look no more."""
        await ended(self._task)

    async def _run(self) -> None:
        while True:
            await news_or_time(self._asked, self._services.pace.finished)
            fields = "" if self._asked.is_set() else WITH_TTL
            self._asked.clear()
            await self._patiently(fields)

    async def _patiently(self, fields: str) -> None:
        failures = 0
        while True:
            try:
                return await self._look_through(fields)
            except ConnectionError as error:
                failures += 1
                _log.warning("what has ended could not be looked through: %s. Trying again.", error)
            except Exception:  # noqa: BLE001 - logged whole; the next look goes on
                _log.exception("what has ended could not be looked through")
                return None
            await asyncio.sleep(self._services.until_next_list(failures))

    async def _look_through(self, fields: str) -> None:
        seen = 0
        for kind in REQUEST_KINDS:
            async for body in self._services.cluster.list(kind, fields):
                seen += 1
                if seen % _AT_ONCE == 0:
                    await asyncio.sleep(0)
                await self._look_at(kind, body)

    async def _look_at(self, kind: Kind, body: Body) -> None:
        metadata, status = body["metadata"], body.get("status") or {}
        ended_well = has_ended(status)
        if not ended_well and status.get("phase") not in ENDED_PHASES:
            return
        ref = ObjectRef(kind, metadata["namespace"], metadata["name"], metadata["uid"])
        if not ended_well:
            await self._list_again(ref, body)
            return
        if not metadata.get("deletionTimestamp"):
            self._found(ref, body)
        await self._settling.settle(ref, body)

    async def _list_again(self, ref: ObjectRef, body: Body) -> None:
        """Somebody spoilt its end. With this phase it is listed, and goes on from its ledger."""
        status, version = body.get("status") or {}, body["metadata"]["resourceVersion"]
        if self._services.leading():
            with about(ref.kind, body):
                spoilt = {**status, "phase": Phase.PENDING}
                _raise_failed(await self._services.cluster.write_status(ref, status, spoilt, version))


def _raise_failed(result: WriteResult) -> None:
    if isinstance(result, Failed):
        raise ConnectionError(result.message)
