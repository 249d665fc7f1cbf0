"""The points in time of a group: names, ages, which request made each, and how long the target keeps them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from vvol_cli.reading import age, at, is_seen, items, message_of, moment, name_of, status_of, text, written
from vvol_cli.tables import Row, Table
from vvol_replication.api.durations import read_duration

from .overview import unread_for
from .words import NOT_ACCEPTED, SHORT, kind_of, resource_name, spoken_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from vvol_cli.reading import Object

TITLES = ("NAME", "TIME", "AGE", "MADE BY", "KEPT UNTIL", "ID")
_NARROW = 5


def table(group: Object, requests: Iterable[Object], now: datetime) -> Table:
    """The points in time that the status has, newest first."""
    points = items(group, "status.pointsInTime")
    makers = _makers(group, requests)
    kept = read_duration(text(group, "status.arrayPolicy.retention.allFor") or None)
    rows = [_row(group, one, makers.get(text(one, "id"), ""), kept, now) for one in points]
    count = at(group, "status.pointInTimeCount")
    notes = [] if not isinstance(count, int) or count <= len(points) else [f"The newest {len(points)} of {count}."]
    if said := retention(group):
        notes.append(said)
    if said := _doubt(group, now):
        notes.append(said)
    empty = "No point in time is listed at the target."
    if not points and not isinstance(count, int):
        empty = "The points in time at the target are not known."
    return Table("PointInTime", TITLES, rows, _NARROW, empty=empty, notes=notes)


def _doubt(group: Object, now: datetime) -> str:
    """Why newer ones may be listed than are shown; empty: the target is read."""
    if not is_seen(group):
        return f"{spoken_name(group)}: {NOT_ACCEPTED}"
    if said := unread_for(group, now):
        return f"{spoken_name(group)} was read {said}"
    if status_of(group, "Ready") == "True":
        return ""
    read = text(group, "status.lastReadAt")
    return (
        f"{spoken_name(group)} "
        + (f"was read at {read}, not since." if read else "was never read.")
        + (f" {message_of(group)}" if message_of(group) else "")
    )


def retention(group: Object) -> str:
    """What the source array says of the retention at targets, as a sentence; empty: it is not known."""
    rule = at(group, "status.arrayPolicy.retention")
    if not isinstance(rule, dict):
        return ""
    all_for, days = text(rule, "allFor"), at(rule, "days")
    first = f"Targets keep all for {all_for}" if all_for else "Targets keep all for ever"
    if not all_for or not at(rule, "perDay"):
        return f"{first}."
    return f"{first}, then {rule['perDay']} of each day " + (f"for {days} days." if days else "for ever.")


def _row(group: Object, point: Object, maker: str, kept: timedelta | None, now: datetime) -> Row:
    made = moment(at(point, "time"))
    until = written(made + kept) if made is not None and kept is not None else ""
    cells = (text(point, "name"), text(point, "time"), age(at(point, "time"), now), maker, until, text(point, "id"))
    data = {**point, "madeBy": maker or None, "keptUntil": until or None}
    return Row(f"{resource_name(group)}/{text(point, 'id')}", cells, data)


def _makers(group: Object, requests: Iterable[Object]) -> dict[str, str]:
    """The request that made a point in time, by its id: those of the history first, then those that are there."""
    found = {
        text(one, "pointInTime.id"): f"{SHORT.get(text(one, 'kind'), text(one, 'kind'))}/{text(one, 'name')}"
        for one in items(group, "status.history")
        if text(one, "reason") not in {"RecentEnough", "AlreadyDone"} and text(one, "outcome") == "Succeeded"
    }
    for one in requests:
        if kind_of(one) in SHORT and at(one, "status.operation.push") and (made := text(one, "status.pointInTime.id")):
            found.setdefault(made, f"{SHORT[kind_of(one)]}/{name_of(one)}")
    return {point: maker for point, maker in found.items() if point}
