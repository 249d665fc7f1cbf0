"""Which changes of an endpoint's status are told as events: what people have to act on, and that it is over.

Decided from the status that stood before and the one that was written: so each transition is told once, and a
restart, which finds the status as it was, tells nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vvol_replication.api.conditions import Condition, find, from_json
from vvol_replication.api.reasons import Reason

_FOR_PEOPLE = frozenset(
    {Reason.LOGIN_FAILED, Reason.CERTIFICATE_NOT_TRUSTED, Reason.IDENTITY_CHANGED, Reason.INVALID_CA_CERTIFICATES}
)
_NO_TROUBLE = frozenset({Reason.NOT_YET_READ, Reason.INVENTORY_INCOMPLETE})


@dataclass(frozen=True, slots=True)
class Told:
    """One event."""

    warning: bool
    reason: str
    message: str
    once: str = ""
    """As what it is told once for its object, ever. Empty: each time."""


def events(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Told, ...]:
    """What is told of a status that stood so and stands so now."""
    old, new = from_json(before.get("conditions")), from_json(after.get("conditions"))
    found = [_ready(find(old, "Ready"), find(new, "Ready")), _tls(find(old, "TLSVerified"), find(new, "TLSVerified"))]
    return tuple(one for one in found if one is not None)


def _ready(old: Condition | None, new: Condition | None) -> Told | None:
    if new is None or (old is not None and (old.status, old.reason) == (new.status, new.reason)):
        return None
    if new.status == "True":
        recovered = old is not None and old.status == "False" and old.reason not in _NO_TROUBLE
        return Told(warning=False, reason=new.reason, message=new.message) if recovered else None
    return Told(warning=True, reason=new.reason, message=new.message) if new.reason in _FOR_PEOPLE else None


def _tls(old: Condition | None, new: Condition | None) -> Told | None:
    if new is None or new.status != "False" or (old is not None and old.status == "False"):
        return None
    return Told(warning=True, reason=new.reason, message=new.message)
