"""The life of one request's task: started, notified, stopped; round after round until one is the last."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from datetime import datetime

from vvol_replication.api.objects import ObjectRef
from vvol_replication.engine.services import Services
from vvol_replication.engine.waiting import ended, news_or_time

_log = logging.getLogger(__name__)

_SHORTEST_PAUSE = 0.05  # seconds; a decision that asks to be asked again at once does not spin the loop


class RequestTask(ABC):
    """All that a request does happens in its one task; the rest of the engine only notifies it."""

    def __init__(self, ref: ObjectRef, services: Services) -> None:
        self.ref = ref
        self._services = services
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def notify(self) -> None:
        """Something that the request may wait for has changed."""
        self._news.set()

    async def stop(self) -> None:
        """Stop where it is; the ledger tells where to go on. A call under way in a thread runs to its end there."""
        await ended(self._task)

    @abstractmethod
    async def _round(self) -> bool:
        """One step of the request's way: `Reconciler._round`. True: it is over, here at least."""

    @abstractmethod
    def _recover(self) -> None:
        """A round failed in a way that is a defect of ours: forget what may be wrong."""

    @abstractmethod
    def _finished(self) -> None:
        """The task has come to its end, however."""

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"request {self.ref}")
        # A task that is cancelled before its first step never comes to a `finally` of its own.
        self._task.add_done_callback(lambda _: self._finished())

    async def _run(self) -> None:
        while not await self._guarded():
            pass

    async def _guarded(self) -> bool:
        try:
            return await self._round()
        except Exception:  # noqa: BLE001 - logged whole; the loop must go on
            # A defect of ours: the log has the traceback, the ledger what was done. Go on from there, after a while.
            _log.exception("%s: a step failed unexpectedly. Going on from status.operation.", self.ref)
            self._recover()
            await asyncio.sleep(self._services.pace.defect)
            return False

    async def _sleep(self, until: datetime | None) -> None:
        """Until there is news, or until that time."""
        pause = None
        if until is not None:
            pause = max(_SHORTEST_PAUSE, (until - self._services.clock.now()).total_seconds())
        await news_or_time(self._news, pause)
