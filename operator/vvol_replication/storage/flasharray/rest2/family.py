"""One FlashArray over REST 2: what is asked, and how answers of several calls make one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from vvol_replication.domain.arrays import (
    AlreadyThere,
    ArrayAbout,
    ArrayConnection,
    ProtectionGroup,
    ProtectionPolicy,
    Pushed,
    Snapshot,
)
from vvol_replication.storage.flasharray import merging
from vvol_replication.storage.flasharray.errors import Answered, CallFailed, LookFailed, Missing, Unreadable, refusals
from vvol_replication.storage.flasharray.errors.array_text import ArrayText
from vvol_replication.storage.flasharray.http import Http, Request
from vvol_replication.storage.flasharray.metadata import IdentityPin, ResponseMetadata
from vvol_replication.storage.login import LoginGate
from vvol_replication.storage.redaction import Redactor

from . import answers
from .session import Session

T = TypeVar("T")

_OLDEST: Final = (2, 4)
"""The first version with `replicate_now`."""
_NEWEST: Final = (2, 58)
"""The last version whose specification was read."""

_SNAPSHOTS: Final = "protection-group-snapshots"
_TRANSFERS: Final = "protection-group-snapshots/transfer"
_TOKENS_SINCE: Final = {_TRANSFERS: (2, 29)}
"""Lists that take no `continuation_token` in older versions; there pages are counted."""

_PAGE: Final = 1000
_MOST_ROWS: Final = 1_000_000
_MOST_EMPTY: Final = 100
"""Pages in a row that hold nothing and say that the list goes on: what was on them may have been eradicated."""
_LONGEST_NAMES: Final = 4000
"""Characters of names in one request; beyond, all is asked for and sorted out here."""


@dataclass(frozen=True)
class REST2:
    """How REST 2 is begun with at one array."""

    address: str
    api_token: str = field(repr=False)
    http: Http
    metadata: ResponseMetadata
    redactor: Redactor
    gate: LoginGate
    pin: IdentityPin

    def newest(self, offered: Sequence[str]) -> str | None:
        """The version to speak with an array that offers these, if there is one."""
        known = [version for version in map(_numbers, offered) if _OLDEST <= version <= _NEWEST]
        return ".".join(map(str, max(known))) if known else None

    def speak(self, rest: str) -> REST2Array:
        """The array over that version; nothing is sent yet."""
        return REST2Array(Session(self.http, rest, self.api_token, self.gate, self.pin), self.metadata, self.redactor)


class REST2Array:
    """`Family` over a session of our own."""

    def __init__(self, session: Session, metadata: ResponseMetadata, redactor: Redactor) -> None:
        self.rest = session.rest
        self._session = session
        self._metadata = metadata
        self._redactor = redactor
        self._lists_destroyed = False

    @property
    def waiting(self) -> int:
        """None waits for a thread: there are none."""
        return 0

    async def about(self, deadline: float) -> ArrayAbout:
        """Who answers: known from the login while the session is open, else asked."""
        return replace(await self._session.about(deadline), skew=self._metadata.skew)

    async def connections(self, deadline: float) -> tuple[ArrayConnection, ...]:
        """The arrays that this one is connected to."""
        return answers.connections(await self._rows("array-connections", {}, deadline))

    async def protection_group(self, name: str, deadline: float) -> ProtectionGroup | None:
        """One protection group, a destroyed one too; its targets are a second call, but where it is destroyed."""
        try:
            rows = await self._rows("protection-groups", {"names": name}, deadline)
        except Answered as refusal:
            if refusals.refusal_reason(refusal) == refusals.PROTECTION_GROUP_NOT_FOUND:
                return None
            raise
        row = answers.named(rows, name, "GET protection-groups")
        if row is None:
            return None
        alone = answers.protection_group(row, ())
        if alone.destroyed:
            return alone
        targets = await self._rows("protection-groups/targets", {"group_names": name}, deadline)
        return answers.protection_group(row, answers.targets_of(targets, name))

    async def protection_groups(self, names: Sequence[str], deadline: float) -> Mapping[str, ProtectionGroup]:
        """Several protection groups, destroyed ones too: two calls, and more pages or groups missing."""

        async def groups(asked: str) -> list[Mapping[str, Any]]:
            return await self._rows("protection-groups", {"names": asked} if asked else {}, deadline)

        async def targets(asked: str) -> list[Mapping[str, Any]]:
            return await self._rows("protection-groups/targets", {"group_names": asked} if asked else {}, deadline)

        wanted = list(dict.fromkeys(names))
        rows = await _of_groups(wanted, groups)
        found = answers.protection_groups(rows, await _of_groups(answers.live(rows), targets))
        return {name: found[name.lower()] for name in names if name.lower() in found}

    async def snapshots(self, name: str, deadline: float) -> tuple[Snapshot, ...]:
        """Live and destroyed snapshots with their transfers. Where there is none, the group has to be there."""
        listed = await self._listed({"source_names": name}, deadline)
        found = merging.by_protection_group(listed, [name])[name]
        if not found and await self.protection_group(name, deadline) is None:
            raise Missing(name)
        return found

    async def transfers(self, names: Sequence[str], deadline: float) -> Mapping[str, tuple[Snapshot, ...]]:
        """All snapshots and transfers of several protection groups, destroyed ones included.

        Two or three calls, and at most two more (beside further pages) where some of the groups are missing.
        """

        async def listed(asked: str) -> tuple[Snapshot, ...]:
            return await self._listed({"source_names": asked} if asked else {}, deadline)

        return merging.by_protection_group(await _of_groups(list(dict.fromkeys(names)), listed), names)

    async def policies(self, names: Sequence[str], deadline: float) -> Mapping[str, ProtectionPolicy]:
        """Schedule and targets' retention of several protection groups: one call, and more pages or groups missing."""

        async def listed(asked: str) -> list[Mapping[str, Any]]:
            return await self._rows("protection-groups", {"names": asked} if asked else {}, deadline)

        found = answers.policies(await _of_groups(list(dict.fromkeys(names)), listed))
        return {name: found[name.lower()] for name in names if name.lower() in found}

    async def push(self, name: str, suffix: str, deadline: float) -> Pushed | AlreadyThere:
        """Snapshot and replicate now, with the retention of the protection group."""
        query = {"source_names": name, "replicate_now": "true", "apply_retention": "true"}
        snapshot = f"{name}.{suffix}"
        try:
            content = await self._session.request(
                Request("POST", _SNAPSHOTS, query, body={"suffix": suffix}, changes=True), deadline
            )
        except Answered as refusal:
            there = refusals.already_there(refusal, suffix, self._redactor)
            if there is None:
                raise
            destroyed = refusals.says_destroyed(refusal) or await self._is_destroyed(snapshot, there, deadline)
            return AlreadyThere(there, destroyed=destroyed)
        return answers.pushed(answers.page(content, f"POST {_SNAPSHOTS}").rows, snapshot)

    async def close(self, grace: float) -> None:  # noqa: ARG002 - calls under way need nothing that is ended here
        """Log out. Connections are shared with whatever comes after, and not closed."""
        await self._session.close()

    async def _is_destroyed(self, snapshot: str, said: str, deadline: float) -> bool:
        """Look at one snapshot of which the array only said that it exists: among the live ones, then the others."""
        try:
            row = await self._named(snapshot, {}, deadline)
            if row is None and (row := await self._named(snapshot, {"destroyed": "true"}, deadline)) is not None:
                row = {**row, "destroyed": row.get("destroyed") is not False}
            return answers.destroyed(() if row is None else (row,), snapshot)
        except CallFailed as failure:
            raise LookFailed(said, failure) from failure

    async def _named(self, snapshot: str, more: Mapping[str, str], deadline: float) -> Mapping[str, Any] | None:
        """The row of a snapshot; None where there is none, also by the array's words."""
        try:
            rows = await self._rows(_SNAPSHOTS, {"names": snapshot, **more}, deadline)
        except Answered as refusal:
            if not refusals.missing(refusal):
                raise
            return None
        return answers.named(rows, snapshot, f"GET {_SNAPSHOTS}")

    async def _listed(self, query: Mapping[str, str], deadline: float) -> tuple[Snapshot, ...]:
        """Transfers first: one that is listed only with its snapshot is 'not yet', and never 'gone'.

        Whether a list has the destroyed ones without being asked for them no specification says: until that was seen,
        they are asked for as well. An array that does not know `destroyed` lists all then: each row says what it is.
        """
        transfers = await self._rows(_TRANSFERS, query, deadline)
        rows = await self._rows(_SNAPSHOTS, query, deadline)
        listed = answers.snapshots(rows, transfers)
        # Not by what the transfers say: they are another list, and may be told of the destroyed ones unasked.
        self._lists_destroyed |= any(row.get("destroyed") is True for row in rows)
        if self._lists_destroyed:
            return listed
        asked = await self._rows(_SNAPSHOTS, {**query, "destroyed": "true"}, deadline)
        gone = [row for row in asked if row.get("destroyed") is not False]
        return merging.with_destroyed(listed, answers.snapshots(gone, ()))

    async def _rows(self, path: str, query: Mapping[str, str], deadline: float) -> list[Mapping[str, Any]]:
        """All pages of a list.

        A further page that is refused says nothing of what was asked for: its token went with a session or a
        controller, or the group was eradicated meanwhile.
        """
        rows: list[Mapping[str, Any]] = []
        counted = _numbers(self.rest) < _TOKENS_SINCE.get(path, _OLDEST)
        where: Mapping[str, str] = {"sort": "name"} if counted else {}
        before: Sequence[Mapping[str, Any]] = ()
        empty, begun = 0, False
        while True:
            asked = Request("GET", path, {**query, "limit": str(_PAGE), **where})
            try:
                content = await self._session.request(asked, deadline)
            except Answered as refusal:
                if not begun or refusals.refusal_reason(refusal) is None:
                    raise
                words = ArrayText.parse(refusal.text).whole or "without a message"
                raise Unreadable(f"GET {path} broke off: a further page was refused ({words})") from refusal
            begun = True
            page = answers.page(content, f"GET {path}")
            rows.extend(page.rows)
            if not page.more:
                return rows
            by_number = counted or page.token is None
            empty = 0 if page.rows else empty + 1
            moved = (
                page.rows != before if page.rows else not by_number and page.token != where.get("continuation_token")
            )
            if not moved or empty > _MOST_EMPTY or len(rows) > _MOST_ROWS:
                raise Unreadable(f"the pages of GET {path} have no end")
            before = page.rows or before
            if counted or page.token is None:
                where = {"offset": str(len(rows)), "sort": "name"}
            else:
                where = {"continuation_token": page.token}


async def _of_groups(names: list[str], listed: Callable[[str], Awaitable[Sequence[T]]]) -> Sequence[T]:
    """Rows of those groups that exist: as asked; then without those that the array says are missing; then all of it.

    `listed` takes the names, separated by commas; without any it lists whatever there is.
    """
    for _ in range(2):
        asked = ",".join(names)
        if len(asked) > _LONGEST_NAMES:
            break
        if not names:
            return ()
        try:
            return await listed(asked)
        except Answered as refusal:
            if not refusals.missing(refusal):
                raise
            gone = {name.lower() for name in ArrayText.parse(refusal.text).names}
            others = [name for name in names if name.lower() not in gone]
            if len(names) == 1:
                return ()
            if len(others) == len(names):
                break
            names = others
    return await listed("")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
