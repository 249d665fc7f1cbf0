"""Whether this process leads, told to everybody in it: threads ask too, and a stopped event loop changes nothing."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Monotonic, and where there is such a clock (Linux) it counts the time that the machine was suspended as well."""


def monotonic() -> float:
    """Seconds of the clock that leadership is measured by."""
    return time.clock_gettime(_CLOCK)


class Leadership:
    """The belief, and the watch over it.

    `leading` is asked before each mutating call, twice: on the event loop before the call is begun, and in the call's
    thread right before the request is sent (`storage.lane.Permit`). So what may lie between the last check and the
    request is a few instructions of one thread, however long a login or a queue before it took. The belief ends
    `duration - renew_deadline` (5 s) before anybody else can lead; a thread that is held up longer than that exactly
    there is the one case left, and the array's own memory of the suffix stands behind it (invariant 1).

    A thread of its own ends the process when the belief runs out, whatever the event loop is doing: threads inside
    calls cannot be cancelled. `end` is called once, in the thread that found out, and is not to come back. Nobody leads
    unwatched: a watch that could not begin, or ended by itself, is leadership lost.
    """

    def __init__(self, end: Callable[[str], None], *, clock: Callable[[], float] = monotonic) -> None:
        self._end, self._clock = end, clock
        self._changed = threading.Condition()
        self._until = -math.inf
        self._over = False
        self._watcher: threading.Thread | None = None
        self.trouble = "the event loop was too busy"
        """Why the last renewal failed; logged where the belief runs out."""

    def leading(self) -> bool:
        """May something be changed now?"""
        return not self._over and self._clock() < self._until

    def extend(self, until: float) -> None:
        """The Lease is ours, and nobody else's before that moment."""
        with self._changed:
            if self._over:
                return
            self._until = until
            self._changed.notify_all()
        if not self._is_watched():
            self.lose("nothing in this process watches the Lease any more")

    def _is_watched(self) -> bool:
        """Is there a thread that will end the process? The first time it is started here."""
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, name="leadership", daemon=True)
            try:
                self._watcher.start()
            except RuntimeError:  # no thread can be started any more
                return False
        return self._watcher.is_alive() or self._over

    def close(self) -> bool:
        """Act no more, in order. False: it was over already."""
        with self._changed:
            was_over, self._over = self._over, True
            self._changed.notify_all()
        return not was_over

    def lose(self, why: str) -> None:
        """Act no more, and end the process."""
        if self.close():
            self._end(why)

    def _watch(self) -> None:
        why = "watching the Lease failed"
        try:
            with self._changed:
                while not self._over and (left := self._until - self._clock()) > 0:
                    self._changed.wait(left)
            why = f"the Lease could not be renewed in time ({self.trouble})"
        except Exception as error:
            why += f": {type(error).__name__}"
            raise
        finally:
            self.lose(why)
