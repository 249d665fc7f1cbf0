"""What was seen of the world for one request, and how old it is.

A reading is never "empty" for "unknown": it is absent, or it failed, or it is there (invariant 10). What a mutating
call answered is kept beside the readings, because after it every reading from before is worth nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from vvol_replication.api.group import ArmedSync, PreparedStatus
from vvol_replication.domain.arrays import ArrayAbout, ArrayConnection, ProtectionGroup, Snapshot
from vvol_replication.domain.groups import Group
from vvol_replication.domain.members import Membership
from vvol_replication.domain.outcomes import Done, Outcome
from vvol_replication.domain.points import PointInTime, TaskReading
from vvol_replication.reconcile.binding.world import Binding, Unbound

from .claims import NO_OTHER_CLAIMS, OtherClaims
from .tuning import Tuning

T_co = TypeVar("T_co", covariant=True)


class Query(StrEnum):
    """What can be read for a request. Each value is the name of the field of `Observation` that it fills."""

    TARGET_GROUP = "target_group"
    SOURCE_GROUP = "source_group"
    POINTS = "points"
    TASK = "task"
    PROTECTION_GROUP = "protection_group"
    REPLICA_GROUP = "replica_group"
    CONNECTIONS = "connections"
    TARGET_CONNECTIONS = "target_connections"
    SOURCE_SNAPSHOTS = "source_snapshots"
    TARGET_SNAPSHOTS = "target_snapshots"
    MEMBERS = "members"
    PREPARE_TASK = "prepare_task"


@dataclass(frozen=True, slots=True)
class Reading(Generic[T_co]):
    """One answer and when it was had. `failures` counts consecutive ones without a value; `jitter` is in [0, 1)."""

    outcome: Outcome[T_co]
    at: datetime
    failures: int = 0
    jitter: float = 0.0

    @property
    def value(self) -> T_co | None:
        """What was read; None where the reading failed."""
        return self.outcome.value if isinstance(self.outcome, Done) else None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the last mutating call did not do its work, and when it may be tried again.

    `refusals` counts what the endpoint declined in a row; `failures` counts every call in a row that did not work.
    """

    reason: str
    message: str
    refusals: int
    failures: int
    retry_at: datetime


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is remembered of a preparation of the source group. Where nobody relies on it, the target is asked anew.

    That is so where it was called off, and where only a sync showed it: the next one shows whether it still holds.
    """

    record: PreparedStatus
    relied_on: bool
    called_off: bool = False
    group: str = ""
    """Namespace and name of the ReplicationGroup that remembers it, and that is edited to call it off."""


@dataclass(frozen=True, slots=True)
class Observation:
    """All that one decision may look at beside the request and its status."""

    confirmed: bool = False
    """The API server holds what was stored of the request, and our finalizer, or nothing was stored yet: it may act."""
    bound: Binding | Unbound | None = None
    behind: str | None = None
    """None: it is this request's turn on its protection group. Otherwise whom it waits for."""
    in_turn: bool = False
    """Has a FailoverPreparation a place in the queue of its protection group, or the turn?"""
    claims: OtherClaims = NO_OTHER_CLAIMS
    """What other objects have made of the same request id."""
    armed: ArmedSync | None = None
    """A sync that an earlier request, not this one, left armed at the target group."""
    prepared: Prepared | None = None
    """The source group is prepared for failover, as far as is known."""
    source_array: ArrayAbout | None = None
    target_array: ArrayAbout | None = None
    """The arrays as their monitors saw them last: names may have changed since the first intent, clocks drift."""
    group_called: str | None = None
    """What the protection group is called now; it may have been renamed since the first intent."""
    identity: str = ""
    """Which operator process this is; empty where there can be only one."""
    taken_up_at: datetime | None = None
    """When this process took the request up."""

    target_group: Reading[Group] | None = None
    source_group: Reading[Group] | None = None
    points: Reading[tuple[PointInTime, ...]] | None = None
    task: Reading[TaskReading] | None = None
    protection_group: Reading[ProtectionGroup | None] | None = None
    replica_group: Reading[ProtectionGroup | None] | None = None
    """The protection group as the target array shows it."""
    connections: Reading[tuple[ArrayConnection, ...]] | None = None
    target_connections: Reading[tuple[ArrayConnection, ...]] | None = None
    """The connections as the target array shows them; `connections` are the source's."""
    source_snapshots: Reading[tuple[Snapshot, ...]] | None = None
    target_snapshots: Reading[tuple[Snapshot, ...]] | None = None
    members: Reading[Membership] | None = None
    prepare_task: Reading[TaskReading] | None = None

    intent_unused: bool = False
    """No call under the intent can have had an effect: this process recorded it, and no call under it was taken."""
    lost_syncs: int = 0
    """Answers to the sync call that were lost in a row, in this process."""
    push_lost_at: datetime | None = None
    """When the answer to the push was lost."""
    prepare_lost_at: datetime | None = None
    """When the answer to the prepare call was lost."""
    moved_at: datetime | None = None
    """When the transfers that are under way were last seen to move, or seen first; None: no list of them was read."""
    landed_at: datetime | None = None
    """When the transfer was first seen landed, by this process's clock; only to give the listing time to follow."""
    success_at: datetime | None = None
    """When the sync that was armed last, or the prepare task, was first seen to have succeeded."""
    naming_given_up: bool = False
    """No further sync is asked for: it was refused while the data was on its way."""
    trouble: Trouble | None = None

    def after_effect(self, *kept: Query) -> Observation:
        """This observation without the readings from before a mutating call; `kept`: what the call cannot change."""
        forgotten: dict[str, Any] = {query.value: None for query in Query if query not in kept}
        return replace(self, **forgotten)

    def with_reading(self, query: Query, reading: Reading[Any]) -> Observation:
        """This observation with one reading in the place of the last one of its kind."""
        changes: dict[str, Any] = {query.value: reading}
        return replace(self, **changes)


def rows(reading: Reading[tuple[T_co, ...]] | None) -> tuple[T_co, ...]:
    """The rows of a list that was read; none where it was not: ask for it with `View.read` first."""
    return () if reading is None or reading.value is None else reading.value


@dataclass(frozen=True, slots=True)
class Moment:
    """When an answer came, and the chance (in [0, 1)) that spreads retries."""

    now: datetime
    tuning: Tuning
    jitter: float = 0.0
