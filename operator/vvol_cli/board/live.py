"""The objects as they are now: listed, watched, and listed again from time to time, through the caller's kubectl."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vvol_cli.following.follow import key_of
from vvol_cli.following.streams import Changed, Interrupted, Streams
from vvol_cli.outcome import Stop

from .page import KINDS, Seen

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from vvol_cli.cluster import Cluster
    from vvol_cli.following.streams import News
    from vvol_cli.reading import Object

LIST_EVERY = 15.0
"""Seconds. A watch may be dead, or forbidden where a list is allowed; a list also shows what was deleted meanwhile."""
SOON = 2.0
"""The same, when something went wrong, and at the begin: what is deleted before the watches run is in none of them."""

Listing = tuple[list["Object"], list[str]]


class Live:
    """What is known of the cluster, for all who show it. One thread keeps it up to date, any other may ask."""

    def __init__(self, listing: Callable[[], Listing]) -> None:
        """`listing`: objects and what may not be listed. Raises `Stop`, if there is nothing to begin with."""
        self._listing = listing
        objects, refused = listing()
        self._objects = {key_of(one): one for one in objects}
        self._changed = threading.Condition()
        self._version = 0
        self._seen = Seen(objects, refused, datetime.now(UTC))

    def after(self, version: int, timeout: float) -> tuple[Seen, int]:
        """What is known and its version: once that is not `version` any more, or after `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._version != version, timeout)
            return self._seen, self._version

    def keep(self, following: Callable[[float], News | None]) -> NoReturn:
        """Keep it up to date. `following` waits so many seconds for news; None: there was none."""
        due = time.monotonic() + SOON
        while True:
            match following(due - time.monotonic()):
                case Changed(obj, deleted):
                    self._take(obj, deleted=deleted)
                case Interrupted() | Stop():
                    due = min(due, time.monotonic() + SOON)
                case None:
                    pass
            if time.monotonic() >= due:
                due = time.monotonic() + (LIST_EVERY if self._list() else SOON)

    def _take(self, obj: Object, *, deleted: bool) -> None:
        key = key_of(obj)
        if not deleted and self._objects.get(key) == obj:
            return  # a watch begins with all that is there
        if deleted:
            self._objects.pop(key, None)
        else:
            self._objects[key] = obj
        self._publish(Seen(list(self._objects.values()), self._seen.refused, datetime.now(UTC)))

    def _list(self) -> bool:
        """List all; False: that was not possible, and is told with what was known before."""
        try:
            objects, refused = self._listing()
        except Stop as stop:
            self._publish(Seen(self._seen.objects, self._seen.refused, self._seen.at, stop.message))
            return False
        self._objects = {key_of(one): one for one in objects}
        self._publish(Seen(objects, refused, datetime.now(UTC)))
        return True

    def _publish(self, seen: Seen) -> None:
        with self._changed:
            self._seen = seen
            self._version += 1
            self._changed.notify_all()


def streams(cluster: Cluster, *, everywhere: bool) -> Streams:
    """The watches that belong to it."""
    return Streams(cluster, [(one, None, frozenset()) for one in KINDS], everywhere=everywhere)
