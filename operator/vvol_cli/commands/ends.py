"""How requests came out, as the commands that follow them print it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vvol_cli.following.progress import why_not
from vvol_cli.outcome import Outcome
from vvol_cli.reading import Object, at, is_seen, message_of, namespace_of, reason_of, text
from vvol_cli.screen import print_out
from vvol_cli.tables import Row, Table
from vvol_cli.views.words import NOT_ACCEPTED, advice_of, resource_name, spoken_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vvol_cli.following.follow import Ended

TITLES = ("GROUP", "REQUEST", "OUTCOME", "REASON", "POINT IN TIME", "TIME", "ID", "SNAPSHOT", "MESSAGE")
_NARROW = 6


def print_ends(ends: Sequence[Ended], form: str) -> None:
    """Print one row for each; with `-o name`, the points in time of those that are done."""
    notes = [said for one in ends if (said := _note(one))]
    if form == "name":
        names = [text(one.obj, "status.pointInTime.name") for one in ends if one.outcome is Outcome.DONE]
        print_out(Table("", (), [Row(one, (), {}) for one in names if one], 0, notes=notes), form)
        return
    print_out(Table("Outcome", TITLES, [_row(one) for one in ends], _NARROW, notes=notes), form)


def _row(ended: Ended) -> Row:
    obj = ended.obj
    cells = (
        text(obj, "spec.groupRef.name"),
        spoken_name(obj),
        ended.outcome.word,
        ended.reason or (reason_of(obj) if is_seen(obj) else "NotSeen"),
        text(obj, "status.pointInTime.name") or text(obj, "status.pointInTime.id"),
        text(obj, "status.pointInTime.time"),
        text(obj, "status.pointInTime.id"),
        text(obj, "status.transfer.snapshot"),
        message_of(obj),
    )
    return Row(resource_name(obj), cells, _data(ended))


def _data(ended: Ended) -> Object:
    obj = ended.obj
    return {
        "namespace": namespace_of(obj),
        "group": at(obj, "spec.groupRef.name"),
        "request": spoken_name(obj),
        "outcome": ended.outcome.word,
        "exitCode": int(ended.outcome),
        "reason": ended.reason or reason_of(obj) or None,
        "message": message_of(obj) or None,
        "pointInTime": at(obj, "status.pointInTime"),
        "snapshot": at(obj, "status.transfer.snapshot"),
    }


def _note(ended: Ended) -> str:
    """What a person is told beside the row: why it is not done, and what to do."""
    name, (reason, message) = spoken_name(ended.obj), why_not(ended.obj)
    if ended.outcome is Outcome.DONE:
        named = at(ended.obj, "status.pointInTime") and [
            one for one in at(ended.obj, "status.conditions") or () if one.get("type") == "Named"
        ]
        return f"{name}: {named[0]['message']}" if named and named[0].get("status") != "True" else ""
    if ended.outcome is Outcome.STILL_RUNNING:
        going = "It goes on by itself." if is_seen(ended.obj) else NOT_ACCEPTED
        return f"{name} has not ended. {going} `kubectl vvol wait {name}` waits longer."
    if ended.reason == "Deleted":
        reason, message = ended.reason, "The object was deleted before its end."
    advice = advice_of(reason)
    return f"{name}: {message}" + (f" What to do: {advice}" if advice and advice not in message else "")
