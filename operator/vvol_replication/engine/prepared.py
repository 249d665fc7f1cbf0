"""The groups that are prepared for failover, by the ReplicationGroup that remembers each (rule 9)."""

from __future__ import annotations

from vvol_replication.api.group import PreparedStatus
from vvol_replication.api.sync import GroupRef

from .armed import GroupKey, MemoryBook


class PreparedBook(MemoryBook[PreparedStatus]):
    """The groups that were asked to prepare, or of which a sync told that somebody had asked them."""

    def at(self, source: GroupRef) -> tuple[GroupKey, PreparedStatus] | None:
        """What is remembered of a source group, and by which object: a preparation is for all of its targets."""
        return next(((key, one) for key, one in self._known.items() if one.source_group == source), None)
