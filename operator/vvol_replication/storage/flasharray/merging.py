"""Rows of several answers brought together, in either REST family. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from vvol_replication.domain.arrays import ProtectionPolicy, ReplicationSchedule, Retention, Snapshot

_CONNECTED: Final = frozenset({"connected", "partially_connected", "unbalanced"})
"""Words for a connection that carries data; the last two say that some of its paths do not."""

NO_STATUS: Final = "no status"
"""Stands for the word of a connection that has none: it is not known to carry data."""


def connected(status: str) -> bool:
    """Whether an array connection with this status carries data."""
    return status.lower() in _CONNECTED


def of_a_fleet(kind: object) -> bool:
    """Is that kind of connection, a word in REST 2 and a list of words in REST 1, only for managing a fleet?"""
    words = [kind] if isinstance(kind, str) else kind if isinstance(kind, list) else []
    return bool(words) and all(isinstance(word, str) and word.startswith("fleet") for word in words)


def with_destroyed(live: Iterable[Snapshot], destroyed: Iterable[Snapshot]) -> tuple[Snapshot, ...]:
    """One list of two answers; a snapshot destroyed between the two is in both, and destroyed."""
    rows = {snapshot.name.lower(): snapshot for snapshot in live}
    for gone in destroyed:
        known = rows.get(gone.name.lower(), gone)
        rows[gone.name.lower()] = replace(known, destroyed=True)
    return tuple(rows.values())


def by_protection_group(rows: Iterable[Snapshot], names: Sequence[str]) -> dict[str, tuple[Snapshot, ...]]:
    """Sort snapshots under the names asked for (case-insensitive, as arrays are); one without snapshots stays empty."""
    found: dict[str, list[Snapshot]] = {name.lower(): [] for name in names}
    for row in rows:
        found.get(row.name.rpartition(".")[0].lower(), []).append(row)
    return {name: tuple(found[name.lower()]) for name in names}


def policies(
    schedules: Mapping[str, ReplicationSchedule | None],
    retentions: Mapping[str, Retention | None],
    names: Sequence[str],
) -> dict[str, ProtectionPolicy]:
    """Two answers, both by name in lower case, under the names asked for; a group that is in neither has no entry."""
    return {
        name: ProtectionPolicy(schedules.get(name.lower()), retentions.get(name.lower()))
        for name in names
        if name.lower() in schedules or name.lower() in retentions
    }
