"""kopf remembers nothing of an object."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import kopf

from vvol_replication.handlers.memories import NoMemories


def test_each_event_finds_a_new_memory_and_leaves_none() -> None:
    memories, body = NoMemories(), {"metadata": {"uid": "u1"}}

    async def play() -> list[Any]:
        return [
            await memories.recall(body, noticed_by_listing=listed, memobase=kopf.Memo()) for listed in (True, False)
        ]

    first, second = asyncio.run(play())
    assert first is not second
    assert list(memories.iter_all_memories()) == []


def test_kopf_takes_memories() -> None:
    assert "memories" in inspect.signature(kopf.spawn_tasks).parameters
