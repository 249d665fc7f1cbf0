"""What kopf remembers of each object for as long as the object lives: a kilobyte, and nothing of what has ended."""

from __future__ import annotations

from typing import Any

from kopf._core.reactor.inventory import ResourceMemories, ResourceMemory

from vvol_replication.api.names import FINALIZER
from vvol_replication.api.status import has_ended


class Memories(ResourceMemories):
    """kopf's own, but for what has ended and is free of our finalizer: that is forgotten after each event.

    kopf takes its memories as an argument (`spawn_tasks`) and has no public name for their class.
    """

    async def recall(self, raw_body: Any, *, ephemeral: bool = False, **more: Any) -> ResourceMemory:
        """The memory of this object."""
        over = _is_over(raw_body)
        memory = await super().recall(raw_body, ephemeral=ephemeral or over, **more)
        if over:
            await self.forget(raw_body)
        return memory


def _is_over(body: Any) -> bool:
    return has_ended(body.get("status") or {}) and FINALIZER not in (body["metadata"].get("finalizers") or ())
