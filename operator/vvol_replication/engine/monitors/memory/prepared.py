"""The groups that are prepared for failover, by the ReplicationGroup that remembers each (invariant 9)."""

from __future__ import annotations

from vvol_replication.api.group import PreparedStatus
from vvol_replication.api.sync import GroupRef

from .armed import GroupKey, GroupMemory


class PreparedGroups(GroupMemory[PreparedStatus]):
    """The groups that were asked to prepare, or of which a sync told that somebody had asked them."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[str, tuple[GroupKey, PreparedStatus]] = {}

    def tell(self, uid: str, key: GroupKey, record: PreparedStatus | None) -> None:
        """What a preparation that has ended says of its group; None: nothing, or it is gone."""
        if record is None:
            self._told.pop(uid, None)
        else:
            self._told[uid] = key, record

    def told_of(self, key: GroupKey) -> PreparedStatus | None:
        """The youngest that ended preparations say of a group: for one that was made again, or has lost its status."""
        told = [record for group, record in self._told.values() if group == key]
        return max(told, key=lambda record: record.since, default=None)

    def at(self, source: GroupRef) -> tuple[GroupKey, PreparedStatus] | None:
        """What is remembered of a source group, and by which object: a preparation is for all of its targets."""
        return next(((key, one) for key, one in self._known.items() if one.source_group == source), None)
