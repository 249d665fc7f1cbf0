"""Moments as RFC 3339 text. Inside the operator each is a timezone-aware `datetime` in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from .errors import SpecError

_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,9})?([Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_MICROSECONDS = len(".123456")


def parse_time(text: str, path: str = "time") -> datetime:
    """Read RFC 3339; finer than microseconds is cut off.

    Raises:
        SpecError: at `path`, if it is none. A time without a zone is none.
    """
    try:
        return _read(text)
    except ValueError as error:
        raise SpecError(path, str(error)) from error


@lru_cache(maxsize=4096)  # statuses tell the same times again and again
def _read(text: str) -> datetime:
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise ValueError("is not an RFC 3339 time: write it like 2026-12-01T00:00:00Z")
    date, clock, fraction, zone = found.groups()
    offset = "+00:00" if zone in "Zz" else zone
    try:
        moment = datetime.fromisoformat(f"{date}T{clock}{(fraction or '')[:_MICROSECONDS]}{offset}")
        moment = moment.astimezone(UTC)
        _ = moment + timedelta(milliseconds=1)  # decisions look this far beyond a time; its last moment has no beyond
    except (ValueError, OverflowError) as error:
        raise ValueError(f"is not a time that exists: {error}") from error
    return moment


@lru_cache(maxsize=4096)
def format_time(moment: datetime) -> str:
    """Write RFC 3339 in UTC, with a fraction only where it is not zero.

    Raises:
        ValueError: if `moment` has no timezone: then it says nothing.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a timezone cannot be written")
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def full_second(moment: datetime) -> datetime:
    """The full second that it is, or the next one: for an end that must not come sooner than was asked."""
    return whole_seconds(moment + timedelta(microseconds=999_999))


def whole_seconds(moment: datetime) -> datetime:
    """Cut off what Kubernetes' own times do not show."""
    return moment.replace(microsecond=0)
