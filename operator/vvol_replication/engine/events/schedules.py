"""Which changes of a schedule's status people are told: runs that start, times that pass without one, and trouble.

Decided from the status that stood before and the one that was written. What asks for attention is a Kubernetes event
as well as a line of the log; a run's own story is told by its ReplicationSync.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vvol_replication.api.conditions import Condition, find, from_json
from vvol_replication.api.reasons import Reason

from .event import Event
from .lines import Line

Json = Mapping[str, Any]


def schedule_lines(before: Json, after: Json) -> tuple[Line, ...]:
    """What is new between two statuses, in the order in which it happens."""
    found = [*_ended(before, after), *_passed(before, after), *_started(before, after), *_stands(before, after)]
    return tuple(found)


def schedule_events(before: Json, after: Json) -> tuple[Event, ...]:
    """Those of the lines that somebody has to look at."""
    return tuple(
        Event(warning=True, reason=line.reason, message=line.text, once=line.key)
        for line in schedule_lines(before, after)
        if line.warning
    )


def _started(before: Json, after: Json) -> list[Line]:
    known = {one.get("name") for one in before.get("active") or ()}
    return [
        Line(f"run {one['name']}", f"started ReplicationSync {one['name']} {_why(one)}")
        for one in after.get("active") or ()
        if one["name"] not in known
    ]


def _why(run: Json) -> str:
    return f"for {run['scheduledAt']}" if run.get("scheduledAt") else f"for runNow {run.get('runNow')!r}"


def _ended(before: Json, after: Json) -> list[Line]:
    last = after.get("lastRun")
    if not last or last == before.get("lastRun"):
        return []
    told = _condition(after, "LastRunSucceeded")
    if told is None:
        return []
    bad = told.status != "True"
    return [Line(f"end {last['name']}", told.message, Reason.RUN_FAILED if bad else told.reason, warning=bad)]


def _passed(before: Json, after: Json) -> list[Line]:
    lines = []
    active = [one["name"] for one in before.get("active") or ()]
    run = f"ReplicationSync {active[0]!r}, a run before it," if active else "a run before it"
    for field, at, reason, why in (
        ("skipped", "lastSkippedTime", Reason.RUN_SKIPPED, f"{run} was under way"),
        ("missed", "lastMissedTime", Reason.RUN_MISSED, "none could be started in time"),
    ):
        count = (after.get(field) or 0) - (before.get(field) or 0)
        if count > 0:
            times = f"{after.get(at)}" if count == 1 else f"{count} times, the last of them {after.get(at)}"
            text = f"No run was started for {times}: {why}."
            lines.append(Line(f"{field} {after.get(at)}", text, reason, warning=True))
    return lines


def _stands(before: Json, after: Json) -> list[Line]:
    lines = []
    for kind, good in (("Ready", "True"), ("RunNowSucceeded", "")):
        old, new = _condition(before, kind), _condition(after, kind)
        if new is None or (old is not None and (old.status, old.reason) == (new.status, new.reason)):
            continue
        if kind == "Ready":
            bad, again = new.status != good, old is not None and old.status != good
            lines += [Line(f"stands {new.reason}", new.message, new.reason, warning=bad)] if bad or again else []
        elif new.reason == Reason.RUN_NOW_USED_BEFORE:
            lines.append(Line(f"text {new.message}", new.message, new.reason, warning=True))
    return lines


def _condition(status: Json, kind: str) -> Condition | None:
    return find(from_json(status.get("conditions")), kind)
