"""The elector: a Lease of coordination.k8s.io is asked for, renewed in time, and let go at the end."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp

from .election import Candidate, Look, Record, Stored, Timing, Write
from .faults import fault_of
from .leadership import Leadership, monotonic
from .session import Connection

_log = logging.getLogger(__name__)
_OK, _CREATED, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _CONFLICT = 200, 201, 401, 403, 404, 409
_STEPS = 4  # of one turn: look, write, and both once more after a conflict
_SAID_AGAIN = 60.0  # seconds between two lines about the same trouble
_SERVER_METADATA = {"managedFields", "creationTimestamp", "generation", "selfLink"}


class LeaseError(Exception):
    """The API server did not do what was asked, or did not say so; the message says what was seen."""


class LeaseConflict(Exception):  # noqa: N818 - said in the words of its meaning
    """The Lease is another one by now."""


class LeaseStore:
    """One Lease in the API server, over a connection of its own: nobody else's calls are in the way."""

    def __init__(self, connection: Connection, namespace: str, name: str) -> None:
        self.namespace, self.name = namespace, name
        self._http = connection.http
        self._all = f"{connection.server}/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._metadata: Mapping[str, Any] = {}

    async def read(self) -> Stored | None:
        """The Lease as it is; None: there is none. Raises `LeaseError`."""
        code, body = await self._call("GET", f"{self._all}/{self.name}")
        if code == _NOT_FOUND:
            self._metadata = {}
            return None
        return self._stored("GET", code, body)

    async def write(self, record: Record, version: str | None) -> Stored:
        """Replace the Lease that is at `version`, or create one. Raises `LeaseConflict`, `LeaseError`."""
        fixed = {"name": self.name, "namespace": self.namespace}
        kept = {key: value for key, value in self._metadata.items() if key not in _SERVER_METADATA}
        metadata = fixed if version is None else {**kept, **fixed, "resourceVersion": version}
        body = {
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": _spec(record)
        }  # fmt: skip
        method, url = ("POST", self._all) if version is None else ("PUT", f"{self._all}/{self.name}")
        code, answer = await self._call(method, url, body)
        if code in {_CONFLICT, _NOT_FOUND}:
            raise LeaseConflict
        return self._stored(method, code, answer)

    async def _call(self, method: str, url: str, body: Any = None) -> tuple[int, Any]:
        try:
            async with self._http.request(method, url, json=body) as response:
                return response.status, _json(await response.read())
        except TimeoutError:
            raise LeaseError(f"the API server did not answer a {method} of it in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise LeaseError(f"the API server could not be asked ({method}): {fault_of(error)}") from None

    def _stored(self, method: str, code: int, body: Any) -> Stored:
        if code == _FORBIDDEN:
            raise LeaseError(
                f"this account may not {method} Leases. Allow it get, create and update of leases "
                f"(coordination.k8s.io) in namespace {self.namespace}"
            )
        if code == _UNAUTHORIZED:
            raise LeaseError(
                f"the API server does not accept the operator's login (401 to a {method} of it). "
                "Check the account, its token and its certificate"
            )
        metadata = body.get("metadata") if isinstance(body, Mapping) else None
        version = metadata.get("resourceVersion") if isinstance(metadata, Mapping) else None
        if code not in {_OK, _CREATED} or not isinstance(metadata, Mapping) or not version:
            raise LeaseError(f"the API server answered {code} to a {method} of it")
        self._metadata = metadata
        return Stored(_record(body.get("spec")), str(version))


class Elector:
    """One turn after the other, for as long as the process lives."""

    def __init__(
        self,
        store: LeaseStore,
        candidate: Candidate,
        leadership: Leadership,
        *,
        clock: Callable[[], float] = monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store, self._candidate, self.leadership = store, candidate, leadership
        self._clock, self._chance = clock, chance
        self._stopping = asyncio.Event()
        self._said, self._said_at = "", -math.inf
        self._alive_at = clock()
        self._seen_at: float | None = None
        self.renewals = 0
        """Writes of the Lease that took effect."""
        self.failures = 0
        """Reads and writes that failed; another replica's write is no failure."""
        self.leads = asyncio.Event()
        """Set once, when this process begins to lead."""

    @property
    def alive(self) -> bool:
        """Is the elector's loop alive?"""
        timing = self._timing
        return self._clock() - self._alive_at < timing.duration + timing.retry

    @property
    def standing(self) -> bool:
        """Has the Lease been read lately? Who cannot read it for as long as it lasts could not take it over either."""
        return self._seen_at is not None and self._clock() - self._seen_at < self._timing.duration

    @property
    def _timing(self) -> Timing:
        return self._candidate.timing

    async def run(self) -> None:
        """Ask for the Lease, renew it, and let it go when asked to stop."""
        try:
            while not self._stopping.is_set():
                await self._turn_and_rest()
        except Exception as error:
            if self.leads.is_set():
                self.leadership.lose(f"the elector failed: {type(error).__name__}")
            raise
        await self._release()

    async def _turn_and_rest(self) -> None:
        self._alive_at = self._clock()
        well = await self._limited()
        pause = self._timing.pause(well=well, chance=self._chance())
        try:
            async with asyncio.timeout(pause):
                await self._stopping.wait()
        except TimeoutError:
            self._candidate = self._candidate.rested()

    def stop(self) -> None:
        """Act no more from this moment; `run` lets the Lease go and returns."""
        self.leadership.close()
        self._stopping.set()

    async def _limited(self) -> bool:
        """A turn, or as much of it as there is time for. Whoever leads has until the end of its belief."""
        left = self._candidate.believes_until - self._clock()
        limit = max(left, 0.0) if self.leads.is_set() else self._timing.renew_deadline
        turn = asyncio.create_task(self._turn(), name="elector-turn")
        stop = asyncio.create_task(self._stopping.wait(), name="elector-stop")
        try:
            await asyncio.wait({turn, stop}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            if turn.done():
                return turn.result()
            # What was being written may be stored by now: before anything else comes a look.
            self._candidate = self._candidate.unsure()
            return False
        finally:
            turn.cancel()
            stop.cancel()
            await asyncio.wait({turn, stop})

    async def _turn(self) -> bool:
        try:
            for _ in range(_STEPS):
                match self._candidate.next_action(self._clock(), _stamp()):
                    case Look():
                        await self._look()
                    case Write() as write:
                        if await self._write(write):
                            return True
                    case _:
                        self._recovered()
                        return True
                if self.leads.is_set() and not self._candidate.holds:
                    self.leadership.lose(f"the Lease is held by {_holder(self._candidate)}")
                    return False
        except LeaseError as error:
            self._failed(str(error))
        return False

    async def _look(self) -> None:
        stored = await self._in_time(self._store.read())
        self._candidate = self._candidate.saw(stored, self._clock())
        first, self._seen_at = self._seen_at is None, self._clock()
        if first:
            _log.info("waiting for Lease %s: it is held by %s", self._name, _holder(self._candidate))

    async def _write(self, write: Write) -> bool:
        began = self._clock()
        self._candidate = self._candidate.unsure()
        try:
            stored = await self._in_time(self._store.write(write.record, write.version))
        except LeaseConflict:
            return False
        now = self._clock()
        self.renewals += 1
        self._candidate = self._candidate.wrote(stored, began, now)
        if not self._candidate.believes(now):
            return False  # the answer came too late to be worth anything
        self.leadership.extend(self._candidate.believes_until)
        self._recovered()
        if not self.leads.is_set() and self.leadership.leading():
            _log.info("leading: this replica (%s) holds Lease %s", self._candidate.identity, self._name)
            self.leads.set()
        return True

    async def _in_time(self, asking: Any) -> Any:
        try:
            async with asyncio.timeout(self._timing.request):
                return await asking
        except TimeoutError:
            raise LeaseError(f"the API server did not answer within {self._timing.request:g} s") from None

    async def _release(self) -> None:
        """Whoever cannot let go in the time of one request is waited out by the others."""
        try:
            async with asyncio.timeout(self._timing.request):
                while not await self._let_go():
                    self._candidate = self._candidate.unsure()
        except TimeoutError:
            _log.warning("Lease %s was not released in time. Another replica waits until it expires.", self._name)
        except LeaseError as error:
            _log.warning("Lease %s was not released. Another replica waits until it expires: %s", self._name, error)

    async def _let_go(self) -> bool:
        if not self._candidate.fresh:
            # The renewal that was under way may have been stored, and may not.
            self._candidate = self._candidate.saw(await self._store.read(), self._clock())
        write = self._candidate.release(_stamp())
        if write is None:
            return True
        try:
            await self._store.write(write.record, write.version)
        except LeaseConflict:
            return False
        _log.info("released Lease %s", self._name)
        return True

    def _failed(self, why: str) -> None:
        self._candidate = self._candidate.unsure()
        self.leadership.trouble = why
        self.failures += 1
        now = self._clock()
        if why != self._said or now >= self._said_at + _SAID_AGAIN:
            _log.warning("Lease %s: %s. Trying again.", self._name, why)
            self._said, self._said_at = why, now

    def _recovered(self) -> None:
        if self._said:
            _log.info("Lease %s: the API server answers again", self._name)
            self._said = ""

    @property
    def _name(self) -> str:
        return f"{self._store.namespace}/{self._store.name}"


def _holder(candidate: Candidate) -> str:
    return (candidate.record.holder if candidate.record and candidate.version else "") or "nobody"


def _stamp() -> str:
    """Now, as MicroTime is written."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _spec(record: Record) -> dict[str, Any]:
    return {
        "holderIdentity": record.holder,
        "leaseDurationSeconds": int(record.duration),
        "acquireTime": record.acquired or None,
        "renewTime": record.renewed or None,
        "leaseTransitions": record.transitions,
    }


def _record(spec: Any) -> Record:
    """What a Lease says; what it does not say, or says in a way of somebody else's, is nobody's and nothing."""
    found: Mapping[str, Any] = spec if isinstance(spec, Mapping) else {}

    def number(name: str) -> int:
        value = found.get(name)
        return value if isinstance(value, int) else 0

    def text(name: str) -> str:
        return str(found.get(name) or "")

    return Record(
        text("holderIdentity"),
        number("leaseDurationSeconds"),
        text("acquireTime"),
        text("renewTime"),
        number("leaseTransitions"),
    )


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
