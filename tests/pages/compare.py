"""Is what a command printed what the page shows? Alike in shape, not in what differs from run to run."""

from __future__ import annotations

import re

_SHAPES = (
    (re.compile(r"\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?Z?"), "<time>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "<hash>"),
    (re.compile(r"(?<=-)[0-9a-f]{10}\b"), "<hash>"),
    (re.compile(r"\b127\.0\.0\.1:\d+\b"), "<address>"),
    (re.compile(r"(?<![\w.-])(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+(?:\.\d+)?s)?(?=\s|$)(?<=\d[dhms])"), "<age>"),
)
_ANYTHING = re.compile(r"\.\.\.|…")


def shape(line: str) -> str:
    """A line without times, ages, ids and widths of columns."""
    for pattern, word in _SHAPES:
        line = pattern.sub(word, line)
    return " ".join(line.split())


def matches(shown: str, printed: str) -> bool:
    """Is one printed line the one shown? `...` stands for anything within a line."""
    parts = _ANYTHING.split(shape(shown))
    return re.fullmatch(".*".join(re.escape(part) for part in parts), shape(printed)) is not None


def difference(shown: str, printed: str) -> str:
    """What is shown and was not printed, or printed and not shown; empty if neither.

    Nothing shown says nothing. Lines that are not shown may come where the page has `...` on a line of its own.
    """
    lines = [line for line in printed.splitlines() if line.strip()]
    at, loose = 0, False
    for line in (one for one in shown.splitlines() if one.strip()):
        if _ANYTHING.fullmatch(line.strip()):
            loose = True
            continue
        candidates = range(at, len(lines) if loose else min(at + 1, len(lines)))
        found = next((number for number in candidates if matches(line, lines[number])), None)
        if found is None:
            return f"shown, and not printed there: {line!r}"
        at, loose = found + 1, False
    if shown.strip() and at < len(lines) and not loose:
        return f"printed, and not shown: {lines[at]!r}"
    return ""
