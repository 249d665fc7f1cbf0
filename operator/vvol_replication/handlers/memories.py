"""What kopf remembers of each object for as long as the object lives: nothing, where a kilobyte is usual."""

from __future__ import annotations

from typing import Any

from kopf._core.reactor.inventory import ResourceMemories, ResourceMemory


class NoMemories(ResourceMemories):
    """Each event finds a memory as of an object that was never seen: no handler of ours asks what was before.

    kopf takes its memories as an argument (`spawn_tasks`) and has no public name for their class.
    """

    async def recall(self, raw_body: Any, *, ephemeral: bool = False, **more: Any) -> ResourceMemory:
        """The memory of this object."""
        del ephemeral
        return await super().recall(raw_body, ephemeral=True, **more)
