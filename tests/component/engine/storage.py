"""A vCenter and two arrays in memory, behind the engine's ports: one replication, told from both sides."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from component.engine.steps import Step, next_step
from component.engine.virtual import VirtualClock

from vvol_replication.domain.arrays import (
    AlreadyThere,
    ArrayAbout,
    ArrayConnection,
    ProtectionGroup,
    ProtectionPolicy,
    Pushed,
    ReplicationTarget,
    Snapshot,
)
from vvol_replication.domain.groups import (
    FaultDomain,
    Group,
    GroupId,
    GroupState,
    Inventory,
    SourceGroup,
    TargetGroup,
    VCenterAbout,
)
from vvol_replication.domain.members import GroupVM, Membership, PowerState
from vvol_replication.domain.outcomes import Done, Outcome, Refused, Unavailable
from vvol_replication.domain.points import (
    OngoingSync,
    PointInTime,
    StartedPrepare,
    StartedSync,
    TaskReading,
    TaskState,
)
from vvol_replication.storage.login import LockedOut, LoginGate

NO_SUCH_GROUP = Refused("ProtectionGroupNotFound", "the array has no protection group of that name")


@dataclass
class Replica:
    """One protection group: its snapshots, their transfers, the points in time, and the sync that is armed."""

    name: str
    source_id: GroupId
    target_id: GroupId
    target_state: GroupState = GroupState.TARGET
    snapshots: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    """By suffix: when it was taken, and when it lands."""
    points: list[PointInTime] = field(default_factory=list)
    source_state: GroupState = GroupState.SOURCE
    vms: dict[str, PowerState] = field(default_factory=lambda: {"erp-db": PowerState.OFF, "erp-app": PowerState.OFF})
    unaccounted: tuple[str, ...] = ()
    prepared: bool = False
    preparing: tuple[str, str] | None = None
    """The prepare task that is under way, and the suffix of its last sync."""
    armed: tuple[str, str] | None = None
    tasks: dict[str, TaskReading] = field(default_factory=dict)


class World:
    """All storage. `before` and `after` hold what happens at the next calls of a method; `calls` counts them."""

    def __init__(self, clock: VirtualClock, *groups: str, transfer: float = 20.0) -> None:
        self.clock, self.transfer = clock, timedelta(seconds=transfer)
        self.replicas = {
            name: Replica(name, GroupId("fd-a", f"s-{name}"), GroupId("fd-b", f"t-{name}")) for name in groups
        }
        self.before: dict[str, list[Step]] = {}
        self.after: dict[str, list[Step]] = {}
        self.calls: Counter[str] = Counter()
        self.asked: list[tuple[datetime, str, str]] = []
        self.pushed: list[str] = []
        self.armed: list[str] = []
        self.prepares: list[tuple[str, dict[str, PowerState]]] = []
        """Each prepare call that took effect: the group, and the power of its VMs at that moment."""
        self.opened: list[Any] = []
        self.closed: list[Any] = []
        self.graces: list[float] = []
        self.under_way: set[str] = set()
        """Protection groups with an operation of ours between arming and landing."""
        self.closes = True
        self.accepted = {"right"}
        """Passwords and tokens that all endpoints take."""
        self.logins: Counter[str] = Counter()
        """Logins that an endpoint refused."""
        self.every_call_logs_in = False
        """Wrong credentials are refused at each call, and not by `about` alone: no session outlives them."""
        self.alone = False
        """Pushes need no armed sync: requests go by the arrays alone."""
        self.away: set[str] = set()
        """Which of `vcenter`, `austin`, `a` and `b` do not answer."""
        self.connected = True  # the arrays, with each other
        self.skews: dict[str, timedelta | None] = {"a": timedelta(), "b": timedelta()}
        self.policies: dict[str, ProtectionPolicy] = {}
        """What the source array does by itself, by protection group; without an entry it tells nothing."""
        self.site_uuid, self.array_ids = "uuid-dallas", {"a": "id-a", "b": "id-b"}

    async def call(
        self, method: str, what: str, effect: Callable[[], Outcome[Any]], place: str = "vcenter"
    ) -> Outcome[Any]:
        if place in self.away:
            await asyncio.sleep(0.01)
            return Unavailable("Unreachable", "no connection")
        self.calls[method] += 1
        self.asked.append((self.clock.now(), method, what))
        await asyncio.sleep(0.01)
        if (step := next_step(self.before, method)) is not None and (ended := await step()) is not None:
            return ended
        self.settle()
        outcome = effect()
        if (step := next_step(self.after, method)) is not None and (ended := await step()) is not None:
            return ended
        return outcome

    def settle(self) -> None:
        now = self.clock.now()
        for replica in self.replicas.values():
            landed = sorted((lands, suffix) for suffix, (_, lands) in replica.snapshots.items() if lands <= now)
            for lands, suffix in landed:
                if any(point.id == suffix for point in replica.points):
                    continue
                name = None
                self.under_way.discard(replica.name)
                if replica.armed is not None:
                    task, name = replica.armed
                    replica.armed = None
                    replica.tasks[task] = TaskReading(TaskState.SUCCESS, 100, suffix, name, lands)
                replica.points.append(PointInTime(suffix, name, lands))
                if replica.preparing is not None and replica.preparing[1] == suffix:
                    replica.tasks[replica.preparing[0]] = TaskReading(TaskState.SUCCESS, 100)
                    replica.preparing, replica.prepared = None, True

    def rename(self, name: str, other: str) -> None:
        """The protection group has another name from now on: on both arrays, and in vSphere."""
        self.replicas[other] = replica = self.replicas.pop(name)
        replica.name = other
        self.under_way = {other if one == name else one for one in self.under_way}

    def of(self, group: GroupId) -> Replica | None:
        return next((one for one in self.replicas.values() if group in (one.source_id, one.target_id)), None)

    def rows(self, replica: Replica, prefix: str) -> tuple[Snapshot, ...]:
        now = self.clock.now()
        return tuple(
            Snapshot(
                name=f"{prefix}{replica.name}.{suffix}",
                created=taken,
                started=taken,
                completed=lands if lands <= now else None,
                progress=min(1.0, (now - taken) / (lands - taken)),
            )
            for suffix, (taken, lands) in replica.snapshots.items()
        )


class FakeVCenter:
    """Both sides of everything. `place` is what it goes by in `World.away`: there may be another, `austin`."""

    place = "vcenter"

    def __init__(self, world: World, password: str, gate: LoginGate, expected: str | None) -> None:
        self.world, self.password, self.gate, self._expected = world, password, gate, expected
        self._uuid = world.site_uuid

    async def _call(self, method: str, what: str, effect: Callable[[], Outcome[Any]]) -> Outcome[Any]:
        return await self.world.call(method, what, _logged_in(self, "vc", self.password, effect), self.place)

    async def about(self) -> Outcome[VCenterAbout]:
        if (trouble := _login(self.world, "vc", self.password, self.gate)) is not None:
            return await self.world.call("about", "vcenter", lambda: trouble)

        def answer() -> Outcome[VCenterAbout]:
            if self._expected not in (None, self._uuid):
                return Refused("IdentityChanged", f"{self._uuid} answers, {self._expected} was expected")
            return Done(VCenterAbout(self._uuid, "8.0.3.0", ("provider",)))

        return await self.world.call("about", "vcenter", answer, self.place)

    async def inventory(self) -> Outcome[Inventory]:
        groups: list[Group] = []
        for one in self.world.replicas.values():
            groups.append(SourceGroup(one.source_id, f"a:{one.name}", one.source_state, (one.target_id,)))
            groups.append(TargetGroup(one.target_id, one.source_id, one.target_state))
        domains = (FaultDomain("fd-a", "a", "id-a"), FaultDomain("fd-b", "b", "id-b"))
        return await self._call("inventory", "vcenter", lambda: Done(Inventory(domains, tuple(groups))))

    async def group(self, group: GroupId) -> Outcome[Group]:
        def answer() -> Outcome[Group]:
            found = self.world.of(group)
            if found is None:
                return Refused("GroupUnknown", f"no provider knows {group}")
            if group == found.source_id:
                return Done(SourceGroup(group, f"a:{found.name}", found.source_state, (found.target_id,)))
            return Done(TargetGroup(group, found.source_id, found.target_state))

        return await self._call("group", str(group), answer)

    async def points_in_time(self, group: GroupId) -> Outcome[tuple[PointInTime, ...]]:
        def answer() -> Outcome[tuple[PointInTime, ...]]:
            found = self.world.of(group)
            return Done(tuple(found.points)) if found else Refused("GroupUnknown", "no such group")

        return await self._call("points_in_time", str(group), answer)

    async def start_sync(self, group: GroupId, name: str) -> Outcome[StartedSync | OngoingSync]:
        def answer() -> Outcome[StartedSync | OngoingSync]:
            found = self.world.of(group)
            assert found is not None
            if found.armed is not None:
                return Done(OngoingSync(found.armed[0]))
            task = f"task-{len(self.world.armed) + 1}"
            if found.prepared:
                last = found.points[-1] if found.points else PointInTime("none", None, self.world.clock.now())
                found.tasks[task] = TaskReading(TaskState.SUCCESS, 100, last.id, last.name, last.time)
                self.world.armed.append(name)
                return Done(StartedSync(task))
            assert found.name not in self.world.under_way, "two operations at once on one protection group"
            self.world.under_way.add(found.name)
            self.world.armed.append(name)
            found.armed, found.tasks[task] = (task, name), TaskReading(TaskState.RUNNING, 0)
            return Done(StartedSync(task))

        return await self._call("start_sync", name, answer)

    async def task(self, task: str, group: GroupId) -> Outcome[TaskReading]:
        def answer() -> Outcome[TaskReading]:
            found = self.world.of(group)
            assert found is not None
            return Done(found.tasks.get(task, TaskReading(TaskState.FORGOTTEN)))

        return await self._call("task", task, answer)

    async def start_prepare(self, group: GroupId) -> Outcome[StartedPrepare]:
        def answer() -> Outcome[StartedPrepare]:
            found = self.world.of(group)
            assert found is not None
            assert group == found.source_id
            assert found.name not in self.world.under_way, "two operations at once on one protection group"
            now, number = self.world.clock.now(), len(self.world.prepares) + 1
            task, suffix = f"prepare-{number}", f"9{number}"
            found.tasks[task], found.preparing = TaskReading(TaskState.RUNNING, 0), (task, suffix)
            found.snapshots[suffix] = (now, now + self.world.transfer)
            self.world.under_way.add(found.name)
            self.world.prepares.append((found.name, dict(found.vms)))
            return Done(StartedPrepare(task))

        return await self._call("start_prepare", str(group), answer)

    async def members(self, group: GroupId) -> Outcome[Membership]:
        def answer() -> Outcome[Membership]:
            found = self.world.of(group)
            assert found is not None
            vms = (GroupVM(name, name, f"uuid-{name}", power, home=True) for name, power in sorted(found.vms.items()))
            return Done(Membership(tuple(vms), found.unaccounted))

        return await self._call("members", str(group), answer)

    async def close(self, grace: float = 0.0) -> None:
        await _close(self.world, self, grace)


class OtherVCenter(FakeVCenter):
    """A second vCenter, which shows the same."""

    place = "austin"

    def __init__(self, world: World, password: str, gate: LoginGate, expected: str | None) -> None:
        super().__init__(world, password, gate, expected)
        self._uuid = "uuid-austin"


class FakeArray:
    """`side` is `a`, the source, or `b`, the target."""

    def __init__(self, world: World, side: str, token: str, gate: LoginGate, expected: str | None) -> None:
        self.world, self.side, self.token, self.gate, self._expected = world, side, token, gate, expected
        self._id = world.array_ids[side]

    async def _call(self, method: str, what: str, effect: Callable[[], Outcome[Any]]) -> Outcome[Any]:
        return await self.world.call(method, what, _logged_in(self, self.side, self.token, effect), self.side)

    async def about(self) -> Outcome[ArrayAbout]:
        if (trouble := _login(self.world, self.side, self.token, self.gate)) is not None:
            return await self.world.call("about", self.side, lambda: trouble)

        def answer() -> Outcome[ArrayAbout]:
            if self._expected not in (None, self._id):
                return Refused("IdentityChanged", f"{self._id} answers, {self._expected} was expected")
            return Done(ArrayAbout(self._id, self.side, "6.4.10", "1.19", self.world.skews.get(self.side)))

        return await self._call("about", self.side, answer)

    async def connections(self) -> Outcome[tuple[ArrayConnection, ...]]:
        other, linked = "b" if self.side == "a" else "a", self.world.connected
        known = ArrayConnection(other, f"id-{other}", linked, "connected" if linked else "connecting")
        return await self._call("connections", self.side, lambda: Done((known,)))

    async def protection_group(self, name: str) -> Outcome[ProtectionGroup | None]:
        targets = (ReplicationTarget("b", allowed=True),)
        found = ProtectionGroup(name, "a", targets) if name.rpartition(":")[2] in self.world.replicas else None
        return await self._call("protection_group", name, lambda: Done(found))

    async def snapshots(self, protection_group: str) -> Outcome[tuple[Snapshot, ...]]:
        def answer() -> Outcome[tuple[Snapshot, ...]]:
            found = self.world.replicas.get(protection_group)
            return Done(self.world.rows(found, "")) if found else NO_SUCH_GROUP

        return await self._call("snapshots", protection_group, answer)

    async def transfers(self, protection_groups: Sequence[str]) -> Outcome[Mapping[str, tuple[Snapshot, ...]]]:
        def answer() -> Outcome[Mapping[str, tuple[Snapshot, ...]]]:
            found = {name: self.world.replicas.get(name.partition(":")[2]) for name in protection_groups}
            return Done({name: self.world.rows(one, "a:") if one else () for name, one in found.items()})

        return await self._call("transfers", " ".join(protection_groups), answer)

    async def policies(self, protection_groups: Sequence[str]) -> Outcome[Mapping[str, ProtectionPolicy]]:
        def answer() -> Outcome[Mapping[str, ProtectionPolicy]]:
            known = set(protection_groups) & self.world.replicas.keys()
            return Done({name: self.world.policies.get(name, ProtectionPolicy()) for name in known})

        return await self._call("policies", " ".join(protection_groups), answer)

    async def push(self, protection_group: str, suffix: str) -> Outcome[Pushed | AlreadyThere]:
        def answer() -> Outcome[Pushed | AlreadyThere]:
            replica, now = self.world.replicas.get(protection_group), self.world.clock.now()
            if replica is None:
                return NO_SUCH_GROUP
            self.world.pushed.append(suffix)
            assert len(set(self.world.pushed)) == len(self.world.pushed), "a request pushed twice"
            assert replica.armed is not None or self.world.alone, "pushed without a sync that is armed"
            replica.snapshots[suffix] = (now, now + self.world.transfer)
            self.world.under_way.discard(protection_group)
            return Done(Pushed(f"{protection_group}.{suffix}", now))

        return await self._call("push", suffix, answer)

    async def close(self, grace: float = 0.0) -> None:
        await _close(self.world, self, grace)


def _login(world: World, endpoint: str, secret: str, gate: LoginGate) -> Outcome[Any] | None:
    """One login with each call, as far as it is refused; counted in `logins`."""
    try:
        gate.check()
    except LockedOut as locked:
        return Unavailable("LoginFailed", "too many refusals; not asked", locked.seconds)
    if secret in world.accepted:
        gate.passed()
        return None
    world.logins[endpoint] += 1
    gate.refused()
    return Refused("LoginFailed", "the credentials are refused; correct the Secret")


def _logged_in(port: Any, endpoint: str, secret: str, effect: Callable[[], Any]) -> Callable[[], Any]:
    """The effect of a call, or its refused login, where every call logs in."""
    asked = port.world.every_call_logs_in
    return lambda: (_login(port.world, endpoint, secret, port.gate) if asked else None) or effect()


async def _close(world: World, port: Any, grace: float) -> None:
    world.graces.append(grace)
    if not world.closes:
        await asyncio.sleep(1e6)
    world.closed.append(port)
