"""Waiting on the event loop: for news or for a time, and never so that a cancellation is lost."""

from __future__ import annotations

import asyncio
import contextlib
from zlib import crc32


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


def common_moment(near: float, latest: float, every: float, of: str) -> float:
    """The moment nearest to `near`, up to `latest`, of those at which all of `of` may do something together.

    There is one each `every` seconds, and it is another one than that of others.
    """
    offset = crc32(of.encode(errors="replace")) % 1000 / 1000 * every
    moment = round((near - offset) / every) * every + offset
    return moment if moment <= latest else moment - every
