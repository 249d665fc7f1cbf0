"""Which changes of a request's status are told as events: the story of a request, each part of it once.

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
from vvol_replication.api.reasons import CATALOGUE, Reason
from vvol_replication.api.times import parse_time

from .endpoints import Told

END = "end"
"""What an end is told once as, whichever it is."""
HISTORY = timedelta(minutes=2)
"""An end older than that, found by a process that has not seen it come, was told by an earlier one or is a copy."""
_IN_PASSING = frozenset(
    {Reason.ACCEPTED, Reason.READING, Reason.VERIFYING, Reason.NOT_YET_READ, Reason.INVENTORY_INCOMPLETE}
)
"""Reasons that lead on by themselves soon, and say nothing that the next one does not."""


def transition(before: Mapping[str, Any], after: Mapping[str, Any]) -> Told | None:
    """What is told of a status that stood so and stands so now. An end is never left, so nothing is told after it."""
    new = from_json(after.get("conditions"))
    ready = find(new, "Ready")
    if ready is None or before.get("finishedAt"):
        return None
    if after.get("finishedAt"):
        failed = find(new, "Failed")
        return _told(ready, once=END, warning=failed is not None and failed.status == "True")
    old = find(from_json(before.get("conditions")), "Ready")
    if ready.reason in _IN_PASSING or (old is not None and old.reason == ready.reason):
        return None
    return _told(ready, once=ready.reason, warning=after.get("phase") == "Waiting" and _is_for_people(ready.reason))


def late_end(status: Mapping[str, Any], now: datetime) -> Told | None:
    """The end of a request that nobody here has followed: it came a moment ago, or it is history."""
    try:
        finished_at = parse_time(str(status.get("finishedAt")))
    except SpecError:
        return None
    return transition({}, status) if now - finished_at < HISTORY else None


def _told(ready: Condition, *, once: str, warning: bool) -> Told:
    return Told(warning=warning, reason=ready.reason, message=ready.message, once=once)


def _is_for_people(reason: str) -> bool:
    """Has somebody to do something, by the catalogue?"""
    return any(reason == word and not info.advice.startswith("Nothing") for word, info in CATALOGUE.items())
