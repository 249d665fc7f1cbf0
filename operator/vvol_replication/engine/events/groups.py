"""Which changes of a ReplicationGroup's status are events: what people have to act on, and that it is over.

Decided from the status that stood before and the one that was written, as those of endpoints. Whether the objective is
missed is told by `behindObjectiveSince`, which outlasts times in which nothing can be told: so each turn is one event.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vvol_replication.api.conditions import Condition, find, from_json
from vvol_replication.reconcile.objective.current import CURRENT
from vvol_replication.reconcile.objective.expiring import EXPIRING
from vvol_replication.reconcile.objective.tight import TOO_TIGHT

from .event import Event


def events(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Event, ...]:
    """The events of a change of status from `before` to `after`, both as JSON."""
    old, new = from_json(before.get("conditions")), from_json(after.get("conditions"))
    missed = bool(before.get("behindObjectiveSince")), bool(after.get("behindObjectiveSince"))
    found = [_turned(*missed, find(new, CURRENT))]
    found += [_begun(find(old, type_), find(new, type_)) for type_ in (TOO_TIGHT, EXPIRING)]
    return tuple(one for one in found if one is not None)


def _turned(was: bool, now: bool, current: Condition | None) -> Event | None:  # noqa: FBT001 - before and after
    if was == now or current is None or current.status != ("False" if now else "True"):
        return None
    return Event(warning=now, reason=current.reason, message=current.message)


def _begun(old: Condition | None, new: Condition | None) -> Event | None:
    if new is None or old is not None:
        return None
    return Event(warning=True, reason=new.reason, message=new.message)
