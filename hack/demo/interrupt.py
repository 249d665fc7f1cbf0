"""Ctrl-C, SIGTERM and SIGHUP as one exception, raised once: what is tidied up after it is not interrupted again."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Somebody asked us to end. Like KeyboardInterrupt, no `except Exception` takes it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_status = 128 + number


def listen() -> None:
    """Raise Interrupted in the main thread when the first of the signals arrives; later ones are ignored."""
    for number in SIGNALS:
        signal.signal(number, _raise)


def deaf() -> None:
    """Ignore the signals from now on: we are ending already. Programs started from here on ignore Ctrl-C, too."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _raise(number: int, _frame: FrameType | None) -> NoReturn:
    deaf()
    raise Interrupted(number)
