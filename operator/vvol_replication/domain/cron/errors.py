"""What is wrong with a schedule or its time zone, in words for the person who wrote it."""

from __future__ import annotations

_MOST = 60


class CronError(ValueError):
    """A schedule or a time zone that a CronJob would not take. The text is for people."""


def quoted(text: str) -> str:
    """What was written, so that a sentence can show it: on one line, and not too long."""
    line = "".join(one if one.isprintable() else " " for one in text)
    return f"'{line}'" if len(line) <= _MOST else f"'{line[:_MOST]}…'"
