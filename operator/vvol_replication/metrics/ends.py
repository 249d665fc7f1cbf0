"""The ends of requests, counted; and how long their phases took, by the times in their ledgers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from vvol_replication.api.conditions import find
from vvol_replication.api.names import Kind
from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.status import Phase, RequestStatus
from vvol_replication.api.sync import SyncStatus
from vvol_replication.domain.measures import Durations

from . import catalogue
from .families import Families
from .objects import known_reason

_BOUNDS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 21600.0)
"""Seconds: from a call to a transfer that takes all night."""

_CUT = timedelta(seconds=1)
"""A transfer's times are shown in whole seconds, those of the ledger are not."""

Span = tuple[str, datetime | None, datetime | None]


class EndCounter:
    """The engine's `Meter`. Told and read on the event loop."""

    def __init__(self) -> None:
        self._ended: Counter[tuple[str, str, str, str]] = Counter()
        self._took: dict[tuple[str, str, str], Durations] = {}

    def ended(self, kind: Kind, method: str, status: RequestStatus) -> None:
        """A request has ended so."""
        ready = find(status.conditions, "Ready")
        outcome = "" if status.phase is None else status.phase.value
        self._ended[kind.kind, method, outcome, known_reason(ready and ready.reason)] += 1
        for phase, seconds in durations_of(status):
            key = kind.kind, method, phase
            took = self._took.get(key)
            if took is None:
                took = self._took[key] = Durations(_BOUNDS)
            took.observe(seconds)

    def copy(self) -> EndCounter:
        """As it is now."""
        other = EndCounter()
        other._ended, other._took = self._ended.copy(), {key: one.copy() for key, one in self._took.items()}
        return other

    def put(self, families: Families) -> None:
        """Fill the families of ends."""
        for labels, number in self._ended.items():
            families.put(catalogue.FINISHED, labels, number)
        for key, took in self._took.items():
            families.put_durations(catalogue.PHASE_DURATION, key, took)


def durations_of(status: RequestStatus) -> Iterator[tuple[str, float]]:
    """Each phase of which both ends are known, in seconds; not one that ends before it begins: clocks differ."""
    for phase, begin, end in _spans(status):
        if begin is not None and end is not None and end > begin - _CUT:
            yield phase, max(0.0, (end - begin).total_seconds())


def _spans(status: RequestStatus) -> Iterator[Span]:
    yield "total", status.accepted_at, status.finished_at
    if not isinstance(status, SyncStatus | PreparationStatus) or status.operation is None:
        return
    yield "queue", status.accepted_at, status.operation.turn_at
    transfer = status.transfer
    if isinstance(status, SyncStatus) and status.operation is not None:
        sync, push = status.operation.sync, status.operation.push
        if sync is not None:
            yield "arming", sync.intent_at, sync.pending_seen_at
        if push is not None and transfer is not None:
            yield "push", push.intent_at, transfer.started_at
    if transfer is None:
        return
    yield "transfer", transfer.started_at, transfer.completed_at
    if status.phase is Phase.SUCCEEDED:
        yield "verify", transfer.completed_at, status.finished_at
