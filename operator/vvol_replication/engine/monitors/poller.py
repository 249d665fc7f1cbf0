"""One poll per array answers for every transfer that is waited for there (invariant 14: cost grows with endpoints)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.outcomes import Done, Outcome
from vvol_replication.domain.ports import ArrayPort
from vvol_replication.engine.about import about_nobody
from vvol_replication.engine.ports import Clock, Pace
from vvol_replication.engine.waiting import ended, news_or_time

from .arrival import Shares, next_arrival, shares
from .outcomes import asked_pause

_log = logging.getLogger(__name__)

Rows = tuple[Snapshot, ...]
Deliver = Callable[[Outcome[Rows], datetime], None]
"""Called with what was answered, and when it was asked for."""


@dataclass(slots=True)
class _Follower:
    array_id: str
    protection_group: str
    deliver: Deliver
    rounds: int = 0


class TransferPoller:
    """Polls one target array while anybody follows a transfer there; does nothing, and costs nothing, otherwise.

    `port` gives the array's port with the id that the array gives itself: who follows a transfer to one array is
    never answered by another (invariant 7). An array that asks to be left alone for a while is.
    """

    def __init__(self, port: Callable[[], tuple[str, ArrayPort] | None], clock: Clock, pace: Pace) -> None:
        self._port, self._clock, self._pace = port, clock, pace
        self._followers: dict[str, _Follower] = {}
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._left_alone: tuple[str, datetime] | None = None
        self._took = 0.0
        """Seconds that the last poll took."""
        self._shares: tuple[float, Shares] | None = None
        self._arrival: float | None = None
        """Seconds from the last poll until something is expected to land."""

    def follow(self, uid: str, array_id: str, protection_group: str, deliver: Deliver) -> None:
        """Deliver the rows of that protection group, as that target names it, at every poll from now on."""
        known = self._followers.get(uid)
        if known is not None and (known.array_id, known.protection_group) == (array_id, protection_group):
            return
        self._followers[uid] = _Follower(array_id, protection_group, deliver)
        self._news.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="transfer-poller", context=about_nobody())

    @property
    def followed(self) -> int:
        """How many transfers are followed."""
        return len(self._followers)

    def notify(self) -> None:
        """The array answers again: poll at once what is followed there."""
        self._news.set()

    def leave(self, uid: str) -> None:
        """Deliver no more to this one."""
        self._followers.pop(uid, None)

    async def close(self) -> None:
        """Stop polling."""
        self._followers.clear()
        await ended(self._task)

    async def _run(self) -> None:
        while self._followers:
            self._news.clear()
            await self._guarded()
            await news_or_time(self._news, self._pause())

    async def _guarded(self) -> None:
        try:
            await self._poll()
        except Exception:  # noqa: BLE001 - logged whole; the loop must go on
            # A defect of ours in one delivery must not leave all others without theirs; the log has the traceback.
            _log.exception("a poll of transfers failed")

    def _pause(self) -> float:
        """Fast for the youngest transfer, slower the longer all of them take, jittered; and once where one should land.

        No shorter than a poll takes: an array that is slow to answer, or a process that is busy, has time for others.
        """
        rounds = min((follower.rounds for follower in self._followers.values()), default=0)
        pause = min(self._pace.poll_first * 1.3 ** min(rounds, 40), self._pace.poll_most)
        pause *= 1 - self._clock.jitter() / 4
        if self._arrival is not None:
            pause = min(pause, max(self._arrival + self._pace.poll_first / 4, self._pace.poll_first))
        return max(pause, min(self._took, self._pace.poll_most))

    async def _poll(self) -> None:
        self._arrival = None
        for follower in self._followers.values():
            follower.rounds += 1
        found = self._port()
        if found is None:
            return
        array_id, port = found
        asked = {uid: one for uid, one in self._followers.items() if one.array_id == array_id}
        if not asked:
            return
        asked_at = self._clock.now()
        if self._left_alone is not None and self._left_alone[0] == array_id and asked_at < self._left_alone[1]:
            return
        loop = asyncio.get_running_loop()
        begun = loop.time()
        outcome = await port.transfers(sorted({follower.protection_group for follower in asked.values()}))
        self._took = loop.time() - begun
        self._left_alone = None if (pause := asked_pause(outcome)) is None else (array_id, self._clock.now() + pause)
        self._expect(outcome, begun)
        for uid, follower in asked.items():
            if self._followers.get(uid) is not follower:
                continue
            if isinstance(outcome, Done):
                rows: Outcome[Rows] = Done(tuple(outcome.value.get(follower.protection_group, ())))
                follower.deliver(rows, asked_at)
            else:
                follower.deliver(outcome, self._clock.now())

    def _expect(self, outcome: Outcome[Mapping[str, Rows]], at: float) -> None:
        """When is the next of these transfers to land? `at`: the event loop's time when this was asked."""
        if isinstance(outcome, Done):
            before, now = self._shares, shares(row for rows in outcome.value.values() for row in rows)
            self._shares = at, now
            self._arrival = None if before is None else next_arrival(before[1], now, at - before[0])
