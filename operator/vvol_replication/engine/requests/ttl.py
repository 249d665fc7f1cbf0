"""Finished objects with a TTL are deleted in time: one heap for all, and one task (docs/architecture.md#end)."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from vvol_replication.api.errors import SpecError
from vvol_replication.api.names import Kind
from vvol_replication.api.objects import Conflict, Failed, Gone, ObjectRef
from vvol_replication.api.reasons import Reason
from vvol_replication.engine.ports import Clock, Cluster, Pace
from vvol_replication.engine.waiting import ended, growing, news_or_time

from .kinds import REQUEST_KINDS

_log = logging.getLogger(__name__)
Body = Mapping[str, Any]


class TTLAfterFinished:
    """Knows when each finished object is due. What is due is read once more before it is deleted."""

    def __init__(self, cluster: Cluster, clock: Clock, pace: Pace, leading: Callable[[], bool]) -> None:
        self._cluster, self._clock, self._pace, self._leading = cluster, clock, pace, leading
        self._due: dict[str, tuple[datetime, ObjectRef]] = {}
        self._heap: list[tuple[datetime, str]] = []
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failures = 0

    def shown(self, ref: ObjectRef, body: Body) -> None:
        """The API server shows the object so: is it due some day?"""
        due = _due_at(ref.kind, body)
        if due is None:
            self._due.pop(ref.uid, None)
        elif self._due.get(ref.uid) != (due, ref):
            self._enter(due, ref)

    def gone(self, uid: str) -> None:
        """The object is not there any more."""
        self._due.pop(uid, None)

    def start(self) -> None:
        """Begin to delete."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="expiry")

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
                first, most = self._pace.listing_retry_first, self._pace.listing_retry_most
                wait = timedelta(seconds=growing(first, most, self._failures, self._clock.jitter()))
                self._enter(self._clock.now() + wait, ref)

    def _pause(self) -> float | None:
        """Seconds until the first is due; None: nothing is. What was edited since has another entry."""
        while self._heap:
            due, uid = self._heap[0]
            if uid in self._due and self._due[uid][0] == due:
                return (due - self._clock.now()).total_seconds()
            heapq.heappop(self._heap)
        return None

    async def _expire(self, ref: ObjectRef) -> bool:
        """Delete it if it is still to be deleted. False: it is tried again."""
        body = await self._cluster.read(ref)
        if isinstance(body, Failed):
            return False
        due = None if isinstance(body, Gone) else _due_at(ref.kind, body)
        if isinstance(body, Gone) or due is None or due > self._clock.now():
            self._due.pop(ref.uid, None)
            if due is not None:
                self._enter(due, ref)
            return True
        request = REQUEST_KINDS[ref.kind].parse(body)
        if request.owner is not None:
            self._due.pop(ref.uid, None)
            return await self._refuse(ref, body)
        if not self._leading():
            return False
        result = await self._cluster.delete(ref, body["metadata"]["resourceVersion"])
        if isinstance(result, Failed):
            _log.warning("%s; it is tried again", result.message)
        if isinstance(result, Failed | Conflict):
            return False
        self._due.pop(ref.uid, None)
        _log.info("%s is deleted: its ttlSecondsAfterFinished has passed", ref)
        return True

    async def _refuse(self, ref: ObjectRef, body: Body) -> bool:
        """Tell that it stays, where its end did not tell that yet: a tool has taken it over since."""
        desk = REQUEST_KINDS[ref.kind]
        before = desk.status(body["status"])
        after = desk.accept(desk.parse(body), before, self._clock.now())
        told = next((one for one in after.conditions if one.type == "TTLIgnored"), None)
        if after == before or told is None or not self._leading():
            return True
        version = body["metadata"]["resourceVersion"]
        await self._cluster.write_status(ref, body["status"], after.to_json(), version)
        await self._cluster.event(ref, warning=True, reason=Reason.OWNED_BY_TOOL, message=told.message)
        return True


def _due_at(kind: Kind, body: Body) -> datetime | None:
    """When a finished object with a TTL is to be deleted; None for all others, and for what cannot be read."""
    if body["metadata"].get("deletionTimestamp") or not isinstance(body.get("spec"), Mapping):
        return None
    if body["spec"].get("ttlSecondsAfterFinished") is None:
        return None
    try:
        desk = REQUEST_KINDS[kind]
        ttl = desk.parse(body).spec.ttl_seconds_after_finished
        finished = desk.status(body.get("status")).finished_at
    except SpecError:
        return None
    return None if ttl is None or finished is None else finished + timedelta(seconds=ttl)
