"""The syncs that requests left armed, by the ReplicationGroup that remembers each (rule 3)."""

from __future__ import annotations

from typing import Generic, TypeVar

from vvol_replication.api.group import ArmedSync
from vvol_replication.api.sync import GroupRef

GroupKey = tuple[str, str]
"""Namespace and name of a ReplicationGroup."""


T = TypeVar("T")


class MemoryBook(Generic[T]):
    """Mostly empty. What is in it is in the status of its group too, so that it survives a restart."""

    def __init__(self) -> None:
        self._known: dict[GroupKey, T] = {}

    def of(self, key: GroupKey) -> T | None:
        """What that group remembers."""
        return self._known.get(key)

    def put(self, key: GroupKey, memory: T) -> None:
        """It is so from now on."""
        self._known[key] = memory

    def drop(self, key: GroupKey) -> None:
        """It is not so any more, or its group is gone."""
        self._known.pop(key, None)


class ArmedBook(MemoryBook[ArmedSync]):
    """The syncs that were left armed."""

    def at(self, target: GroupRef) -> ArmedSync | None:
        """What is armed at a target group, whichever object remembers it."""
        return next((one for one in self._known.values() if one.target_group == target), None)
