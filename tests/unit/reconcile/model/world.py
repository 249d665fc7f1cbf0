"""A small model of one target group, its two arrays and SMS, as docs/facts describes them; no time but its own.

The watchdog credits whatever lands next. Transfers land when told to. Each array has its clock and tells whole seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from vvol_replication.api.group import ArmedSync
from vvol_replication.api.sync import GroupRef, Resolved
from vvol_replication.domain.arrays import (
    AlreadyThere,
    ArrayAbout,
    ArrayConnection,
    ProtectionGroup,
    Pushed,
    ReplicationTarget,
    Snapshot,
)
from vvol_replication.domain.groups import Group, GroupId, GroupState, SourceGroup, TargetGroup
from vvol_replication.domain.outcomes import Done, Indeterminate, Outcome, Refused, Unavailable
from vvol_replication.domain.points import OngoingSync, PointInTime, StartedSync, TaskReading, TaskState
from vvol_replication.reconcile.binding.world import Binding
from vvol_replication.reconcile.core.observation import Query

START = datetime(2026, 11, 24, 12, 0, 0, 300000, tzinfo=UTC)
SOURCE_GROUP, TARGET_GROUP = GroupId("fd-a", "dg-a"), GroupId("fd-b", "dg-b")
RESOLVED = Resolved(
    recovery_vcenter="dallas",
    recovery_vcenter_uuid="uuid-dallas",
    target_group=GroupRef("fd-b", "dg-b"),
    source_group=GroupRef("fd-a", "dg-a"),
    source_array="flasharray-a",
    source_array_id="id-a",
    source_array_name="fa-a",
    target_array="flasharray-b",
    target_array_id="id-b",
    target_array_name="fa-b",
    protection_group="erp",
    protected_vcenter="austin",
    protected_vcenter_uuid="uuid-austin",
)
BINDING = Binding(
    RESOLVED,
    TargetGroup(TARGET_GROUP, SOURCE_GROUP, GroupState.TARGET),
    SourceGroup(SOURCE_GROUP, "fa-a:erp", GroupState.SOURCE, (TARGET_GROUP,)),
    suspended=False,
    min_push_interval=None,
)
UNREACHABLE = Unavailable("Unreachable", "No connection.")
LOST = Indeterminate("AnswerLost", "The connection ended before the answer came.")


def second(moment: datetime) -> datetime:
    """As the arrays tell times."""
    return moment.replace(microsecond=0)


@dataclass
class Copy:
    """A snapshot on its way. `taken` is the world's time; the other times are what the arrays tell."""

    suffix: str
    taken: datetime
    created: datetime
    started: datetime | None = None
    completed: datetime | None = None
    local: bool = False
    destroyed: bool = False


@dataclass
class Listed:
    """A point in time, of which snapshot it is, and from when on it is in the list."""

    point: PointInTime
    copy: Copy
    shown_from: datetime


@dataclass
class Task:
    """A sync task of SMS."""

    id: str
    name: str
    reading: TaskReading
    forgotten: bool = False


