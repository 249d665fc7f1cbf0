"""The port to one FlashArray over REST 1: calls run on the array's lane, and every end is an outcome."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final, TypeVar

from vvol_replication.domain.outcomes import Done, Indeterminate, Outcome, Refused, Unavailable
from vvol_replication.storage import words
from vvol_replication.storage.lane import Lane, LaneClosed, LaneError, LaneFull, Permit
from vvol_replication.storage.login import LoginGate

from . import calls, errors, names
from .client import Client, Login
from .errors import Asked
from .failures import CallFailed
from .identity import IdentityPin
from .sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vvol_replication.domain.arrays import (
        AlreadyThere,
        ArrayAbout,
        ArrayConnection,
        ProtectionGroup,
        Pushed,
        Snapshot,
    )
    from vvol_replication.storage.tls import TLSTrust

    from .exchange import Timeouts

T = TypeVar("T")

_GRACE: Final = 1.0
"""Seconds beyond a call's deadline in which its thread still tells, better than the lane could, how it ended."""


class REST1Array:
    """`ArrayPort` over `purestorage`. Nothing is sent before the first call; a changed Secret makes a new one.

    `gate` is shared by all who log in there with this token. `expected_id` is the array that this one has to be.
    """

    def __init__(
        self,
        address: str,
        api_token: str,
        trust: TLSTrust,
        *,
        workers: int,
        timeouts: Timeouts,
        gate: LoginGate | None = None,
        expected_id: str | None = None,
    ) -> None:
        self._address = address
        self._secret = api_token
        self._timeouts = timeouts
        login = Login(address, api_token, gate or LoginGate(), IdentityPin(expected_id))
        self._sessions = Sessions(login, trust, timeouts)
        self._lane = Lane(f"flasharray-{address}", workers)

    async def about(self) -> Outcome[ArrayAbout]:
        """Who answers: known from the login while the session is open, else asked."""
        return await self._ask("GET array", lambda client: client.about if client.open else client.identify())

    async def connections(self) -> Outcome[tuple[ArrayConnection, ...]]:
        """The arrays that this one is connected to."""
        return await self._ask("GET array/connection", calls.connections)

    async def protection_group(self, name: str) -> Outcome[ProtectionGroup | None]:
        """One protection group; `None` where the array says that it has none of that name."""
        what = f"GET pgroup {name}"
        return self._misnamed(what, name) or await self._ask(what, lambda array: calls.protection_group(array, name))

    async def snapshots(self, protection_group: str) -> Outcome[tuple[Snapshot, ...]]:
        """All snapshots of one protection group with their transfers, destroyed ones included."""
        what = f"GET snapshots of pgroup {protection_group}"
        return self._misnamed(what, protection_group) or await self._ask(
            what, lambda array: calls.snapshots(array, protection_group)
        )

    async def transfers(self, protection_groups: Sequence[str]) -> Outcome[Mapping[str, tuple[Snapshot, ...]]]:
        """The snapshots and transfers of several protection groups in one call. A missing group has an empty row."""
        if not protection_groups:
            return Done({})
        what = f"GET transfers of {len(protection_groups)} pgroups"
        return self._misnamed(what, *protection_groups) or await self._ask(
            what, lambda array: calls.transfers(array, protection_groups)
        )

    async def push(self, protection_group: str, suffix: str) -> Outcome[Pushed | AlreadyThere]:
        """Mutating. Snapshot and replicate now, with retention applied, under exactly this suffix."""
        what = f"POST pgroup {protection_group} with suffix {suffix}"
        if refused := self._misnamed(what, protection_group):
            return refused
        if problem := names.suffix_problem(suffix):
            return Refused(errors.ARRAY_REFUSED, self._asked("POST pgroup").says(f"not sent, {problem}"))
        permit = Permit()

        def push(client: Client) -> Pushed | AlreadyThere:
            with client.permitted(permit):
                return calls.push(client, protection_group, suffix)

        return await self._ask(what, push, permit)

    async def close(self, grace: float = 0.0) -> None:
        """Log out, as far as that can be done in a few seconds, and let go of threads. May be called twice."""
        await self._lane.drain(grace)
        try:
            await self._lane.finish(self._sessions.close, deadline=self._timeouts.logout + _GRACE)
        except LaneError:
            pass  # every thread hangs in a call, or the lane is closed: the array ends idle sessions by itself
        finally:
            self._lane.close()

    def _asked(self, what: str, *, mutating: bool = False) -> Asked:
        return Asked(self._address, what, mutating=mutating, secret=self._secret)

    def _misnamed(self, what: str, *protection_groups: str) -> Refused | None:
        for name in protection_groups:
            if problem := names.protection_group_problem(name):
                method = what.partition(" ")[0]
                return Refused(errors.ARRAY_REFUSED, self._asked(f"{method} pgroup").says(f"not sent, {problem}"))
        return None

    async def _ask(self, what: str, work: Callable[[Client], T], permit: Permit | None = None) -> Outcome[T]:
        """Run `work` with a client on the lane; with a permit it is a mutating call."""
        asked = self._asked(what, mutating=permit is not None)
        deadline = time.monotonic() + self._timeouts.call
        try:
            return await self._lane.run(
                lambda: self._on_thread(asked, work, deadline), deadline=self._timeouts.call + _GRACE
            )
        except asyncio.CancelledError:
            if permit is not None:
                permit.withdraw()
            raise
        except LaneClosed:
            return Unavailable(words.UNREACHABLE, asked.says("not asked, because the connection to it is closed"))
        except LaneFull:
            return Unavailable(words.TIMED_OUT_CALLING, asked.says("not asked, because earlier calls to it still hang"))
        except LaneError:
            seen = f"no answer within {self._timeouts.call:g} s"
            if permit is None or permit.withdraw():
                return Unavailable(words.TIMED_OUT_CALLING, asked.says(seen))
            return Indeterminate(words.ANSWER_LOST, asked.says(f"{seen}; {errors.LOOK_FIRST}"))

    def _on_thread(self, asked: Asked, work: Callable[[Client], T], deadline: float) -> Outcome[T]:
        try:
            with self._sessions.one(deadline) as client:
                return Done(work(client))
        except CallFailed as failure:
            return errors.outcome(failure, asked)
