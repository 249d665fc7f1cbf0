"""Times in messages: what is stored is read later, so it names a moment, and never how long there is still to go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def moment_in(seconds: float) -> str:
    """The moment so many seconds from now by this machine's clock, as RFC 3339 in UTC and whole seconds."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds + 0.5)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
