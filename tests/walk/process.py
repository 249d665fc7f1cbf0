"""Operator processes inside one event loop: each with its own engine, each to be killed without the others noticing.

A task belongs to the process in whose context it was made. What a process has sent out (a call, a write) belongs to
nobody: it takes effect although its sender is dead.
"""

from __future__ import annotations

import asyncio
import contextvars
import weakref
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from vvol_replication.engine.engine import Engine
from vvol_replication.engine.requests.kinds import AnyReconciler

PROCESS: contextvars.ContextVar[str] = contextvars.ContextVar("process", default="")


class Tasks:
    """Knows whose each task is. The dead make no more."""

    def __init__(self) -> None:
        self._of: dict[str, weakref.WeakSet[asyncio.Task[Any]]] = {}
        self._dead: set[str] = set()
        self.outside = contextvars.copy_context()
        """The context of all that belongs to no process."""

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """From here on."""
        loop.set_task_factory(self._make)

    def _make(self, loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
        context: contextvars.Context | None = options.get("context")
        owner = PROCESS.get() if context is None else context.get(PROCESS, "")
        task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **options)
        self._of.setdefault(owner, weakref.WeakSet()).add(task)
        if owner in self._dead:
            task.cancel()
        return task

    def kill(self, owner: str) -> None:
        """SIGKILL."""
        self._dead.add(owner)
        for task in list(self._of.get(owner, ())):
            task.cancel()

    async def sent(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do something that goes on when whoever waits for it is killed."""
        return await asyncio.shield(asyncio.create_task(work, context=self.outside))


@dataclass
class Process:
    """One operator process. `lag`: how long the watch takes to tell it of a change."""

    identity: str
    make: Callable[[Process], Engine]
    lag: float = 0.01
    leads: bool = True
    dead: bool = False
    engine: Engine = field(init=False)
    context: contextvars.Context = field(init=False)

    def __post_init__(self) -> None:
        self.context = contextvars.copy_context()
        self.context.run(PROCESS.set, self.identity)
        self.engine = self.make(self)

    @property
    def reconcilers(self) -> list[AnyReconciler]:
        """The requests that it works on."""
        return list(self.engine.requests.in_flight)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Let the process do this."""
        asyncio.create_task(work, context=self.context, name=f"main {self.identity}")  # noqa: RUF006 - Tasks has it
