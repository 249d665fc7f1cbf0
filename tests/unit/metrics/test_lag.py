"""How late the event loop is, with a loop that is held up."""

from __future__ import annotations

import asyncio
import time

import pytest

from vvol_replication.metrics import lag
from vvol_replication.metrics.lag import LoopLag


async def test_a_loop_that_is_held_up_is_seen_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag, "EVERY", 0.01)
    seen = LoopLag()
    seen.start()
    await asyncio.sleep(0)
    time.sleep(0.2)  # noqa: ASYNC251 - what is to be seen
    while not sum(seen.seen.counts):  # noqa: ASYNC110 - the loop has to turn, and nothing else
        await asyncio.sleep(0)
    await seen.stop()
    assert seen.seen.total > 0.15


async def test_one_that_was_never_started_stops() -> None:
    await LoopLag().stop()
