"""Progress on a terminal: a bar for each request. Rich is loaded here only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from vvol_cli.screen import printable
from vvol_cli.views.words import spoken_name

from .progress import ASKED, Unseen, end_of, progress_of

if TYPE_CHECKING:
    from vvol_cli.outcome import Outcome
    from vvol_cli.reading import Object

_WHOLE = 100


class Bars:
    """The bars, on standard error."""

    def __init__(self) -> None:
        self._bars = Progress(
            SpinnerColumn(), TextColumn("{task.fields[name]}"), BarColumn(), TextColumn("{task.description}"),
            TimeElapsedColumn(), console=Console(stderr=True),
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}
        self._unseen = Unseen()
        self._bars.start()

    def show(self, obj: Object) -> None:
        """Move its bar; without a transfer under way the bar has no length."""
        task = self._task(obj)
        if self._unseen.is_new(obj):
            self._bars.update(task, description=ASKED)
            return
        progress = progress_of(obj, datetime.now(UTC))
        self._bars.update(
            task, description=escape(printable(str(progress))), completed=progress.percent or 0,
            total=None if progress.percent is None else _WHOLE,
        )  # fmt: skip

    def ended(self, obj: Object, outcome: Outcome) -> None:
        """Fill its bar, and say how it ended."""
        said = escape(printable(f"{outcome.word}: {end_of(obj, outcome)}"))
        self._bars.update(self._task(obj), description=said, completed=_WHOLE, total=_WHOLE)

    def say(self, text: str) -> None:
        """A line above the bars."""
        self._bars.console.print(escape(printable(text)))

    def close(self) -> None:
        """Leave the bars as they are."""
        self._bars.stop()

    def _task(self, obj: Object) -> TaskID:
        name = spoken_name(obj)
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task("", name=escape(printable(name)), total=None)
        return self._tasks[name]
