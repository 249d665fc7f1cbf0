"""Durations as people and Kubernetes write them: `90s`, `15m`, `1h30m`."""

from __future__ import annotations

import re
from datetime import timedelta

from .errors import SpecError

MAXIMUM = timedelta(hours=8760)
PATTERN = r"^([0-9]{1,4}h)?([0-9]{1,6}m)?([0-9]{1,8}s)?$"
"""Whole hours, minutes and seconds, in this order. What CEL's and Go's `duration` read, less fractions and signs."""

_FORMATTED = re.compile(r"(?:([0-9]{1,9})h)?(?:([0-9]{1,2})m)?(?:([0-9]{1,2})s)?")
_WRITTEN = re.compile(PATTERN)


def parse_duration(text: str, path: str = "duration") -> timedelta:
    """Read a duration of at least one second and at most a year.

    Raises:
        SpecError: at `path`, if it is none, zero, or too long.
    """
    found = _WRITTEN.fullmatch(text)
    if not text or found is None:
        raise SpecError(path, f"{_shown(text)} is no duration: write hours, minutes and seconds like 90s, 15m or 1h30m")
    hours, minutes, seconds = (int(part[:-1]) if part else 0 for part in found.groups())
    value = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if not value:
        raise SpecError(path, "must be longer than zero")
    if value > MAXIMUM:
        raise SpecError(path, f"must be at most {format_duration(MAXIMUM)}")
    return value


def read_duration(text: str | None) -> timedelta | None:
    """A duration as `format_duration` writes it, of any length but negative; None for anything else."""
    found = None if text is None else _FORMATTED.fullmatch(text)
    if not text or found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def format_duration(value: timedelta) -> str:
    """Write a duration in whole seconds, largest unit first; parts of a second are cut off, nothing is `0s`."""
    parts = "".join(f"{count}{unit}" for count, unit in _parts(value, ("h", "m", "s")))
    return ("-" if parts and value < timedelta() else "") + (parts or "0s")


def spoken_duration(value: timedelta) -> str:
    """A duration as a sentence has it: `23 s`, `3 min 20 s`, `2 h`; in whole seconds, without a sign."""
    return " ".join(f"{count} {unit}" for count, unit in _parts(value, ("h", "min", "s"))) or "0 s"


def _parts(value: timedelta, units: tuple[str, str, str]) -> list[tuple[int, str]]:
    """Hours, minutes and seconds that are not zero, each with its unit; parts of a second are cut off."""
    minutes, seconds = divmod(abs(int(value.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    return [(count, unit) for count, unit in zip((hours, minutes, seconds), units, strict=True) if count]


def _shown(text: str) -> str:
    limit = 40
    return repr(text if len(text) <= limit else text[:limit] + "…")
