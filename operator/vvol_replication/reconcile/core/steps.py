"""What a decision can ask of the engine. The engine does exactly one of these and then asks for the next decision."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.sync import SyncStatus

from .observation import Query


@dataclass(frozen=True, slots=True)
class Read:
    """Take these readings; they are independent of each other."""

    queries: frozenset[Query]


@dataclass(frozen=True, slots=True)
class Record:
    """Store the status with its ledger in the API server before anything else: it holds an intent (invariant 5)."""


@dataclass(frozen=True, slots=True)
class Arm:
    """Mutating. Start the sync at the target group under this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Push:
    """Mutating. Replicate the source protection group now, under this suffix."""

    protection_group: str
    suffix: str


@dataclass(frozen=True, slots=True)
class TakeTurn:
    """A preparation takes a place in the queue of its protection group. A sync has one without asking."""


@dataclass(frozen=True, slots=True)
class LeaveTurn:
    """Give the place or the turn back: what is waited for may take long, and others need not wait for it."""


@dataclass(frozen=True, slots=True)
class Prepare:
    """Mutating, and never repeated. Ask the source group for prepareFailover."""


@dataclass(frozen=True, slots=True)
class Park:
    """Nothing to do until something changes, or this time comes. `follow`: the target's transfers are to be polled."""

    until: datetime | None
    follow: bool = False


@dataclass(frozen=True, slots=True)
class Finish:
    """The request has ended: store the status, let go of the object and of the turn."""


Step = Read | Record | Arm | Push | TakeTurn | LeaveTurn | Prepare | Park | Finish

StatusT = TypeVar("StatusT", SyncStatus, PreparationStatus)


@dataclass(frozen=True, slots=True)
class Decided(Generic[StatusT]):
    """The next step, and what the object's status should say from here on."""

    step: Step
    status: StatusT


def no_later(decision: Decided[StatusT], *ends: datetime | None) -> Decided[StatusT]:
    """The decision, parked until the first of these times at most; None stands for no bound."""
    step = decision.step
    if not isinstance(step, Park):
        return decision
    until = min((end for end in (step.until, *ends) if end is not None), default=None)
    return replace(decision, step=replace(step, until=until))


Decision = Decided[SyncStatus]
PreparationDecision = Decided[PreparationStatus]
