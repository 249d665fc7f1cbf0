"""When will data that is on its way have landed, by how far it came between two polls?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vvol_replication.domain.arrays import Snapshot

Shares = Mapping[str, float]
"""By the name of a snapshot at the target: how much of it has arrived, from 0.0 to 1.0."""


def shares(rows: Iterable[Snapshot]) -> Shares:
    """How far the transfers have come that are under way and tell it."""
    return {row.name: row.progress for row in rows if row.under_way and row.progress is not None}


def next_arrival(before: Shares, now: Shares, elapsed: float) -> float | None:
    """Seconds until the first of them will have landed, if all go on as they went in these `elapsed` seconds.

    None: none of them is known to have moved, so one that stands still is not awaited.
    """
    moved = {name: share - before[name] for name, share in now.items() if name in before and share > before[name]}
    return min(((1 - now[name]) * elapsed / come for name, come in moved.items()), default=None)
