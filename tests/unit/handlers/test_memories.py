"""kopf remembers what goes on, and forgets what has ended."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import kopf
import pytest

from vvol_replication.api.names import FINALIZER
from vvol_replication.handlers.memories import Memories

END = {"finishedAt": "2026-06-01T12:00:00Z", "conditions": [{"type": "Finished", "status": "True"}]}


def body(status: dict[str, Any], *finalizers: str) -> Any:
    return {"metadata": {"uid": "u1", "finalizers": list(finalizers)}, "status": status}


def remembered(*bodies: Any) -> list[Any]:
    """What is remembered after these events of one object, with the memory that each of them had."""
    memories = Memories()

    async def play() -> list[Any]:
        return [await memories.recall(one, noticed_by_listing=False, memobase=kopf.Memo()) for one in bodies]

    return [*asyncio.run(play()), list(memories.iter_all_memories())]


def test_what_goes_on_has_one_memory() -> None:
    first, second, kept = remembered(body({}), body({"acceptedAt": "2026-06-01T12:00:00Z"}, FINALIZER))
    assert first is second
    assert kept == [first]


@pytest.mark.parametrize("finalizers", [(), ("somebody.example.com/else",)])
def test_what_has_ended_is_forgotten(finalizers: tuple[str, ...]) -> None:
    first, last, kept = remembered(body({}), body(END, *finalizers))
    assert last is first  # the event is handled with what was known
    assert kept == []
    assert remembered(body(END))[-1] == []


def test_what_holds_our_finalizer_is_still_kopfs_to_settle() -> None:
    *_, kept = remembered(body(END, FINALIZER))
    assert len(kept) == 1


def test_kopf_takes_memories() -> None:
    assert "memories" in inspect.signature(kopf.spawn_tasks).parameters
