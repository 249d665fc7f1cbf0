"""The storage of a scenario. It takes every call, right or wrong, and lets the judge say which it was.

What a call does, it does although its sender is dead by then, and as late as the wire makes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from component.engine.connector import FakeConnector
from component.engine.storage import FakeArray, FakeVCenter, Replica, World
from component.engine.virtual import VirtualClock
from walk.process import PROCESS, Tasks

from vvol_replication.domain.arrays import (
    AlreadyThere,
    ArrayConnection,
    ProtectionGroup,
    ProtectionPolicy,
    Pushed,
    ReplicationTarget,
)
from vvol_replication.domain.groups import GroupId
from vvol_replication.domain.members import GroupVM, Membership
from vvol_replication.domain.outcomes import Done, Indeterminate, Outcome, Refused, Unavailable
from vvol_replication.domain.points import OngoingSync, PointInTime, StartedPrepare, StartedSync, TaskReading, TaskState
from vvol_replication.engine.about import about_now

LOST = Indeterminate("AnswerLost", "the answer was lost")
MUTATING = frozenset({"start_prepare", "start_sync", "push"})


@dataclass(frozen=True)
class Call:
    """Who asks for what: the process, its task (it is named after the request), and when it was sent."""

    process: str
    task: str
    sent: datetime
    led: bool = True
    """Did the process lead at that moment?"""
    uid: str = ""
    """Of the object that is asked for; empty: it is asked for several, who share the answer."""


@dataclass
class Effect:
    """A prepare call that took effect. `undone`: its task ended in error, and nothing came of it."""

    request: str
    group: str
    sent: datetime
    at: datetime
    suffix: str
    task: str
    undone: bool = False


@dataclass
class Grouped(Replica):
    """One protection group with all that may stand in the way of preparing it."""

    allowed: bool = True
    connected: bool = True
    destroyed: bool = False
    used_at: datetime | None = None
    """When the target left state TARGET for having failed over."""
    armed_by: str = ""
    faked: set[str] = field(default_factory=set)
    """Sync tasks that succeeded at once because the group was prepared."""


Instant = tuple[datetime, int]
"""A time, and which of the things of that time it is."""
Fault = tuple[str, float]
"""What becomes of a call: `unavailable`, `refused`, `lost before`, `lost after`, `slow` or `hang`; and for how long."""


class Storage(World):
    """`faults` holds what becomes of the next calls of a method."""

    def __init__(
        self, clock: VirtualClock, tasks: Tasks, hook: Callable[[str], None], *groups: str, transfer: float
    ) -> None:
        super().__init__(clock, *groups, transfer=transfer)
        self.groups: dict[str, Grouped] = {
            name: Grouped(name, one.source_id, one.target_id) for name, one in self.replicas.items()
        }
        self.replicas.update(self.groups)
        self._tasks, self._hook = tasks, hook
        self.faults: dict[str, list[Fault]] = {}
        self.read_at: dict[tuple[str, str, str, str], Instant] = {}
        """When a reading was had last: process, for whom (`Call.uid`), method, what."""
        self.taken_at: dict[str, Instant] = {}
        """When a snapshot was taken, by suffix."""
        self._order = 0
        self.effects: list[Effect] = []
        self.at_prepare: Callable[[Call, Grouped], None] = lambda _call, _group: None
        self.at_operation: Callable[[Call, Grouped, str], None] = lambda _call, _group, _what: None
        self.calling: Call | None = None
        self.leads: Callable[[str], bool] = lambda _process: True
        self.tally: dict[str, int] = {}

    async def call(
        self, method: str, what: str, effect: Callable[[], Outcome[Any]], place: str = "vcenter"
    ) -> Outcome[Any]:
        task = asyncio.current_task()
        process = PROCESS.get()
        uid = about_now().get("uid", "")
        sent = Call(process, task.get_name() if task else "", self.clock.now(), self.leads(process), uid)
        outcome: Outcome[Any] = await self._tasks.sent(self._serve(sent, method, what, effect, place))
        return outcome

    async def _serve(
        self, sent: Call, method: str, what: str, effect: Callable[[], Outcome[Any]], place: str
    ) -> Outcome[Any]:
        await asyncio.sleep(0.01)
        if place in self.away:
            return Unavailable("Unreachable", "no connection")
        self.calls[method] += 1
        self._hook(method)
        waiting = self.faults.get(method)
        fault, seconds = waiting.pop(0) if waiting else ("", 0.0)
        if fault:
            self.tally[f"{method}: {fault}"] = self.tally.get(f"{method}: {fault}", 0) + 1
        if fault == "slow":
            await asyncio.sleep(seconds)
        early = _without_effect(fault, method)
        if early is not None:
            await asyncio.sleep(seconds)
            return early
        self.settle()
        self.calling = sent
        outcome = effect()
        if method not in MUTATING:
            self.read_at[sent.process, sent.uid, method, what] = self.instant()
        self._hook(f"{method} done")
        if fault in ("lost after", "hang"):
            await asyncio.sleep(seconds)
            return LOST if method in MUTATING else Unavailable("TimedOutCalling", "no answer")
        return outcome

    def instant(self) -> Instant:
        """Now, as one that no other is equal to."""
        self._order += 1
        return self.clock.now(), self._order

    def started(self, call: Call, group: Grouped) -> str:
        """Begin to prepare. What the task is called."""
        now, number = self.clock.now(), len(self.effects) + 1
        task, suffix = f"prepare-{number}", f"9{number}"
        self.at_prepare(call, group)
        self.effects.append(Effect(call.task, group.name, call.sent, now, suffix, task))
        group.tasks[task], group.preparing = TaskReading(TaskState.RUNNING, 0), (task, suffix)
        group.snapshots[suffix], self.taken_at[suffix] = (now, now + self.transfer), self.instant()
        return task

    def schedule(self, group: Grouped, seconds: float) -> None:
        """The array's own schedule pushes."""
        now, number = self.clock.now(), len(group.snapshots) + 1
        suffix = f"5{number}{int(now.timestamp())}"
        group.snapshots[suffix], self.taken_at[suffix] = (now, now + timedelta(seconds=seconds)), self.instant()


