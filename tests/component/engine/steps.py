"""What a test orders to happen at the calls of the storage in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from vvol_replication.domain.outcomes import Outcome, Unavailable

Step = Callable[[], Awaitable[Outcome[Any] | None]]
"""What happens at a call: None lets it go on, an outcome ends it."""


def next_step(steps: dict[str, list[Step]], method: str) -> Step | None:
    waiting = steps.get(method) or steps.get("*")
    return waiting.pop(0) if waiting else None


def ends(outcome: Outcome[Any]) -> Step:
    """The call ends so."""

    async def step() -> Outcome[Any] | None:
        return outcome

    return step


def does(action: Callable[[], Any]) -> Step:
    """This happens during the call, which goes on."""

    async def step() -> Outcome[Any] | None:
        action()
        return None

    return step


def hangs(seconds: float = 1e6) -> Step:
    """The endpoint takes so long."""

    async def step() -> Outcome[Any] | None:
        await asyncio.sleep(seconds)
        return Unavailable("TimedOutCalling", "no answer")

    return step


def takes(seconds: float) -> Step:
    """It takes so long, and goes on."""

    async def step() -> Outcome[Any] | None:
        await asyncio.sleep(seconds)
        return None

    return step


def breaks() -> Step:
    """A defect of ours."""

    async def step() -> Outcome[Any] | None:
        raise RuntimeError("a defect")

    return step
