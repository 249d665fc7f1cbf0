"""One FlashArray over REST 1: blocking calls run on the array's lane."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from vvol_replication.domain.arrays import (
    AlreadyThere,
    ArrayAbout,
    ArrayConnection,
    ProtectionGroup,
    ProtectionPolicy,
    Pushed,
    Snapshot,
)
from vvol_replication.storage import reasons
from vvol_replication.storage.flasharray.errors import CallFailed, NotAsked, NotReached
from vvol_replication.storage.flasharray.http import Timeouts
from vvol_replication.storage.flasharray.metadata import ResponseMetadata
from vvol_replication.storage.lane import Lane, LaneClosed, LaneError, LaneFull, Permit
from vvol_replication.storage.redaction import Redactor

from . import calls
from .client import Client
from .sessions import Sessions

T = TypeVar("T")

_GRACE: Final = 1.0
"""Seconds beyond a call's deadline in which its thread may still say how it ended: it knows better than the lane."""


class REST1Array:
    """`Family` over `purestorage`: each call runs in a thread of `lane`, with one of `sessions`."""

    def __init__(
        self,
        rest: str,
        sessions: Sessions,
        lane: Lane,
        timeouts: Timeouts,
        metadata: ResponseMetadata,
        *,
        redactor: Redactor,
        leading: Callable[[], bool],
    ) -> None:
        self.rest = rest
        self._leading = leading
        self._sessions = sessions
        self._lane = lane
        self._timeouts = timeouts
        self._metadata = metadata
        self._redactor = redactor

    @property
    def waiting(self) -> int:
        """How many calls wait for a thread."""
        return self._lane.waiting

    async def about(self, deadline: float) -> ArrayAbout:
        """Who answers: known from the login while the session is open, else asked."""
        about = await self._ask(lambda array: array.about if array.open else array.identify(), deadline)
        return replace(about, skew=self._metadata.skew)

    async def connections(self, deadline: float) -> tuple[ArrayConnection, ...]:
        """The arrays that this one is connected to."""
        return await self._ask(calls.connections, deadline)

    async def protection_group(self, name: str, deadline: float) -> ProtectionGroup | None:
        """One protection group, a destroyed one too; `None` where there is none."""
        return await self._ask(lambda array: calls.protection_group(array, name), deadline)

    async def protection_groups(self, names: Sequence[str], deadline: float) -> Mapping[str, ProtectionGroup]:
        """Several protection groups, destroyed ones too: one call, but where a group is missing."""
        return await self._ask(lambda array: calls.protection_groups(array, names), deadline)

    async def snapshots(self, name: str, deadline: float) -> tuple[Snapshot, ...]:
        """All snapshots of one protection group with their transfers, destroyed ones included."""
        return await self._ask(lambda array: calls.snapshots(array, name), deadline)

    async def transfers(self, names: Sequence[str], deadline: float) -> Mapping[str, tuple[Snapshot, ...]]:
        """The snapshots and transfers of several protection groups in one call; a missing group has an empty row."""
        return await self._ask(lambda array: calls.transfers(array, names), deadline)

    async def policies(self, names: Sequence[str], deadline: float) -> Mapping[str, ProtectionPolicy]:
        """Schedule and targets' retention of several protection groups: two calls for all of them."""
        return await self._ask(lambda array: calls.policies(array, names), deadline)

    async def push(self, name: str, suffix: str, deadline: float) -> Pushed | AlreadyThere:
        """Snapshot and replicate now, with retention applied."""
        permit = Permit(self._leading)

        def push(array: Client) -> Pushed | AlreadyThere:
            with array.permitted(permit):
                return calls.push(array, name, suffix, self._redactor)

        return await self._ask(push, deadline, permit)

    async def close(self, grace: float) -> None:
        """Log out, as far as that can be done in the time of a logout, and let go of threads. May be called twice."""
        await self._lane.drain(grace)
        try:
            await self._lane.finish(self._sessions.close, deadline=self._timeouts.logout)
        except LaneError:
            pass  # every thread hangs in a call, or the lane is closed: the array ends idle sessions by itself
        finally:
            self._lane.close()

    async def _ask(self, work: Callable[[Client], T], deadline: float, permit: Permit | None = None) -> T:
        """Run `work` with a client on the lane; with a permit it is a mutating call."""
        left = deadline - time.monotonic()
        try:
            return await self._lane.run(lambda: self._on_thread(work, deadline), deadline=left + _GRACE)
        except asyncio.CancelledError:
            if permit is not None:
                permit.withdraw()
            raise
        except LaneClosed:
            raise NotAsked(reasons.UNREACHABLE, "not asked, because the connection to it is closed") from None
        except LaneFull:
            raise NotAsked(reasons.TIMED_OUT_CALLING, "not asked, because earlier calls to it still hang") from None
        except LaneError:
            raise NotReached(TimeoutError(), sent=permit is not None and not permit.withdraw()) from None

    def _on_thread(self, work: Callable[[Client], T], deadline: float) -> T:
        try:
            with self._sessions.one(deadline) as array:
                return work(array)
        except CallFailed as failure:
            # its frames hold answers and sockets, which must not live as long as whoever asks
            raise failure.with_traceback(None) from None
