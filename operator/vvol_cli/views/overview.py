"""Groups as `status` shows them: what is protected, how recent that is, what runs, what needs a person."""

from __future__ import annotations

from datetime import timedelta

from vvol_cli.reading import age, at, is_seen, message_of, moment, name_of, namespace_of, reason_of, status_of, text
from vvol_cli.tables import Row, Sheet, Table

from .words import advised, also_of, by_group, needs_of, resource_name, running_on, spoken_name, step_of

TYPE_CHECKING = False  # as in headstart
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vvol_cli.reading import Object

STALE = timedelta(minutes=15)
"""An operator that works writes the status of each group every five minutes at least."""
TITLES = (
    "NAMESPACE",
    "GROUP",
    "STATE",
    "NEWEST",
    "AGE",
    "OBJECTIVE",
    "RUNNING",
    "NEEDS",
    "TARGET",
    "FROM",
    "TO",
    "READ",
)
_NARROW = 8


def state_of(group: Object, now: datetime) -> str:
    """One word for a group, the most serious that is true."""
    if not is_seen(group):
        return "NotSeen"
    current = status_of(group, "RecoveryPointCurrent")
    prepared = status_of(group, "Prepared") == "True"
    if current == "False":
        if reason_of(group, "RecoveryPointCurrent") == "NoPointInTime":
            return "NoPoint"
        if not prepared:  # whoever is prepared falls behind from then on: nothing new arrives before the failover
            return "Behind"
    if status_of(group, "Ready") != "True" or is_stale(group, now):
        return "NotRead"
    if prepared:
        return "Prepared"
    if status_of(group, "Suspended") == "True":
        return "Suspended"
    return {"True": "Protected", "Unknown": "Unknown"}.get(current, "Ready")


def is_stale(group: Object, now: datetime) -> bool:
    """Has no operator written what it read for a long time?"""
    read = moment(at(group, "status.lastReadAt"))
    return read is not None and now - read > STALE


def unread_for(group: Object, now: datetime) -> str:
    """How old what the status says is, where that is too old; empty: it is not."""
    if not is_stale(group, now):
        return ""
    read = age(text(group, "status.lastReadAt"), now)
    return f"{read} ago. Does the operator work? `kubectl vvol doctor` shows it."


def table(objects: Sequence[Object], now: datetime, *, everywhere: bool) -> Table:
    """All groups among some objects, each in a line."""
    groups = [one for one in objects if text(one, "kind") == "ReplicationGroup"]
    keys = sorted(((namespace_of(one), name_of(one)), number) for number, one in enumerate(groups))
    requests = by_group(objects)
    rows = [_row(groups[number], requests.get(key, ()), now) for key, number in keys]
    skip = 0 if everywhere else 1
    cut = [Row(row.name, row.cells[skip:], row.data) for row in rows]
    empty = "There is no ReplicationGroup in this namespace. -A shows those of all namespaces."
    return Table("GroupStatus", TITLES[skip:], cut, _NARROW - skip, empty=empty)


def _row(group: Object, objects: Sequence[Object], now: datetime) -> Row:
    data = _data(group, objects, now)
    newest = text(group, "status.newestPointInTime")
    listed = at(group, "status.pointsInTime")
    name = text(listed[0], "name") if isinstance(listed, list) and listed and isinstance(listed[0], dict) else ""
    cells = (
        namespace_of(group),
        name_of(group),
        data["state"],
        name or newest,
        age(newest, now),
        text(group, "spec.recoveryPointObjective"),
        ", ".join(step_of(one) for one in running_on(group, objects)),
        ", ".join(dict.fromkeys(one["reason"] for one in data["needs"])),
        text(group, "status.target.state"),
        text(group, "status.source.name"),
        text(group, "status.target.array"),
        age(text(group, "status.lastReadAt"), now),
    )
    return Row(resource_name(group), cells, data)


def _data(group: Object, objects: Sequence[Object], now: datetime) -> Object:
    running = running_on(group, objects)
    return {
        "namespace": namespace_of(group),
        "group": name_of(group),
        "state": state_of(group, now),
        "newestPointInTime": at(group, "status.newestPointInTime"),
        "newestNamedPointInTime": at(group, "status.newestNamedPointInTime"),
        "recoveryPointObjective": at(group, "spec.recoveryPointObjective"),
        "recoveryPointCurrent": status_of(group, "RecoveryPointCurrent") or None,
        "behindObjectiveSince": at(group, "status.behindObjectiveSince"),
        "targetState": at(group, "status.target.state"),
        "lastReadAt": at(group, "status.lastReadAt"),
        "running": [{"name": spoken_name(one), "reason": reason_of(one), "step": step_of(one)} for one in running],
        "needs": [
            {"object": name, "reason": reason, "message": message} for name, reason, message in needs_of(group, running)
        ],
    }


def sheet(group: Object, objects: Sequence[Object], now: datetime) -> Sheet:
    """One group, line by line."""
    running = running_on(group, objects)
    lines = [
        ("Group", f"{namespace_of(group)}/{name_of(group)}"),
        ("State", state_of(group, now)),
        ("From", _side(group, "source")),
        ("To", _side(group, "target")),
        ("Newest", _newest(group, now)),
        ("Objective", _objective(group)),
        ("Prepared", _prepared(group)),
        *[("" if number else "Running", _running(one)) for number, one in enumerate(running)],
        *advised(needs_of(group, running)),
        *advised(also_of(group), "Also"),
    ]
    lines.append(("Read", unread_for(group, now)))
    lines = [(label, said) for label, said in lines if said]
    return Sheet(lines, Row(resource_name(group), (), _data(group, objects, now)), "GroupStatus")


def _side(group: Object, side: str) -> str:
    name = text(group, f"status.{side}.name") or text(group, f"status.{side}.array")
    parts = (name, text(group, f"status.{side}.state"), text(group, f"status.{side}.vCenter"))
    return f"{parts[0] or '-'}, {parts[1] or 'state unknown'}, at {parts[2] or '-'}" if any(parts) else ""


def _newest(group: Object, now: datetime) -> str:
    newest = text(group, "status.newestPointInTime")
    if not newest:
        return "no point in time is known"
    named = text(group, "status.newestNamedPointInTime.name")
    when = text(group, "status.newestNamedPointInTime.time")
    if named and when == newest:
        return f"{named}, {newest}, {age(newest, now)} old"
    return f"{newest}, {age(newest, now)} old" + (f"; with a name: {named}, {age(when, now)} old" if named else "")


def objective_word(group: Object) -> str:
    """Whether the objective is held, as the operator says."""
    said = {"True": "held", "False": "missed", "Unknown": "not known whether it is held"}.get(
        status_of(group, "RecoveryPointCurrent")
    )
    return said or "not judged yet"


def _objective(group: Object) -> str:
    wanted = text(group, "spec.recoveryPointObjective")
    if not wanted or status_of(group, "RecoveryPointCurrent") == "False":  # why it is missed: see what needs a person
        return wanted and f"{wanted}, {objective_word(group)}."
    return f"{wanted}, {objective_word(group)}. {message_of(group, 'RecoveryPointCurrent')}"


def _prepared(group: Object) -> str:
    """Which point in time to fail over to, and how that is called off; empty where nobody should fail over."""
    good = (status_of(group, "Prepared"), reason_of(group, "Prepared")) == ("True", "FailoverPrepared")
    return message_of(group, "Prepared") if good else ""


def _running(request: Object) -> str:
    return f"{spoken_name(request)}: {step_of(request)}"
