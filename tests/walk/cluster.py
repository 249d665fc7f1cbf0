"""The API server of a scenario: several processes watch it, writes outlive their writers, every change has a time."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any

from component.engine.apiserver import ApiServerInMemory, Body, Key
from component.engine.virtual import VirtualClock
from walk.process import Process, Tasks

from vvol_replication.api.names import KINDS
from vvol_replication.api.objects import Conflict, Failed, ObjectRef, WriteResult

_NAMES = {kind.plural: kind.kind for kind in KINDS}


class SharedApi(ApiServerInMemory):
    """`next_writes` holds what becomes of the next writes of a kind: `conflict`, `failed`, `lost` or `hang`."""

    def __init__(self, clock: VirtualClock, tasks: Tasks, hook: Callable[[str], None]) -> None:
        super().__init__(clock)
        self._tasks, self._hook = tasks, hook
        self.processes: list[Process] = []
        self.next_writes: dict[str, list[str]] = {}
        self.saved: list[tuple[datetime, Key, Body | None]] = []
        """Every state that an object has been in, and since when; None: it is gone."""
        self.on_save: Callable[[Key, Body], None] = lambda _key, _body: None

    async def write_status(
        self, ref: ObjectRef, before: Mapping[str, Any], after: Mapping[str, Any], resource_version: str | None
    ) -> WriteResult:
        write = super().write_status(ref, before, after, resource_version)
        result: WriteResult = await self._tasks.sent(self._take(ref.kind.kind, write))
        return result

    async def write_finalizers(
        self, ref: ObjectRef, finalizers: Sequence[str], resource_version: str | None
    ) -> WriteResult:
        write = super().write_finalizers(ref, finalizers, resource_version)
        result: WriteResult = await self._tasks.sent(self._take(ref.kind.kind, write))
        return result

    async def _take(self, kind: str, write: Coroutine[Any, Any, WriteResult]) -> WriteResult:
        waiting = self.next_writes.get(kind)
        becomes = waiting.pop(0) if waiting and self.silent is None else "ok"
        self._hook(f"write {kind}")
        if becomes == "hang":
            await asyncio.sleep(20)
        if becomes in ("conflict", "failed", "hang"):
            write.close()
            return Conflict() if becomes == "conflict" else Failed("the API server did not answer")
        if becomes == "slow":
            await asyncio.sleep(25)
        result = await write
        self._hook(f"wrote {kind}")
        return Failed("the answer was lost") if becomes == "lost" else result

    def _save(self, key: Key, body: Body, *, by_hand: bool = False, said: bool = False) -> str:
        version = super()._save(key, body, by_hand=by_hand, said=said)
        self.saved.append((self.clock.now(), key, self.history[key][-1]))
        self.on_save(key, body)
        return version

    def _deliver(self, key: Key, body: Body, *, deleted: bool = False) -> None:
        if deleted:
            self.saved.append((self.clock.now(), key, None))
        loop, shown = asyncio.get_running_loop(), copy.deepcopy(body)
        for process in self.processes:
            if not process.dead:
                wait = process.lag + self._version * 1e-9
                loop.call_later(wait, self._tell, process, key, shown, deleted, context=process.context)

    def _tell(self, process: Process, key: Key, body: Body, deleted: bool) -> None:  # noqa: FBT001 - call_later's
        if process.dead:
            return
        self.engine = process.engine
        self._event(process.engine, key, body, deleted)

    def take_up(self, process: Process) -> None:
        """The watch of this process begins."""
        self.engine = process.engine
        self.begin_watch()

    def since(self, key: Key, holds: Callable[[Body | None], bool]) -> datetime | None:
        """Since when has this been so without a break? None: it is not so."""
        found: datetime | None = None
        for at, one, body in self.saved:
            if one == key:
                found = None if not holds(body) else found or at
        return found


def kind_of(key: Key) -> str:
    """`ReplicationSync` and so on."""
    return _NAMES[key[0]]
