"""How requests came out, as the commands that follow them print it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click

from vvol_cli.following.progress import why_not
from vvol_cli.outcome import Outcome, worst
from vvol_cli.reading import Object, at, condition, is_seen, message_of, namespace_of, reason_of, status_of, text
from vvol_cli.screen import print_out
from vvol_cli.tables import Row, Table
from vvol_cli.views.words import NOT_ACCEPTED, kind_of, resource_name, spoken_name, to_do

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vvol_cli.following.follow import Ended

TITLES = ("GROUP", "REQUEST", "OUTCOME", "REASON", "POINT IN TIME", "TIME", "ID", "SNAPSHOT", "MESSAGE")
_NARROW = 6


def print_ends(ends: Sequence[Ended], form: str) -> Outcome:
    """Print one row for each; with `-o name`, the points in time of those that are done. The outcome of all.

    A name that was asked for and is not known is no success, because a script goes on with it.
    """
    with contextlib.suppress(BrokenPipeError):  # nobody reads on; the exit code still says how they came out
        _print(ends, form)
    return worst(_named(one) if form == "name" else one.outcome for one in ends)


def _print(ends: Sequence[Ended], form: str) -> None:
    if form != "name":
        notes = [said for one in ends if (said := _note(one))]
        print_out(Table("Outcome", TITLES, [_row(one) for one in ends], _NARROW, notes=notes), form)
        return
    for one in ends:
        is_done = one.outcome is Outcome.DONE
        if is_done and (said := _doubt_of_validity(one.obj)):
            click.echo(said, err=True)
        if is_done and (name := text(one.obj, "status.pointInTime.name")):
            print_out(Table("", (), [Row(name, (), {})], 0), form)
        elif said := _unnamed(one.obj) if is_done else _note(one):
            click.echo(said, err=True)


def _named(ended: Ended) -> Outcome:
    """How one came out if its name was asked for. Nobody promises one to a preparation."""
    if ended.outcome is not Outcome.DONE or kind_of(ended.obj) == "FailoverPreparation":
        return ended.outcome
    return Outcome.DONE if text(ended.obj, "status.pointInTime.name") else Outcome.UNKNOWN


def _unnamed(obj: Object) -> str:
    """Why one that is done shows no name, and what to do; empty for a dry run, which makes no point in time."""
    if at(obj, "spec.dryRun") is True:
        return ""
    doubts = [one for one in (condition(obj, "PointInTimeIdentified"), condition(obj, "Named")) if one]
    why = next((text(one, "message") for one in doubts if one.get("status") != "True"), message_of(obj))
    shows = f"`kubectl vvol points {text(obj, 'spec.groupRef.name')}` shows the points in time."
    return " ".join(f"{spoken_name(obj)} is done, but no name of its point in time is known. {why} {shows}".split())


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
        if said := _doubt_of_validity(ended.obj):
            return said
        named = at(ended.obj, "status.pointInTime") and [
            one for one in at(ended.obj, "status.conditions") or () if one.get("type") == "Named"
        ]
        return f"{name}: {named[0]['message']}" if named and named[0].get("status") != "True" else ""
    if ended.outcome is Outcome.STILL_RUNNING:
        going = "It goes on by itself." if is_seen(ended.obj) else NOT_ACCEPTED
        return f"{name} has not ended. {going} `kubectl vvol wait {name}` waits longer."
    if ended.reason == "Deleted":
        reason, message = ended.reason, "The object was deleted before its end."
    advice = to_do(reason, message)
    return f"{name}: {message}" + (f" What to do: {advice}" if advice else "")


def _doubt_of_validity(obj: Object) -> str:
    """Why nobody should fail over by a preparation that was completed; empty: it holds, or promises nothing."""
    status, reason, message = (status_of(obj, "Valid"), reason_of(obj, "Valid"), message_of(obj, "Valid"))
    if status in {"", "True"}:
        return ""
    what = "is not valid any more" if status == "False" else "may not be valid any more"
    advice = to_do(reason, message)
    return f"{spoken_name(obj)} was completed, but {what}: {message}" + (f" What to do: {advice}" if advice else "")
