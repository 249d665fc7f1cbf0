"""One poll per array answers for every transfer that is waited for there (rule 14: cost grows with endpoints)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.outcomes import Done, Outcome
from vvol_replication.domain.ports import ArrayPort

from .ports import Clock, Pace

Rows = tuple[Snapshot, ...]


@dataclass(slots=True)
class _Follower:
    protection_group: str
    deliver: Callable[[Outcome[Rows]], None]
    rounds: int = 0


class TransferPoller:
    """Polls one target array while anybody follows a transfer there; does nothing, and costs nothing, otherwise."""

    def __init__(self, port: Callable[[], ArrayPort | None], clock: Clock, pace: Pace) -> None:
        self._port, self._clock, self._pace = port, clock, pace
        self._followers: dict[str, _Follower] = {}
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    def follow(self, uid: str, protection_group: str, deliver: Callable[[Outcome[Rows]], None]) -> None:
        """Deliver the rows of that protection group, as the target names it, at every poll from now on."""
        if uid in self._followers:
            return
        self._followers[uid] = _Follower(protection_group, deliver)
        self._news.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="transfer-poller")

    def leave(self, uid: str) -> None:
        """Deliver no more to this one."""
        self._followers.pop(uid, None)

    async def close(self) -> None:
        """Stop polling."""
        self._followers.clear()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while self._followers:
            self._news.clear()
            await self._poll()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._pause())

    def _pause(self) -> float:
        """Fast for the youngest transfer, slower the longer all of them take, jittered."""
        rounds = min((follower.rounds for follower in self._followers.values()), default=0)
        pause = min(self._pace.poll_first * 1.3 ** min(rounds, 40), self._pace.poll_most)
        return pause * (1 - self._clock.jitter() / 4)

    async def _poll(self) -> None:
        port = self._port()
        if port is None:
            for follower in self._followers.values():
                follower.rounds += 1
            return
        asked = dict(self._followers)
        names = sorted({follower.protection_group for follower in asked.values()})
        outcome = await port.transfers(names)
        for uid, follower in asked.items():
            if self._followers.get(uid) is not follower:
                continue
            follower.rounds += 1
            if isinstance(outcome, Done):
                follower.deliver(Done(tuple(outcome.value.get(follower.protection_group, ()))))
            else:
                follower.deliver(outcome)
