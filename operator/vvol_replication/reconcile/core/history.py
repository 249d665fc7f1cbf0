"""The last requests of a ReplicationGroup, as its status keeps them when their objects are gone.

An entry is a function of the request's object alone. So whoever sees the object, and how often, makes the same one, and
a crash between an end and its entry loses nothing while the object is there.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from vvol_replication.api.conditions import find
from vvol_replication.api.history import HISTORY_LIMIT, HistoryEntry
from vvol_replication.api.preparation import PreparationSpec, PreparationStatus
from vvol_replication.api.status import Phase
from vvol_replication.api.sync import SyncStatus

from .newest import age_of
from .request import OneShot

DELETED = "Deleted"
"""The outcome of a request that had its turn, and whose object was deleted before its end."""
DRY_RUN = "DryRun"

_CLOCKS_DIFFER = timedelta(minutes=1)
"""Ends are by the operator's clock, creations by the API server's: they are taken to differ by so much at most."""

Key = tuple[str, str]
"""Kind and uid of an object."""


def entry_of(
    kind: str, request: OneShot[Any], status: SyncStatus | PreparationStatus, deleted_at: datetime | None = None
) -> HistoryEntry | None:
    """What the group's history tells of a request; None where it tells nothing.

    It tells of what was accepted and has ended, and of what was deleted in its turn, at `deleted_at`. Not of history
    that was never executed (`Expired`), and not of what was refused before it was accepted.
    """
    ended, operation = status.finished_at, status.operation
    started_at = operation.turn_at if operation is not None else None
    finished_at = ended or (deleted_at if started_at is not None else None)
    if finished_at is None or status.accepted_at is None or status.phase in (None, Phase.EXPIRED):
        return None
    if finished_at < request.created - _CLOCKS_DIFFER:
        return None  # restored from a backup, with the status of the object that it is a copy of
    ready, baseline = find(status.conditions, "Ready"), operation.baseline if operation is not None else None
    return HistoryEntry(
        kind=kind,
        name=request.name,
        uid=request.uid,
        outcome=DELETED if ended is None else str(status.phase),
        finished_at=finished_at,
        reason=ready.reason if ready is not None else None,
        request_id=request.request_id,
        asked_by=request.asked_by,
        method=method_of(request, status) or None,
        point_in_time=status.point_in_time,
        snapshot=status.transfer.snapshot if status.transfer is not None else None,
        newest_point_age_before=age_of(baseline.newest_point) if baseline is not None else None,
        newest_point_age_after=age_of(operation.newest_at_end) if operation is not None else None,
        accepted_at=status.accepted_at,
        started_at=started_at,
    )


def method_of(request: OneShot[Any], status: SyncStatus | PreparationStatus) -> str:
    """A sync's method, if that is settled, or `DryRun`; empty for any other request."""
    if isinstance(status, SyncStatus):
        return "" if status.method is None else status.method.value
    spec: PreparationSpec = request.spec
    return DRY_RUN if spec.dry_run else ""


def merged(*histories: tuple[HistoryEntry, ...]) -> tuple[HistoryEntry, ...]:
    """The newest twenty of all of them, newest first. Of two about the same object the one that comes first stays."""
    found: dict[Key, HistoryEntry] = {}
    for entry in (entry for history in histories for entry in history):
        found.setdefault(_key(entry), entry)
    return tuple(sorted(found.values(), key=_age, reverse=True)[:HISTORY_LIMIT])


def is_missing(history: tuple[HistoryEntry, ...], key: Key, finished_at: datetime) -> bool:
    """May an entry of this object, which ended then, have to be added?"""
    if any(_key(entry) == key for entry in history):
        return False
    return len(history) < HISTORY_LIMIT or (finished_at, key) > _age(history[-1])


def of_this_group(entry: HistoryEntry, created: datetime) -> bool:
    """Is the entry about the ReplicationGroup that was created then, not about an earlier one of its name?"""
    return entry.finished_at >= created - _CLOCKS_DIFFER


def _key(entry: HistoryEntry) -> Key:
    return entry.kind, entry.uid


def _age(entry: HistoryEntry) -> tuple[datetime, Key]:
    return entry.finished_at, _key(entry)
