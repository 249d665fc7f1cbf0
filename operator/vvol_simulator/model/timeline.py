"""What happens when: the world has no timers, it catches up whenever it is looked at.

Every public operation settles first. Due events run in order, each at its own moment, so the outcome does not depend
on when somebody looked.
"""

import heapq
import itertools
from collections.abc import Callable

from .clock import Clock


class Timeline:
    """The world's time and its future events."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._settling = False
        self.time = clock.now()
        """World time of what is being done at this moment: seconds since the epoch."""

    def call_at(self, due: float, action: Callable[[], None]) -> None:
        """Let `action` happen at world time `due` (not before the next settling)."""
        heapq.heappush(self._heap, (due, next(self._numbers), action))

    def settle(self) -> None:
        """Let everything happen that is due by now. Actions must not rely on a nested call: it does nothing."""
        if self._settling:
            return
        self._settling = True
        try:
            until = max(self.time, self._clock.now())
            while self._heap and self._heap[0][0] <= until:
                due, _, action = heapq.heappop(self._heap)
                self.time = max(self.time, due)
                action()
            self.time = until
        finally:
            self._settling = False
