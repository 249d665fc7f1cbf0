"""SMS tasks: one per sync or prepare call, with one result per group."""

from dataclasses import dataclass, field
from typing import Literal

from .errors import Fault
from .ids import GroupId

TaskState = Literal["queued", "running", "success", "error"]


@dataclass(frozen=True)
class SyncSuccess:
    """`SyncReplicationGroupSuccessResult`; without any point in time `point_id` is None."""

    group: GroupId
    time: float
    point_id: str | None
    point_name: str | None


@dataclass(frozen=True)
class GroupDone:
    """A plain `GroupOperationResult`: what a prepare answers for a group that is ready."""

    group: GroupId


@dataclass(frozen=True)
class GroupError:
    """`GroupErrorResult`: this group failed, whatever the task says."""

    group: GroupId
    faults: tuple[Fault, ...]


GroupResult = SyncSuccess | GroupDone | GroupError


@dataclass(eq=False)
class SmsTask:
    """A task of one vCenter's storage monitoring service. Times are world time."""

    moid: str
    kind: Literal["sync", "prepare"]
    groups: tuple[GroupId, ...]
    provider: str | None
    """MoId of the provider it was asked of."""
    started: float
    queued_until: float
    """World time until which it is `queued`."""
    results: dict[GroupId, GroupResult] = field(default_factory=dict)
    error: Fault | None = None
    completed: float | None = None

    def state(self, at: float) -> TaskState:
        """The state at world time `at`."""
        if self.error is not None:
            return "error"
        if self.completed is not None:
            return "success"
        return "queued" if at < self.queued_until else "running"

    def ordered_results(self) -> list[GroupResult]:
        """The results in the order the groups were given."""
        return [self.results[group] for group in self.groups if group in self.results]

    def settle(self, result: GroupResult, at: float) -> None:
        """One group is finished; with the last one the task is. A finished task stays as it is."""
        if self.completed is not None:
            return
        self.results[result.group] = result
        if len(self.results) == len(set(self.groups)):
            self.completed = at

    def fail(self, fault: Fault, at: float) -> None:
        """The whole task ends in error; a finished task stays as it is."""
        if self.completed is None:
            self.error = fault
            self.completed = at
