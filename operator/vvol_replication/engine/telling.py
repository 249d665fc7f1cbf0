"""Which changes of a status are worth a write: conditions at once, progress at every tenth or minute (DESIGN §5.6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

_TENTH = 10


def worth_telling(
    before: Mapping[str, Any], after: Mapping[str, Any], *, since: timedelta | None, every: timedelta
) -> bool:
    """Is the difference news? `since`: how long ago the last write was; `every`: how long small changes may wait."""
    if before == after:
        return False
    if _essence(before) != _essence(after) or _tenths(before) != _tenths(after):
        return True
    return since is None or since >= every


def _essence(status: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    conditions = status.get("conditions") or []
    told = [
        (one.get("type"), one.get("status"), one.get("reason"), one.get("observedGeneration")) for one in conditions
    ]
    return [
        (status.get("phase"), status.get("observedGeneration"), status.get("finishedAt"), status.get("deadline")),
        *told,
    ]


def _tenths(status: Mapping[str, Any]) -> int | None:
    percent = (status.get("transfer") or {}).get("percent")
    return None if percent is None else int(percent) // _TENTH


def elapsed(since: datetime | None, now: datetime) -> timedelta | None:
    """How long ago that was; None for never."""
    return None if since is None else now - since
