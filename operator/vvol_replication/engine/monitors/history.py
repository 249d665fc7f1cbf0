"""A monitor whose object keeps the history of its requests in its status."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vvol_replication.api.history import HistoryEntry, read_history
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.times import parse_time
from vvol_replication.engine.services import Services
from vvol_replication.reconcile.core.history import Key, is_missing, merged, of_this_group

from .base import Monitor


class HistoryKeeper(Monitor, ABC):
    """Knows the history that the status is to show. It only grows, but for what is too old to be kept."""

    def __init__(self, ref: ObjectRef, services: Services) -> None:
        """Begins with nothing known; the first body tells what is stored."""
        super().__init__(ref, services)
        self.history: tuple[HistoryEntry, ...] = ()
        self._created: datetime | None = None
        self._shown: object = None
        self._untold: frozenset[str] = frozenset()

    def observe(self, body: Mapping[str, Any]) -> bool:
        """The API server shows the object so: what its status has, by whichever process, stays as it is there."""
        if not super().observe(body):
            return False
        self._created = parse_time(body["metadata"]["creationTimestamp"], "metadata.creationTimestamp")
        if (shown := self.stored.get("history")) != self._shown:
            self._shown, self.history = shown, merged(read_history(shown), self.history)
        return True

    def lacks(self, key: Key, finished_at: datetime) -> bool:
        """Is an entry of this object, which ended then, news? It costs little to ask again and again."""
        return is_missing(self.history, key, finished_at)

    def note(self, entry: HistoryEntry) -> None:
        """A request of this object has ended: its status says so with the next write, which is about to be made."""
        if self._created is None or not of_this_group(entry, self._created):
            return
        before, self.history = self.history, merged(self.history, (entry,))
        if self.history != before:
            known = {one.uid for one in self.history}
            self._untold = (self._untold | {entry.uid}) & known
            self.restate()

    def restate(self) -> None:
        """Something has changed that needs no reading: show it."""
        self.notify()

    def has_told(self, uid: str) -> bool:
        """Is what the history is to tell of this object written, as far as is known here?"""
        return uid not in self._untold

    async def write_status(self, status: Mapping[str, Any], *, news: bool = False) -> bool:
        """As every monitor; what has been written need not be remembered."""
        written = await super().write_status(status, news=news)
        if written and self._untold:
            self._untold -= {one.uid for one in read_history(status.get("history"))}
        return written
