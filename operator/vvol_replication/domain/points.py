"""Points in time and the target-side requests (syncs) that make named ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class PointInTime:
    """A recoverable replica at a target group. `id` is unique only within its group; `time` is timezone-aware."""

    id: str
    name: str | None
    time: datetime


@dataclass(frozen=True, slots=True)
class StartedSync:
    """The target accepted a sync: its watchdog is armed, `task` follows it."""

    task: str


@dataclass(frozen=True, slots=True)
class OngoingSync:
    """The target refused a sync because one is under way (`SyncOngoing`), followed by `task` where it was given.

    Whether that is ours or a stranger's only the caller's ledger knows.
    """

    task: str | None


@dataclass(frozen=True, slots=True)
class StartedPrepare:
    """The source accepted a prepareFailover; `task` follows it. It cannot be undone."""

    task: str


class TaskState(StrEnum):
    """State of an SMS task. `FORGOTTEN` is ours: SMS no longer knows the task, which says nothing of its end."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    ERROR = "error"
    FORGOTTEN = "forgotten"

    @property
    def pending(self) -> bool:
        """True while the sync is armed."""
        return self in (TaskState.QUEUED, TaskState.RUNNING)

    @property
    def ended(self) -> bool:
        """True once SMS has reported the task's end."""
        return self in (TaskState.SUCCESS, TaskState.ERROR)


@dataclass(frozen=True, slots=True)
class TaskReading:
    """What SMS says of one sync or prepare task.

    A task in state `success` may hold only errors: the adapter reads every element of the result, and where our
    group's element is an error the state here is `ERROR`. `reason` is then a stable word from the API's reason
    catalogue (for example `WrongState`), `message` one line for people. `point` is what the task says
    it made; VMware leaves its id out where a provider has none. `ongoing` is the task of the sync that is in the way,
    where the reason is `SyncOngoing` and the provider names it.
    """

    state: TaskState
    progress: int | None = None
    point_id: str | None = None
    point_name: str | None = None
    point_time: datetime | None = None
    reason: str | None = None
    message: str | None = None
    ongoing: str | None = None
