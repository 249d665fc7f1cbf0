"""What a REST 1 array answers, read into the domain's values. Pure; what cannot be read raises `Unreadable`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from vvol_replication.domain.arrays import (
    ArrayAbout,
    ArrayConnection,
    ProtectionGroup,
    Pushed,
    ReplicationSchedule,
    ReplicationTarget,
    Retention,
    Snapshot,
)
from vvol_replication.storage.flasharray import merging, reading
from vvol_replication.storage.flasharray.errors import Unreadable


def about(answer: Any, rest: str) -> ArrayAbout:
    """Read `GET array`: `{"array_name", "id", "version", …}`."""
    row = reading.mapping(answer, "GET array")
    return ArrayAbout(
        id=reading.text(row, "id", "GET array"),
        name=reading.text(row, "array_name", "GET array"),
        version=reading.optional_text(row, "version") or "",
        rest=rest,
    )


def connections(answer: Any) -> tuple[ArrayConnection, ...]:
    """Read `GET array/connection`; `connected` was a boolean before REST 1.17, since then `status` is a word.

    Those of a fleet replicate nothing, and are left out; so are those to nobody yet.
    """
    rows = reading.rows(answer, "GET array/connection")
    found = (_connection(row) for row in rows if not merging.of_a_fleet(row.get("type")))
    return tuple(one for one in found if one is not None)


def protection_group(answer: Any) -> ProtectionGroup:
    """Read `GET pgroup/<pg>`: an object, or a list of one."""
    rows = reading.rows([answer] if isinstance(answer, Mapping) else answer, "GET pgroup")
    if len(rows) != 1:
        raise Unreadable(f"{len(rows)} protection groups where one was asked for")
    row = rows[0]
    return ProtectionGroup(
        name=reading.text(row, "name", "GET pgroup"),
        source=reading.text(row, "source", "GET pgroup"),
        targets=tuple(
            ReplicationTarget(
                reading.text(target, "name", "targets of GET pgroup"), allowed=target.get("allowed") is True
            )
            for target in reading.rows(row.get("targets") or [], "targets of GET pgroup")
        ),
        destroyed=_destroyed(row),
    )


def snapshots(answer: Any, *, destroyed: bool = False) -> tuple[Snapshot, ...]:
    """Read the rows of `GET pgroup…?snap=true`, with or without `transfer`; `destroyed` where only such were asked for.

    Rows of protection groups themselves (no dot in the name) are passed over.
    """
    rows = (row for row in reading.rows(answer, "GET pgroup") if "." in reading.text(row, "name", "GET pgroup"))
    return tuple(_snapshot(row, destroyed=destroyed) for row in rows)


def schedules(answer: Any) -> list[tuple[str, ReplicationSchedule | None]]:
    """Read `GET pgroup?schedule=true`: names in lower case; intervals and times of the day are in seconds."""
    where = "GET pgroup with schedule"
    fields = ("replicate_enabled", "replicate_frequency", "replicate_blackout")
    return [
        (reading.text(row, "name", where).lower(), reading.schedule(*map(row.get, fields), unit=1.0))
        for row in reading.rows(answer, where)
    ]


def retentions(answer: Any) -> list[tuple[str, Retention | None]]:
    """Read `GET pgroup?retention=true`: names in lower case."""
    where = "GET pgroup with retention"
    fields = ("target_all_for", "target_per_day", "target_days")
    return [
        (reading.text(row, "name", where).lower(), reading.retention(*map(row.get, fields)))
        for row in reading.rows(answer, where)
    ]


def pushed(answer: Any, snapshot: str) -> Pushed:
    """Read `POST pgroup`: a list of one row, an object before REST 1.4. It must speak of the snapshot asked for."""
    rows = reading.rows([answer] if isinstance(answer, Mapping) else answer, "POST pgroup")
    for row in rows:
        name = reading.text(row, "name", "POST pgroup")
        if name.lower() == snapshot.lower():
            return Pushed(name, _time(row.get("created")))
    raise Unreadable("the answer to POST pgroup does not name the snapshot that was asked for")


def _connection(row: Mapping[str, Any]) -> ArrayConnection | None:
    """One that is being made may have no name or status yet: it carries nothing, and hides none of the others."""
    name, status = reading.optional_text(row, "array_name"), reading.optional_text(row, "status")
    if name is None:
        return None
    if "status" not in row and "connected" not in row:
        raise Unreadable("a row of GET array/connection has neither status nor connected")
    if status is None and isinstance(row.get("connected"), bool):
        status = "connected" if row["connected"] else "disconnected"
    status = status or merging.NO_STATUS
    return ArrayConnection(
        name=name, id=reading.optional_text(row, "id"), connected=merging.connected(status), status=status
    )


def _snapshot(row: Mapping[str, Any], *, destroyed: bool) -> Snapshot:
    started, completed = _time(row.get("started")), _time(row.get("completed"))
    created = _time(row.get("created")) or started or completed
    if created is None:
        raise Unreadable("a snapshot without a readable time of creation")
    return Snapshot(
        name=reading.text(row, "name", "GET pgroup"),
        created=created,
        started=started,
        completed=completed,
        progress=reading.progress(row.get("progress")),
        bytes_transferred=reading.count(row.get("data_transferred")),
        destroyed=destroyed or _destroyed(row),
    )


def _destroyed(row: Mapping[str, Any]) -> bool:
    """Rows pending eradication, and only they, say how many seconds remain until then."""
    return row.get("time_remaining") is not None


def _time(value: Any) -> datetime | None:
    """An ISO 8601 time in UTC, in whole seconds as REST 1 tells it; what is none is `None`."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment.replace(microsecond=0)