def _without_effect(fault: str, method: str) -> Outcome[Any] | None:
    if fault == "unavailable":
        return Unavailable("EndpointBusy", "later")
    if fault == "refused":
        return Refused("WrongState", "no")
    if fault == "lost before":
        return LOST if method in MUTATING else Unavailable("TimedOutCalling", "no answer")
    return None


class WalkVCenter(FakeVCenter):
    """Takes everything."""

    world: Storage

    def _of(self, group: GroupId) -> Grouped:
        return next(one for one in self.world.groups.values() if group in (one.source_id, one.target_id))

    async def start_prepare(self, group: GroupId) -> Outcome[StartedPrepare]:
        world, found = self.world, self._of(group)

        def answer() -> Outcome[StartedPrepare]:
            assert world.calling is not None
            return Done(StartedPrepare(world.started(world.calling, found)))

        return await world.call("start_prepare", str(group), answer)

    async def start_sync(self, group: GroupId, name: str) -> Outcome[StartedSync | OngoingSync]:
        world, found = self.world, self._of(group)

        def answer() -> Outcome[StartedSync | OngoingSync]:
            assert world.calling is not None
            if found.armed is not None:
                return Done(OngoingSync(found.armed[0]))
            world.armed.append(name)
            task = f"task-{len(world.armed)}"
            world.at_operation(world.calling, found, "a sync was armed")
            if found.prepared:
                last = found.points[-1] if found.points else PointInTime("none", None, world.clock.now())
                found.tasks[task] = TaskReading(TaskState.SUCCESS, 100, last.id, last.name, last.time)
                found.faked.add(task)
                return Done(StartedSync(task))
            found.armed, found.tasks[task] = (task, name), TaskReading(TaskState.RUNNING, 0)
            found.armed_by = world.calling.task
            return Done(StartedSync(task))

        return await world.call("start_sync", name, answer)

    async def members(self, group: GroupId) -> Outcome[Membership]:
        found = self._of(group)

        def answer() -> Outcome[Membership]:
            vms = (GroupVM(name, name, f"uuid-{name}", power, home=True) for name, power in sorted(found.vms.items()))
            return Done(Membership(tuple(vms), found.unaccounted))

        return await self.world.call("members", str(group), answer)


class WalkArray(FakeArray):
    """Takes everything; tells whether a replication could get to the target."""

    world: Storage

    async def policies(self, protection_groups: Sequence[str]) -> Outcome[Mapping[str, ProtectionPolicy]]:
        return await self._call("policies", " ".join(protection_groups), lambda: Done({}))

    async def connections(self) -> Outcome[tuple[ArrayConnection, ...]]:
        other = "b" if self.side == "a" else "a"

        def answer() -> Outcome[tuple[ArrayConnection, ...]]:
            up = all(one.connected for one in self.world.groups.values())
            status = "connected" if up else "disconnected"
            return Done((ArrayConnection(other, f"id-{other}", connected=up, status=status),))

        return await self._call("connections", self.side, answer)

    async def protection_group(self, name: str) -> Outcome[ProtectionGroup | None]:
        def answer() -> Outcome[ProtectionGroup | None]:
            found = self.world.groups[name.partition(":")[2] or name]
            targets = (ReplicationTarget("b", allowed=found.allowed),)
            return Done(ProtectionGroup(name, "a", targets, destroyed=found.destroyed))

        return await self._call("protection_group", name, answer)

    async def push(self, protection_group: str, suffix: str) -> Outcome[Pushed | AlreadyThere]:
        def answer() -> Outcome[Pushed | AlreadyThere]:
            world, found, now = self.world, self.world.groups[protection_group], self.world.clock.now()
            assert world.calling is not None
            if suffix in found.snapshots:
                return Done(AlreadyThere(suffix))
            world.at_operation(world.calling, found, "a push was made")
            world.pushed.append(suffix)
            found.snapshots[suffix], world.taken_at[suffix] = (now, now + world.transfer), world.instant()
            return Done(Pushed(f"{protection_group}.{suffix}", now))

        return await self._call("push", suffix, answer)


class WalkConnector(FakeConnector):
    """Ports to that storage."""

    world: Storage

    def vcenter(self, spec: Any, *, username: str, password: str, expected_uuid: str | None = None) -> Any:
        gate = self.gates.of(str(spec.address), username, password)
        return self._opened(WalkVCenter(self.world, password, gate, expected_uuid))

    def array(self, spec: Any, *, api_token: str, expected_id: str | None = None) -> Any:
        gate = self.gates.of(str(spec.address), api_token)
        return self._opened(WalkArray(self.world, spec.address.host, api_token, gate, expected_id))
