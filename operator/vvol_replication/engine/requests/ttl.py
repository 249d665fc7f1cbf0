"""Finished objects with a TTL are deleted in time: one heap for all, and one task (docs/architecture.md#end)."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from vvol_replication.api.objects import Conflict, Failed, Gone, ObjectRef
from vvol_replication.engine.about import about
from vvol_replication.engine.monitors.registry import Registry
from vvol_replication.engine.services import Services
from vvol_replication.engine.status.writer import StatusWriter
from vvol_replication.engine.waiting import ended, news_or_time

from .kinds import REQUEST_KINDS

_log = logging.getLogger(__name__)
Body = Mapping[str, Any]


class TTLAfterFinished:
    """Knows when each finished object is due. What is due is read once more before it is deleted.

    It is not deleted before its group's history has it: after that nobody could tell of it any more.
    """

    def __init__(self, services: Services, registry: Registry) -> None:
        self._services, self._registry = services, registry
        self._due: dict[str, tuple[datetime, ObjectRef]] = {}
        self._heap: list[tuple[datetime, str]] = []
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failures = 0

    def observe(self, ref: ObjectRef, due: datetime | None) -> None:
        """The API server shows an object that is due then; None: never. One that is due late is found again in time."""
        if due is None or due - self._services.clock.now() > 2 * timedelta(seconds=self._services.pace.finished):
            self._due.pop(ref.uid, None)
        elif self._due.get(ref.uid) != (due, ref):
            self._enter(due, ref)

    def gone(self, uid: str) -> None:
        """The object is not there any more."""
        self._due.pop(uid, None)

    def start(self) -> None:
        """Start the task that deletes what is due."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="ttl-after-finished")

    async def stop(self) -> None:
        """Delete no more."""
        await ended(self._task)

    def _enter(self, due: datetime, ref: ObjectRef) -> None:
        self._due[ref.uid] = (due, ref)
        heapq.heappush(self._heap, (due, ref.uid))
        self._changed.set()

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            pause = self._pause()
            if pause is None or pause > 0:
                await news_or_time(self._changed, pause)
                continue
            _, uid = heapq.heappop(self._heap)
            _, ref = self._due[uid]
            try:
                done = await self._expire(ref)
            except Exception:  # noqa: BLE001 - logged whole; the loop must go on
                _log.exception("the deletion of %s failed unexpectedly", ref)
                done = False
            self._failures = 0 if done else self._failures + 1
            if not done and uid in self._due:
                again = timedelta(seconds=self._services.until_next_list(self._failures))
                self._enter(self._services.clock.now() + again, ref)

    def _pause(self) -> float | None:
        """Seconds until the first is due; None: nothing is. What was edited since has another entry."""
        while self._heap:
            due, uid = self._heap[0]
            if uid in self._due and self._due[uid][0] == due:
                return (due - self._services.clock.now()).total_seconds()
            heapq.heappop(self._heap)
        return None

    async def _expire(self, ref: ObjectRef) -> bool:
        """Delete it if it is still to be deleted. False: it is tried again."""
        body = await self._services.cluster.read(ref)
        if isinstance(body, Failed):
            return False
        if isinstance(body, Gone):
            self._due.pop(ref.uid, None)
            return True
        with about(ref.kind, body):
            return await self._delete_if_due(ref, body)

    async def _delete_if_due(self, ref: ObjectRef, body: Body) -> bool:
        kind, cluster = REQUEST_KINDS[ref.kind], self._services.cluster
        due = kind.due_at(body)
        if due is None or due > self._services.clock.now():
            self._due.pop(ref.uid, None)  # its place in the heap is used up; also if only the clock went back
            self.observe(ref, due)
            return True
        request = kind.parse(body)
        if request.owner is not None:
            self._due.pop(ref.uid, None)
            await self._refuse(ref, body)
            return True
        group = self._registry.groups.get((request.namespace, request.spec.group))
        if not self._services.leading() or not (group is None or group.has_told(ref.uid)):
            return False
        result = await cluster.delete(ref, body["metadata"]["resourceVersion"])
        if isinstance(result, Failed):
            _log.warning("%s. Trying again.", result.message)
        if isinstance(result, Failed | Conflict):
            return False
        self._due.pop(ref.uid, None)
        _log.info("%s is deleted: its ttlSecondsAfterFinished has passed", ref)
        return True

    async def _refuse(self, ref: ObjectRef, body: Body) -> None:
        """Say that it stays, where its end did not say so yet: a tool has taken it over since."""
        after = REQUEST_KINDS[ref.kind].acceptance(body, self._services.clock.now())
        if after is not None and self._services.leading():
            writer = StatusWriter(ref, self._services)
            writer.take(body)
            await writer.write(after)
