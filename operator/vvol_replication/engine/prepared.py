"""The groups that are prepared for failover, by the ReplicationGroup that remembers each (rule 9)."""

from __future__ import annotations

from vvol_replication.api.group import PreparedStatus
from vvol_replication.api.sync import GroupRef

from .armed import GroupKey


class PreparedBook:
    """Mostly empty. What is in it is in the status of its group too, so that it survives a restart."""

    def __init__(self) -> None:
        self._prepared: dict[GroupKey, PreparedStatus] = {}

    def of(self, key: GroupKey) -> PreparedStatus | None:
        """What that group remembers."""
        return self._prepared.get(key)

    def put(self, key: GroupKey, record: PreparedStatus) -> None:
        """It was asked to prepare, or a sync told that somebody had asked it."""
        self._prepared[key] = record

    def drop(self, key: GroupKey) -> None:
        """It is not, or not any more."""
        self._prepared.pop(key, None)

    def at(self, source: GroupRef) -> tuple[GroupKey, PreparedStatus] | None:
        """What is remembered of a source group, and by which object: a preparation is for all of its targets."""
        return next(((key, one) for key, one in self._prepared.items() if one.source_group == source), None)
