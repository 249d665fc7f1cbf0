"""One monitor for each ReplicationGroup: what it stands for, and its live status."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from vvol_replication.api.conditions import Wanted, merge
from vvol_replication.api.errors import SpecError
from vvol_replication.api.group import POINTS_LIMIT, ReplicationGroupSpec, ReplicationGroupStatus, TargetSide
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.reasons import Reason
from vvol_replication.api.refs import GroupRef
from vvol_replication.domain.counts import counted
from vvol_replication.domain.groups import GroupId
from vvol_replication.domain.outcomes import Done, Outcome
from vvol_replication.domain.points import PointInTime, TaskState
from vvol_replication.domain.ports import VCenterPort
from vvol_replication.engine.monitors.memory.armed import ArmedSyncs
from vvol_replication.engine.monitors.memory.prepared import PreparedGroups
from vvol_replication.engine.services import Services
from vvol_replication.engine.waiting import common_moment
from vvol_replication.reconcile.binding.behind import NOTHING_BEHIND, Behind, problems_behind
from vvol_replication.reconcile.binding.bind import bind
from vvol_replication.reconcile.binding.from_status import bind_by_memory, target_by_memory
from vvol_replication.reconcile.binding.renamed import explained
from vvol_replication.reconcile.binding.world import Binding, Problem, Unbound, World
from vvol_replication.reconcile.core.observation import Prepared
from vvol_replication.reconcile.core.summarize import reason_of
from vvol_replication.reconcile.discovery.plan import Known

from .absence import AbsenceDetector
from .group_status import armed_condition, group_conditions, newest_first, newest_named, source_side, target_side
from .outcomes import asked_pause
from .recovery_point import ArrayOf, KnownPoints, Pinned, RecoveryPointJudge
from .remembering import RememberingMonitor

_LEFT_ALONE = "The vCenter wants to be left alone for a while, so that the points in time cannot be listed now."


@dataclass(frozen=True, slots=True)
class Listed:
    """The points in time of a target group, and when they were asked for."""

    group: GroupId
    points: tuple[PointInTime, ...]
    at: datetime


class GroupMonitor(RememberingMonitor):
    """Binds the object to a replication group and shows both sides, states and points in time."""

    def __init__(
        self,
        ref: ObjectRef,
        services: Services,
        *,
        port: Callable[[str], VCenterPort | None],
        array: ArrayOf,
        armed: ArmedSyncs,
        prepared: PreparedGroups,
        preparation_at: Callable[[GroupRef], Prepared | None],
    ) -> None:
        """Begins with nothing known.

        Parameters:
            port: finds the port of a VCenter by its object's name.
            array: finds what is known of an array by its id.
            armed, prepared: all groups' memories.
            preparation_at: what any of them remembers of a preparation of that source group.
        """
        super().__init__(ref, services, armed=armed, prepared=prepared, preparation_at=preparation_at)
        self._port = port
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
        self._lost: TargetSide | None = None
        """The target side whose points in time are listed although nothing is bound: its source site is lost."""
        self._recovery_point = RecoveryPointJudge(array)
        self._by_schedules: timedelta | None = None
        self._absence = AbsenceDetector()
        self.labels: Mapping[str, str] = {}

    def observe(self, body: Mapping[str, Any]) -> bool:
        """The API server shows the object so."""
        if not super().observe(body):
            return False
        self.labels = body["metadata"].get("labels") or {}
        return True

    @property
    def known(self) -> Known:
        """The object as discovery asks for it."""
        ref = self.ref
        return Known(ref.name, ref.uid, self.generation, self.labels, self._spec, self._absence.target)

    def asked_by_schedules(self, longest: timedelta | None) -> None:
        """So much time at most its ReplicationSchedules let pass between two points in time; None: it has none."""
        self._by_schedules = longest
        self.restate()

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

    def specify(self, raw: object, world: World) -> bool:
        """The object's spec, as applied. True if what it stands for changed."""
        before, self._spec = self._spec, None
        try:
            self._spec = ReplicationGroupSpec.parse(raw)
        except SpecError as error:
            return self._bind_to(Unbound(Reason.INVALID_SPEC, str(error)))
        if before is None:
            self._absence.remember(self.stored_status, self.generation, self._spec)
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
            self._lost = None
            return self._bind_to(bound)
        status = self.stored_status
        lost, self._lost = self._lost, target_by_memory(self._spec, status, bound, world)
        if self._lost != lost:
            self.notify()
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
                self.recollect()
                self._forget_what_was_used(bound)
            self.notify()
        if moved:
            self.remembered = remembered
        return changed or moved

    async def poll_once(self) -> bool:
        """List the points in time, and write what is news."""
        bound, self._asked = self.bound, False
        if isinstance(bound, Unbound) and bound.reason is Reason.NOT_YET_READ and self.stored.get("conditions"):
            return False  # after a restart, what was written last stands until the endpoints have answered
        if isinstance(bound, Binding):
            return await self._list(target_side(bound))
        if self._lost is not None:
            return await self._list(self._lost)
        return await self.write_status(self._status(_problem_of(bound)))

    async def _list(self, side: TargetSide) -> bool:
        bound, lost = self.bound, self._lost
        target, site = GroupId(side.fault_domain or "", side.device_group or ""), side.vcenter or ""
        if self._points_of != target:
            self._points, self._points_of, self._read_at = None, target, None
        port = self._port(site)
        if port is None:
            return False
        if (silent := self._behind.recovery) is not None:
            # What every group would be answered there is known: none of them asks.
            await self.write_status(self._status(silent))
            return False
        self._asked = True
        learnt, self._learnt, self._restated = self._learnt or self._restated, None, None
        if learnt is not None and learnt.group == target and (self._read_at is None or learnt.at >= self._read_at):
            self._points, self._read_at = learnt.points, learnt.at
            await self._look_at_armed(port, target)
            return await self._show()
        if self._left_alone is not None and self._left_alone[0] == site and self._clock.now() < self._left_alone[1]:
            if self._until_time_turns_it() == 0:
                await self.write_status(self._status(Problem(Reason.ENDPOINT_BUSY, _LEFT_ALONE)))
            return False  # the vCenter asked for it; but for what time alone has turned, what was written last stands
        points: Outcome[tuple[PointInTime, ...]] = await port.points_in_time(target)
        self._left_alone = None if (pause := asked_pause(points)) is None else (site, self._clock.now() + pause)
        if self.bound is not bound or self._lost != lost:
            return True  # what was asked for is not what the object stands for any more; it is looked at again at once
        if not isinstance(points, Done):
            await self.write_status(self._status(Problem(reason_of(points.reason), points.message)))
            return False
        self._points, self._read_at = points.value, self._clock.now()
        await self._look_at_armed(port, target)
        return await self._show()

    async def _show(self) -> bool:
        """Write what was listed; it is Ready if all that it stands on could be read, too."""
        return await self.write_status(self._status(None))

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

    def _pause(self) -> float:
        """A look that costs a call for this group alone is a slow one; the endpoints' monitors see its state."""
        return min(self._pause_of_looks(), self._until_time_turns_it() or math.inf)

    def _until_time_turns_it(self) -> float:
        """Seconds until a condition turns by time alone. It is listed then: a point in time may have come just now."""
        turns_at = self._recovery_point.turns_at
        return math.inf if turns_at is None else max((turns_at - self._clock.now()).total_seconds(), 0.0)

    def _pause_of_looks(self) -> float:
        armed = self._armed.of(self._key) is not None
        if not self._asked or (armed and self._failures):
            return super()._pause()
        if armed:
            return self._pace.armed * (1 - self._clock.jitter() / 4)
        most, now = self._pace.group, self._clock.now()
        pause = most * (1 - self._clock.jitter() / 2)
        if self._failures:
            return max(pause / 4, self._pace.monitor_retry_first)
        listed_at = (self._read_at or now).timestamp()  # what was listed may be of a while ago
        due = listed_at + pause
        if self._points_of is not None:  # one question lists for all of a fault domain that ask at the same time
            due = common_moment(due, listed_at + most, most / 4, self._points_of.fault_domain)
        return max(due - now.timestamp(), self._pace.monitor_retry_first)

    @property
    def pinned(self) -> Pinned:
        """The two sides that it is about, as bound, or as its status has them from before."""
        if isinstance(self.bound, Binding):
            to = self.bound.resolved  # not by both sides of a status: each array asks it of all groups at each reading
            return Pinned(to.source_array_id or "", to.target_array_id or "", to.protection_group or "")
        last = self._absence.side(self.stored_status)
        return Pinned.of(last.source, last.target)

    def _status(self, unread: Problem | None) -> Mapping[str, Any]:
        """The status to write. `unread`: why the points in time could not be listed now; None: they were."""
        bound = self.bound if isinstance(self.bound, Binding) else None
        before = self.stored_status
        last = self._absence.side(before)
        marks: tuple[Wanted, ...] = ()
        source = source_side(bound) if bound else last.source
        target = target_side(bound) if bound else last.target
        problem = unread or self._behind.other
        if isinstance(self.bound, Unbound):
            why, marks = self._absence.explain(self.bound)
            problem = _problem_of(why)
            unread = unread if unread is None or self._lost is not None else problem
        listed = newest_first(self._points)
        known = KnownPoints(next(iter(listed), None), newest_named(listed), self._read_at, unread)
        points, count = listed[:POINTS_LIMIT], None if self._points is None else len(self._points)
        if self._points is None and target is not None and _same(target, before.target):
            # as listed before a restart: shown, as after a listing that failed, with the time it is of
            points, count = before.points_in_time, before.point_in_time_count
            named, at = before.newest_named_point_in_time, before.last_read_at
            known = KnownPoints(next(iter(points), None), named, at, unread)
        shown = self._recovery_point.judge(
            self._spec.recovery_point_objective if self._spec is not None else None,
            Pinned.of(source, target),
            known,
            before,
            generation=self.generation,
            now=self._clock.now(),
            schedules=self._by_schedules,
        )
        text = f"Listed: {counted(count or 0, 'point in time', 'points in time')}."
        reason, text = (None, text) if problem is None else (problem.reason, problem.message)
        wanted = [*group_conditions(reason, text, self._spec, bound), *marks, *shown.conditions]
        armed = self._armed.of(self._key)
        shown_armed = armed or (self._armed.at(bound.resolved.target_group) if bound is not None else None)
        if shown_armed is not None:
            wanted.append(armed_condition(shown_armed))
        if (prepared := self._prepared_condition()) is not None:
            wanted.append(prepared)
        return ReplicationGroupStatus(
            observed_generation=self.generation,
            conditions=merge(before.conditions, wanted, self.generation, self._clock.now()),
            source=source,
            target=target,
            points_in_time=points,
            point_in_time_count=count,
            newest_point_in_time=points[0].time if points else None,
            newest_named_point_in_time=shown.named,
            behind_objective_since=shown.behind_since,
            array_policy=shown.policy,
            last_read_at=known.at,
            armed_sync=armed,
            prepared=self._prepared.of(self._key),
            history=self.history,
        ).to_json()


def _problem_of(unbound: Unbound) -> Problem:
    return Problem(unbound.reason, unbound.message)


def _same(one: TargetSide, other: TargetSide | None) -> bool:
    return other is not None and (one.fault_domain, one.device_group) == (other.fault_domain, other.device_group)


def _meant(spec: ReplicationGroupSpec) -> tuple[object, ...]:
    """What of a spec says which group is meant."""
    return spec.recovery_site, spec.protected_site, spec.group_name, spec.target, spec.target_array
