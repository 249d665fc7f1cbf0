"""The syncs that requests left armed, by the ReplicationGroup that remembers each (invariant 3)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from vvol_replication.api.group import ArmedSync
from vvol_replication.api.sync import GroupRef
from vvol_replication.engine.news import GroupKey

T = TypeVar("T")
_DROPPED_LIMIT = 64


class GroupMemory(Generic[T]):
    """Mostly empty. What is in it is in the status of its group too, so that it survives a restart."""

    def __init__(self, changed: Callable[[GroupKey, T], None] = lambda _key, _memory: None) -> None:
        """`changed` is called with what is remembered from now on, or not any more, and by which group."""
        self._changed = changed
        self._known: dict[GroupKey, T] = {}
        self._dropped: deque[T] = deque(maxlen=_DROPPED_LIMIT)

    def of(self, key: GroupKey) -> T | None:
        """What that group remembers."""
        return self._known.get(key)

    def put(self, key: GroupKey, memory: T) -> None:
        """That group remembers this from now on, in place of what it remembered."""
        before, self._known[key] = self._known.get(key), memory
        if memory != before:
            self._changed(key, memory)

    def drop(self, key: GroupKey) -> None:
        """It is not so any more, or its group is gone."""
        if (memory := self._known.pop(key, None)) is not None:
            self._dropped.append(memory)
            self._changed(key, memory)

    def take(self, key: GroupKey, before: T | None, now: T | None) -> None:
        """The status of the group said `before`, and says `now`: is that another process's news?

        What was dropped here and is shown once more is none; it is about to be taken out.
        """
        if now is not None and now != before and key not in self._known and now not in self._dropped:
            self.put(key, now)


class ArmedSyncs(GroupMemory[ArmedSync]):
    """The syncs that were left armed."""

    def at(self, target: GroupRef) -> ArmedSync | None:
        """What is armed at a target group, whichever object remembers it."""
        return next((one for one in self._known.values() if one.target_group == target), None)
