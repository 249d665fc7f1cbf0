"""The syncs that requests left armed, by the ReplicationGroup that remembers each (rule 3)."""

from __future__ import annotations

from vvol_replication.api.group import ArmedSync
from vvol_replication.api.sync import GroupRef

GroupKey = tuple[str, str]
"""Namespace and name of a ReplicationGroup."""


class ArmedBook:
    """Mostly empty. What is in it is in the status of its group too, so that it survives a restart."""

    def __init__(self) -> None:
        self._armed: dict[GroupKey, ArmedSync] = {}

    def of(self, key: GroupKey) -> ArmedSync | None:
        """What that group remembers."""
        return self._armed.get(key)

    def put(self, key: GroupKey, armed: ArmedSync) -> None:
        """A request ended so."""
        self._armed[key] = armed

    def drop(self, key: GroupKey) -> None:
        """It has ended, or its group is gone."""
        self._armed.pop(key, None)

    def at(self, target: GroupRef) -> ArmedSync | None:
        """What is armed at a target group, whichever object remembers it."""
        return next((one for one in self._armed.values() if one.target_group == target), None)
