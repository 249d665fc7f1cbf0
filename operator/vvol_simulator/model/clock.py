"""Time as the world sees it: seconds since the epoch (UTC), from a clock that a test may hold in its hand."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Anything that tells seconds since the epoch."""

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        return time.time()


class ManualClock:
    """A clock that moves only when told to, for tests of the model without a process."""

    def __init__(self, start: float = 1_780_000_000.0) -> None:
        self._now = start

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass; time never runs backwards."""
        if seconds < 0:
            raise ValueError(f"A clock cannot be advanced by {seconds} s")
        self._now += seconds


def as_datetime(seconds: float) -> datetime:
    """An aware UTC datetime."""
    return datetime.fromtimestamp(seconds, tz=UTC)


def iso_seconds(seconds: float) -> str:
    """`2026-11-24T02:53:28Z`: whole seconds, as FlashArray REST 1.x prints times."""
    return as_datetime(float(int(seconds))).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_millis(seconds: float) -> str:
    """`2026-11-24T02:53:28.123Z`: for the control interface."""
    return as_datetime(seconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")
