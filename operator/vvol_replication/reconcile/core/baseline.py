"""What was there before arming, so that it is never taken for news.

It is known by ids and suffixes. Times are only asked where more was there than a status can hold, or where an operator
that knew no fingerprints wrote the ledger: a clock that is put right makes what is new look older than what is old.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

from vvol_replication.api.preparation import PreparationLedger
from vvol_replication.api.refs import NewestPoint
from vvol_replication.api.sync import BASELINE_LIMIT, FINGERPRINT_LENGTH, FINGERPRINTS_LIMIT, Baseline, Operation
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.points import PointInTime

LedgerT = TypeVar("LedgerT", bound=Operation | PreparationLedger | None)


def baseline_of(
    points: Sequence[PointInTime],
    at_target: Sequence[Snapshot],
    at_source: Sequence[Snapshot],
    newest: NewestPoint | None = None,
) -> Baseline:
    """What was there before arming, small enough for a status."""
    newest_points = sorted(points, key=lambda point: point.time, reverse=True)[:BASELINE_LIMIT]
    landed = sorted(((row.completed, row.name) for row in at_target if row.landed and row.completed), reverse=True)
    kept = landed[:BASELINE_LIMIT]
    return Baseline(
        points=tuple(point.id for point in newest_points),
        points_before=newest_points[-1].time if len(points) > BASELINE_LIMIT else None,
        transfers=tuple(name for _, name in kept),
        transfers_before=kept[-1][0] if len(landed) > BASELINE_LIMIT else None,
        newest_snapshot=max((row.created for row in (*at_source, *at_target)), default=None),
        point_fingerprints=fingerprints(point.id for point in points),
        transfer_fingerprints=fingerprints(_folded(row) for row in at_target if row.landed),
        snapshot_fingerprints=fingerprints(_folded(row) for row in (*at_source, *at_target)),
        newest_point=newest,
    )


def at_end(operation: LedgerT, newest: NewestPoint | None = None) -> LedgerT:
    """What of a ledger is worth keeping when its request has ended: all but the fingerprints. `newest` is added."""
    if operation is None:
        return operation
    operation = replace(operation, newest_at_end=newest)
    if operation.baseline is None:
        return operation
    kept = replace(operation.baseline, point_fingerprints=None, transfer_fingerprints=None, snapshot_fingerprints=None)
    return replace(operation, baseline=kept)


def listed_before(point: PointInTime, baseline: Baseline | None) -> bool:
    """Was this point in time listed before we armed?"""
    if baseline is None:
        return False
    if baseline.point_fingerprints is not None:
        return _is_among(point.id, baseline.point_fingerprints)
    before = baseline.points_before
    return point.id in baseline.points or (before is not None and point.time <= before)


def landed_before(row: Snapshot, baseline: Baseline | None) -> bool:
    """Had this transfer landed before we armed? By suffix: an array that is renamed renames its snapshots."""
    if baseline is None:
        return False
    if baseline.transfer_fingerprints is not None:
        return _is_among(_folded(row), baseline.transfer_fingerprints)
    before = baseline.transfers_before
    known = {name.rpartition(".")[2] for name in baseline.transfers}
    return row.suffix in known or (before is not None and row.completed is not None and row.completed <= before)


def landed_since(rows: Sequence[Snapshot], suffix: str, baseline: Baseline | None) -> tuple[Snapshot, ...]:
    """The transfers, ours aside, that landed after we looked, in that order: one may have got our name."""
    landed = [(row.completed, row) for row in rows if row.landed and row.completed and row.suffix != suffix]
    news = [one for one in landed if not landed_before(one[1], baseline)]
    return tuple(row for _, row in sorted(news, key=lambda one: one[0]))


def is_older(row: Snapshot, baseline: Baseline | None) -> bool:
    """Was this snapshot there when the request looked first?"""
    if baseline is None:
        return False
    if baseline.snapshot_fingerprints is not None:
        return _is_among(_folded(row), baseline.snapshot_fingerprints)
    newest = baseline.newest_snapshot
    return newest is not None and row.created <= newest


def went_back(mine: Snapshot, baseline: Baseline | None) -> bool:
    """Is our snapshot, which was made last, older by its array's clock than one that was there before it?

    Told only where times have to be relied on.
    """
    if baseline is None or baseline.point_fingerprints is not None or baseline.newest_snapshot is None:
        return False
    return mine.created < baseline.newest_snapshot


def fingerprints(items: Iterable[str]) -> str | None:
    """The fingerprints of these, in no order that says anything; None if they are too many for a status."""
    known = {_fingerprint(item) for item in items}
    return "".join(sorted(known)) if len(known) <= FINGERPRINTS_LIMIT else None


def _folded(row: Snapshot) -> str:
    """Names on an array are case-insensitive."""
    return row.suffix.casefold()


def _fingerprint(item: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(item.encode()).digest()[:6]).decode()


def _is_among(item: str, known: str) -> bool:
    return _fingerprint(item) in _split(known)


@lru_cache(maxsize=64)
def _split(known: str) -> frozenset[str]:
    return frozenset(known[at : at + FINGERPRINT_LENGTH] for at in range(0, len(known), FINGERPRINT_LENGTH))
