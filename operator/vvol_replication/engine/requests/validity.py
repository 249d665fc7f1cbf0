"""Completed preparations are watched until they are stale: few objects, each with a look of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from vvol_replication.api.conditions import Condition, Wanted, find, merge
from vvol_replication.api.errors import SpecError
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.sync import Resolved
from vvol_replication.domain.groups import GroupState
from vvol_replication.engine.monitors.base import Monitor
from vvol_replication.engine.monitors.memory.armed import GroupKey
from vvol_replication.engine.ports import Cluster
from vvol_replication.reconcile.binding.world import Binding
from vvol_replication.reconcile.core.observation import Query
from vvol_replication.reconcile.preparation.validity import Afterwards, Validity, is_watched, judge, valid_condition

from .context import EngineContext


class ValidityWatches:
    """One watch for each completed preparation that is not stale; a restart finds them again among the objects."""

    def __init__(self, cluster: Cluster, around: EngineContext) -> None:
        self._cluster, self._around = cluster, around
        self._watches: dict[str, ValidityWatch] = {}
        self._background: set[asyncio.Task[None]] = set()

    def shown(self, ref: ObjectRef, body: Mapping[str, Any]) -> None:
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
            resolved = status.operation.resolved
            watch = ValidityWatch(ref, self._cluster, self._around, group, resolved, gone=self.gone, stale=self._stale)
            self._watches[ref.uid] = watch
        # One that is stale by now is left to see that itself: it may be about to tell it.
        if watch.shown(body) and not is_watched(status):
            watch.poke()
        watch.start()

    def gone(self, uid: str) -> None:
        """The object is not there any more, or its watch has seen that nothing is left to watch."""
        watch = self._watches.pop(uid, None)
        if watch is not None:
            self._spawn(watch.stop(), f"stop {watch.ref}")

    async def stop(self) -> None:
        """Watch no more."""
        await asyncio.gather(*(watch.stop() for watch in self._watches.values()), *self._background)

    def _stale(self, ref: ObjectRef, validity: Validity) -> None:
        """An event for people. The watch itself may be gone before it is sent: there is nothing left to watch."""
        told = self._cluster.event(ref, warning=True, reason=str(validity.reason), message=validity.message)
        self._spawn(told, f"event {ref}")

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


class ValidityWatch(Monitor):
    """Reads what could make one preparation stale, and keeps its condition `Valid` true."""

    def __init__(
        self,
        ref: ObjectRef,
        cluster: Cluster,
        around: EngineContext,
        group: GroupKey,
        resolved: Resolved,
        *,
        gone: Callable[[str], None],
        stale: Callable[[ObjectRef, Validity], None],
    ) -> None:
        super().__init__(ref, cluster, around.clock, around.pace, gone=lambda _: gone(ref.uid))
        self._registry, self._access, self._stale = around.registry, around.access, stale
        self._group, self._resolved = group, resolved

    async def look(self) -> bool:
        """Read, judge, and tell what has changed."""
        status = PreparationStatus.parse(self._stored)
        if not is_watched(status):
            self._gone(self)
            return True
        validity = judge(status, await self._read(), self._clock.now())
        before = find(status.conditions, "Valid")
        if before is None or _says(before, validity):
            return validity.status != "Unknown"
        said = [Wanted(one.type, one.status, one.reason, one.message) for one in status.conditions]
        wanted = [valid_condition(validity) if one.type == "Valid" else one for one in said]
        conditions = merge(status.conditions, wanted, before.observed_generation, self._clock.now())
        told = await self.tell(replace(status, conditions=conditions).to_json(), news=True)
        if told and validity.status == "False":
            self._stale(self.ref, validity)
        return told and validity.status != "Unknown"

    @property
    def _asked_at(self) -> datetime | None:
        """When the source group was asked; a later preparation of it has a time of its own."""
        operation = PreparationStatus.parse(self._stored).operation
        return operation.prepare.intent_at if operation is not None and operation.prepare is not None else None

    async def _read(self) -> Afterwards:
        group = self._registry.groups.get(self._group)
        bound = group.bound if group is not None else None
        state: GroupState | None = None
        if isinstance(bound, Binding) and bound.resolved.target_group == self._resolved.target_group:
            state = bound.target.state
        off_at, asked_at = group.called_off_at if group is not None else None, self._asked_at
        called_off = off_at is not None and asked_at is not None and asked_at < off_at
        members, arrived = await asyncio.gather(
            self._access.read(Query.MEMBERS, self._resolved, None),
            self._access.read(Query.TARGET_SNAPSHOTS, self._resolved, None),
        )
        return Afterwards(state, called_off, members, arrived)

    def _pause(self) -> float:
        """At the monitors' pace; never past the end of its validity."""
        pause = super()._pause()
        until = PreparationStatus.parse(self._stored).valid_until
        if until is None:
            return pause
        left = (until - self._clock.now()) / timedelta(seconds=1)
        return max(min(pause, left), self._pace.monitor_retry_first / 4)


def _says(before: Condition, validity: Validity) -> bool:
    return (before.status, before.reason) == (validity.status, str(validity.reason))
