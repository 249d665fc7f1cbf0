"""How late the event loop comes to what it is asked to do."""

from __future__ import annotations

import asyncio

from vvol_replication.domain.measures import Durations

_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
"""Seconds. The operator's own bound is 0.05; at 5 a Lease is in danger."""
EVERY = 1.0


class LoopLag:
    """Asks for a timer once a second, and looks when it comes."""

    def __init__(self) -> None:
        self.seen = Durations(_BOUNDS)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run(), name="event-loop-lag")

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + EVERY
            await asyncio.sleep(EVERY)
            self.seen.observe(max(0.0, loop.time() - due))
