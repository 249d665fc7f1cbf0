"""One monitor for each ReplicationGroup: what it stands for, and its live status."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vvol_replication.api import wire
from vvol_replication.api.conditions import Wanted, from_json, merge, to_json
from vvol_replication.api.errors import SpecError
from vvol_replication.api.group import (
    POINTS_LIMIT,
    ArmedSync,
    PointInTimeStatus,
    PreparedStatus,
    ReplicationGroupSpec,
    ReplicationGroupStatus,
    SourceSide,
    TargetSide,
)
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.reasons import Reason
from vvol_replication.domain.groups import GroupId, GroupState
from vvol_replication.domain.outcomes import Done, Outcome
from vvol_replication.domain.points import PointInTime, TaskState
from vvol_replication.domain.ports import VCenterPort
from vvol_replication.engine.monitors.memory.armed import ArmedSyncs
from vvol_replication.engine.monitors.memory.prepared import PreparedGroups
from vvol_replication.engine.ports import Clock, Cluster, Pace
from vvol_replication.reconcile.binding.bind import bind
from vvol_replication.reconcile.binding.from_status import bind_by_memory
from vvol_replication.reconcile.binding.world import Binding, Unbound, World
from vvol_replication.reconcile.core.prepared import as_remembered, is_used, prepared_condition
from vvol_replication.reconcile.core.summarize import reason_of
from vvol_replication.reconcile.discovery.plan import Known

from .absence import AbsenceDetector
from .base import Monitor
from .outcomes import asked_pause

_MEMORY_TRIES = 3


@dataclass(frozen=True, slots=True)
class Listed:
    """The points in time of a target group, and when they were asked for."""

    group: GroupId
    points: tuple[PointInTime, ...]
    at: datetime


class GroupMonitor(Monitor):
    """Binds the object to a replication group and shows both sides, states and points in time."""

    def __init__(
        self,
        ref: ObjectRef,
        cluster: Cluster,
        clock: Clock,
        pace: Pace,
        *,
        port: Callable[[str], VCenterPort | None],
        gone: Callable[[Monitor], None],
        armed: ArmedSyncs,
        prepared: PreparedGroups,
        freed: Callable[[], None],
    ) -> None:
        super().__init__(ref, cluster, clock, pace, gone=gone)
        self._port, self._armed, self._prepared, self._freed = port, armed, prepared, freed
        self._key = (ref.namespace or "", ref.name)
        self._recalled = False
        self._blank = False
        """It came without a status: made again, or restored without one."""
        self._spec: ReplicationGroupSpec | None = None
        self.bound: Binding | Unbound = Unbound(Reason.NOT_YET_READ, "The ReplicationGroup has not been read yet.")
        self.remembered: Binding | Unbound = self.bound
        """What it stands for as far as the arrays alone are concerned: also while no vCenter answers."""
        self._points: tuple[PointInTime, ...] | None = None
        self._points_of: GroupId | None = None
        self._read_at: datetime | None = None
        self._asked = False
        self._learnt: Listed | None = None
        self._left_alone: tuple[str, datetime] | None = None
        self._gone_watch = AbsenceDetector()
        self.labels: Mapping[str, str] = {}

    def shown(self, body: Mapping[str, Any]) -> bool:
        """The API server shows the object so; the first time, it tells what was remembered before the restart."""
        told = self._stored
        if not super().shown(body):
            return False
        self.labels = body["metadata"].get("labels") or {}
        if not self._recalled:
            self._recalled = True
            before = ReplicationGroupStatus.parse(self._stored)
            if before.armed_sync is not None:
                self._armed.put(self._key, before.armed_sync)
            self._blank = not before.conditions
            if before.prepared is not None:
                self._prepared.put(self._key, before.prepared)
            self.recollect()
        else:
            self._take_from_others(told)
        return True

    def _take_from_others(self, told: Mapping[str, Any]) -> None:
        """What a process that led before has told this group late is not written over as if it were not."""
        known, now = ReplicationGroupStatus.parse(told), ReplicationGroupStatus.parse(self._stored)
        self._armed.take(self._key, known.armed_sync, now.armed_sync)
        self._prepared.take(self._key, known.prepared, now.prepared)
        if isinstance(self.bound, Binding):
            self._forget_what_was_used(self.bound)

    @property
    def known(self) -> Known:
        """The object as discovery asks for it."""
        ref = self.ref
        return Known(ref.name, ref.uid, self.generation, self.labels, self._spec, self._gone_watch.target)

    def site_read(self, site: str, world: World) -> None:
        """That vCenter has just been read: what is absent twice is gone, what is back is back."""
        spec = self._spec
        if isinstance(self.bound, Binding) or spec is None:
            return  # what it is bound to is there
        if self._gone_watch.reading(site, spec, world, self._clock.now()):
            self.poke()

    def learn(self, listed: Listed) -> None:
        """Somebody has just listed the points in time for his own use: tell them, without asking once more."""
        self._learnt = listed
        self.poke()

    def recall(self, armed: ArmedSync) -> None:
        """A request ended with its sync still armed: tell it with the next look."""
        self._armed.put(self._key, armed)
        self.poke()

    async def remember(self, armed: ArmedSync) -> None:
        """The same, told at once, as far as the API server lets us; a look tells it later otherwise."""
        self.recall(armed)
        await self._tell_memory("armedSync", armed, _armed_condition(armed))

    @property
    def called_off_at(self) -> datetime | None:
        """A planned failover was called off then."""
        return self._spec.failover_called_off_at if self._spec is not None else None

    def recollect(self) -> None:
        """A group that came without a status takes its memory from the preparations that have ended.

        One that knows of a call takes the proof of it from the same preparation, should another process have found it.
        """
        told, mine = self._prepared.told_of(self._key), self._prepared.of(self._key)
        if told is None:
            return
        proof = mine is not None and mine.uid == told.uid and told.proven and not mine.proven
        if self._blank or proof:
            self._blank = False
            self.recall_prepared(told)

    def recall_prepared(self, record: PreparedStatus) -> None:
        """The group counts as prepared: tell it with the next look."""
        self._prepared.put(self._key, record)
        self.poke()

    def remembers(self, record: PreparedStatus) -> bool:
        """Does the API server hold exactly this, as far as is known here?"""
        return bool(self._stored.get("prepared") == wire.to_json(record)) and self._prepared.of(self._key) == record

    async def remember_prepared(self, record: PreparedStatus) -> bool:
        """The same, told at once. False: the API server did not take it."""
        self.recall_prepared(record)
        return await self._tell_memory("prepared", record, self._prepared_condition())

    def _prepared_condition(self) -> Wanted | None:
        prepared = as_remembered(self._prepared.of(self._key), self.called_off_at)
        return None if prepared is None else prepared_condition(prepared)

    async def _tell_memory(self, field: str, memory: object, shown: Wanted | None) -> bool:
        """A memory and the condition that shows it, at once and together. False: the API server did not take it."""
        for _ in range(_MEMORY_TRIES):
            told = list(from_json(self._stored.get("conditions")))
            if told and shown is not None:  # one without conditions has not been looked at yet
                (condition,) = merge(told, [shown], told[0].observed_generation, self._clock.now())
                told = [*(one for one in told if one.type != shown.type), condition]
            if await self.tell({**self._stored, field: wire.to_json(memory), "conditions": to_json(told)}):
                return True
            await asyncio.sleep(self._pace.write_retry_first)
        return False

    def forget_prepared(self, uid: str | None) -> None:
        """It is not prepared by this FailoverPreparation (None: by somebody else), or not any more."""
        record = self._prepared.of(self._key)
        if record is not None and record.uid == uid:
            self._prepared.drop(self._key)
            self._freed()
            self.poke()

    def _forget_what_was_used(self, bound: Binding) -> None:
        """A target that has left state TARGET has failed over, or was reversed: nothing is prepared there any more."""
        record = self._prepared.of(self._key)
        if record is not None and is_used(record, bound):
            self.forget_prepared(record.uid)

    def specify(self, raw: object, world: World) -> bool:
        """The object's spec, as applied. True if what it stands for changed."""
        before, self._spec = self._spec, None
        try:
            self._spec = ReplicationGroupSpec.parse(raw)
        except SpecError as error:
            return self._bind_to(Unbound(Reason.INVALID_SPEC, str(error)))
        if before is None:
            self._gone_watch.remember(ReplicationGroupStatus.parse(self._stored), self.generation, self._spec)
        elif _meant(self._spec) != _meant(before):
            self._gone_watch.forget()
        if self._spec != before:
            self.poke()
        return self.rebind(world)

    def rebind(self, world: World) -> bool:
        """What does it stand for now? True if that changed."""
        if self._spec is None:
            return False
        bound = bind(self._spec, world)
        if isinstance(bound, Binding):
            return self._bind_to(bound)
        status = ReplicationGroupStatus.parse(self._stored)
        return self._bind_to(bound, bind_by_memory(self._spec, status, bound, world))

    def _bind_to(self, bound: Binding | Unbound, remembered: Binding | Unbound | None = None) -> bool:
        remembered = remembered or bound
        changed = bound != self.bound
        moved = remembered != self.remembered
        if changed:
            self.bound = bound
            if isinstance(bound, Binding):
                self._gone_watch.seen(bound.resolved.target_group)
                self._forget_what_was_used(bound)
            self.poke()
        if moved:
            self.remembered = remembered
        return changed or moved

    async def look(self) -> bool:
        """List the points in time, and tell."""
        bound, self._asked = self.bound, False
        if isinstance(bound, Unbound):
            if bound.reason is Reason.NOT_YET_READ and self._stored.get("conditions"):
                return False  # after a restart, what was told last stands until the endpoints have answered
            why, marks = self._gone_watch.told(bound)
            return await self.tell(self._status(why.reason, why.message, marks))
        target = GroupId(bound.resolved.target_group.fault_domain, bound.resolved.target_group.device_group)
        if self._points_of != target:
            self._points, self._points_of, self._read_at = None, target, None
        site = bound.resolved.recovery_vcenter
        port = self._port(site)
        if port is None:
            return False
        self._asked = True
        learnt, self._learnt = self._learnt, None
        if learnt is not None and learnt.group == target and (self._read_at is None or learnt.at >= self._read_at):
            self._points, self._read_at = learnt.points, learnt.at
            await self._look_at_armed(port, target)
            return await self.tell(self._status(None, f"{len(learnt.points)} points in time are listed."))
        if self._left_alone is not None and self._left_alone[0] == site and self._clock.now() < self._left_alone[1]:
            return False  # the vCenter asked for it; what was told last stands
        points: Outcome[tuple[PointInTime, ...]] = await port.points_in_time(target)
        self._left_alone = None if (pause := asked_pause(points)) is None else (site, self._clock.now() + pause)
        if self.bound is not bound:
            return True  # what was asked for is not what the object stands for any more; it is looked at again at once
        if not isinstance(points, Done):
            await self.tell(self._status(reason_of(points.reason), points.message))
            return False
        self._points, self._read_at = points.value, self._clock.now()
        await self._look_at_armed(port, target)
        return await self.tell(self._status(None, f"{len(points.value)} points in time are listed."))

    async def _look_at_armed(self, port: VCenterPort, target: GroupId) -> None:
        """Is the sync that is remembered armed still? Its task tells; where it does not, a younger point in time."""
        armed = self._armed.of(self._key)
        if armed is None or (armed.target_group.fault_domain, armed.target_group.device_group) != (
            target.fault_domain,
            target.device_group,
        ):
            return
        if armed.task is not None:
            outcome = await port.task(armed.task, target)
            state = outcome.value.state if isinstance(outcome, Done) else None
            if state is None or state.pending:
                return
            if state is not TaskState.FORGOTTEN:
                self._forget()
                return
        newest, before = max((one.time for one in self._points or ()), default=None), armed.newest_point_time
        if newest is not None and (before is None or newest > before):
            self._forget()

    def _forget(self) -> None:
        self._armed.drop(self._key)
        self._freed()

    def _pause(self) -> float:
        """A look that costs a call for this group alone is a slow one; the endpoints' monitors see its state."""
        if not self._asked or self._armed.of(self._key) is not None:
            return super()._pause()
        most = self._pace.group / 4 if self._failures else self._pace.group
        return most * (1 - self._clock.jitter() / 2)

    def _status(self, reason: Reason | None, message: str, marks: tuple[Wanted, ...] = ()) -> Mapping[str, Any]:
        bound = self.bound if isinstance(self.bound, Binding) else None
        last = self._gone_watch.side(ReplicationGroupStatus.parse(self._stored))
        # Where times are equal, what is listed later is newer.
        newest = sorted(self._points or (), key=lambda point: point.time)[::-1]
        wanted = [Wanted("Ready", "True" if reason is None else "False", reason or Reason.READY, message), *marks]
        if self._spec is not None and self._spec.suspend:
            text = "spec.suspend is true: nothing acts on this group."
            wanted.append(Wanted("Suspended", "True", Reason.SUSPENDED, text))
        if bound is not None and bound.target.state is not GroupState.TARGET:
            text = f"The target group is in state {bound.target.state}; syncs wait until it is TARGET."
            wanted.append(Wanted("Syncable", "False", Reason.WRONG_STATE, text))
        armed = self._armed.of(self._key)
        if armed is not None:
            wanted.append(_armed_condition(armed))
        if (shown := self._prepared_condition()) is not None:
            wanted.append(shown)
        now = self._clock.now()
        return ReplicationGroupStatus(
            observed_generation=self.generation,
            conditions=merge(from_json(self._stored.get("conditions")), wanted, self.generation, now),
            source=_source(bound) if bound else last.source,
            target=_target(bound) if bound else last.target,
            points_in_time=tuple(PointInTimeStatus(one.id, one.name, one.time) for one in newest[:POINTS_LIMIT]),
            point_in_time_count=None if self._points is None else len(self._points),
            newest_point_in_time=newest[0].time if newest else None,
            last_read_at=self._read_at,
            armed_sync=armed,
            prepared=self._prepared.of(self._key),
        ).to_json()


