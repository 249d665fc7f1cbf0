"""Tells each part of a story once: in the log, and as an event; of those never so many that they are a load."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from vvol_replication.api.names import FLASHARRAY, ONE_SHOT_KINDS, REPLICATION_GROUP, REPLICATION_SCHEDULE, VCENTER
from vvol_replication.api.objects import ObjectRef
from vvol_replication.engine.about import about_nobody
from vvol_replication.engine.news import AnswerLost, StatusChanged
from vvol_replication.engine.ports import Clock, Cluster
from vvol_replication.engine.waiting import ended

from . import endpoints, groups
from .event import Event
from .log import TransitionLog, earlier
from .requests import END, HISTORY, afterwards, answer_lost, late_end, transition
from .schedules import schedule_events

BURST = 50
"""So many events of requests that are no ends may be sent at once."""
PER_SECOND = 2.0
"""And so many for ever. What is beyond is not sent: the statuses say it, and an end is always sent."""
_REMEMBERED = 20_000


class EventRecorder:
    """Sends in the background. What was not sent when its process died, a later one sends if it still holds."""

    def __init__(self, cluster: Cluster, clock: Clock) -> None:
        self._cluster, self._clock = cluster, clock
        self._log = TransitionLog(clock)
        self._recorded: dict[tuple[str, str], None] = {}
        self._waiting: deque[tuple[ObjectRef, Event]] = deque()
        self._sending: asyncio.Task[None] | None = None
        self._room, self._counted_at = float(BURST), clock.now()

    def note(self, news: StatusChanged | AnswerLost) -> None:
        """Record what people are to know of it."""
        if isinstance(news, AnswerLost):
            self._answer_lost(news)
        else:
            self.status_changed(news)

    def status_changed(self, news: StatusChanged) -> None:
        """Record what people are to know of it."""
        if news.ref.kind in ONE_SHOT_KINDS:
            self._log.request_changed(news.ref, news.before, news.after)
        elif news.ref.kind in (VCENTER, FLASHARRAY):
            self._log.endpoint_changed(news.ref, news.before, news.after)
        elif news.ref.kind == REPLICATION_SCHEDULE:
            self._log.schedule_changed(news.ref, news.before, news.after)
        for event in _events(news):
            self._record(news.ref, event)

    def _answer_lost(self, news: AnswerLost) -> None:
        """A call of a request may have taken effect: people see that it was not simply answered."""
        text = f"{news.message} The operator looks for the effect of the call. It does not repeat the call blindly."
        self._log.answer_lost(news.ref, news.status, text)
        self._record(news.ref, answer_lost(text))

    def found(self, ref: ObjectRef, status: Mapping[str, Any]) -> None:
        """A request that nobody here follows."""
        if earlier(status.get("finishedAt"), self._clock.now() - HISTORY):
            return
        self._log.request_found(ref, status)
        if status.get("finishedAt") and (event := late_end(status, self._clock.now())) is not None:
            self._record(ref, event)

    def deleted(self, ref: ObjectRef, status: Mapping[str, Any]) -> None:
        """A request that was in flight is being deleted; its object tells no more events."""
        self._log.request_deleted(ref, status)

    async def stop(self) -> None:
        """Send nothing more."""
        self._waiting.clear()
        await ended(self._sending)

    def _record(self, ref: ObjectRef, event: Event) -> None:
        if event.once:
            if (ref.uid, event.once) in self._recorded:
                return
            if event.once != END and not self._has_room(self._clock.now()):
                return
            self._recorded[ref.uid, event.once] = None
            if len(self._recorded) > _REMEMBERED:
                del self._recorded[next(iter(self._recorded))]
        self._waiting.append((ref, event))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send(), name="event-recorder", context=about_nobody())

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
            ref, event = self._waiting.popleft()
            await self._cluster.event(
                ref,
                warning=event.warning,
                reason=event.reason,
                message=event.message,
                once=event.once,
                order=event.order,
            )


def _events(news: StatusChanged) -> Iterable[Event]:
    if news.ref.kind in ONE_SHOT_KINDS:
        part = transition(news.before, news.after)
        return (*(() if part is None else (part,)), *(afterwards(news.before, news.after) if news.ours else ()))
    if not news.ours:
        return ()
    if news.ref.kind == REPLICATION_SCHEDULE:
        return schedule_events(news.before, news.after)
    if news.ref.kind == REPLICATION_GROUP:
        return groups.events(news.before, news.after)
    return endpoints.events(news.before, news.after) if news.ref.kind in (VCENTER, FLASHARRAY) else ()
