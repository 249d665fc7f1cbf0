"""Which REST family is spoken with an array: chosen from what it offers, and anew when that is withdrawn."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, Protocol, TypeVar

from vvol_replication.domain.arrays import (
    AlreadyThere,
    ArrayAbout,
    ArrayConnection,
    ProtectionGroup,
    ProtectionPolicy,
    Pushed,
    Snapshot,
)

from .errors import VERSION, Answered, BeforeTheCall, CallFailed, NoCommonVersion, NotReached, Unreadable, refusals
from .errors.array_text import ArrayText
from .http import Http, Request

T = TypeVar("T")

_NOT_OFFERED: Final = frozenset({404, 450})
"""What a path of a REST version that is not offered is answered with, or 400 and words about the version."""

_VERSION: Final = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}")

_NEEDED: Final = {
    "REST1": "REST 1.2 to 1.19",
    "REST2": "REST 2.4 or later",
    "Auto": "REST 2.4 or later, or 1.2 to 1.19",
}


class Family(Protocol):
    """One array over one version of one REST family: `ArrayPort`'s calls, each by a monotonic deadline.

    They return values and raise `CallFailed` only. `REST1Array` and `REST2Array` are such.
    """

    rest: str
    """The version that is spoken."""

    @property
    def waiting(self) -> int:
        """How many calls wait for a thread; those that wait for an exchange are counted where that is."""
        ...

    async def about(self, deadline: float) -> ArrayAbout:
        """Who answers: known from the login while the session is open, else asked."""
        ...

    async def connections(self, deadline: float) -> tuple[ArrayConnection, ...]:
        """The arrays that this one is connected to."""
        ...

    async def protection_group(self, name: str, deadline: float) -> ProtectionGroup | None:
        """One protection group, a destroyed one too; `None` where there is none."""
        ...

    async def protection_groups(self, names: Sequence[str], deadline: float) -> Mapping[str, ProtectionGroup]:
        """Several protection groups, destroyed ones too; one that is not plainly told of has no entry."""
        ...

    async def snapshots(self, name: str, deadline: float) -> tuple[Snapshot, ...]:
        """All snapshots of one protection group with their transfers, destroyed ones included."""
        ...

    async def transfers(self, names: Sequence[str], deadline: float) -> Mapping[str, tuple[Snapshot, ...]]:
        """The snapshots and transfers of several protection groups; a missing one has an empty row."""
        ...

    async def policies(self, names: Sequence[str], deadline: float) -> Mapping[str, ProtectionPolicy]:
        """Schedule and targets' retention of several protection groups; a missing one has no entry."""
        ...

    async def push(self, name: str, suffix: str, deadline: float) -> Pushed | AlreadyThere:
        """Snapshot and replicate now. `NotReached.sent` is right about it."""
        ...

    async def close(self, grace: float) -> None:
        """Take no more calls, let those under way end within `grace` seconds, log out, let go."""
        ...


class Speaker(Protocol):
    """One family with one array, before a version of it is chosen."""

    def newest(self, offered: Sequence[str]) -> str | None:
        """The version of it to speak with an array that offers these, if there is one."""
        ...

    def speak(self, rest: str) -> Family:
        """The array over that version; nothing is sent yet."""
        ...


class Families:
    """The family in use with one array.

    `wanted` is the word of `restVersion`, `speakers` what it allows, in order of preference. `patience` is how many
    seconds the calls of a family that is left may still take.
    """

    def __init__(self, wanted: str, speakers: Sequence[Speaker], http: Http, *, patience: float) -> None:
        self._wanted = wanted
        self._speakers = speakers
        self._http = http
        self._patience = patience
        self._one = asyncio.Lock()
        self._current: Family | None = None
        self._retired: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """How many calls of the family in use wait for a thread."""
        return 0 if self._current is None else self._current.waiting

    async def ask(self, call: Callable[[Family], Awaitable[T]], deadline: float) -> T:
        """Make a call with the family in use; if that proves to be withdrawn, with the one chosen after it."""
        family = self._current or await self._chosen(None, deadline)
        try:
            return await call(family)
        except CallFailed as failure:
            if not _not_offered(failure):
                raise
            other = await self._chosen(family, deadline)
            if other is family:
                raise
            return await call(other)

    async def close(self) -> None:
        """Log out, in the time of a logout, and let go; families that were left before are not waited for."""
        for task in self._retired:
            task.cancel()
        await asyncio.gather(*self._retired, return_exceptions=True)
        if self._current is not None:
            await self._current.close(0.0)

    async def _chosen(self, instead_of: Family | None, deadline: float) -> Family:
        """Ask what the array offers, unless another call did so meanwhile. The old family lets its calls end."""
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                await self._one.acquire()
        except TimeoutError:
            raise BeforeTheCall(VERSION, NotReached(TimeoutError(), sent=False)) from None
        try:
            if self._current is not None and self._current is not instead_of:
                return self._current
            speaker, rest = self._best(await self._offered(deadline))
            if instead_of is not None:
                if rest == instead_of.rest:
                    return instead_of
                retiring = asyncio.create_task(instead_of.close(self._patience))
                self._retired.add(retiring)
                retiring.add_done_callback(self._retired.discard)
            self._current = speaker.speak(rest)
            return self._current
        finally:
            self._one.release()

    def _best(self, offered: tuple[str, ...]) -> tuple[Speaker, str]:
        for speaker in self._speakers:
            if (rest := speaker.newest(offered)) is not None:
                return speaker, rest
        raise NoCommonVersion(_NEEDED[self._wanted], offered)

    async def _offered(self, deadline: float) -> tuple[str, ...]:
        """`GET api_version`: one list for both families, without a login."""
        try:
            content: Any = (await self._http.exchange(Request("GET", "/api/api_version"), deadline)).json()
            versions = content.get("version") if isinstance(content, dict) else None
            if not isinstance(versions, list):
                raise Unreadable("GET api_version was not answered with a list of versions")
        except CallFailed as failure:
            raise BeforeTheCall(VERSION, failure) from failure
        return tuple(text for text in versions if isinstance(text, str) and _VERSION.fullmatch(text))


def _not_offered(failure: CallFailed) -> bool:
    """True where a version of the API, rather than an object, may be what is not there. Nothing was done then."""
    while isinstance(failure, BeforeTheCall):
        failure = failure.cause
    if not isinstance(failure, Answered):
        return False
    if failure.status == HTTPStatus.BAD_REQUEST:
        return ArrayText.parse(failure.text).has("version")
    return failure.status in _NOT_OFFERED and not refusals.missing(failure)
