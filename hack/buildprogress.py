"""What a person reads while something is built for minutes: what is done now, how far it is, how long it goes on."""

from __future__ import annotations

import shutil
import sys
import time

TRUSTED_AFTER = 1 / 3
"""The part of the work after which its own pace alone says how long the rest takes."""


def seconds_left(elapsed: float, done: float, expected: float) -> float:
    """Return how long it goes on, when the part ``done`` (0 to 1) of what should take ``expected`` took ``elapsed``."""
    trust = min(1.0, done / TRUSTED_AFTER)
    total = (1 - trust) * expected + (trust * elapsed / done if done else 0.0)
    return max(0.0, total - elapsed)


def duration(seconds: float) -> str:
    """Return a duration as people say it: in seconds up to a minute and a half, then in minutes."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - as the line above says


class Progress:
    """One line that is rewritten each second on a terminal; elsewhere (a CI log) a line every 30 seconds."""

    def __init__(self, what: str, expected: float) -> None:
        """``what`` is being done; it should take about ``expected`` seconds."""
        self._what = what
        self._expected = expected
        self._terminal = sys.stdout.isatty()
        self._began = time.monotonic()
        self._next = self._began + self._pause
        print(f"{what}: about {duration(expected)}", flush=True)

    @property
    def _pause(self) -> float:
        return 1 if self._terminal else 30

    def line(self, elapsed: float, done: int, total: int, now: str) -> str:
        """Return the line for ``done`` of ``total`` steps after ``elapsed`` seconds, with ``now`` under way."""
        part = min(1.0, done / total) if total else 0.0
        left = duration(seconds_left(elapsed, part, self._expected))
        count = f", {done} of {total} packages" if total else ""
        return f"  {int(elapsed) // 60}:{int(elapsed) % 60:02}, about {left} left{count}: {now}"

    def show(self, done: int, total: int, now: str) -> None:
        """Show how far it is, if it is time for it. ``total`` 0: not known yet."""
        moment = time.monotonic()
        if moment < self._next:
            return
        self._next = moment + self._pause
        line = self.line(moment - self._began, done, total, now)
        if self._terminal:
            width = shutil.get_terminal_size().columns
            print(f"\r\033[K{line[: width - 1]}", end="", flush=True)
        else:
            print(line, flush=True)

    def end(self, outcome: str) -> None:
        """Show the last line."""
        print("\r\033[K" if self._terminal else "", end="")
        print(f"{self._what}: {outcome} after {duration(time.monotonic() - self._began)}", flush=True)
