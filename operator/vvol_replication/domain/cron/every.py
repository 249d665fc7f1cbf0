"""`@every 90m`: a fixed delay from one run to the next, without regard to clocks on walls."""

from __future__ import annotations

import re
from datetime import timedelta

from .errors import CronError, quoted
from .fields import MOST_INTEGER

PREFIX = "@every "
_SECOND = 1_000_000_000
_UNITS = {"ns": 1, "us": 1000, "\u00b5s": 1000, "\u03bcs": 1000, "ms": 1_000_000, "s": _SECOND}
_UNITS |= {"m": 60 * _SECOND, "h": 3600 * _SECOND}
_PART = re.compile(r"0*([0-9]*)(\.[0-9]*)?([^.0-9]+)")


def parse_every(text: str) -> timedelta:
    """Read the duration after `@every `, as Go's ParseDuration does; at least a second, fractions of one are cut off.

    Raises:
        CronError: if it is none, or longer than Go's durations (292 years).
    """
    example = "write hours, minutes, seconds like @every 90m or @every 1h30m"
    wrong = CronError(f"{quoted(text)} is not a duration: {example}")
    negative = text.startswith("-")
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return timedelta(seconds=1)
    if not rest:
        raise wrong
    total, at = 0, 0
    while at < len(rest):
        part = _PART.match(rest, at)
        if part is None or not any(one.isdigit() for one in part[0][: part.start(3) - part.start()]):
            raise wrong
        total += _nanoseconds(part, wrong)
        at = part.end()
    if total > MOST_INTEGER + negative:
        raise wrong
    return timedelta(seconds=1 if negative else max(1, total // _SECOND))


def _nanoseconds(part: re.Match[str], wrong: CronError) -> int:
    """One number with its unit. Go makes of the fraction a float; so do we, for the last nanosecond's sake."""
    digits, fraction, unit = part[1] or "0", (part[2] or ".")[1:], _UNITS.get(part[3])
    if unit is None or len(digits) > len(str(MOST_INTEGER)):
        raise wrong
    kept = fraction[:18]  # what certainly fits into 63 bits; what is behind is less than a nanosecond of an hour
    value = int(digits) * unit + int(float(int(kept or "0")) * (unit / 10.0 ** len(kept)))
    if value > MOST_INTEGER + 1:
        raise wrong
    return value
