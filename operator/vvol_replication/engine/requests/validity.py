"""Completed preparations are watched until their failover was made or called off: few objects, each with its look."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from vvol_replication.api.conditions import Condition, find, merge
from vvol_replication.api.errors import SpecError
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Resolved
from vvol_replication.domain.groups import GroupState
from vvol_replication.engine.background import Background
from vvol_replication.engine.monitors.base import Monitor
from vvol_replication.engine.news import GroupKey, MonitorEnded
from vvol_replication.reconcile.binding.world import Binding
from vvol_replication.reconcile.core.observation import Query
from vvol_replication.reconcile.preparation.validity import (
    Afterwards,
    Validity,
    is_watched,
    judge,
    restated,
    stale,
)

from .context import EngineContext

_NOT_CONNECTED = (Reason.NOT_YET_READ, Reason.VCENTER_NOT_FOUND, Reason.FLASHARRAY_NOT_FOUND)


class ValidityWatches:
    """One watch for each completed preparation of which something may change; a restart finds them again."""

    def __init__(self, context: EngineContext, background: Background) -> None:
        self._context, self._background = context, background
        self._watches: dict[str, ValidityWatch] = {}

    def observe(self, ref: ObjectRef, body: Mapping[str, Any]) -> None:
        """The API server shows a preparation so."""
        try:
            status = PreparationStatus.parse(body.get("status"))
        except SpecError:
            return
        watch = self._watches.get(ref.uid)
        if watch is None:
            if not is_watched(status) or status.operation is None or status.operation.resolved is None:
                return
            group: GroupKey = (body["metadata"]["namespace"], body["spec"]["groupRef"]["name"])
            watch = ValidityWatch(ref, self._context, group, status.operation.resolved)
            self._watches[ref.uid] = watch
        # One that is over by now is left to see that itself: it may be about to write it.
        if watch.observe(body) and not is_watched(status):
            watch.notify()
        watch.start()

    def gone(self, uid: str) -> None:
        """The object is not there any more, or its watch has seen that nothing is left to watch."""
        watch = self._watches.pop(uid, None)
        if watch is not None:
            self._background.spawn(watch.stop(), f"stop {watch.ref}")

    async def stop(self) -> None:
        """Watch no more."""
        await asyncio.gather(*(watch.stop() for watch in self._watches.values()))


class ValidityWatch(Monitor):
    """Reads what could make one preparation stale, and keeps its condition `Valid` true."""

    def __init__(
        self,
        ref: ObjectRef,
        context: EngineContext,
        group: GroupKey,
        resolved: Resolved,
    ) -> None:
        super().__init__(ref, context.services)
        self._registry, self._calls = context.registry, context.calls
        self._group, self._resolved = group, resolved
        self._connected_by = self._clock.now() + context.tuning.settle

    async def poll_once(self) -> bool:
        """Read, judge, and write what has changed."""
        status = PreparationStatus.parse(self.stored)
        if not is_watched(status):
            self._services.notify(MonitorEnded(self.ref))
            return True
        validity = judge(status, await self._read(storage=stale(status) is None), self._clock.now())
        before = find(status.conditions, "Valid")
        if before is None or _says(before, validity):
            return validity.status != "Unknown"
        if validity.reason in _NOT_CONNECTED and self._clock.now() < self._connected_by:
            return False  # a process that has just begun: what the one before it read still counts
        conditions = merge(status.conditions, restated(status, validity), before.observed_generation, self._clock.now())
        written = await self.write_status(replace(status, conditions=conditions).to_json(), news=True)
        return written and validity.status != "Unknown"

    @property
    def _asked_at(self) -> datetime | None:
        """When the source group was asked; a later preparation of it has a time of its own."""
        operation = PreparationStatus.parse(self.stored).operation
        return operation.prepare.intent_at if operation is not None and operation.prepare is not None else None

    async def _read(self, *, storage: bool) -> Afterwards:
        """What became of its group; `storage`: of VMs and snapshots, too."""
        group = self._registry.groups.get(self._group)
        bound = group.bound if group is not None else None
        state: GroupState | None = None
        if isinstance(bound, Binding) and bound.resolved.target_group == self._resolved.target_group:
            state = bound.target.state
        off_at, asked_at = group.called_off_at if group is not None else None, self._asked_at
        called_off = off_at is not None and asked_at is not None and asked_at < off_at
        if not storage:
            return Afterwards(state, called_off)
        members, arrived = await asyncio.gather(
            self._calls.read(Query.MEMBERS, self._resolved, None),
            self._calls.read(Query.TARGET_SNAPSHOTS, self._resolved, None),
        )
        return Afterwards(state, called_off, members, arrived)

    def _pause(self) -> float:
        """At the monitors' pace; never past the end of its validity."""
        pause, status = super()._pause(), PreparationStatus.parse(self.stored)
        if status.valid_until is None or stale(status) is not None:
            return pause
        left = (status.valid_until - self._clock.now()) / timedelta(seconds=1)
        return max(min(pause, left), self._pace.monitor_retry_first / 4)


def _says(before: Condition, validity: Validity) -> bool:
    return (before.status, before.reason) == (validity.status, str(validity.reason))
