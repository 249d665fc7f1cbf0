"""One protection group on two arrays and the vCenter above it, as a frozen value: every change makes a new one.

The smallest world in which the rules can be broken: snapshots that land one by one in any order, a watchdog that
credits whatever lands next, SMS tasks that end, fail and are forgotten. Times are whole seconds of one clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from vvol_replication.domain.arrays import (
    AlreadyThere,
    ArrayConnection,
    ProtectionGroup,
    Pushed,
    ReplicationTarget,
    Snapshot,
)
from vvol_replication.domain.groups import GroupId, GroupState, SourceGroup, TargetGroup
from vvol_replication.domain.points import OngoingSync, PointInTime, StartedSync, TaskReading, TaskState
from vvol_replication.reconcile.core.observation import Query

SOURCE_GROUP, TARGET_GROUP = GroupId("fd-a", "dg-a"), GroupId("fd-b", "dg-b")
STRANGER = "somebody else's"
_SOURCE = SourceGroup(SOURCE_GROUP, "fa-a:erp", GroupState.SOURCE, (TARGET_GROUP,))
_TARGET = TargetGroup(TARGET_GROUP, SOURCE_GROUP, GroupState.TARGET)
_PROTECTION_GROUP = ProtectionGroup("erp", "fa-a", (ReplicationTarget("fa-b", allowed=True),))
_CONNECTIONS = (ArrayConnection("fa-b", "id-b", connected=True, status="connected"),)


@dataclass(frozen=True, slots=True)
class Copy:
    """A snapshot and its transfer. `point` is the name that its point in time got when it landed; "" for none."""

    suffix: str
    taken: datetime
    landed: datetime | None = None
    point: str = ""


@dataclass(frozen=True, slots=True)
class Sync:
    """A sync that was asked for: its SMS task, the name, and how it stands."""

    task: str
    name: str
    state: TaskState
    credited: str | None = None
    """The suffix of what it was credited with."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Everything that can be asked, and the truth behind it. `known_from`: SMS has forgotten the tasks before it."""

    copies: tuple[Copy, ...] = ()
    syncs: tuple[Sync, ...] = ()
    known_from: int = 0
    prepared: bool = False

    @property
    def pending(self) -> Sync | None:
        """The armed watchdog."""
        return next((one for one in self.syncs if one.state.pending), None)

    def under_way(self) -> tuple[Copy, ...]:
        """What has not landed."""
        return tuple(one for one in self.copies if one.landed is None)

    def of(self, suffix: str) -> Copy | None:
        """The snapshot of that suffix."""
        return next((one for one in self.copies if one.suffix == suffix), None)

    # What moves it

    def taken(self, suffix: str, at: datetime) -> Storage:
        """A snapshot is made and sent; a suffix that is taken changes nothing."""
        return self if self.of(suffix) else replace(self, copies=(*self.copies, Copy(suffix, at)))

    def landing(self, suffix: str, at: datetime) -> Storage:
        """One transfer lands; a pending sync is credited with it."""
        pending = self.pending
        copies = tuple(
            replace(one, landed=at, point=pending.name if pending else "") if one.suffix == suffix else one
            for one in self.copies
        )
        return replace(self, copies=copies).ended(TaskState.SUCCESS, suffix)

    def armed(self, name: str) -> tuple[Storage, StartedSync | OngoingSync]:
        """The sync call: a prepared group answers success at once."""
        if (pending := self.pending) is not None:
            return self, OngoingSync(pending.task)
        task = f"task-{len(self.syncs)}"
        state = TaskState.SUCCESS if self.prepared else TaskState.RUNNING
        return replace(self, syncs=(*self.syncs, Sync(task, name, state))), StartedSync(task)

    def pushed(self, suffix: str, at: datetime) -> tuple[Storage, Pushed | AlreadyThere]:
        """The push."""
        if self.of(suffix):
            return self, AlreadyThere("Protection group snapshot already exists.")
        return self.taken(suffix, at), Pushed(f"erp.{suffix}", at)

    def failing(self) -> Storage:
        """The pending sync ends in error."""
        return self.ended(TaskState.ERROR, None)

    def forgetting(self) -> Storage:
        """SMS is restarted: it knows no task any more, what the provider has armed stays armed."""
        return replace(self, known_from=len(self.syncs))

    def preparing(self) -> Storage:
        """prepareFailover, by somebody else: a sync succeeds at once from here on, the pending one too."""
        return replace(self, prepared=True).ended(TaskState.SUCCESS, None)

    def ended(self, state: TaskState, credited: str | None) -> Storage:
        """The pending sync ends so; `credited` is the suffix of what landed."""
        syncs = tuple(replace(one, state=state, credited=credited) if one.state.pending else one for one in self.syncs)
        return replace(self, syncs=syncs)

    # What is asked

    def answer(self, query: Query, task: str | None) -> object:
        """One reading."""
        match query:
            case Query.TARGET_GROUP:
                return _TARGET
            case Query.SOURCE_GROUP:
                return _SOURCE
            case Query.PROTECTION_GROUP:
                return _PROTECTION_GROUP
            case Query.CONNECTIONS:
                return _CONNECTIONS
            case Query.POINTS:
                return _points(self.copies)
            case Query.SOURCE_SNAPSHOTS:
                return _rows(self.copies, "erp", progress=False)
            case Query.TARGET_SNAPSHOTS:
                return _rows(self.copies, "fa-a:erp", progress=True)
            case Query.TASK:
                return self._task(task)
        raise AssertionError(f"the model does not answer {query}")

    def _task(self, task: str | None) -> TaskReading:
        for number, one in enumerate(self.syncs):
            if one.task == task and number >= self.known_from:
                if one.state is TaskState.ERROR:
                    return TaskReading(one.state, reason="PeerNotReachable", message="The peer is not reachable.")
                copy = self.of(one.credited) if one.credited else None
                if copy is None:
                    return TaskReading(one.state)
                return TaskReading(one.state, 100, f"pit-{copy.suffix}", one.name, copy.taken)
        return TaskReading(TaskState.FORGOTTEN)


@lru_cache(maxsize=100_000)
def _points(copies: tuple[Copy, ...]) -> tuple[PointInTime, ...]:
    """A point in time carries the time of its snapshot's creation."""
    return tuple(
        PointInTime(f"pit-{one.suffix}", one.point or None, one.taken) for one in copies if one.landed is not None
    )


@lru_cache(maxsize=100_000)
def _rows(copies: tuple[Copy, ...], group: str, *, progress: bool) -> tuple[Snapshot, ...]:
    return tuple(
        Snapshot(
            f"{group}.{one.suffix}",
            one.taken,
            one.taken,
            one.landed,
            (1.0 if one.landed else 0.5) if progress else None,
        )
        for one in copies
    )
