"""What a REST 1 array answers, read into the domain's values. Pure; what cannot be read raises `Unreadable`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from vvol_replication.domain.arrays import (
    ArrayAbout,
    ArrayConnection,
    ProtectionGroup,
    Pushed,
    ReplicationTarget,
    Snapshot,
)

from .failures import Unreadable

_CONNECTED: Final = frozenset({"connected", "partially_connected", "unbalanced"})
"""Words for a connection that carries data; the last two say that some of its paths do not."""


def about(answer: Any, rest: str) -> ArrayAbout:
    """Read `GET array`: `{"array_name", "id", "version", …}`."""
    row = _mapping(answer, "GET array")
    return ArrayAbout(
        id=_text(row, "id", "GET array"),
        name=_text(row, "array_name", "GET array"),
        version=_optional_text(row, "version") or "",
        rest=rest,
    )


def connections(answer: Any) -> tuple[ArrayConnection, ...]:
    """Read `GET array/connection`; `connected` was a boolean before REST 1.17, since then `status` is a word."""
    return tuple(_connection(row) for row in _rows(answer, "GET array/connection"))


def protection_group(answer: Any) -> ProtectionGroup:
    """Read `GET pgroup/<pg>`: an object, or a list of one."""
    rows = _rows([answer] if isinstance(answer, Mapping) else answer, "GET pgroup")
    if len(rows) != 1:
        raise Unreadable(f"{len(rows)} protection groups where one was asked for")
    row = rows[0]
    return ProtectionGroup(
        name=_text(row, "name", "GET pgroup"),
        source=_text(row, "source", "GET pgroup"),
        targets=tuple(
            ReplicationTarget(_text(target, "name", "targets of GET pgroup"), allowed=target.get("allowed") is True)
            for target in _rows(row.get("targets") or [], "targets of GET pgroup")
        ),
        destroyed=_destroyed(row),
    )


def snapshots(answer: Any, *, destroyed: bool = False) -> tuple[Snapshot, ...]:
    """Read the rows of `GET pgroup…?snap=true`, with or without `transfer`; `destroyed` where only such were asked for.

    Rows of protection groups themselves (no dot in the name) are passed over.
    """
    rows = (row for row in _rows(answer, "GET pgroup") if "." in _text(row, "name", "GET pgroup"))
    return tuple(_snapshot(row, destroyed=destroyed) for row in rows)


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


def pushed(answer: Any, snapshot: str) -> Pushed:
    """Read `POST pgroup`: a list of one row, an object before REST 1.4. It must speak of the snapshot asked for."""
    rows = _rows([answer] if isinstance(answer, Mapping) else answer, "POST pgroup")
    for row in rows:
        name = _text(row, "name", "POST pgroup")
        if name.lower() == snapshot.lower():
            return Pushed(name, _time(row.get("created")))
    raise Unreadable("the answer to POST pgroup does not name the snapshot asked for")


def _connection(row: Mapping[str, Any]) -> ArrayConnection:
    status, connected = _optional_text(row, "status"), row.get("connected")
    if status is None and not isinstance(connected, bool):
        raise Unreadable("a row of GET array/connection has neither status nor connected")
    return ArrayConnection(
        name=_text(row, "array_name", "GET array/connection"),
        id=_optional_text(row, "id"),
        connected=connected is True if status is None else status.lower() in _CONNECTED,
        status=status or ("connected" if connected is True else "disconnected"),
    )


def _snapshot(row: Mapping[str, Any], *, destroyed: bool) -> Snapshot:
    started, completed = _time(row.get("started")), _time(row.get("completed"))
    created = _time(row.get("created")) or started or completed
    if created is None:
        raise Unreadable("a snapshot without a readable time of creation")
    return Snapshot(
        name=_text(row, "name", "GET pgroup"),
        created=created,
        started=started,
        completed=completed,
        progress=_progress(row.get("progress")),
        bytes_transferred=_count(row.get("data_transferred")),
        destroyed=destroyed or _destroyed(row),
    )


def _destroyed(row: Mapping[str, Any]) -> bool:
    """Rows pending eradication, and only they, say how many seconds remain until then."""
    return row.get("time_remaining") is not None


def _rows(answer: Any, where: str) -> list[Mapping[str, Any]]:
    """The objects of a list; a null among them says nothing and is passed over."""
    if not isinstance(answer, list):
        raise Unreadable(f"{where} was answered with {_kind(answer)} instead of a list")
    return [_mapping(row, where) for row in answer if row is not None]


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Unreadable(f"{where} was answered with {_kind(value)} instead of an object")
    return value


def _text(row: Mapping[str, Any], field: str, where: str) -> str:
    value = _optional_text(row, field)
    if value is None:
        raise Unreadable(f"the answer to {where} has no {field}")
    return value


def _optional_text(row: Mapping[str, Any], field: str) -> str | None:
    value = row.get(field)
    return value if isinstance(value, str) and value else None


def _time(value: Any) -> datetime | None:
    """An ISO 8601 time in UTC, whole seconds; what is none is `None`."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment.replace(microsecond=0)


def _progress(value: Any) -> float | None:
    number = _number(value)
    return number if number is not None and 0.0 <= number <= 1.0 else None


def _count(value: Any) -> int | None:
    number = _number(value)
    return int(value) if number is not None and number >= 0 else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    return {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}.get(type(value), "a number")
