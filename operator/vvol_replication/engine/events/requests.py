"""Which changes of a request's status are events: the story of a request, each part of it once.

Decided from the status that stood before and the one that stands now, by phase and conditions alone, so that it serves
every kind of request. A part is told when the API server is known to hold it. Its event's name follows from the object
and the part, so what a restarted process tells again is refused as being there already.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from vvol_replication.api.conditions import Condition, find, from_json
from vvol_replication.api.errors import SpecError
from vvol_replication.api.reasons import Reason, Severity, info_of
from vvol_replication.api.status import Phase
from vvol_replication.api.times import parse_time

from .event import LAST, Event

END = "end"
"""The `once` of an end, whichever it is: a request has one."""
HISTORY = timedelta(minutes=2)
"""An end older than that, found by a process that has not seen it come, was told by an earlier one or is a copy."""
_STEPS = (
    Reason.CHECKING,
    Reason.ARMING,
    Reason.PREPARING,
    Reason.PUSHING,
    Reason.ANSWER_LOST,
    Reason.AWAITING_TRANSFER,
    Reason.LOOKING_AFTER_LOST_ANSWER,
    Reason.TRANSFERRING,
)
"""Of both kinds of requests, in the order in which they come."""


def transition(before: Mapping[str, Any], after: Mapping[str, Any]) -> Event | None:
    """The event of a change of status from `before` to `after`, both as JSON; none after an end."""
    new = from_json(after.get("conditions"))
    ready = find(new, "Ready")
    if ready is None or before.get("finishedAt"):
        return None
    if after.get("finishedAt"):
        failed = find(new, "Failed")
        return _event(ready, once=END, warning=failed is not None and failed.status == "True")
    old, known = find(from_json(before.get("conditions")), "Ready"), info_of(ready.reason)
    severity = known.severity if known is not None else Severity.NORMAL
    if severity is Severity.PASSING or (old is not None and old.reason == ready.reason):
        return None
    phase = after.get("phase")
    warning, order = phase == Phase.WAITING and severity is Severity.WARNING, _order(ready.reason, phase)
    return _event(ready, once=ready.reason, warning=warning, order=order)


def answer_lost(message: str) -> Event:
    """The event of a call that may have taken effect: after the step that it belongs to."""
    return Event(
        warning=False,
        reason=Reason.ANSWER_LOST,
        message=message,
        once=Reason.ANSWER_LOST,
        order=_order(Reason.ANSWER_LOST, Phase.RUNNING),
    )


def _order(reason: str, phase: object) -> int:
    """Among what comes within one second: what held it up, then the steps."""
    return next((place for place, step in enumerate(_STEPS, 1) if step == reason and phase == Phase.RUNNING), 0)


def afterwards(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Event, ...]:
    """The events of what the engine has written of a request that had ended: it is stale, or its TTL is ignored."""
    if not before.get("finishedAt"):
        return ()
    old, new = from_json(before.get("conditions")), from_json(after.get("conditions"))
    found = [(find(old, kind), find(new, kind), worth) for kind, worth in (("Valid", "False"), ("TTLIgnored", "True"))]
    return tuple(
        _event(now, once="", warning=True)
        for was, now, worth in found
        if now is not None and now.status == worth and (was is None or was.status != worth)
    )


def late_end(status: Mapping[str, Any], now: datetime) -> Event | None:
    """The end of a request that nobody here has followed: it came a moment ago, or it is history."""
    try:
        finished_at = parse_time(str(status.get("finishedAt")))
    except SpecError:
        return None
    return transition({}, status) if now - finished_at < HISTORY else None


def _event(condition: Condition, *, once: str, warning: bool, order: int = LAST) -> Event:
    return Event(warning=warning, reason=condition.reason, message=condition.message, once=once, order=order)
