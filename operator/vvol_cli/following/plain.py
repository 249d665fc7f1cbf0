"""Progress where no terminal is: a line for each change, on standard error."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from vvol_cli.screen import printable
from vvol_cli.views.words import spoken_name

from .progress import ASKED, Progress, Unseen, end_of, progress_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from vvol_cli.outcome import Outcome
    from vvol_cli.reading import Object


class Lines:
    """A line for each step of a request and each tenth of its transfer. With `quiet` nothing is shown."""

    def __init__(self, *, quiet: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self._quiet = quiet
        self._unseen = Unseen(clock)
        self._last: dict[str, tuple[str, int]] = {}

    def show(self, obj: Object) -> None:
        """Say what is new."""
        progress = Progress(ASKED) if self._unseen.is_new(obj) else progress_of(obj, datetime.now(UTC))
        name, now = spoken_name(obj), (progress.step, (progress.percent or 0) // 10)
        if self._last.get(name) != now:
            self._last[name] = now
            self.say(f"{name}: {progress}")

    def ended(self, obj: Object, outcome: Outcome) -> None:
        """Say how it ended."""
        self.say(f"{spoken_name(obj)}: {outcome.word}: {end_of(obj, outcome)}")

    def say(self, text: str) -> None:
        """A line."""
        if not self._quiet:
            click.echo(printable(text), err=True)

    def close(self) -> None:
        """Nothing to do."""
