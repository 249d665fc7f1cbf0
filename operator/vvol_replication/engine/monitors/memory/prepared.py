"""The groups that are prepared for failover, by the ReplicationGroup that remembers each (invariant 9)."""

from __future__ import annotations

from collections.abc import Callable

from vvol_replication.api.conditions import Condition
from vvol_replication.api.group import PreparedStatus
from vvol_replication.api.sync import GroupRef
from vvol_replication.engine.news import GroupKey

from .armed import GroupMemory


class PreparedGroups(GroupMemory[PreparedStatus]):
    """The groups that were asked to prepare, or of which a sync showed that somebody had asked them."""

    def __init__(self, changed: Callable[[GroupKey, PreparedStatus], None] = lambda _key, _record: None) -> None:
        super().__init__(changed)
        self._evidence: dict[str, tuple[GroupKey, PreparedStatus]] = {}
        self._valid: dict[str, Condition] = {}

    def note_evidence(self, uid: str, key: GroupKey, record: PreparedStatus | None) -> None:
        """What an ended preparation says of its group; None: nothing, or it is gone."""
        if record is None:
            self._evidence.pop(uid, None)
        else:
            self._evidence[uid] = key, record

    def evidence_of(self, key: GroupKey, source: GroupRef | None) -> PreparedStatus | None:
        """The youngest that ended preparations say of a group: for one that was made again, or has lost its status.

        It may have been made again under another name: `source` is the source group that it stands for, if known.
        """
        found = [record for group, record in self._evidence.values() if group == key or record.source_group == source]
        return max(found, key=lambda record: record.since, default=None)

    def valid(self, uid: str | None) -> Condition | None:
        """Condition `Valid` of this preparation; None: it has none, or is not there."""
        return None if uid is None else self._valid.get(uid)

    def note_valid(self, uid: str, valid: Condition | None) -> frozenset[GroupKey]:
        """A preparation's condition `Valid` is this; None: it is gone. The groups that remember it, if that is news."""
        if self._valid.get(uid) == valid:
            return frozenset()
        if valid is None:
            del self._valid[uid]
        else:
            self._valid[uid] = valid
        return frozenset(key for key, record in self._known.items() if record.uid == uid)

    def at(self, source: GroupRef) -> tuple[GroupKey, PreparedStatus] | None:
        """What is remembered of a source group, and by which object: a preparation is for all of its targets."""
        return next(((key, one) for key, one in self._known.items() if one.source_group == source), None)
