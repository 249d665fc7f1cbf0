"""Work that nobody waits for, until everything stops."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Background:
    """Tasks that end by themselves. The event loop holds none of them: it would let them be collected half done."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do this some time soon."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self) -> frozenset[asyncio.Task[None]]:
        """End all of it; those that are still ending."""
        for task in self._tasks:
            task.cancel()
        return frozenset(self._tasks)
