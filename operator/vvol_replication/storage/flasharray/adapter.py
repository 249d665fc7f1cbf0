"""The port to one FlashArray, whichever REST family it speaks: every end of a call is an outcome."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
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
from vvol_replication.domain.measures import Calls
from vvol_replication.domain.outcomes import Done, Outcome, Refused, Unavailable
from vvol_replication.domain.ports import ArrayPort
from vvol_replication.storage import reasons
from vvol_replication.storage.redaction import Redactor
from vvol_replication.storage.together import Together

from . import names
from .errors import CallFailed, outcomes, refusals
from .errors.outcomes import Asked
from .families import Families, Family
from .http import Http, Timeouts

T = TypeVar("T")

_log = logging.getLogger(__name__)

_MOST_GROUPS: Final = 25
"""Whose protection groups or snapshots one question asks for: all of the snapshots are in the answer."""


class FlashArray(ArrayPort):
    """`ArrayPort`. Nothing is sent before the first call; a changed Secret makes a new one."""

    def __init__(
        self,
        address: str,
        redactor: Redactor,
        timeouts: Timeouts,
        http: Http,
        families: Families,
        *,
        at_once: int,
    ) -> None:
        """`at_once`: how many calls may be under way."""
        self.calls = Calls()
        """What became of those that have ended."""
        self._address = address
        self._redactor = redactor
        self._timeouts = timeouts
        self._http = http
        self._families = families
        self._under_way: set[asyncio.Future[None]] = set()
        self._closing = False
        self._connections: Together[None, tuple[ArrayConnection, ...]] = Together(
            lambda _: self._ask("connections", "read array connections", lambda array, by: array.connections(by)),
            at_once=at_once,
        )
        self._protection_groups = Together(self._ask_group, self._ask_groups, most=_MOST_GROUPS, at_once=at_once)
        self._snapshots = Together(self._ask_snapshots, self._ask_snapshots_of, most=_MOST_GROUPS, at_once=at_once)
        self._transfers = Together(self._ask_transfers, self._ask_transfers_of, most=sys.maxsize, at_once=at_once)

    @property
    def waiting(self) -> int:
        """How many calls wait because as many as it may have are under way."""
        return self._http.waiting + self._families.waiting

    async def about(self) -> Outcome[ArrayAbout]:
        """Who answers: known from the login while the session is open, else asked."""
        return await self._ask("about", "read its name and id", lambda array, by: array.about(by))

    async def connections(self) -> Outcome[tuple[ArrayConnection, ...]]:
        """The arrays that this one is connected to; one call for all who ask at the same time."""
        return await self._connections.ask(None)

    async def protection_group(self, name: str) -> Outcome[ProtectionGroup | None]:
        """One protection group; `None` where the array says that it has none of that name."""
        return self._misnamed(name) or await self._protection_groups.ask(name)

    async def snapshots(self, protection_group: str) -> Outcome[tuple[Snapshot, ...]]:
        """All snapshots of one protection group with their transfers, destroyed ones included."""
        return self._misnamed(protection_group) or await self._snapshots.ask(protection_group)

    async def transfers(self, protection_groups: Sequence[str]) -> Outcome[Mapping[str, tuple[Snapshot, ...]]]:
        """The snapshots and transfers of several protection groups together. A missing group has an empty row."""
        if refused := self._misnamed(*protection_groups):
            return refused
        rows: dict[str, tuple[Snapshot, ...]] = {}
        for name, outcome in (await self._transfers.ask_all(protection_groups)).items():
            if not isinstance(outcome, Done):
                return outcome
            rows[name] = outcome.value
        return Done(rows)

    async def policies(self, protection_groups: Sequence[str]) -> Outcome[Mapping[str, ProtectionPolicy]]:
        """Schedule and targets' retention of several protection groups of this array. A missing group has no entry."""
        if not protection_groups:
            return Done({})
        what = _groups(protection_groups)
        return self._misnamed(*protection_groups) or await self._ask(
            "policies",
            f"read schedule and retention of {what}",
            lambda array, by: array.policies(protection_groups, by),
        )

    async def push(self, protection_group: str, suffix: str) -> Outcome[Pushed | AlreadyThere]:
        """Mutating. Snapshot and replicate now, with retention applied, under exactly this suffix."""
        if refused := self._misnamed(protection_group):
            return refused
        if problem := names.suffix_problem(suffix):
            return Refused(refusals.ARRAY_REFUSED, self._asked("push").says(f"not sent: {problem}."))
        what = f"push protection group {protection_group} with suffix {suffix}"
        if pod := names.pod(protection_group):
            return Refused(
                reasons.NOT_SUPPORTED,
                self._asked(what).says(
                    f"not sent: the protection group is in pod {pod}.{refusals.advice(reasons.NOT_SUPPORTED)}"
                ),
            )
        return await self._ask("push", what, lambda array, by: array.push(protection_group, suffix, by), mutating=True)

    async def close(self, grace: float = 0.0) -> None:
        """Take no more calls, give those under way `grace` seconds to end, log out, let go. May be called twice.

        Takes no longer than that and the time of a logout.
        """
        self._closing = True
        if self._under_way and grace > 0:
            await asyncio.wait(tuple(self._under_way), timeout=grace)
        try:
            await self._families.close()
        finally:
            await self._http.close()

    async def _ask_group(self, name: str) -> Outcome[ProtectionGroup | None]:
        return await self._ask(
            "protection_group", f"read protection group {name}", lambda array, by: array.protection_group(name, by)
        )

    async def _ask_groups(self, names: tuple[str, ...]) -> Outcome[Mapping[str, Outcome[ProtectionGroup | None]]]:
        async def told(array: Family, by: float) -> Mapping[str, Outcome[ProtectionGroup | None]]:
            return {name: Done(group) for name, group in (await array.protection_groups(names, by)).items()}

        return await self._ask("protection_group", "read protection groups", told)

    async def _ask_snapshots(self, name: str) -> Outcome[tuple[Snapshot, ...]]:
        return await self._ask(
            "snapshots",
            f"read snapshots of protection group {name}",
            lambda array, by: array.snapshots(name, by),
        )

    async def _ask_snapshots_of(self, names: tuple[str, ...]) -> Outcome[Mapping[str, Outcome[tuple[Snapshot, ...]]]]:
        """Those of which there are any, or whose protection group is seen to be there."""

        async def told(array: Family, by: float) -> Mapping[str, Outcome[tuple[Snapshot, ...]]]:
            rows = await array.transfers(names, by)
            bare = [name for name in names if not rows[name]]
            present = await array.protection_groups(bare, by) if bare else {}
            return {name: Done(rows[name]) for name in names if rows[name] or name in present}

        return await self._ask("snapshots", "read snapshots of protection groups", told)

    async def _ask_transfers(self, name: str) -> Outcome[tuple[Snapshot, ...]]:
        outcome = await self._ask_transfers_of((name,))
        return outcome.value[name] if isinstance(outcome, Done) else outcome

    async def _ask_transfers_of(self, names: tuple[str, ...]) -> Outcome[Mapping[str, Outcome[tuple[Snapshot, ...]]]]:
        """Of all of them, whatever becomes of the call: there may be hundreds, and none is asked for alone."""
        what = _groups(names)
        outcome = await self._ask(
            "transfers", f"read transfers of {what}", lambda array, by: array.transfers(names, by)
        )
        if isinstance(outcome, Done):
            return Done({name: Done(rows) for name, rows in outcome.value.items()})
        return Done(dict.fromkeys(names, outcome))

    def _asked(self, what: str, *, mutating: bool = False) -> Asked:
        return Asked(self._address, what, mutating=mutating, redactor=self._redactor)

    def _misnamed(self, *protection_groups: str) -> Refused | None:
        for name in protection_groups:
            if problem := names.protection_group_problem(name):
                return Refused(
                    refusals.ARRAY_REFUSED, self._asked("ask about a protection group").says(f"not sent: {problem}.")
                )
        return None

    async def _ask(
        self, operation: str, what: str, call: Callable[[Family, float], Awaitable[T]], *, mutating: bool = False
    ) -> Outcome[T]:
        """Make a call; whatever way it ends, as an outcome. `operation` is what it is counted as."""
        begun = time.monotonic()
        outcome = await self._outcome(what, call, mutating=mutating)
        took = time.monotonic() - begun
        self.calls.note(operation, outcome, took)
        reason = "" if isinstance(outcome, Done) else outcome.reason
        _log.debug("FlashArray %s: %s: %s %s after %.3f s", self._address, what, type(outcome).__name__, reason, took)
        return outcome

    async def _outcome(self, what: str, call: Callable[[Family, float], Awaitable[T]], *, mutating: bool) -> Outcome[T]:
        asked = self._asked(what, mutating=mutating)
        if self._closing:
            return Unavailable(reasons.UNREACHABLE, asked.says("not asked, because the connection to it is closed."))
        deadline = time.monotonic() + self._timeouts.call
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._under_way.add(ended)
        try:
            return Done(await self._families.ask(lambda array: call(array, deadline), deadline))
        except CallFailed as failure:
            return outcomes.outcome(failure, asked)
        finally:
            self._under_way.discard(ended)
            ended.set_result(None)


def _groups(names: Sequence[str]) -> str:
    """One by its name, several by their number: there may be hundreds."""
    name, *others = names
    return f"{len(names)} protection groups" if others else f"protection group {name}"
