"""One request's object as the API server has it: the status that is stored, and our finalizer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Any, Generic, TypeVar

from vvol_replication.api.objects import Gone, ObjectRef, Written
from vvol_replication.api.preparation import PreparationLedger
from vvol_replication.api.status import has_ended
from vvol_replication.api.sync import Operation
from vvol_replication.engine.news import StatusChanged
from vvol_replication.engine.services import Services
from vvol_replication.engine.status.changes import worth_writing
from vvol_replication.engine.status.writer import StatusWriter
from vvol_replication.reconcile.core.steps import StatusT

T = TypeVar("T")
_STUCK = 3
"""So many writes in a row that come to nothing are no coincidence, like an edit between read and write."""


class StoredRequest(Generic[StatusT]):
    """What is stored of a request. Each status that the API server is known to hold is news."""

    def __init__(self, ref: ObjectRef, services: Services, parse: Callable[[object], StatusT]) -> None:
        """`parse` reads a status; it raises SpecError for a ledger that cannot be read."""
        self.ref = ref
        self._services = services
        self._parse: Callable[[object], StatusT] = parse
        self._writer = StatusWriter(ref, services)
        self._noted: Any = None
        self._new = True
        self._refused = 0

    @property
    def version(self) -> str | None:
        """The newest resourceVersion that is known."""
        return self._writer.version

    @property
    def new(self) -> bool:
        """Has nothing of the request been stored yet, as far as is known?"""
        return self._new

    @property
    def overtaken(self) -> bool:
        """Does the API server hold another ledger than the one that decisions are made on? Nothing is written then."""
        return bool(self.operation_json() != self._noted)

    def take_note(self) -> None:
        """From now on decisions are made on what is stored."""
        self._noted = self.operation_json()

    @property
    def stuck(self) -> bool:
        """Did none of the last writes take place, although the API server answered a read after each?"""
        return self._refused >= _STUCK

    @property
    def confirmed(self) -> bool:
        """May the request act? What was stored is there still, and our finalizer; or nothing was stored yet."""
        return self._new or (bool(self._writer.stored.get("acceptedAt")) and self._writer.held)

    @property
    def body(self) -> Mapping[str, Any]:
        """The object as it is known now."""
        return self._writer.body

    @property
    def finished(self) -> bool:
        """Does the API server hold the end of this request? Nothing is written after it."""
        return has_ended(self._writer.stored)

    def observe(self, body: Mapping[str, Any]) -> bool:
        """The API server shows the object so. False if that is no news: it is known so, or newer."""
        if self._cut_down(body):
            return False
        before, known = self._writer.stored, self._writer.body if self._writer.version else {}
        if not self._writer.observe(body):
            return False
        self._taken(body, before)
        return _news(known) != _news(body)

    def _cut_down(self, body: Mapping[str, Any]) -> bool:
        """Is this our own last write, less what an older CRD does not know? Nobody else has stored a ledger then."""
        shown, version = (body.get("status") or {}).get("operation"), body["metadata"].get("resourceVersion")
        same = version is not None and version == self._writer.version and not self.overtaken
        return same and shown != self._noted and _is_part_of(shown, self._noted)

    def _taken(self, body: Mapping[str, Any], before: Mapping[str, Any]) -> None:
        status = body.get("status") or {}
        self._note(status)
        if before != status:
            self._services.notify(StatusChanged(self.ref, before, status, ours=False))

    def _note(self, status: Mapping[str, Any]) -> None:
        self._new = self._new and not (status.get("acceptedAt") or status.get("operation"))

    def parsed(self) -> StatusT:
        """The stored status, typed.

        Raises:
            SpecError: if the ledger is there and cannot be read.
        """
        return self._writer.parsed(self._parse)

    def operation_json(self) -> Any:
        """The stored ledger."""
        return self._writer.stored.get("operation")

    def holds(self, status: StatusT) -> bool:
        """Is this ledger, and this end, what is stored? Tells whether a write without an answer took place."""
        stored, wanted = self._writer.stored, status.to_json()
        return all(stored.get(key) == wanted.get(key) for key in ("operation", "finishedAt", "acceptedAt"))

    def has_made(self, tried: StatusT | None) -> bool:
        """Is the stored ledger ours: the one that was known, or this one, on which decisions are made from now on?"""
        if tried is not None and self.holds(tried):
            self.take_note()
        return not self.overtaken

    async def hold(self) -> bool:
        """See to it that the object carries our finalizer: from its acceptance to its end it does (invariant 12)."""
        return self._writer.held or isinstance(await self._writer.hold(), Written)

    async def write(self, status: StatusT) -> bool:
        """Store this, now. False if it was not, or if that is not known: `read_again` tells."""
        after = status.to_json()
        held = has_ended(after) or await self.hold()
        if self.overtaken:  # the watch has shown it, so the resourceVersion would not stop us
            return False
        written = held and isinstance(await self._writer.write_patiently(after), Written)
        self._refused = 0 if written else self._refused + 1
        if written:
            self._note(after)
            self.take_note()
        return written

    async def write_if_news(self, status: StatusT, followed: int) -> bool:
        """Store this if it is worth a write. `followed`: of so many transfers progress is told."""
        after, jitter, pace = status.to_json(), self._services.clock.jitter(), self._services.pace
        every = timedelta(seconds=pace.progress * (1 - jitter / 4))
        tenth = timedelta(seconds=pace.progress_spacing * followed)
        if worth_writing(self._writer.stored, after, since=self._writer.since_written(), every=every, tenth=tenth):
            return await self.write(status)
        return await self.hold()

    async def accepting_beside(self, reading: Coroutine[Any, Any, T], accepted: StatusT) -> T:
        """What is read for a new request. Meanwhile our finalizer is put on.

        The acceptance is stored with the intent that follows from the readings, unless these take long.
        """
        async with asyncio.TaskGroup() as together:
            holding, asked = together.create_task(self.hold()), together.create_task(reading)
            await asyncio.wait((holding,))
            await asyncio.wait((asked,), timeout=self._services.pace.acceptance)
            if not asked.done():
                await self.write(accepted)
        return asked.result()

    async def read_again(self) -> Mapping[str, Any] | Gone:
        """Read the object again, for as long as that takes. `Gone`: there is nothing left to write to."""
        body = await self._writer.read()
        if not isinstance(body, Gone):
            before = self._writer.stored
            self._writer.take(body)
            self._taken(body, before)
        return body


def _is_part_of(shown: Any, known: Any) -> bool:
    if isinstance(shown, Mapping) and isinstance(known, Mapping):
        return all(key in known and _is_part_of(value, known[key]) for key, value in shown.items())
    if isinstance(shown, list) and isinstance(known, list):
        return len(shown) == len(known) and all(map(_is_part_of, shown, known))
    return bool(shown == known)


def _news(body: Mapping[str, Any]) -> list[Any]:
    """What there is to be known of an object: all but its version, and who wrote which field."""
    metadata = body.get("metadata") or {}
    return [{**metadata, "resourceVersion": None, "managedFields": None}, body.get("spec"), body.get("status") or {}]


def lacks(stored: Operation | PreparationLedger | None, mine: Operation | PreparationLedger | None) -> bool:
    """Is anything of what was recorded not there any more?"""
    parts = ("resolved", "baseline", "sync", "push", "prepare")
    return any(getattr(mine, part, None) is not None and getattr(stored, part, None) is None for part in parts)
