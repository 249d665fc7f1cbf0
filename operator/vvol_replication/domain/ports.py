"""The ports to storage: what the engine asks of a vCenter and of a FlashArray.

Both are asynchronous; an adapter over a blocking client runs it in its own bounded threads, so that no storage call
is made on the event loop and a hung endpoint holds up nobody else. No method raises for what an endpoint does.
Every call has a deadline of the adapter's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from .arrays import AlreadyThere, ArrayAbout, ArrayConnection, ProtectionGroup, ProtectionPolicy, Pushed, Snapshot
from .groups import Group, GroupId, Inventory, VCenterAbout
from .members import Membership
from .outcomes import Outcome
from .points import OngoingSync, PointInTime, StartedPrepare, StartedSync, TaskReading


class VCenterPort(Protocol):
    """One vCenter: VMware's side of replication (SMS), asked about groups by their ids."""

    async def about(self) -> Outcome[VCenterAbout]:
        """Version and identity of what answers, by the session that all other calls use."""
        ...

    async def inventory(self) -> Outcome[Inventory]:
        """All fault domains and groups of all replication providers registered here."""
        ...

    async def group(self, group: GroupId) -> Outcome[Group]:
        """One group, live. `Refused("GroupUnknown", …)` where no provider here knows the id."""
        ...

    async def points_in_time(self, group: GroupId) -> Outcome[tuple[PointInTime, ...]]:
        """The points in time listed at a target group, oldest first."""
        ...

    async def start_sync(self, group: GroupId, name: str) -> Outcome[StartedSync | OngoingSync]:
        """Mutating. Ask the target group for a point in time of that name, without waiting for it."""
        ...

    async def start_prepare(self, group: GroupId) -> Outcome[StartedPrepare]:
        """Mutating, and not to be undone. Ask the *source* group for prepareFailover, without waiting for it."""
        ...

    async def task(self, task: str, group: GroupId) -> Outcome[TaskReading]:
        """What has become of a sync or prepare task, as far as `group` is concerned."""
        ...

    async def members(self, group: GroupId) -> Outcome[Membership]:
        """The VMs of a source group with their power, and whether they account for all of its members."""
        ...

    async def close(self, grace: float = 0.0) -> None:
        """Take no more calls, give those under way `grace` seconds to end, log out, and let go of threads."""
        ...


class ArrayPort(Protocol):
    """One FlashArray, whichever REST family it speaks."""

    async def about(self) -> Outcome[ArrayAbout]:
        """Version and identity of what answers, by the session that all other calls use."""
        ...

    async def connections(self) -> Outcome[tuple[ArrayConnection, ...]]:
        """The arrays that this one is connected to."""
        ...

    async def protection_group(self, name: str) -> Outcome[ProtectionGroup | None]:
        """One protection group; `None` where the array says that it has none of that name."""
        ...

    async def snapshots(self, protection_group: str) -> Outcome[tuple[Snapshot, ...]]:
        """All snapshots of one protection group with their transfers, destroyed ones included."""
        ...

    async def transfers(self, protection_groups: Sequence[str]) -> Outcome[Mapping[str, tuple[Snapshot, ...]]]:
        """The snapshots and transfers of several protection groups in one call. A missing group has an empty row."""
        ...

    async def policies(self, protection_groups: Sequence[str]) -> Outcome[Mapping[str, ProtectionPolicy]]:
        """Schedule and targets' retention of several protection groups of this array. A missing group has no entry."""
        ...

    async def push(self, protection_group: str, suffix: str) -> Outcome[Pushed | AlreadyThere]:
        """Mutating. Snapshot and replicate now, with retention applied, under exactly this suffix."""
        ...

    async def close(self, grace: float = 0.0) -> None:
        """Take no more calls, give those under way `grace` seconds to end, log out, and let go of threads."""
        ...
