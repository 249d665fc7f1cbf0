"""What all monitors share: a loop that reads, tells, and sleeps until it is time or something changed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from vvol_replication.api.objects import Gone, ObjectRef, Written

from .ports import Clock, Cluster, Pace
from .telling import elapsed, worth_telling

_log = logging.getLogger(__name__)


class Monitor(ABC):
    """One object whose live status we keep: reads again and again, writes only what is news."""

    def __init__(self, ref: ObjectRef, cluster: Cluster, clock: Clock, pace: Pace) -> None:
        self.ref = ref
        self.generation = 0
        self._cluster, self._clock, self._pace = cluster, clock, pace
        self._stored: Mapping[str, Any] = {}
        self._written_at: datetime | None = None
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

    def shown(self, generation: int, status: Mapping[str, Any]) -> None:
        """The API server shows the object so."""
        self.generation = generation
        self._stored = status

    async def stop(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            well = await self._guarded()
            self._failures = 0 if well else self._failures + 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), self._pause())

    async def _guarded(self) -> bool:
        try:
            return await self.look()
        except Exception:  # noqa: BLE001 - logged whole; the loop must go on
            # A defect of ours in one monitor must not end it, nor the others; the log has the traceback.
            _log.exception("reading %s failed", self.ref)
            return False

    def _pause(self) -> float:
        pace = self._pace
        pause = pace.monitor
        if self._failures:
            pause = min(pace.monitor_retry_first * 2 ** min(self._failures - 1, 16), pace.monitor_retry_most)
        return pause * (1 - self._clock.jitter() / 4)

    @abstractmethod
    async def look(self) -> bool:
        """Read once and tell. True if all was well."""

    async def tell(self, status: Mapping[str, Any]) -> None:
        """Write the status if it is news."""
        now = self._clock.now()
        every = timedelta(seconds=self._pace.status_refresh)
        plain, stored = _without_time(status), _without_time(self._stored)
        if not worth_telling(stored, plain, since=timedelta(), every=every) and (
            (since := elapsed(self._written_at, now)) is not None and since < every
        ):
            return
        result = await self._cluster.write_status(self.ref, self._stored, status, None)
        if isinstance(result, Written):
            self._stored, self._written_at = status, now
        elif not isinstance(result, Gone):
            self.poke()


def _without_time(status: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in status.items() if key != "lastReadAt"}
