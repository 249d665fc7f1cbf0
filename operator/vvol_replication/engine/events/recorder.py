"""Sends the events of requests: each part of a story once, in order, and never so many that they are a load."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vvol_replication.api.objects import ObjectRef
from vvol_replication.engine.ports import Clock, Cluster
from vvol_replication.engine.waiting import ended

from .endpoints import Told
from .requests import END, late_end, transition

BURST = 50
"""So many events that are no ends may be told at once."""
PER_SECOND = 2.0
"""And so many for ever. What is beyond is not told: the statuses say it, and an end is always told."""
_REMEMBERED = 20_000


class EventRecorder:
    """Nobody waits for it. What the process had not sent when it died, a later one tells if it still stands."""

    def __init__(self, cluster: Cluster, clock: Clock) -> None:
        self._cluster, self._clock = cluster, clock
        self._told: dict[tuple[str, str], None] = {}
        self._waiting: deque[tuple[ObjectRef, Told]] = deque()
        self._sending: asyncio.Task[None] | None = None
        self._room, self._counted_at = float(BURST), clock.now()

    def changed(self, ref: ObjectRef, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """The API server held this status, and holds that one now."""
        self._tell(ref, transition(before, after))

    def found(self, ref: ObjectRef, status: Mapping[str, Any]) -> None:
        """An object that nobody here follows."""
        if status.get("finishedAt"):
            self._tell(ref, late_end(status, self._clock.now()))

    async def stop(self) -> None:
        """Tell nothing more."""
        self._waiting.clear()
        await ended(self._sending)

    def _tell(self, ref: ObjectRef, told: Told | None) -> None:
        if told is None or (ref.uid, told.once) in self._told:
            return
        if told.once != END and not self._has_room(self._clock.now()):
            return
        self._told[ref.uid, told.once] = None
        if len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]
        self._waiting.append((ref, told))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send(), name="storyteller")

    def _has_room(self, now: datetime) -> bool:
        passed = max(0.0, (now - self._counted_at).total_seconds())
        self._room, self._counted_at = min(BURST, self._room + passed * PER_SECOND), now
        if self._room < 1:
            return False
        self._room -= 1
        return True

    async def _send(self) -> None:
        """One after the other, so that they come in order and take one connection at most."""
        while self._waiting:
            ref, told = self._waiting.popleft()
            await self._cluster.event(
                ref, warning=told.warning, reason=told.reason, message=told.message, once=told.once
            )
