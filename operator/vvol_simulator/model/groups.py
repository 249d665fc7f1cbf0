"""vVol replication groups and their points in time, as a VASA provider tells them."""

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from .protection import ProtectionGroup, Transfer

if TYPE_CHECKING:
    from .tasks import SmsTask

GroupState = Literal["SOURCE", "TARGET", "FAILEDOVER", "INTEST", "REMOTE_FAILEDOVER"]
GROUP_STATES: tuple[GroupState, ...] = ("SOURCE", "TARGET", "FAILEDOVER", "INTEST", "REMOTE_FAILEDOVER")


@dataclass(frozen=True, order=True)
class GroupId:
    """A replication group's identity: both ids are opaque strings."""

    fault_domain: str
    device_group: str


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
    task: "SmsTask"


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


def new_id() -> str:
    """An opaque id."""
    return str(uuid.uuid4())
