"""Ports that are used no more: given time for the calls that are under way, then logged out."""

from __future__ import annotations

import asyncio
from typing import Protocol


class Closing(Protocol):
    """What can be closed: any storage port."""

    async def close(self, grace: float = 0.0) -> None:
        """Take no more calls, give those under way `grace` seconds to end, log out."""
        ...


class DrainingPorts:
    """The ports of one endpoint that were replaced. Their calls end by themselves and count."""

    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._closing: dict[asyncio.Task[None], Closing] = {}

    def take(self, port: Closing) -> None:
        """Close it when its calls have ended, or had their time."""
        task = asyncio.create_task(port.close(self._grace))
        self._closing[task] = port
        task.add_done_callback(self._done)

    async def end(self, last: Closing | None) -> None:
        """Log out of all these ports now, and of `last`, the one in use, without waiting for calls under way."""
        closing = dict(self._closing)
        ports = [*closing.values(), *(() if last is None else (last,))]
        await asyncio.gather(*(port.close() for port in ports), *closing, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._closing[task]
        if not task.cancelled():
            task.exception()  # a logout that failed: the endpoint ends idle sessions by itself
