"""A state of the whole: the objects in the API server, the operator's memory, calls on the wire, and the storage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from explore.storage import Storage

from vvol_replication.api.group import ArmedSync
from vvol_replication.api.sync import SyncSpec, SyncStatus
from vvol_replication.reconcile.core.acceptance import accept
from vvol_replication.reconcile.core.observation import Observation
from vvol_replication.reconcile.core.request import Request
from vvol_replication.reconcile.core.tuning import Tuning

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
MOMENT = timedelta(seconds=1)
LEAP = timedelta(days=1)

TUNING = Tuning(
    timeout=timedelta(days=1_000_000),
    retry_limit=2,
    fresh=timedelta(hours=1),
    settle=timedelta(hours=1),
    backoff_first=timedelta(hours=1),
    backoff_most=timedelta(hours=1),
    look_again=timedelta(minutes=30),
    task_every=timedelta(hours=2),
    poller_silent=timedelta(hours=4),
    older_every=timedelta(hours=1),
    most_armings=3,
)
"""All numbers lie between what a hundred moments take and a leap: only their order to these two matters here."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How often each kind of trouble may still come."""

    crashes: int = 1
    takeovers: int = 0
    """Another process takes over, while a call of the last one may still be on its way."""
    losses: int = 1
    """Calls that are refused, or whose answer is lost: before the effect, after it, or long before a late effect."""
    schedules: int = 1
    cancels: int = 1
    forgets: int = 0
    errors: int = 0
    strangers: int = 0
    prepares: int = 0
    stalls: int = 0
    """Leaps while there is something to do: the process was stopped, or slow."""

    def less(self, kind: str) -> Budget:
        """One of these has come."""
        return replace(self, **{kind: getattr(self, kind) - 1})


@dataclass(frozen=True, slots=True)
class Case:
    """One request: the object as the API server holds it, and what the process that runs now has in memory.

    `asleep`: parked until time or news; `news`: there was some since. `unsure`: a sync call of its own may have armed
    one that it was not told of, so that it may take a stranger's for it. `suffixes`: all that it ever pushed under.
    """

    request: Request
    stored: SyncStatus
    status: SyncStatus
    seen: Observation
    confirmed: bool = False
    asleep: bool = False
    follows: bool = False
    news: bool = False
    unsure: bool = False
    suffixes: frozenset[str] = frozenset()

    @property
    def ended(self) -> bool:
        """Has it come to an end?"""
        return self.stored.finished_at is not None

    @property
    def acted(self) -> bool:
        """Has it recorded an intent, as far as its process knows?"""
        return self.status.operation is not None and self.status.operation.resolved is not None


@dataclass(frozen=True, slots=True)
class Late:
    """A mutating call of which nobody waits any more; it may still take effect, until the next leap."""

    kind: str
    argument: str


@dataclass(frozen=True, slots=True)
class State:
    """Everything. `now` is the clock of all.

    `process` is the operator process that runs, and `began` when it took everything up. `armed` is the sync that a
    request left armed, as the ReplicationGroup remembers it.
    """

    now: datetime
    storage: Storage
    cases: tuple[Case, ...]
    budget: Budget
    late: tuple[Late, ...] = ()
    process: int = 1
    began: datetime = START
    armed: ArmedSync | None = None

    @property
    def over(self) -> bool:
        """Have all requests ended?"""
        return all(case.ended for case in self.cases)


def initial(requests: int, budget: Budget, *, explicit: bool) -> State:
    """Requests as applied, a transfer of the past, nothing seen yet. `explicit`: they ask for names of their own."""
    long_ago = START - 30 * LEAP
    storage = Storage().taken("s-past", long_ago).landing("s-past", long_ago + MOMENT)
    cases = []
    for number in range(requests):
        created = START + number * MOMENT
        spec = SyncSpec(group="erp", point_in_time_name=f"asked-{number}" if explicit else None)
        request = Request(f"u{number}", "prod", f"sync-{number}", 1, created, spec)
        stored = accept(request, SyncStatus(), created)
        cases.append(Case(request, stored, stored, Observation()))
    return State(START + 10 * MOMENT, storage, tuple(cases), budget)
