"""Decoded JSON read piece by piece: what is none of the expected is `Unreadable`, or unknown. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from vvol_replication.domain.arrays import ReplicationSchedule, Retention

from .errors import Unreadable

FOREVER: Final = -1
_ROUNDING: Final = 1e-6
"""What arithmetic may have taken from a progress, or added to it."""


def rows(answer: Any, where: str) -> list[Mapping[str, Any]]:
    """The objects of a list; a null among them says nothing and is passed over."""
    if not isinstance(answer, list):
        raise Unreadable(f"{where} was answered with {kind(answer)} instead of a list")
    return [mapping(row, where) for row in answer if row is not None]


def mapping(value: Any, where: str) -> Mapping[str, Any]:
    """The value as an object. Raises `Unreadable`."""
    if not isinstance(value, Mapping):
        raise Unreadable(f"{where} was answered with {kind(value)} instead of an object")
    return value


def text(row: Mapping[str, Any], field: str, where: str) -> str:
    """A string that has to be there, not empty. Raises `Unreadable`."""
    value = optional_text(row, field)
    if value is None:
        raise Unreadable(f"the answer to {where} has no {field}")
    return value


def optional_text(row: Mapping[str, Any], field: str) -> str | None:
    """A string that is not empty, if there is one."""
    value = row.get(field)
    return value if isinstance(value, str) and value else None


def progress(value: Any) -> float | None:
    """From 0.0 to 1.0; anything else is unknown. A quotient that misses 1 by less than a millionth is 1."""
    part = number(value)
    if part is not None and math.isclose(part, 1.0, abs_tol=_ROUNDING):
        return 1.0
    return part if part is not None and 0.0 <= part <= 1.0 else None


def count(value: Any) -> int | None:
    """Not below zero; anything else is unknown."""
    whole = number(value)
    return int(value) if whole is not None and whole >= 0 else None


def schedule(enabled: Any, every: Any, blackout: Any, *, unit: float) -> ReplicationSchedule | None:
    """A replication schedule; None where it is not told whether it is on. `unit`: seconds in what times are told in.

    `blackout`: none, one object with `start` and `end` as times of the day, or a list of such.
    """
    if not isinstance(enabled, bool):
        return None
    windows = blackout if isinstance(blackout, list) else [blackout]
    closed = max((_window(one, unit) for one in windows if isinstance(one, Mapping)), default=timedelta())
    return ReplicationSchedule(enabled, span(every, unit) or None, closed)


def _window(told: Mapping[str, Any], unit: float) -> timedelta:
    """How long a window is open; one that ends before it begins ends the next day."""
    start, end = span(told.get("start"), unit), span(told.get("end"), unit)
    return timedelta() if start is None or end is None else (end - start) % timedelta(days=1)


def retention(all_for: Any, per_day: Any, days: Any) -> Retention | None:
    """A retention; None where any part of it is not told. Seconds, a count, and days; -1 is for ever (Purity 6.10)."""
    kept = None if all_for == FOREVER else span(all_for, 1.0)
    longest, each = None if days == FOREVER else count(days), count(per_day)
    if each is None or (kept is None and all_for != FOREVER) or (longest is None and days != FOREVER):
        return None
    return Retention(kept, each, longest)


def span(value: Any, unit: float) -> timedelta | None:
    """A time span, told in units of so many seconds; anything else is unknown."""
    told = number(value)
    try:
        return None if told is None or told < 0 else timedelta(seconds=told * unit)
    except OverflowError:
        return None


def number(value: Any) -> float | None:
    """A finite number; a boolean is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        finite = float(value)
    except OverflowError:
        return None
    return finite if math.isfinite(finite) else None


def kind(value: Any) -> str:
    """What it is instead, for messages."""
    if value is None:
        return "null"
    return {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}.get(type(value), "a number")
