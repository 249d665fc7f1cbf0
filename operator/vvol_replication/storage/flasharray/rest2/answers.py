"""What a REST 2 array answers, read into the domain's values. Pure; what cannot be read raises `Unreadable`.

Times are milliseconds since the epoch, and are kept so: REST 1 tells the same moments in whole seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from vvol_replication.domain.arrays import (
    ArrayAbout,
    ArrayConnection,
    ProtectionGroup,
    ProtectionPolicy,
    Pushed,
    ReplicationTarget,
    Snapshot,
)
from vvol_replication.storage.flasharray import merging, reading
from vvol_replication.storage.flasharray.errors import Unreadable
from vvol_replication.storage.flasharray.errors.array_text import ArrayText

Row = Mapping[str, Any]

_GROUPS: Final = "GET protection-groups"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `more` says that it goes on, `token` (if the array gives one) leads there."""

    rows: Sequence[Row]
    more: bool
    token: str | None


def page(content: Any, where: str) -> Page:
    """Read `{"items", "more_items_remaining", "continuation_token"}`.

    An empty list may be written as null, or left out where the answer says that nothing follows. An answer of which
    more is to come has lost its list. One with errors, whatever it lists beside them, lacks what they are about.
    """
    outer = reading.mapping(content, where)
    if outer.get("errors"):
        words = ArrayText.parse(json.dumps({"errors": outer["errors"]})).whole or "without a message"
        raise Unreadable(f"{where} was answered with errors beside its list ({words})")
    token, more = reading.optional_text(outer, "continuation_token"), outer.get("more_items_remaining")
    items = outer.get("items")
    ends = more is False or ("items" in outer and more is None)
    if items is None and ends and token is None:
        items = []
    return Page(
        rows=reading.rows(items, where),
        more=token is not None if more is None else more is True,
        token=token,
    )


def about(rows: Sequence[Row], rest: str) -> ArrayAbout:
    """Read `GET arrays`: one row, this array."""
    if len(rows) != 1:
        raise Unreadable(f"GET arrays was answered with {len(rows)} arrays instead of one")
    return ArrayAbout(
        id=reading.text(rows[0], "id", "GET arrays"),
        name=reading.text(rows[0], "name", "GET arrays"),
        version=reading.optional_text(rows[0], "version") or "",
        rest=rest,
    )


def connections(rows: Iterable[Row]) -> tuple[ArrayConnection, ...]:
    """Read `GET array-connections`, but for those of a fleet, which replicate nothing, and those to nobody yet."""
    found = (_connection(row) for row in rows if not merging.of_a_fleet(row.get("type")))
    return tuple(one for one in found if one is not None)


def protection_group(row: Row, targets: Iterable[Row]) -> ProtectionGroup:
    """Read one row of `GET protection-groups`, and the rows of `GET protection-groups/targets` for it."""
    return ProtectionGroup(
        name=reading.text(row, "name", _GROUPS),
        source=_reference(row, _GROUPS, "source"),
        targets=tuple(_target(target) for target in targets),
        destroyed=row.get("destroyed") is True,
    )


def named(rows: Iterable[Row], name: str, where: str) -> Row | None:
    """The row of that name, in any case; an array may list more than it was asked for."""
    return _by_name(rows, where).get(name.lower())


def targets_of(rows: Iterable[Row], group: str) -> list[Row]:
    """Those rows of `GET protection-groups/targets` that are of this group, or do not say of which."""
    told = ((row.get("group"), row) for row in rows)
    names = ((reading.optional_text(one, "name") if isinstance(one, Mapping) else None, row) for one, row in told)
    return [row for name, row in names if (name or group).lower() == group.lower()]


def live(rows: Iterable[Row]) -> list[str]:
    """The names of those protection groups that are not destroyed."""
    return [reading.text(row, "name", _GROUPS) for row in rows if row.get("destroyed") is not True]


def protection_groups(rows: Iterable[Row], targets: Iterable[Row]) -> dict[str, ProtectionGroup]:
    """Read the rows of several, by name in lower case; those of `GET protection-groups/targets` name their group.

    A live one of which no target is told is left out: it may be that the two answers are not of the same groups.
    """
    theirs: dict[str, list[Row]] = {}
    for target in targets:
        theirs.setdefault(_reference(target, "GET protection-groups/targets", "group").lower(), []).append(target)
    found = {name: protection_group(row, theirs.get(name, ())) for name, row in _by_name(rows, _GROUPS).items()}
    return {name: group for name, group in found.items() if group.destroyed or group.targets}


