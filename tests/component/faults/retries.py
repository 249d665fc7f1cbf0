"""Whether and how often a request asks again after a row's outcome, in words: invariants 4 and 5, and `retryLimit`."""

from __future__ import annotations

from typing import Final

from vvol_replication.api.reasons import CATALOGUE, Reason

from .rows import DONE, INDETERMINATE, MUTATING, REFUSED, UNAVAILABLE, Row

DEADLINE: Final = "until the deadline"
LIMITED: Final = "up to retryLimit"
NOTHING: Final = "-"
NEVER: Final = "no"
LOOKED_FOR: Final = "looked for, never repeated"
LOOKED_FOR_ONCE: Final = "looked for, then once more under the same name"
"""Invariant 5's exception: a sync moves no data, and the target itself says whether one is under way."""


def retried(row: Row) -> str:
    """In words for people."""
    if row.outcome == INDETERMINATE:
        return LOOKED_FOR_ONCE if row.call == "start_sync" else LOOKED_FOR
    if row.outcome == DONE:
        return _after_answer(row)
    known = CATALOGUE[Reason(row.reason)]
    if row.reason == Reason.IDENTITY_CHANGED:
        return NEVER
    if row.outcome == UNAVAILABLE:
        return DEADLINE
    assert row.outcome == REFUSED
    if row.call in ("start_sync", "push"):
        return LIMITED
    if row.call in MUTATING and not known.retried:
        return NEVER
    return DEADLINE


def _after_answer(row: Row) -> str:
    """Of a `Done`: what was told may be that a sync is in the way, or has ended in error."""
    if row.call == "start_sync" and row.reason == Reason.SYNC_ONGOING:
        return DEADLINE
    return LIMITED if row.reason else NOTHING
