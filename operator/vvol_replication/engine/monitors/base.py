"""What all monitors share: a loop that reads, tells, and sleeps until it is time or something changed."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from vvol_replication.api.objects import Failed, Gone, ObjectRef, Written
from vvol_replication.engine.ports import Clock, Cluster, Pace
from vvol_replication.engine.status.changes import elapsed, facts
from vvol_replication.engine.status.versions import older
from vvol_replication.engine.waiting import ended, growing, news_or_time

_log = logging.getLogger(__name__)


class Monitor(ABC):
    """One object whose live status we keep: reads again and again, writes only what is news."""

    def __init__(
        self, ref: ObjectRef, cluster: Cluster, clock: Clock, pace: Pace, *, gone: Callable[[Monitor], None]
    ) -> None:
        self.ref = ref
        self.generation = 0
        self._cluster, self._clock, self._pace, self._gone = cluster, clock, pace, gone
        self._stored: Mapping[str, Any] = {}
        self._version: str | None = None
        self._written_at: datetime | None = None
        self._refused_writes = 0
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failures = 0

    def start(self) -> None:
        """Begin to read."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"monitor {self.ref}")

    def poke(self) -> None:
        """Something changed: read at once."""
        self._changed.set()

    def shown(self, body: Mapping[str, Any]) -> bool:
        """The API server shows the object so. False if we know it newer than that."""
        metadata = body["metadata"]
        version = metadata.get("resourceVersion")
        if older(version, self._version):
            return False
        self.generation = metadata["generation"]
        self._stored, self._version = body.get("status") or {}, version
        return True

    async def stop(self) -> None:
        """Read no more."""
        await ended(self._task)

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            well = await self._guarded()
            self._failures = 0 if well else self._failures + 1
            await news_or_time(self._changed, self._pause())

    async def _guarded(self) -> bool:
        try:
            return await self.look()
        except Exception:  # noqa: BLE001 - logged whole; the loop must go on
            # A defect of ours in one monitor must not end it, nor the others; the log has the traceback.
            _log.exception("reading %s failed", self.ref)
            return False

    def _pause(self) -> float:
        pace, jitter = self._pace, self._clock.jitter()
        if self._failures:
            return growing(pace.monitor_retry_first, pace.monitor_retry_most, self._failures, jitter)
        return pace.monitor * (1 - jitter / 4)

    @abstractmethod
    async def look(self) -> bool:
        """Read once and tell. True if all was well."""

    async def tell(self, status: Mapping[str, Any], *, news: bool = False) -> bool:
        """Write the status if what it says is news, or if it was not written for long. False if that failed.

        `news`: it is so by its wording alone. It is written only where the object is as we know it: a status that was
        wiped, or that another process wrote, is looked at first.
        """
        now = self._clock.now()
        since, every = elapsed(self._written_at, now), timedelta(seconds=self._pace.status_refresh)
        if not news and facts(status) == facts(self._stored) and since is not None and since < every:
            return True
        result = await self._cluster.write_status(self.ref, self._stored, status, self._version)
        if isinstance(result, Written):
            self._stored, self._version, self._written_at = status, result.resource_version, now
            self._refused_writes = 0
            return True
        if isinstance(result, Gone):
            self._gone(self)
            return True
        self._refused_writes += 1
        if isinstance(result, Failed) and self._refused_writes == 1:
            _log.warning("%s; it is tried again", result.message)
        return False
