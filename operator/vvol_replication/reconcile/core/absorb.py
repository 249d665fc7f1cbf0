"""What syncs and preparations take in alike: a reading, a failed call, and what has landed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.outcomes import Done, Indeterminate, Outcome, Refused, Unavailable

from .observation import Moment, Observation, Query, Reading, Trouble, rows

_TRANSFERS = frozenset({Query.SOURCE_SNAPSHOTS, Query.TARGET_SNAPSHOTS})


def taken_in(seen: Observation, query: Query, outcome: Outcome[Any], moment: Moment) -> Observation:
    """A reading in the place of the last one of its kind; it counts how often in a row there was no answer."""
    before: Reading[Any] | None = getattr(seen, query.value)
    failures = 0 if isinstance(outcome, Done) else 1 + (before.failures if before is not None else 0)
    reading = Reading(outcome, moment.now, failures, moment.jitter)
    after = seen.with_reading(query, reading)
    if query not in _TRANSFERS or not isinstance(outcome, Done):
        return after
    stands = before is not None and before.value is not None and _under_way(before) == _under_way(reading)
    return after if stands else replace(after, moved_at=moment.now)


def _under_way(reading: Reading[tuple[Snapshot, ...]]) -> frozenset[tuple[str, float | None, int | None]]:
    return frozenset((row.suffix, row.progress, row.bytes_transferred) for row in rows(reading) if row.under_way)


def landed_suffixes(seen: Observation) -> frozenset[str]:
    """The suffixes, folded, of what has landed at the target, as it was read last."""
    return frozenset(row.suffix.casefold() for row in rows(seen.target_snapshots) if row.landed)


def trouble_of(seen: Observation, outcome: Refused | Unavailable | Indeterminate, moment: Moment) -> Trouble:
    """Wait longer each time. Where nothing was refused, for as long as it takes; refusals and lost answers count."""
    before = seen.trouble
    failures = 1 + (before.failures if before else 0)
    refusals = (before.refusals if before else 0) + (0 if isinstance(outcome, Unavailable) else 1)
    retry_at = moment.now + moment.tuning.backoff(failures, moment.jitter)
    return Trouble(outcome.reason, outcome.message, refusals, failures, retry_at)


def without_failures(seen: Observation, now: datetime) -> Observation:
    """An endpoint answers again: what failed is due at once, and a call that it was silent to may be tried.

    A reading that asked for a pause keeps it, and a refused call its back-off: those are the endpoint's own words.
    """
    failed: dict[str, Any] = {query.value: None for query in Query if _is_over(getattr(seen, query.value), now)}
    trouble = seen.trouble
    if trouble is not None and not trouble.refusals:
        trouble = replace(trouble, retry_at=min(trouble.retry_at, now))
    return replace(seen, trouble=trouble, **failed)


def _is_over(reading: Reading[Any] | None, now: datetime) -> bool:
    """Did this reading fail, without a wish to be left alone that still counts?"""
    if reading is None or isinstance(reading.outcome, Done):
        return False
    asked = getattr(reading.outcome, "retry_after", None)
    return asked is None or now >= reading.at + timedelta(seconds=asked)
