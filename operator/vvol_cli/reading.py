"""Values out of objects as the API server has them. What is absent, or of another shape, is None or empty."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

TYPE_CHECKING = False  # as in headstart
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

Object = dict[str, "Any"]
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_NOT_SEEN = -1


def at(obj: Mapping[str, Any], path: str) -> Any:
    """What stands at a path, like `status.pointInTime.name`; None: nothing."""
    found: Any = obj
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def text(obj: Mapping[str, Any], path: str) -> str:
    """The same as text; nothing is empty."""
    found = at(obj, path)
    return "" if found is None else str(found)


def items(obj: Mapping[str, Any], path: str) -> list[Object]:
    """The objects of a list there."""
    found = at(obj, path)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def name_of(obj: Mapping[str, Any]) -> str:
    """Its name."""
    return text(obj, "metadata.name")


def namespace_of(obj: Mapping[str, Any]) -> str:
    """Its namespace; empty for a kind of cluster scope."""
    return text(obj, "metadata.namespace")


def condition(obj: Mapping[str, Any], type_: str) -> Object:
    """One condition; empty: it does not have it."""
    return next((one for one in items(obj, "status.conditions") if one.get("type") == type_), {})


def status_of(obj: Mapping[str, Any], type_: str) -> str:
    """`True`, `False` or `Unknown`; empty: it does not have that condition."""
    return str(condition(obj, type_).get("status", ""))


def reason_of(obj: Mapping[str, Any], type_: str = "Ready") -> str:
    """The reason of a condition."""
    return str(condition(obj, type_).get("reason", ""))


def message_of(obj: Mapping[str, Any], type_: str = "Ready") -> str:
    """The message of a condition."""
    return str(condition(obj, type_).get("message", ""))


def is_seen(obj: Mapping[str, Any]) -> bool:
    """Has an operator seen the latest spec?"""
    seen = at(obj, "status.observedGeneration")
    return isinstance(seen, int) and seen != _NOT_SEEN and seen >= (at(obj, "metadata.generation") or 0)


def moment(written: object) -> datetime | None:
    """A time in RFC 3339."""
    if not isinstance(written, str):
        return None
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def written(when: datetime) -> str:
    """A time as it is written, in UTC and whole seconds."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def short(length: timedelta) -> str:
    """A length of time as kubectl shows ages: `25s`, `3m20s`, `5h12m`, `3d4h`."""
    seconds = max(0, int(length.total_seconds()))
    for unit, sign, below, small in ((_DAY, "d", _HOUR, "h"), (_HOUR, "h", _MINUTE, "m"), (_MINUTE, "m", 1, "s")):
        if seconds >= unit:
            rest = seconds % unit // below
            return f"{seconds // unit}{sign}" + (f"{rest}{small}" if rest else "")
    return f"{seconds}s"


def age(written_time: object, now: datetime) -> str:
    """How long ago a time is, by this machine's clock; empty: there is no time."""
    when = moment(written_time)
    return "" if when is None else short(now - when)


def amount(count: float) -> str:
    """Bytes: `1.5 GB`."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":  # noqa: PLR2004 - SI's step
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"  # noqa: PLR2004 - digits
        count /= 1000
    raise AssertionError


def troubles(obj: Mapping[str, Any]) -> Iterator[Object]:
    """The conditions that somebody should look at, the most important one first."""
    conditions = items(obj, "status.conditions")
    for one in conditions:
        if one.get("type") == "Ready" and one.get("status") == "False":
            yield one
    for one in sorted(conditions, key=lambda one: one.get("type") != "Prepared"):  # it forbids a failover
        wrong = one.get("status") in BAD.get(str(one.get("type")), ()) or one.get("reason") in NOT_TO_BE_USED
        again = (one.get("status"), status_of(obj, "Ready"), one.get("reason")) == ("Unknown", "False", reason_of(obj))
        if wrong and not again:
            yield one


BAD: Mapping[str, tuple[str, ...]] = {
    "Suspended": ("True",),
    "Syncable": ("False",),
    "SyncLeftArmed": ("True",),
    "Prepared": ("Unknown",),
    "Gone": ("True",),
    "RecoveryPointCurrent": ("False", "Unknown"),
    "ObjectiveTooTight": ("True",),
    "NamedPointExpiring": ("True",),
    "InventoryComplete": ("False",),
    "LastRunSucceeded": ("False",),
    "RunNowSucceeded": ("False",),
    "Valid": ("False", "Unknown"),
}
"""Conditions beside Ready, with the statuses that a person should know of. Ready may have said why one is Unknown."""
NOT_TO_BE_USED = frozenset({"PreparationNotValid", "ValidityUnknown", "NotProven", "PreparedOutside"})
"""Reasons of a condition that is True, while nobody should fail over."""
