"""Completed preparations are watched until they are stale: few objects, each with a look of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from vvol_replication.api.conditions import Condition, Wanted, find, merge
from vvol_replication.api.errors import SpecError
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.sync import Resolved
from vvol_replication.domain.groups import GroupState
from vvol_replication.reconcile.binding import Binding
from vvol_replication.reconcile.observation import Query
from vvol_replication.reconcile.preparing.validity import (
    Afterwards,
    Validity,
    is_watched,
    judge,
    valid_condition,
)

from .access import Access
from .monitor import Monitor
from .ports import Clock, Cluster, Pace
from .registry import GroupKey, Registry


class ValidityWatches:
    """One watch for each completed preparation that is not stale; a restart finds them again among the objects."""

    def __init__(self, cluster: Cluster, clock: Clock, pace: Pace, registry: Registry, access: Access) -> None:
        self._cluster, self._clock, self._pace = cluster, clock, pace
        self._registry, self._access = registry, access
        self._watches: dict[str, ValidityWatch] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def shown(self, ref: ObjectRef, body: Mapping[str, Any]) -> None:
        """The API server shows a preparation so."""
        try:
            status = PreparationStatus.parse(body.get("status"))
        except SpecError:
            return
        if not is_watched(status) or status.operation is None or status.operation.resolved is None:
            self.gone(ref.uid)
            return
        watch = self._watches.get(ref.uid)
        if watch is None:
            group: GroupKey = (body["metadata"]["namespace"], body["spec"]["groupRef"]["name"])
            watch = self._watches[ref.uid] = ValidityWatch(self, ref, group, status.operation.resolved)
        watch.shown(body)
        watch.start()

    def gone(self, uid: str) -> None:
        """The object is not there any more, or there is nothing left to watch."""
        watch = self._watches.pop(uid, None)
        if watch is not None:
            ending = asyncio.create_task(watch.stop(), name=f"stop {watch.ref}")
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def stop(self) -> None:
        """Watch no more."""
        await asyncio.gather(*(watch.stop() for watch in self._watches.values()), *self._ending)

    def watch_parts(self) -> tuple[Cluster, Clock, Pace, Registry, Access]:
        """What each watch works with."""
        return self._cluster, self._clock, self._pace, self._registry, self._access


class ValidityWatch(Monitor):
    """Reads what could make one preparation stale, and keeps its condition `Valid` true."""

    def __init__(self, watches: ValidityWatches, ref: ObjectRef, group: GroupKey, resolved: Resolved) -> None:
        cluster, clock, pace, self._registry, self._access = watches.watch_parts()
        super().__init__(ref, cluster, clock, pace, gone=lambda _: watches.gone(ref.uid))
        self._group, self._resolved = group, resolved

    async def look(self) -> bool:
        """Read, judge, and tell what has changed."""
        status = PreparationStatus.parse(self._stored)
        if not is_watched(status):
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
            await self._cluster.event(
                self.ref, warning=True, reason=str(validity.reason), message=valid_condition(validity).message
            )
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
