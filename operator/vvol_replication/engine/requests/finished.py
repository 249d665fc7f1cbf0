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

from vvol_replication.api.names import FINALIZER, Kind
from vvol_replication.api.objects import Failed, ObjectRef, WriteResult
from vvol_replication.api.selectors import WITH_TTL
from vvol_replication.api.status import ENDED_PHASES, Phase, has_ended
from vvol_replication.engine.about import about
from vvol_replication.engine.services import Services
from vvol_replication.engine.waiting import backoff, ended, news_or_time

from .kind import Body
from .kinds import REQUEST_KINDS

_log = logging.getLogger(__name__)
_AT_ONCE = 50
"""So many objects are looked at before others get their turn on the event loop."""


class FinishedRequests:
    """Looks through all requests that have ended, in the background."""

    def __init__(self, services: Services, observe: Callable[[Kind, Body], None]) -> None:
        """`observe` is told each object that has ended, as if the watch had shown it."""
        self._services, self._observe = services, observe
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
        pace, failures = self._services.pace, 0
        while True:
            try:
                return await self._look_through(fields)
            except ConnectionError as error:
                failures += 1
                _log.warning("what has ended could not be looked through: %s. Trying again.", error)
            except Exception:  # noqa: BLE001 - logged whole; the next look goes on
                _log.exception("what has ended could not be looked through")
                return None
            first, most = pace.listing_retry_first, pace.listing_retry_most
            await asyncio.sleep(backoff(first, most, failures, self._services.clock.jitter()))

    async def _look_through(self, fields: str) -> None:
        seen = 0
        for kind in REQUEST_KINDS:
            async for body in self._services.cluster.list(kind, fields):
                seen += 1
                if seen % _AT_ONCE == 0:
                    await asyncio.sleep(0)
                status = body.get("status") or {}
                if not has_ended(status) and status.get("phase") not in ENDED_PHASES:
                    continue
                with about(kind, body):
                    self._observe(kind, body)
                    await self._settle(kind, body)

    async def _settle(self, kind: Kind, body: Body) -> None:
        """Do what is left to do about it. One that is changed meanwhile is shown by the watch, and settled from there.

        Raises:
            ConnectionError: if the API server did not say whether it is done.
        """
        if not self._services.leading():
            return
        metadata, status = body["metadata"], body.get("status") or {}
        ref = ObjectRef(kind, metadata["namespace"], metadata["name"], metadata["uid"])
        cluster, version = self._services.cluster, metadata["resourceVersion"]
        finalizers, result = metadata.get("finalizers") or (), None
        if not has_ended(status):
            # Somebody spoilt its end. With this phase it is listed, and goes on from its ledger.
            result = await cluster.write_status(ref, status, {**status, "phase": Phase.PENDING}, version)
        elif FINALIZER in finalizers:
            result = await cluster.write_finalizers(ref, [one for one in finalizers if one != FINALIZER], version)
        elif not metadata.get("deletionTimestamp") and status.get("observedGeneration") != metadata["generation"]:
            after = REQUEST_KINDS[kind].acceptance(body, self._services.clock.now())
            answered = {**(after if after is not None else status), "observedGeneration": metadata["generation"]}
            result = await cluster.write_status(ref, status, answered, version)
        _raise_failed(result)


def _raise_failed(result: WriteResult | None) -> None:
    if isinstance(result, Failed):
        raise ConnectionError(result.message)
