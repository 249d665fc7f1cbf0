"""The last requests on a group, also of objects that are deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vvol_cli.reading import items, moment, short, text, written
from vvol_cli.tables import Row, Table

from .words import SHORT

if TYPE_CHECKING:
    from vvol_cli.reading import Object

TITLES = ("FINISHED", "REQUEST", "OUTCOME", "REASON", "POINT IN TIME", "ASKED BY", "BEFORE", "AFTER", "METHOD", "TOOK",
          "REQUEST ID")  # fmt: skip
_NARROW = 8


def table(group: Object) -> Table:
    """The history that the group's status has, newest first."""
    rows = [_row(one) for one in items(group, "status.history")]
    empty = "No request that has ended is in the history of this group."
    return Table("HistoryEntry", TITLES, rows, _NARROW, empty=empty)


def _row(entry: Object) -> Row:
    kind, began, ended = text(entry, "kind"), moment(entry.get("startedAt")), moment(entry.get("finishedAt"))
    cells = (
        written(ended) if ended is not None else "",
        f"{SHORT.get(kind, kind)}/{text(entry, 'name')}",
        text(entry, "outcome"),
        text(entry, "reason"),
        text(entry, "pointInTime.name") or text(entry, "pointInTime.id"),
        text(entry, "askedBy.owner") or text(entry, "askedBy.manager"),
        text(entry, "newestPointAgeBefore"),
        text(entry, "newestPointAgeAfter"),
        text(entry, "method"),
        short(ended - began) if began is not None and ended is not None else "",
        text(entry, "requestID"),
    )
    return Row(f"{kind.lower()}.replication.vvol.dev/{text(entry, 'name')}", cells, entry)
