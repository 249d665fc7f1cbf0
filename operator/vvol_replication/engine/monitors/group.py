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
    ArmedSync,
    PreparedStatus,
    ReplicationGroupSpec,
    ReplicationGroupStatus,
)
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.reasons import Reason
from vvol_replication.api.refs import GroupRef
from vvol_replication.domain.groups import GroupId
from vvol_replication.domain.outcomes import Done, Outcome
from vvol_replication.domain.points import PointInTime, TaskState
from vvol_replication.domain.ports import VCenterPort
from vvol_replication.engine.monitors.memory.armed import ArmedSyncs
from vvol_replication.engine.monitors.memory.prepared import PreparedGroups
from vvol_replication.engine.news import GroupsChanged
from vvol_replication.engine.services import Services
from vvol_replication.reconcile.binding.behind import NOTHING_BEHIND, Behind, problems_behind
from vvol_replication.reconcile.binding.bind import bind
from vvol_replication.reconcile.binding.from_status import bind_by_memory
from vvol_replication.reconcile.binding.renamed import explained
from vvol_replication.reconcile.binding.world import Binding, Unbound, World
from vvol_replication.reconcile.core.observation import Prepared
from vvol_replication.reconcile.core.prepared import as_remembered, is_used, prepared_condition
from vvol_replication.reconcile.core.summarize import reason_of
from vvol_replication.reconcile.discovery.plan import Known

from .absence import AbsenceDetector
from .group_status import armed_condition, group_conditions, newest_first, source_side, target_side
from .history import HistoryKeeper
from .outcomes import asked_pause

_MEMORY_TRIES = 3


@dataclass(frozen=True, slots=True)
class Listed:
    """The points in time of a target group, and when they were asked for."""

    group: GroupId
    points: tuple[PointInTime, ...]
    at: datetime


