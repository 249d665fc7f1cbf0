"""Ages against objectives, as a table for a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vvol_cli.reading import age, at, message_of, name_of, namespace_of, reason_of, status_of, text
from vvol_cli.tables import Row, Table

from .overview import unread_for
from .words import resource_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from vvol_cli.reading import Object

TITLES = ("NAMESPACE", "GROUP", "OBJECTIVE", "HELD", "NEWEST", "AGE", "BEHIND SINCE", "REASON", "MESSAGE")
_NARROW = 8


def table(groups: Iterable[Object], now: datetime) -> Table:
    """All groups; those without an objective have no word on whether it is held."""
    ordered = sorted(groups, key=lambda one: (namespace_of(one), name_of(one)))
    rows = [_row(one, now) for one in ordered]
    notes = [
        f"{namespace_of(one)}/{name_of(one)} was read {said} Whether its objective is held is not known since."
        for one in ordered
        if (said := unread_for(one, now))
    ]
    return Table("RecoveryPoint", TITLES, rows, _NARROW, empty="There is no ReplicationGroup.", notes=notes)


def _row(group: Object, now: datetime) -> Row:
    newest, since = text(group, "status.newestPointInTime"), text(group, "status.behindObjectiveSince")
    type_ = "RecoveryPointCurrent"
    cells = (
        namespace_of(group),
        name_of(group),
        text(group, "spec.recoveryPointObjective"),
        status_of(group, type_),
        newest,
        age(newest, now),
        since,
        reason_of(group, type_),
        message_of(group, type_),
    )
    data = {
        "namespace": cells[0],
        "group": cells[1],
        "recoveryPointObjective": at(group, "spec.recoveryPointObjective"),
        "held": status_of(group, type_) or None,
        "newestPointInTime": newest or None,
        "behindObjectiveSince": since or None,
        "lastReadAt": at(group, "status.lastReadAt"),
        "reason": reason_of(group, type_) or None,
        "message": message_of(group, type_) or None,
    }
    return Row(resource_name(group), cells, data)
