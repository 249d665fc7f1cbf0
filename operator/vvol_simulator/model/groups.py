"""vVol replication groups and their points in time, as a VASA provider shows them."""

from dataclasses import dataclass, field
from typing import Literal

from .ids import GroupId
from .protection import ProtectionGroup, Transfer
from .tasks import SmsTask

GroupState = Literal["SOURCE", "TARGET", "FAILEDOVER", "INTEST", "REMOTE_FAILEDOVER"]
GROUP_STATES: tuple[GroupState, ...] = ("SOURCE", "TARGET", "FAILEDOVER", "INTEST", "REMOTE_FAILEDOVER")


@dataclass(frozen=True, eq=False)
class PointInTime:
    """A recoverable replica. `time` is seconds since the epoch, which moment it is says a switch."""

    id: str
    name: str | None
    time: float
    transfer: Transfer


@dataclass
class PendingSync:
    """An armed watchdog: what lands next gets this name and finishes this task."""

    name: str
    task: SmsTask


@dataclass(eq=False)
class VvolGroup:
    """One side of a replicated protection group.

    `source` is None on the source side and the source group's id on a target side.
    """

    id: GroupId
    array_id: str
    protection_group: ProtectionGroup
    state: GroupState
    source: GroupId | None = None
    targets: list[GroupId] = field(default_factory=list)
    prepared: bool = False
    pending: PendingSync | None = None
    points: list[PointInTime] = field(default_factory=list)

    @property
    def is_source(self) -> bool:
        """Whether it was made as the source side; `state` tells its present role."""
        return self.source is None
