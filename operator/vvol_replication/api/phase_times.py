"""When the phases of a request began and ended, by the times in its status (docs/metrics.md#phases-of-a-request)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from .preparation import PreparationStatus
from .status import Phase, RequestStatus
from .sync import SyncStatus

_CUT = timedelta(seconds=1)
"""A transfer's times are shown in whole seconds, those of the ledger are not."""


@dataclass(frozen=True, slots=True)
class PhaseTimes:
    """One phase. `end` is never before `begin`."""

    name: str
    begin: datetime
    end: datetime


def phases_of(status: RequestStatus) -> Iterator[PhaseTimes]:
    """`total`, and each phase of which both ends are known; not one that ends before it begins: clocks differ."""
    for name, begin, end in _known(status):
        if begin is not None and end is not None and end > begin - _CUT:
            yield PhaseTimes(name, begin, max(begin, end))


def _known(status: RequestStatus) -> Iterator[tuple[str, datetime | None, datetime | None]]:
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
