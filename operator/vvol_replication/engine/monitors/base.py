"""What all monitors share: a loop that reads, writes what is news, and sleeps until it is time or something changed."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from vvol_replication.api.errors import SpecError
from vvol_replication.api.objects import Conflict, Gone, ObjectRef, Written
from vvol_replication.api.times import parse_time
from vvol_replication.engine.news import MonitorEnded
from vvol_replication.engine.services import Services
from vvol_replication.engine.status.changes import facts
from vvol_replication.engine.status.writer import StatusWriter
from vvol_replication.engine.waiting import backoff, ended, news_or_time

_log = logging.getLogger(__name__)


class Monitor(ABC):
    """One object whose live status is kept: read again and again, written only where it is news."""

    def __init__(self, ref: ObjectRef, services: Services) -> None:
        self.ref = ref
        self.generation = 0
        self._services, self._clock, self._pace = services, services.clock, services.pace
        self._writer = StatusWriter(ref, services)
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failures = 0
        self.retries = 0
        """How many readings were begun because the one before had failed."""

    @property
    def stored(self) -> Mapping[str, Any]:
        """The status that the API server is known to hold, as JSON."""
        return self._writer.stored

    @property
    def version(self) -> str | None:
        """The newest resourceVersion of the object that is known."""
        return self._writer.version

    def start(self) -> None:
        """Start the task that reads; a second call does nothing."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"monitor {self.ref}")

    def notify(self) -> None:
        """Something changed: read at once."""
        self._news.set()

    def observe(self, body: Mapping[str, Any]) -> bool:
        """The API server shows the object so. False if it is known newer than that."""
        if not self._writer.observe(body):
            return False
        self.generation = body["metadata"]["generation"]
        return True

    async def stop(self) -> None:
        """Read no more."""
        await ended(self._task)

    async def _run(self) -> None:
        while True:
            self._news.clear()
            self.retries += self._failures > 0
            well = await self._guarded()
            self._failures = 0 if well else self._failures + 1
            await news_or_time(self._news, self._pause())

    async def _guarded(self) -> bool:
        try:
            return await self.poll_once()
        except Exception:  # noqa: BLE001 - logged whole; the loop must go on
            # A defect of ours in one monitor must not end it, nor the others; the log has the traceback.
            _log.exception("reading %s failed", self.ref)
            return False

    def _pause(self) -> float:
        pace, jitter = self._pace, self._clock.jitter()
        if self._failures:
            return backoff(pace.monitor_retry_first, pace.monitor_retry_most, self._failures, jitter)
        return pace.monitor * (1 - jitter / 4)

    @property
    def _refresh(self) -> float:
        """Seconds after which a status is written again although what it says has not changed."""
        return self._pace.status_refresh

    @abstractmethod
    async def poll_once(self) -> bool:
        """Read once and write what is news. True if all was well."""

    def _shown_for(self) -> timedelta | None:
        """How old is the reading that the stored status shows? None: it shows none that can be read."""
        try:
            return self._clock.now() - parse_time(str(self.stored.get("lastReadAt")))
        except SpecError:
            return None

    def _shows_old_reading(self, status: Mapping[str, Any], every: timedelta) -> bool:
        """Is there a younger reading than the one that is shown, and is that one old? A turn shows the last again."""
        shown = self.stored.get("lastReadAt")
        if shown is None or shown == status.get("lastReadAt"):
            return False
        age = self._shown_for()
        return age is None or age >= every

    async def write_status(self, status: Mapping[str, Any], *, news: bool = False) -> bool:
        """Write the status if what it says is news, or if it was not written for long. False if that failed.

        `news`: it is so by its wording alone. It is written only where the object is as we know it: a status that was
        wiped, or that another process wrote, is looked at first.
        """
        since, every = self._writer.since_written(), timedelta(seconds=self._refresh)
        since = self._shown_for() if since is None else since  # the process before has written it
        fresh = since is not None and timedelta() <= since < every and not self._shows_old_reading(status, every)
        if not news and facts(status) == facts(self.stored) and fresh:
            return True
        result = await self._writer.write(status)
        if isinstance(result, Gone):
            self._services.notify(MonitorEnded(self.ref))
        elif isinstance(result, Conflict):
            await self._writer.look()
        return isinstance(result, Written | Gone)
