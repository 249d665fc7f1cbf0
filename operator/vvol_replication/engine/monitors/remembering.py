"""What a ReplicationGroup remembers of requests that have ended: a sync left armed, a preparation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from vvol_replication.api import wire
from vvol_replication.api.conditions import Wanted, from_json, merge, to_json
from vvol_replication.api.group import (
    ArmedSync,
    PreparedStatus,
    ReplicationGroupSpec,
    ReplicationGroupStatus,
)
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.reasons import Reason
from vvol_replication.api.refs import GroupRef
from vvol_replication.engine.monitors.memory.armed import ArmedSyncs
from vvol_replication.engine.monitors.memory.prepared import PreparedGroups
from vvol_replication.engine.news import GroupsChanged
from vvol_replication.engine.services import Services
from vvol_replication.reconcile.binding.world import Binding, Unbound
from vvol_replication.reconcile.core.observation import Prepared
from vvol_replication.reconcile.core.prepared import as_remembered, is_used, prepared_condition

from .group_status import armed_condition
from .history import HistoryKeeper

_MEMORY_TRIES = 3


class RememberingMonitor(HistoryKeeper):
    """The part of a group's monitor that keeps its memories in step with the status that survives a restart."""

    def __init__(
        self,
        ref: ObjectRef,
        services: Services,
        *,
        armed: ArmedSyncs,
        prepared: PreparedGroups,
        preparation_at: Callable[[GroupRef], Prepared | None],
    ) -> None:
        """Begins with nothing remembered.

        Parameters:
            armed, prepared: all groups' memories.
            preparation_at: what any of them remembers of a preparation of that source group.
        """
        super().__init__(ref, services)
        self._armed, self._prepared = armed, prepared
        self._preparation_at = preparation_at
        self._key = (ref.namespace or "", ref.name)
        self._recalled = False
        self._blank = False
        """It came without a status: made again, or restored without one."""
        self._spec: ReplicationGroupSpec | None = None
        self.bound: Binding | Unbound = Unbound(Reason.NOT_YET_READ, "The ReplicationGroup has not been read yet.")

    def observe(self, body: Mapping[str, Any]) -> bool:
        """The API server shows the object so; the first time, that says what was remembered before the restart."""
        known = self.stored_status
        if not super().observe(body):
            return False
        if not self._recalled:
            self._recalled = True
            before = self.stored_status
            if before.armed_sync is not None:
                self._armed.put(self._key, before.armed_sync)
            self._blank = not before.conditions
            if before.prepared is not None:
                self._prepared.put(self._key, before.prepared)
            self.recollect()
        else:
            self._take_from_others(known)
        return True

    @property
    def stored_status(self) -> ReplicationGroupStatus:
        """The status that the API server is known to hold."""
        return self._writer.parsed(ReplicationGroupStatus.parse)

    def _take_from_others(self, before: ReplicationGroupStatus) -> None:
        """Take up what a process that led before has written late, instead of writing over it."""
        now = self.stored_status
        self._armed.take(self._key, before.armed_sync, now.armed_sync)
        self._prepared.take(self._key, before.prepared, now.prepared)
        if isinstance(self.bound, Binding):
            self._forget_what_was_used(self.bound)

    def is_about(self, memory: ArmedSync | PreparedStatus) -> bool:
        """Is that remembered of the group which this object is bound to, by whichever object?"""
        if not isinstance(self.bound, Binding):
            return False
        resolved = self.bound.resolved
        if isinstance(memory, ArmedSync):
            return memory.target_group == resolved.target_group
        return memory.source_group == resolved.source_group

    def recall(self, armed: ArmedSync) -> None:
        """A request ended with its sync still armed: its status says so after the next look."""
        self._armed.put(self._key, armed)
        self.notify()

    async def remember(self, armed: ArmedSync) -> None:
        """As `recall`, written at once as far as the API server lets us; a look writes it later otherwise."""
        self.recall(armed)
        await self._write_memory("armedSync", armed, armed_condition(armed))

    @property
    def called_off_at(self) -> datetime | None:
        """A planned failover was called off then."""
        return self._spec.failover_called_off_at if self._spec is not None else None

    def recollect(self) -> None:
        """A group that came without a status takes its memory from the preparations that have ended.

        One that knows of a call takes the proof of it from the same preparation, should another process have found it.
        What another object of the same group remembers is not taken twice: only one of them calls a failover off.
        """
        source = self.bound.resolved.source_group if isinstance(self.bound, Binding) else None
        found, mine = self._prepared.evidence_of(self._key, source), self._prepared.of(self._key)
        if found is None:
            return
        proof = mine is not None and mine.uid == found.uid and found.proven and not mine.proven
        lost = self._blank and self._prepared.at(found.source_group) is None
        self._blank = False
        if lost or proof:
            self.recall_prepared(found)

    def recall_prepared(self, record: PreparedStatus) -> None:
        """The group counts as prepared: its status says so after the next look."""
        self._prepared.put(self._key, record)
        self.notify()

    def remembers(self, record: PreparedStatus) -> bool:
        """Does the API server hold exactly this, as far as is known here?"""
        return bool(self.stored.get("prepared") == wire.to_json(record)) and self._prepared.of(self._key) == record

    async def remember_prepared(self, record: PreparedStatus) -> bool:
        """As `recall_prepared`, written at once. False: the API server did not take it."""
        self.recall_prepared(record)
        return await self._write_memory("prepared", record, self._prepared_condition())

    def _prepared_condition(self) -> Wanted | None:
        prepared = as_remembered(self._prepared.of(self._key), self.called_off_at, "/".join(self._key))
        if prepared is None and isinstance(self.bound, Binding):
            prepared = self._preparation_at(self.bound.resolved.source_group)
        if prepared is None:
            return None
        wanted = prepared_condition(prepared, self._prepared.valid(prepared.record.uid))
        off_at = self.called_off_at
        if (
            off_at is None
            or prepared.called_off
            or prepared.group == "/".join(self._key)
            or off_at < prepared.record.since
        ):
            return wanted
        here = f"spec.failoverCalledOffAt of this object has no effect: only that of {prepared.group!r} counts."
        return replace(wanted, message=f"{here} {wanted.message}")

    async def _write_memory(self, field: str, memory: object, shown: Wanted | None) -> bool:
        """A memory and the condition that shows it, at once and together. False: the API server did not take it."""
        for _ in range(_MEMORY_TRIES):
            conditions = list(from_json(self.stored.get("conditions")))
            if conditions and shown is not None:  # one without conditions has not been looked at yet
                (condition,) = merge(conditions, [shown], conditions[0].observed_generation, self._clock.now())
                conditions = [*(one for one in conditions if one.type != shown.type), condition]
            changed = {field: wire.to_json(memory), "conditions": to_json(conditions)}
            if await self.write_status({**self.stored, **changed}):
                return True
            await asyncio.sleep(self._pace.write_retry_first)
        return False

    def forget_prepared(self, uid: str | None) -> None:
        """It is not prepared by this FailoverPreparation (None: by somebody else), or not any more."""
        record = self._prepared.of(self._key)
        if record is not None and record.uid == uid:
            self._prepared.drop(self._key)
            self._services.notify(GroupsChanged(None))
            self.notify()

    def _forget_what_was_used(self, bound: Binding) -> None:
        """A target that has left state TARGET has failed over, or was reversed: nothing is prepared there any more."""
        record = self._prepared.of(self._key)
        if record is not None and is_used(record, bound):
            self.forget_prepared(record.uid)

    def _forget(self) -> None:
        self._armed.drop(self._key)
        self._services.notify(GroupsChanged(None))