@dataclass
class World:
    """What can be asked and told, and the truth behind it."""

    source_skew: timedelta = timedelta()
    target_skew: timedelta = timedelta()
    time_of_completion: bool = False
    """A point in time carries the target's completion; else the source's creation."""
    listing_lag: timedelta = timedelta()
    now: datetime = START
    target_state: GroupState = GroupState.TARGET
    source_state: GroupState = GroupState.SOURCE
    reversed: bool = False
    prepared: bool = False
    allowed: bool = True
    connected: bool = True
    connections_back: tuple[ArrayConnection, ...] = (ArrayConnection("fa-a", None, connected=True, status="connected"),)
    """As the target array shows them."""
    task_in_ongoing: bool = True
    ongoing_in_task: bool = False
    """`SyncOngoing` is not thrown: the call is answered, and its task tells."""
    provider_pushes: bool = False
    """The provider replicates by itself when a sync is armed."""
    clocks_told: bool = True
    source_name: str = "fa-a"
    replica_of: str | None = "fa-a"
    """Which source the target array shows for the group; None: it shows no such group."""
    target_status: str | None = None
    pod: str = ""
    destroyed_shown: bool = True
    """False: a destroyed snapshot is in no list, and its name stays taken all the same."""
    rows_shown_at_target: bool = True
    """False: a transfer that has begun is not shown by the target before it has landed."""
    group_present: bool = True
    group_destroyed: bool = False
    copies: list[Copy] = field(default_factory=list)
    listed: list[Listed] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    unreadable: dict[Query, Outcome[object]] = field(default_factory=dict)
    """Readings that fail, and how."""
    arm_faults: list[str] = field(default_factory=list)
    push_faults: list[str] = field(default_factory=list)
    """What meets the next calls: `before`, `after` (lost), `late` (lost, takes effect later), `refused`, `down`."""
    late: list[str] = field(default_factory=list)
    ghosts: list[tuple[datetime, str, str, str]] = field(default_factory=list)
    """Calls of a process that lost its lead: by when each has its effect, what it is, under which name, for whom."""
    memory: ArmedSync | None = None
    """What the ReplicationGroup remembers of a sync that was left armed."""
    calls: list[str] = field(default_factory=list)

    # What moves the world

    def tick(self, seconds: float) -> datetime:
        """Time passes."""
        self.now += timedelta(seconds=seconds)
        if any(due <= self.now for due, *_ in self.ghosts):
            self.haunt()
        return self.now

    def haunt(self) -> None:
        """What a process was inside of when it lost its lead has its effect."""
        ghosts, self.ghosts = self.ghosts, []
        for _, kind, name, _ in ghosts:
            if kind == "push":
                self.take(name)
            else:
                self._armed(name)

    def notice(self) -> None:
        """The group's monitor looks whether the sync that is remembered is armed still."""
        if self.memory is not None:
            task = next((one for one in self.tasks if one.id == self.memory.task), None)
            seen = max((one.point.time for one in self.listed), default=None)
            before = self.memory.newest_point_time
            younger = seen is not None and (before is None or seen > before)
            if (task is not None and not task.reading.state.pending) or (task is None and younger):
                self.memory = None

    def schedule(self, suffix: str | None = None) -> Copy:
        """The array's own schedule, or somebody else, replicates."""
        copy = Copy(suffix or f"s{len(self.copies)}", self.now, second(self.now + self.source_skew))
        self.copies.append(copy)
        return copy

    def begin(self) -> None:
        """All queued transfers begin."""
        for copy in self.copies:
            if copy.started is None and not copy.local:
                copy.started = second(self.now + self.target_skew)

    def land(self) -> Copy | None:
        """The oldest transfer lands; a pending sync is credited with it."""
        waiting = (one for one in self.copies if one.completed is None and not one.local and not one.destroyed)
        copy = next(waiting, None)
        if copy is None:
            return None
        copy.started = copy.started or second(self.now + self.target_skew)
        copy.completed = second(self.now + self.target_skew)
        time = copy.completed if self.time_of_completion else copy.created
        task = self.pending
        point = PointInTime(f"pit-{copy.suffix}", task.name if task else None, time)
        self.listed.append(Listed(point, copy, self.now + self.listing_lag))
        if task is not None:
            task.reading = TaskReading(TaskState.SUCCESS, 100, point.id, point.name, point.time)
        return copy

    def arrive(self) -> None:
        """A push whose answer was lost takes effect at last."""
        for suffix in self.late:
            self.take(suffix)
        self.late.clear()

    def take(self, suffix: str) -> Copy | None:
        """Make a snapshot, unless there is one of that suffix."""
        if any(copy.suffix == suffix for copy in self.copies):
            return None
        copy = self.schedule(suffix)
        copy.local = not self.allowed
        return copy

    def destroy(self) -> None:
        """The youngest snapshot is destroyed, wherever it is."""
        for copy in self.copies[-1:]:
            copy.destroyed = True

    def rename(self, name: str) -> None:
        """The source array is renamed, which renames what it has on the target."""
        self.source_name = self.replica_of = name

    def prepare(self) -> None:
        """prepareFailover: from here on a sync succeeds at once; a pending one does, too."""
        self.prepared = True
        for task in self.tasks:
            if task.reading.state.pending:
                task.reading = TaskReading(TaskState.SUCCESS)

    def heal(self) -> None:
        """Everything that hinders is gone."""
        self.target_state, self.source_state, self.reversed = GroupState.TARGET, GroupState.SOURCE, False
        self.allowed = self.connected = self.group_present = True
        self.target_status, self.replica_of = None, self.source_name
        self.group_destroyed = False
        self.unreadable.clear()
        self.arm_faults.clear()
        self.push_faults.clear()
        self.arrive()

    # What is true

    @property
    def pending(self) -> Task | None:
        return next((task for task in self.tasks if task.reading.state.pending), None)

    def points_listed(self) -> tuple[PointInTime, ...]:
        return tuple(one.point for one in self.listed if one.shown_from <= self.now)

    # What is asked

    def read(self, query: Query, task: str | None) -> Outcome[object]:
        """One reading."""
        self.calls.append(query.value)
        failing = self.unreadable.get(query)
        return failing if failing is not None else Done(self._answer(query, task))

    def _answer(self, query: Query, task: str | None) -> object:
        answers = {
            Query.TARGET_GROUP: lambda: self._group(target=not self.reversed),
            Query.SOURCE_GROUP: lambda: self._group(target=self.reversed),
            Query.POINTS: self.points_listed,
            Query.TASK: lambda: self._task(task),
            Query.PROTECTION_GROUP: self._protection_group,
            Query.REPLICA_GROUP: self._replica_group,
            Query.CONNECTIONS: lambda: (ArrayConnection("fa-b", "id-b", self.connected, "connected"),),
            Query.TARGET_CONNECTIONS: lambda: self.connections_back,
            Query.SOURCE_SNAPSHOTS: self._source_rows,
            Query.TARGET_SNAPSHOTS: self._target_rows,
        }
        return answers[query]()

    def _group(self, *, target: bool) -> Group:
        if target:
            return TargetGroup(TARGET_GROUP, SOURCE_GROUP, self.target_state)
        return SourceGroup(SOURCE_GROUP, "fa-a:erp", self.source_state, (TARGET_GROUP,))

    def _task(self, task: str | None) -> TaskReading:
        known = next((one for one in self.tasks if one.id == task and not one.forgotten), None)
        return known.reading if known else TaskReading(TaskState.FORGOTTEN)

    def _protection_group(self) -> ProtectionGroup | None:
        if not self.group_present:
            return None
        target = ReplicationTarget("fa-b", self.allowed, self.target_status)
        return ProtectionGroup(f"{self.pod}erp", self.source_name, (target,), self.group_destroyed)

    def _replica_group(self) -> ProtectionGroup | None:
        return None if self.replica_of is None else ProtectionGroup(f"{self.replica_of}:erp", self.replica_of, ())

    def about(self, side: str) -> ArrayAbout:
        """An array as its monitor saw it last."""
        source = side == "source"
        skew = (self.source_skew if source else self.target_skew) if self.clocks_told else None
        name, number = (self.source_name, "id-a") if source else ("fa-b", "id-b")
        return ArrayAbout(number, name, "6.4.10", "1.19", skew)

    def _source_rows(self) -> tuple[Snapshot, ...]:
        return tuple(
            Snapshot(f"erp.{copy.suffix}", copy.created, copy.started, copy.completed, destroyed=copy.destroyed)
            for copy in self.copies
            if self.destroyed_shown or not copy.destroyed
        )

    def _target_rows(self) -> tuple[Snapshot, ...]:
        rows = []
        for copy in self.copies:
            if copy.started is None or not (copy.completed or self.rows_shown_at_target):
                continue
            if copy.destroyed and not self.destroyed_shown:
                continue
            progress = 1.0 if copy.completed else 0.5
            name = f"{self.source_name}:erp.{copy.suffix}"
            rows.append(Snapshot(name, copy.created, copy.started, copy.completed, progress, 4096, copy.destroyed))
        return tuple(rows)

    def arm(self, name: str) -> Outcome[StartedSync | OngoingSync]:
        """The sync call."""
        self.calls.append("arm")
        fault = self.arm_faults.pop(0) if self.arm_faults else ""
        if fault == "refused":
            return Refused("InvalidReplicationState", "The VASA provider refused because of the group's state.")
        if fault == "identity":
            return Refused("IdentityChanged", "It answers as another vCenter.")
        if fault == "down":
            return UNREACHABLE
        if fault == "before":
            return LOST
        answer = self._armed(name)
        return LOST if fault == "after" else Done(answer)

    def _armed(self, name: str) -> StartedSync | OngoingSync:
        if self.pending is not None:
            other = self.pending.id if self.task_in_ongoing else None
            if not self.ongoing_in_task:
                return OngoingSync(other)
            told = TaskReading(TaskState.ERROR, reason="SyncOngoing", message="A sync is under way.", ongoing=other)
            self.tasks.append(Task(f"task-{len(self.tasks)}", name, told))
            return StartedSync(self.tasks[-1].id)
        if self.provider_pushes:
            self.schedule()
        state = TaskState.SUCCESS if self.prepared else TaskState.RUNNING
        self.tasks.append(Task(f"task-{len(self.tasks)}", name, TaskReading(state)))
        return StartedSync(self.tasks[-1].id)

    def push(self, suffix: str) -> Outcome[Pushed | AlreadyThere]:
        """The push."""
        self.calls.append("push")
        fault = self.push_faults.pop(0) if self.push_faults else ""
        if fault == "refused":
            return Refused("ArrayRefused", "The array refused the call.")
        if fault == "down":
            return UNREACHABLE
        if fault == "late":
            self.late.append(suffix)
        if fault in ("before", "late"):
            return LOST
        copy = self.take(suffix)
        if fault == "after":
            return LOST
        if copy is None:
            return Done(AlreadyThere("exists", destroyed=self._of(suffix).destroyed))
        return Done(Pushed(f"erp.{suffix}", copy.created))

    def _of(self, suffix: str) -> Copy:
        return next(copy for copy in self.copies if copy.suffix == suffix)

    # For examples

    def with_history(self, count: int) -> World:
        """Some transfers of the past."""
        for _ in range(count):
            self.schedule()
            self.tick(30)
            self.land()
            self.tick(600)
        self.calls.clear()
        return self

    def fail_task(self, reason: str = "PeerNotReachable") -> None:
        """The pending sync ends in error."""
        if self.pending is not None:
            self.pending.reading = TaskReading(TaskState.ERROR, reason=reason, message="The peer is not reachable.")

    def forget_tasks(self) -> None:
        """The vCenter was restarted: what was pending at the provider still is."""
        for task in self.tasks:
            task.forgotten = True

    def steal(self, name: str) -> None:
        """Somebody else arms a sync."""
        self._armed(name)
