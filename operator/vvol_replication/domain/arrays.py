"""FlashArrays, protection groups, and the snapshots that replicate."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class ArrayAbout:
    """Who an array says that it is. The id is its identity; the name may be changed by its administrator.

    `rest` is the version of its REST interface that is spoken with it. `skew` is how far its clock is ahead of ours, in
    whole seconds, from its last answer (None: it had no `Date`); a drifting clock makes no other array of it.
    """

    id: str
    name: str
    version: str
    rest: str
    skew: timedelta | None = field(default=None, compare=False)


def same_array(one: str, other: str | None) -> bool:
    """Are these the ids of one array? They are uuids, of which an array and VASA may write the letters in any case."""
    return other is not None and one.casefold() == other.casefold()


@dataclass(frozen=True, slots=True)
class ArrayConnection:
    """An array-to-array connection as the asked array reports it. `status` is the array's own word."""

    name: str
    id: str | None
    connected: bool
    status: str


@dataclass(frozen=True, slots=True)
class ReplicationTarget:
    """A target of a protection group; nothing is sent to one that has not allowed it.

    `status` is the array's own word where it has one (REST 2.37 and later): `replicating`, `suspended`, `disallowed`.
    """

    name: str
    allowed: bool
    status: str | None = None


@dataclass(frozen=True, slots=True)
class ProtectionGroup:
    """A protection group on its source array. `source` is the array that it is made on, by that array's own word."""

    name: str
    source: str
    targets: tuple[ReplicationTarget, ...]
    destroyed: bool = False

    @property
    def pod(self) -> str | None:
        """The pod that it lies in (`<pod>::<name>`); pods replicate by other means, and cannot be pushed."""
        pod, colons, _ = self.name.partition("::")
        return pod if colons else None


@dataclass(frozen=True, slots=True)
class ReplicationSchedule:
    """When an array replicates a protection group by itself: each `every`, and not within `blackout`.

    `every` None: its interval was not told. `blackout` is how long a day no replication begins, at most.
    """

    enabled: bool
    every: timedelta | None
    blackout: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a target keeps snapshots: all of them for `all_for`, then `per_day` of each day for `days` days.

    None is for ever (Purity 6.10 and later).
    """

    all_for: timedelta | None
    per_day: int
    days: int | None


@dataclass(frozen=True, slots=True)
class ProtectionPolicy:
    """What a protection group's source array does with it by itself. None is what it did not tell.

    `retention` is that of the targets.
    """

    schedule: ReplicationSchedule | None = None
    retention: Retention | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One row of a protection group's snapshots, as the asked array reports it.

    `name` is whole: `<pg>.<suffix>` on the source, `<array>:<pg>.<suffix>` on the target. `created` is the source's
    clock on both arrays; `started` and `completed` are the reporting array's clock. REST 1 tells whole seconds, REST 2
    milliseconds. `progress` runs from 0.0 to 1.0; on the source it is not to be relied on
    (docs/facts/flasharray.md#progress).
    """

    name: str
    created: datetime
    started: datetime | None = None
    completed: datetime | None = None
    progress: float | None = None
    bytes_transferred: int | None = None
    destroyed: bool = False

    @property
    def suffix(self) -> str:
        """What follows the last dot of the name; array and protection group names have no dots."""
        return self.name.rpartition(".")[2]

    @property
    def landed(self) -> bool:
        """Completed *and* whole: the one proof on a target array that the data is there."""
        return self.completed is not None and self.progress == 1.0

    @property
    def under_way(self) -> bool:
        """Begun (or about to, when asked of the target) and not yet whole."""
        return not self.landed and not self.destroyed


@dataclass(frozen=True, slots=True)
class Pushed:
    """The source array took the push and made the snapshot of this name."""

    snapshot: str
    created: datetime | None


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """The source array has a snapshot of this suffix already: look.

    `destroyed`: it is destroyed and pending eradication, by the array's own word; until then its name stays taken.
    """

    message: str
    destroyed: bool = False
