"""Which changes of a status are worth a write: conditions and ledger at once, progress at every tenth or minute."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

_TENTH = 10
_AT_ONCE = ("phase", "observedGeneration", "acceptedAt", "finishedAt", "deadline", "operation")


def worth_writing(
    before: Mapping[str, Any], after: Mapping[str, Any], *, since: timedelta | None, every: timedelta, tenth: timedelta
) -> bool:
    """Is the difference news?

    `since`: how long ago the last write was; `every`: how long small changes may wait; `tenth`: how long another tenth
    of a transfer may.
    """
    if before == after:
        return False
    shown, now = _tenths(before), _tenths(after)
    if _essence(before) != _essence(after) or (shown is None) != (now is None):
        return True
    return since is None or since >= (every if shown == now else min(tenth, every))


def _essence(status: Mapping[str, Any]) -> list[Any]:
    return [*(status.get(key) for key in _AT_ONCE), *_said(status)]


def _said(status: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    conditions = status.get("conditions")
    return [
        (one.get("type"), one.get("status"), one.get("reason"), one.get("observedGeneration"))
        for one in (conditions if isinstance(conditions, list) else ())
        if isinstance(one, Mapping)
    ]


def _tenths(status: Mapping[str, Any]) -> int | None:
    transfer = status.get("transfer")
    percent = transfer.get("percent") if isinstance(transfer, Mapping) else None
    return percent // _TENTH if isinstance(percent, int) else None


def facts(status: Mapping[str, Any]) -> dict[str, Any]:
    """What a live status says, without how it is worded and when it was read."""
    rest = {key: value for key, value in status.items() if key not in ("lastReadAt", "conditions")}
    return rest | {"conditions": _said(status)}


def elapsed(since: datetime | None, now: datetime) -> timedelta | None:
    """How long ago that was; None for never."""
    return None if since is None else now - since
