"""One operation at a time per source protection group, in order of acceptance (invariant 4)."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from vvol_replication.api.sync import GroupRef, Resolved
from vvol_replication.reconcile.core.turns import FROM_BEFORE


@dataclass(frozen=True, slots=True, order=True)
class TurnKey:
    """A protection group on its source array. Names on the array are case-insensitive."""

    source_array_id: str
    protection_group: str


@dataclass(frozen=True, slots=True, order=True)
class Ticket:
    """A request's place: those whose ledger already holds an intent come first, then the order of acceptance."""

    fresh: bool
    accepted_at: datetime
    uid: str
    label: str = field(compare=False)
    notify: Callable[[], None] = field(compare=False)
    """Called when it becomes this request's turn."""


@dataclass(slots=True)
class _Queue:
    holder: Ticket | None = None
    waiting: list[Ticket] = field(default_factory=list)


class TurnQueue:
    """Who has the turn on which protection group.

    Until `open` is called only requests with an intent get a turn: after a restart the one that was under way must not
    find its place taken by one that the API server happened to list first.
    """

    def __init__(self) -> None:
        self._queues: dict[TurnKey, _Queue] = {}
        self._places: dict[str, TurnKey] = {}
        self._open = False
        self._named: dict[tuple[str, GroupRef], TurnKey] = {}

    def key_of(self, resolved: Resolved) -> TurnKey:
        """Where a request that acts on this has its turn.

        A group that vSphere names has one place whatever it is called: that of the name by which it was met first.
        """
        key = TurnKey(resolved.source_array_id, resolved.protection_group.casefold())
        if resolved.source_group_name is None:
            return key
        return self._named.setdefault((resolved.source_array_id, resolved.source_group), key)

    def open(self) -> None:
        """All requests from before are back: hand out turns to everybody."""
        self._open = True
        for queue in self._queues.values():
            self._grant(queue)

    def enter(self, key: TurnKey, ticket: Ticket) -> None:
        """Take or keep a place there; a place elsewhere is given up."""
        if self._places.get(ticket.uid, key) != key:
            self.leave(ticket.uid)
        if ticket.uid not in self._places:
            queue = self._queues.setdefault(key, _Queue())
            self._places[ticket.uid] = key
            bisect.insort(queue.waiting, ticket)
            self._grant(queue)

    def behind(self, uid: str) -> str | None:
        """Whom does this request wait for? None: it has the turn, or no place at all."""
        key = self._places.get(uid)
        if key is None:
            return None
        holder = self._queues[key].holder
        if holder is None:
            return FROM_BEFORE
        return None if holder.uid == uid else holder.label

    def has_place(self, uid: str) -> bool:
        """Has this request a place, or the turn?"""
        return uid in self._places

    def holder(self, key: TurnKey) -> str | None:
        """The label of the request that has the turn at that protection group; None: nobody."""
        queue = self._queues.get(key)
        return queue.holder.label if queue is not None and queue.holder is not None else None

    def leave(self, uid: str) -> None:
        """Give up the turn or the place; whose turn it becomes is notified."""
        key = self._places.pop(uid, None)
        if key is None:
            return
        queue = self._queues[key]
        queue.waiting = [ticket for ticket in queue.waiting if ticket.uid != uid]
        if queue.holder is not None and queue.holder.uid == uid:
            queue.holder = None
            self._grant(queue)
        if queue.holder is None and not queue.waiting:
            del self._queues[key]

    def step_back(self, uid: str, now: datetime) -> None:
        """Who has the turn and can store nothing lets those who wait go first; its place is the last one from now."""
        key = self._places.get(uid)
        queue = self._queues.get(key) if key is not None else None
        if queue is None or queue.holder is None or queue.holder.uid != uid or not queue.waiting:
            return
        last, queue.holder = replace(queue.holder, accepted_at=now), None
        self._grant(queue)
        bisect.insort(queue.waiting, last)
        self._grant(queue)

    def _grant(self, queue: _Queue) -> None:
        if queue.holder is not None or not queue.waiting or (queue.waiting[0].fresh and not self._open):
            return
        queue.holder = queue.waiting.pop(0)
        queue.holder.notify()
