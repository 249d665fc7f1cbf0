"""Waiting on the event loop: for news or for a time, and never so that a cancellation is lost."""

from __future__ import annotations

import asyncio
import contextlib


async def news_or_time(news: asyncio.Event, seconds: float | None) -> None:
    """Wait for the event, at most so long. `asyncio.wait_for` may lose a cancellation that comes with the event."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await news.wait()


async def ended(task: asyncio.Task[None] | None) -> None:
    """Cancel a task and wait for its end, however it ends."""
    if task is not None:
        task.cancel()
        await asyncio.wait({task})


def backoff(first: float, most: float, failures: int, jitter: float) -> float:
    """Seconds after the n-th failure in a row (n ≥ 1): doubling, capped, jittered down by up to a quarter."""
    doubled: float = first * 2 ** min(failures - 1, 16)
    return min(doubled, most) * (1 - jitter / 4)