class GroupMonitor(HistoryKeeper):
    """Binds the object to a replication group and shows both sides, states and points in time."""

    def __init__(
        self,
        ref: ObjectRef,
        services: Services,
        *,
        port: Callable[[str], VCenterPort | None],
        armed: ArmedSyncs,
        prepared: PreparedGroups,
        preparation_at: Callable[[GroupRef], Prepared | None],
    ) -> None:
        """Begins with nothing known.

        Parameters:
            port: finds the port of a VCenter by its object's name.
            armed, prepared: all groups' memories.
            preparation_at: what any of them remembers of a preparation of that source group.
        """
        super().__init__(ref, services)
        self._port, self._armed, self._prepared = port, armed, prepared
        self._preparation_at = preparation_at
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
        self._restated: Listed | None = None
        self._left_alone: tuple[str, datetime] | None = None
        self._behind: Behind = NOTHING_BEHIND
        self._absence = AbsenceDetector()
        self.labels: Mapping[str, str] = {}

    def observe(self, body: Mapping[str, Any]) -> bool:
        """The API server shows the object so; the first time, that says what was remembered before the restart."""
        known = self.stored
        if not super().observe(body):
            return False
        self.labels = body["metadata"].get("labels") or {}
        if not self._recalled:
            self._recalled = True
            before = ReplicationGroupStatus.parse(self.stored)
            if before.armed_sync is not None:
                self._armed.put(self._key, before.armed_sync)
            self._blank = not before.conditions
            if before.prepared is not None:
                self._prepared.put(self._key, before.prepared)
            self.recollect()
        else:
            self._take_from_others(known)
        return True

    def _take_from_others(self, stored: Mapping[str, Any]) -> None:
        """Take up what a process that led before has written late, instead of writing over it."""
        before, now = ReplicationGroupStatus.parse(stored), ReplicationGroupStatus.parse(self.stored)
        self._armed.take(self._key, before.armed_sync, now.armed_sync)
        self._prepared.take(self._key, before.prepared, now.prepared)
        if isinstance(self.bound, Binding):
            self._forget_what_was_used(self.bound)

    @property
    def known(self) -> Known:
        """The object as discovery asks for it."""
        ref = self.ref
        return Known(ref.name, ref.uid, self.generation, self.labels, self._spec, self._absence.target)

    def site_read(self, site: str, world: World) -> None:
        """The vCenter `site` was read: a group that was absent twice is gone, one that is listed again is not."""
        spec = self._spec
        if isinstance(self.bound, Binding) or spec is None:
            return  # what it is bound to is there
        if self._absence.reading(site, spec, world, self._clock.now()):
            self.notify()

    def learn(self, listed: Listed) -> None:
        """A request has just listed the points in time for itself: show them, without asking once more."""
        self._learnt = listed
        self.notify()

    def notify(self) -> None:
        """Something changed: list the points in time at once."""
        self._restated = None
        super().notify()

    def restate(self) -> None:
        """Something around the group has changed: show what is known of it anew, without asking once more."""
        of, points, at = self._points_of, self._points, self._read_at
        if not self._news.is_set() and of is not None and points is not None and at is not None:
            self._restated = Listed(of, points, at)
        self._news.set()

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
        """
        found, mine = self._prepared.evidence_of(self._key), self._prepared.of(self._key)
        if found is None:
            return
        proof = mine is not None and mine.uid == found.uid and found.proven and not mine.proven
        if self._blank or proof:
            self._blank = False
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
        return None if prepared is None else prepared_condition(prepared)

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

    def specify(self, raw: object, world: World) -> bool:
        """The object's spec, as applied. True if what it stands for changed."""
        before, self._spec = self._spec, None
        try:
            self._spec = ReplicationGroupSpec.parse(raw)
        except SpecError as error:
            return self._bind_to(Unbound(Reason.INVALID_SPEC, str(error)))
        if before is None:
            self._absence.remember(ReplicationGroupStatus.parse(self.stored), self.generation, self._spec)
        elif _meant(self._spec) != _meant(before):
            self._absence.forget()
        if self._spec != before:
            self.notify()
        return self.rebind(world)

    def rebind(self, world: World) -> bool:
        """What does it stand for now? True if that changed."""
        if self._spec is None:
            return False
        bound = bind(self._spec, world)
        self._stand_on(problems_behind(bound.resolved, world) if isinstance(bound, Binding) else NOTHING_BEHIND)
        if isinstance(bound, Binding):
            return self._bind_to(bound)
        status = ReplicationGroupStatus.parse(self.stored)
        bound = explained(self._spec, status, bound, world)
        return self._bind_to(bound, bind_by_memory(self._spec, status, bound, world))

    def _stand_on(self, behind: Behind) -> None:
        """The endpoints that it is bound to can be read, or not: it turns with them. Another wording is no news."""
        turned, self._behind = behind.reason is not self._behind.reason, behind
        if turned:
            self.restate()

    def _bind_to(self, bound: Binding | Unbound, remembered: Binding | Unbound | None = None) -> bool:
        remembered = remembered or bound
        changed = bound != self.bound
        moved = remembered != self.remembered
        if changed:
            self.bound = bound
            if isinstance(bound, Binding):
                self._absence.seen(bound.resolved.target_group)
                self._forget_what_was_used(bound)
            self.notify()
        if moved:
            self.remembered = remembered
        return changed or moved

    async def poll_once(self) -> bool:
        """List the points in time, and write what is news."""
        bound, self._asked = self.bound, False
        if isinstance(bound, Unbound):
            if bound.reason is Reason.NOT_YET_READ and self.stored.get("conditions"):
                return False  # after a restart, what was written last stands until the endpoints have answered
            why, marks = self._absence.explain(bound)
            return await self.write_status(self._status(why.reason, why.message, marks))
        target = GroupId(bound.resolved.target_group.fault_domain, bound.resolved.target_group.device_group)
        if self._points_of != target:
            self._points, self._points_of, self._read_at = None, target, None
        site = bound.resolved.recovery_vcenter
        port = self._port(site)
        if port is None:
            return False
        if (silent := self._behind.recovery) is not None:
            # What every group would be answered there is known: none of them asks.
            await self.write_status(self._status(silent.reason, silent.message))
            return False
        self._asked = True
        learnt, self._learnt, self._restated = self._learnt or self._restated, None, None
        if learnt is not None and learnt.group == target and (self._read_at is None or learnt.at >= self._read_at):
            self._points, self._read_at = learnt.points, learnt.at
            await self._look_at_armed(port, target)
            return await self._show()
        if self._left_alone is not None and self._left_alone[0] == site and self._clock.now() < self._left_alone[1]:
            return False  # the vCenter asked for it; what was written last stands
        points: Outcome[tuple[PointInTime, ...]] = await port.points_in_time(target)
        self._left_alone = None if (pause := asked_pause(points)) is None else (site, self._clock.now() + pause)
        if self.bound is not bound:
            return True  # what was asked for is not what the object stands for any more; it is looked at again at once
        if not isinstance(points, Done):
            await self.write_status(self._status(reason_of(points.reason), points.message))
            return False
        self._points, self._read_at = points.value, self._clock.now()
        await self._look_at_armed(port, target)
        return await self._show()

    async def _show(self) -> bool:
        """Write what was listed; it is Ready if all that it stands on could be read, too."""
        if (problem := self._behind.other) is not None:
            return await self.write_status(self._status(problem.reason, problem.message))
        return await self.write_status(self._status(None, f"{len(self._points or ())} points in time are listed."))

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
        self._services.notify(GroupsChanged(None))

    def _pause(self) -> float:
        """A look that costs a call for this group alone is a slow one; the endpoints' monitors see its state."""
        if not self._asked or self._armed.of(self._key) is not None:
            return super()._pause()
        most = self._pace.group / 4 if self._failures else self._pace.group
        pause = most * (1 - self._clock.jitter() / 2)
        if not self._failures and self._read_at is not None:
            pause -= (self._clock.now() - self._read_at).total_seconds()  # what was listed may be of a while ago
        return max(pause, self._pace.monitor_retry_first)

    def _status(self, reason: Reason | None, message: str, marks: tuple[Wanted, ...] = ()) -> Mapping[str, Any]:
        bound = self.bound if isinstance(self.bound, Binding) else None
        last = self._absence.side(ReplicationGroupStatus.parse(self.stored))
        points, armed = newest_first(self._points), self._armed.of(self._key)
        wanted = [*group_conditions(reason, message, self._spec, bound), *marks]
        shown_armed = armed or (self._armed.at(bound.resolved.target_group) if bound is not None else None)
        if shown_armed is not None:
            wanted.append(armed_condition(shown_armed))
        if (shown := self._prepared_condition()) is not None:
            wanted.append(shown)
        before = from_json(self.stored.get("conditions"))
        return ReplicationGroupStatus(
            observed_generation=self.generation,
            conditions=merge(before, wanted, self.generation, self._clock.now()),
            source=source_side(bound) if bound else last.source,
            target=target_side(bound) if bound else last.target,
            points_in_time=points,
            point_in_time_count=None if self._points is None else len(self._points),
            newest_point_in_time=points[0].time if points else None,
            last_read_at=self._read_at,
            armed_sync=armed,
            prepared=self._prepared.of(self._key),
            history=self.history,
        ).to_json()


def _meant(spec: ReplicationGroupSpec) -> tuple[object, ...]:
    """What of a spec says which group is meant."""
    return spec.recovery_site, spec.protected_site, spec.group_name, spec.target, spec.target_array