def _armed_condition(armed: ArmedSync) -> Wanted:
    text = (
        f"ReplicationSync {armed.request!r} left its sync armed: whatever lands next at the target gets the "
        f"name {armed.point_in_time_name!r}."
    )
    return Wanted("SyncLeftArmed", "True", Reason.NAME_STILL_PENDING, text)


def _meant(spec: ReplicationGroupSpec) -> tuple[object, ...]:
    """What of a spec says which group is meant."""
    return spec.recovery_site, spec.protected_site, spec.group_name, spec.target, spec.target_array


def _source(bound: Binding) -> SourceSide:
    resolved = bound.resolved
    return SourceSide(
        fault_domain=resolved.source_group.fault_domain,
        device_group=resolved.source_group.device_group,
        name=bound.source.name if bound.source else None,
        state=str(bound.source.state) if bound.source else None,
        array=resolved.source_array,
        array_id=resolved.source_array_id,
        protection_group=resolved.protection_group,
        vcenter=resolved.protected_vcenter,
        vcenter_uuid=resolved.protected_vcenter_uuid,
    )


def _target(bound: Binding) -> TargetSide:
    resolved = bound.resolved
    return TargetSide(
        fault_domain=resolved.target_group.fault_domain,
        device_group=resolved.target_group.device_group,
        name=bound.target.name,
        state=str(bound.target.state),
        array=resolved.target_array,
        array_id=resolved.target_array_id,
        vcenter=resolved.recovery_vcenter,
        vcenter_uuid=resolved.recovery_vcenter_uuid,
    )
