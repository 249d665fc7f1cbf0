"""Which changes of a VCenter's or FlashArray's status are events: what people have to act on, and that it is over.

Decided from the status that stood before and the one that was written: so each transition is one event, and a
restart, which finds the status as it was, makes none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vvol_replication.api.conditions import Condition, find, from_json
from vvol_replication.api.reasons import Reason, Severity, info_of

from .event import Event


def events(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Event, ...]:
    """The events of a change of status from `before` to `after`, both as JSON."""
    old, new = from_json(before.get("conditions")), from_json(after.get("conditions"))
    found = [
        _ready(find(old, "Ready"), find(new, "Ready")),
        _paused(find(old, "Authenticated"), find(new, "Authenticated")),
        _tls(find(old, "TLSVerified"), find(new, "TLSVerified")),
    ]
    return tuple(one for one in found if one is not None)


def _ready(old: Condition | None, new: Condition | None) -> Event | None:
    if new is None or (old is not None and (old.status, old.reason) == (new.status, new.reason)):
        return None
    if new.status == "True":
        return _event(new, warning=False) if old is not None and _was_trouble(old) else None
    known = info_of(new.reason)
    return _event(new, warning=True) if known is not None and known.told_of_endpoints else None


def _was_trouble(old: Condition) -> bool:
    known = info_of(old.reason)
    return old.status == "False" and (known is None or known.severity is not Severity.PASSING)


def _paused(old: Condition | None, new: Condition | None) -> Event | None:
    if new is None or new.reason != Reason.LOGIN_PAUSED or (old is not None and old.reason == new.reason):
        return None
    return _event(new, warning=True)


def _tls(old: Condition | None, new: Condition | None) -> Event | None:
    if new is None or new.status != "False" or (old is not None and old.status == "False"):
        return None
    return _event(new, warning=True)


def _event(condition: Condition, *, warning: bool) -> Event:
    return Event(warning=warning, reason=condition.reason, message=condition.message)
