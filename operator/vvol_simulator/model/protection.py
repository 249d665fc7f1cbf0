"""Protection groups, their snapshots, and the transfers that carry a snapshot to a target array."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from .names import key

ERADICATION_SECONDS = 86_400.0
"""How long a destroyed object waits for its eradication (and keeps its name) by default."""

DEFAULT_BYTES = 1 << 30


@dataclass
class Pod:
    """A pod: a container of protection groups that may be stretched over arrays or linked with another pod."""

    name: str
    demoted: bool = False
    """Whether it takes no writes: the far end of a replica link. Its groups cannot be snapshotted."""


@dataclass
class Target:
    """One array that a protection group replicates to; `allowed` is the target side's consent."""

    array_id: str
    allowed: bool = True
    suspended: bool = False
    """Whether the target takes nothing although it allows it: demoted, linked, stretched (REST 2.37 tells)."""


@dataclass
class Schedule:
    """When the array replicates by itself. Seconds."""

    enabled: bool = False
    every: float = 14_400.0
    next_at: float | None = None


@dataclass
class Retention:
    """How long snapshots are kept. Seconds, counts and days, on the source and on targets; -1 is for ever."""

    all_for: int = 86_400
    per_day: int = 4
    days: int = 7
    target_all_for: int = 86_400
    target_per_day: int = 4
    target_days: int = 7


@dataclass
class Brake:
    """Keeps transfers of a protection group from moving: all of them, or those of some suffixes."""

    everything: bool = False
    suffixes: set[str] = field(default_factory=set)
    exempt: set[str] = field(default_factory=set)
    """Suffixes let go one by one while everything else stands still."""
    queued: bool = False
    """Whether a braked transfer has not even started (its row has no `started`)."""

    def applies(self, suffix: str) -> bool:
        """Whether transfers of this suffix stand still."""
        return key(suffix) in self.suffixes or (self.everything and key(suffix) not in self.exempt)

    def pull(self, suffix: str | None, *, queued: bool = False) -> None:
        """Brake one suffix, or all present and future ones."""
        self.queued = queued
        if suffix is None:
            self.everything = True
            self.exempt.clear()
        else:
            self.suffixes.add(key(suffix))
            self.exempt.discard(key(suffix))

    def loosen(self, suffix: str | None) -> None:
        """Let one suffix, or everything, move again."""
        if suffix is None:
            self.everything = False
            self.suffixes.clear()
            self.exempt.clear()
        else:
            self.suffixes.discard(key(suffix))
            self.exempt.add(key(suffix))


@dataclass(eq=False)
class Snapshot:
    """One snapshot of a protection group on its source array. `created` is in the source array's clock."""

    suffix: str
    created: float
    retained: bool
    """Whether the retention schedule applies to it (`apply_retention`)."""
    destroyed_at: float | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    tags: list[dict[str, Any]] = field(default_factory=list)
    """What the caller tagged it with (REST 2.44)."""


@dataclass(eq=False)
class ProtectionGroup:
    """A protection group on its source array. Names are compared without regard to case.

    One in a pod is named `<pod>::<group>` on its source, and `<pod>:<group>` on its targets.
    """

    name: str
    array_id: str
    targets: dict[str, Target] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=Schedule)
    retention: Retention = field(default_factory=Retention)
    transfer_seconds: float | None = None
    transfer_bytes: int = DEFAULT_BYTES
    destroyed_at: float | None = None
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    """By the key of their suffix, oldest first; destroyed ones stay until they are eradicated."""
    next_number: int = 1
    offloads: list[str] = field(default_factory=list)
    """Targets that are no arrays (NFS, S3). They are listed; what is sent there is not shown by any array."""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    hold: Brake = field(default_factory=Brake)
    stall: Brake = field(default_factory=Brake)

    @property
    def pod(self) -> str | None:
        """The pod it lies in."""
        pod, colons, _ = self.name.partition("::")
        return pod if colons else None

    def name_on_target(self, source: str) -> str:
        """How its targets name it; `source` is the source array's name (docs/facts/flasharray.md#names)."""
        return self.name.replace("::", ":", 1) if self.pod else f"{source}:{self.name}"


@dataclass(eq=False)
class Transfer:
    """One snapshot on its way to, or landed on, one target array. The row the target shows *is* this object.

    `started` and `completed` are in the target array's clock.
    """

    group: ProtectionGroup
    snapshot: Snapshot
    target_id: str
    seconds: float
    size: int
    started: float | None = None
    completed: float | None = None
    destroyed_at: float | None = None
    moved: float = 0.0
    """Seconds of movement before `moving_since`."""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    moving_since: float | None = None
    """World time since which it has been moving, or None while it stands still."""

    def elapsed(self, at: float) -> float:
        """Seconds of movement until world time `at`."""
        return self.moved + (0.0 if self.moving_since is None else max(0.0, at - self.moving_since))

    def due(self) -> float | None:
        """World time at which it lands if nothing changes; None while it stands still."""
        return None if self.moving_since is None else self.moving_since + max(0.0, self.seconds - self.moved)

    def progress(self, at: float) -> float:
        """0.0 to 1.0; exactly 1.0 only when it has landed."""
        if self.completed is not None:
            return 1.0
        if self.seconds <= 0:
            return 0.0
        return min(0.999, self.elapsed(at) / self.seconds)

    def transferred(self, at: float) -> int:
        """Bytes so far."""
        return int(self.size * self.progress(at))