def policies(rows: Iterable[Row]) -> dict[str, ProtectionPolicy]:
    """Read the rows of `GET protection-groups`, by name in lower case; intervals are milliseconds. Live ones only."""
    live = {name: row for name, row in _by_name(rows, _GROUPS).items() if row.get("destroyed") is not True}
    return {name: _policy(row) for name, row in live.items()}


def _policy(row: Row) -> ProtectionPolicy:
    every, keep = row.get("replication_schedule"), row.get("target_retention")
    return ProtectionPolicy(
        schedule=reading.schedule(every.get("enabled"), every.get("frequency"), every.get("blackout"), unit=0.001)
        if isinstance(every, Mapping)
        else None,
        retention=reading.retention(keep.get("all_for_sec"), keep.get("per_day"), keep.get("days"))
        if isinstance(keep, Mapping)
        else None,
    )


def snapshots(rows: Iterable[Row], transfers: Iterable[Row]) -> tuple[Snapshot, ...]:
    """Read `GET protection-group-snapshots` together with `…/transfer`, which alone tells how far each has come.

    A transfer whose snapshot is not listed (yet, or any more) is shown if it tells any time of its own.
    """
    listed = _by_name(rows, "GET protection-group-snapshots")
    moved = _by_name(transfers, "GET protection-group-snapshots/transfer")
    found = (_snapshot(listed.get(name, {}), moved.get(name, {})) for name in listed | moved)
    return tuple(row for row in found if row is not None)


def destroyed(rows: Iterable[Row], snapshot: str) -> bool:
    """Whether this snapshot is destroyed. Raises `Unreadable` where it is not among the rows."""
    row = _by_name(rows, "GET protection-group-snapshots").get(snapshot.lower())
    if row is None:
        raise Unreadable("the array does not show the snapshot of which it said that it exists")
    return row.get("destroyed") is True


def pushed(rows: Iterable[Row], snapshot: str) -> Pushed:
    """Read `POST protection-group-snapshots`. It must speak of the snapshot asked for."""
    row = _by_name(rows, "POST protection-group-snapshots").get(snapshot.lower())
    if row is None:
        raise Unreadable("the answer to POST protection-group-snapshots does not name the snapshot asked for")
    return Pushed(str(row["name"]), _time(row.get("created")))


def _by_name(rows: Iterable[Row], where: str) -> dict[str, Row]:
    return {reading.text(row, "name", where).lower(): row for row in rows}


def _connection(row: Row) -> ArrayConnection | None:
    """From REST 2.40 on `remote` is the other array. Before, whose the id is was not said: the name has to do.

    One that is being made may have no name or status yet: it carries nothing, and hides none of the others.
    """
    remote, status = row.get("remote"), reading.optional_text(row, "status") or merging.NO_STATUS
    other = remote if isinstance(remote, Mapping) and reading.optional_text(remote, "name") else None
    name = reading.optional_text(row if other is None else other, "name")
    if name is None:
        return None
    return ArrayConnection(
        name=name,
        id=None if other is None else reading.optional_text(other, "id"),
        connected=merging.connected(status),
        status=status,
    )


def _target(row: Row) -> ReplicationTarget:
    where = "GET protection-groups/targets"
    return ReplicationTarget(
        _reference(row, where, "member", "target"),
        allowed=row.get("allowed") is True,
        status=reading.optional_text(row, "status"),
    )


def _reference(row: Row, where: str, *fields: str) -> str:
    """The name in the first of these fields that is there: `{"name": …}`."""
    for field in fields:
        if isinstance(row.get(field), Mapping):
            return reading.text(row[field], "name", where)
    raise Unreadable(f"the answer to {where} has no {fields[0]}")


def _snapshot(row: Row, transfer: Row) -> Snapshot | None:
    started, completed = _time(transfer.get("started")), _time(transfer.get("completed"))
    created = _time(row.get("created")) or started or completed
    if created is None:
        if row:
            raise Unreadable("a snapshot without a readable time of creation")
        return None
    return Snapshot(
        name=str((row or transfer)["name"]),
        created=created,
        started=started,
        completed=completed,
        progress=reading.progress(transfer.get("progress")),
        bytes_transferred=reading.count(transfer.get("data_transferred")),
        destroyed=row.get("destroyed") is True or transfer.get("destroyed") is True,
    )


def _time(value: Any) -> datetime | None:
    """Milliseconds since the epoch; what is none is `None`."""
    moment = reading.number(value)
    if moment is None or moment <= 0:
        return None
    try:
        return datetime.fromtimestamp(moment // 1000, UTC) + timedelta(milliseconds=int(moment) % 1000)
    except (ValueError, OverflowError, OSError):
        return None
