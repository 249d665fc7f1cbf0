"""What the monitors of VCenters and FlashArrays share: session, identity, live status.

What is secret goes from the Secret straight into the port and is kept nowhere else. The Secret is looked at on a pace
of its own, also while a reading hangs. A changed Secret or spec makes a new port at once; the old one takes no new
calls, and is closed when those under way have ended. What is known of the endpoint stays known while its address is
the same, and the new port has to meet the one that is known.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from vvol_replication.api import allowed_addresses
from vvol_replication.api.conditions import Condition, Wanted, from_json, merge
from vvol_replication.api.endpoint import Address
from vvol_replication.api.errors import SpecError
from vvol_replication.api.flasharray import FlashArraySpec
from vvol_replication.api.objects import Failed, Gone, ObjectRef
from vvol_replication.api.reasons import Reason
from vvol_replication.api.vcenter import VCenterSpec
from vvol_replication.domain.outcomes import Indeterminate, Refused, Unavailable
from vvol_replication.domain.ports import ArrayPort, VCenterPort
from vvol_replication.engine.measures import EndpointMeasures
from vvol_replication.engine.news import EndpointBack, EndpointChanged
from vvol_replication.engine.services import Services
from vvol_replication.engine.waiting import ended, news_or_time
from vvol_replication.reconcile.binding.world import ArrayView, Problem, SiteView

from .base import Monitor
from .closing import DrainingPorts
from .conditions import endpoint_conditions
from .logins import Logins
from .outcomes import problem_of

PortT = TypeVar("PortT", VCenterPort, ArrayPort)
SpecT = TypeVar("SpecT", VCenterSpec, FlashArraySpec)
Failure = Refused | Unavailable | Indeterminate

_log = logging.getLogger(__name__)

_NOT_OF_THE_SESSION = frozenset({"secret", "discovery_namespace"})
"""Fields of a spec that a port does not depend on: what the Secret holds counts, not how it is called."""


@dataclass(frozen=True, slots=True)
class _Hold:
    """The endpoint asked not to be asked again before that time; until then what it said stands."""

    until: datetime
    problem: Problem


class Endpoint(Monitor, Generic[PortT, SpecT]):
    """One VCenter or FlashArray object."""

    def __init__(self, ref: ObjectRef, services: Services) -> None:
        super().__init__(ref, services)
        self._spec: SpecT | None = None
        self._spec_error = ""
        self._fingerprint = ""
        self._made_for: tuple[object, ...] = ()
        self._looked: tuple[object, datetime] | None = None
        self._address: Address | None = None
        self._connecting = asyncio.Lock()
        self._respecified = asyncio.Event()
        self._watcher: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[Failure | None] | None = None
        self._draining = DrainingPorts(services.pace.drain)
        self._hold: _Hold | None = None
        self._logins = Logins()
        self.port: PortT | None = None
        self.problem: Problem | None = None
        self._noted: SiteView | ArrayView | None = None
        self._well = False

    def start(self) -> None:
        """Begin to read, and to look after the Secret."""
        super().start()
        if self._watcher is None:
            self._watcher = asyncio.create_task(self._watch(), name=f"credentials of {self.ref}")

    def specify(self, raw: object) -> None:
        """The object's spec, as applied."""
        spec, error = None, ""
        try:
            spec = self.parse(raw)
        except SpecError as refused:
            error = str(refused)
        if (spec, error) != (self._spec, self._spec_error):
            self._spec, self._spec_error = spec, error
            self._respecified.set()
            self.notify()

    async def poll_once(self) -> bool:
        """Connect if need be, read, and write. What was read is said of the spec that it was read by."""
        async with self._connecting:
            spec, generation = self._spec, self.generation
            problem = None if self._is_fresh(spec) else await self._connect(spec)
        if problem is None and self.port is not None:
            if self._hold is not None and self._clock.now() < self._hold.until:
                problem = self._hold.problem
            else:
                self._reading = asyncio.create_task(self.read(self.port))
                await self._finished(self._reading)
                if self._reading.cancelled():
                    return True  # its port was replaced: it is read anew at once, by the new one
                problem = self._problem_of(self._reading.result(), self.port)
        if problem is not None and problem.reason is Reason.IDENTITY_CHANGED:
            # Requests that began with the old one are refused by their ledgers; new ones may begin with the new one.
            self._switch(None)
            self.forget()
        self._note(problem)
        written = await self.write_status(
            self.status(self._conditions(problem, spec, generation), generation), news=self._logins.news
        )
        if written:
            self._logins.written()
        complete, _ = self.summary()  # what is missing is looked for again sooner than what is known is read anew
        return written and problem is None and complete

    def measures(self) -> EndpointMeasures:
        """What there is to tell of it in figures."""
        port = None if self.port is None else self._services.connector.measures(self.port)
        return EndpointMeasures(self.ref.kind, self.ref.name, self.stored, self.retries, self.clock_skew, port)

    @property
    def clock_skew(self) -> timedelta | None:
        """How far its clock is ahead of ours, as far as it tells."""
        return None

    @property
    def _refresh(self) -> float:
        return self._pace.endpoint_refresh if self.problem is None else self._pace.status_refresh

    async def stop(self) -> None:
        """Read no more, log out."""
        await ended(self._watcher)
        await super().stop()
        port, self.port = self.port, None
        await self._draining.end(port)

    async def _watch(self) -> None:
        """Look at the Secret again and again, whatever the reading does."""
        while True:
            pause = self._pace.secret * (1 - self._clock.jitter() / 4)
            await news_or_time(self._respecified, pause)
            self._respecified.clear()
            try:
                async with self._connecting:
                    port, problem = self.port, await self._connect(self._spec)
            except Exception:  # noqa: BLE001 - logged whole; the loop must go on
                # As in every loop of ours: a defect must not end it.
                _log.exception("the Secret of %s could not be checked", self.ref)
                continue
            if problem is not None:
                self._note(problem)
            if self.port is not port:
                self.notify()

    async def _finished(self, reading: asyncio.Task[Failure | None]) -> None:
        try:
            await asyncio.wait({reading})
        except asyncio.CancelledError:
            reading.cancel()
            raise

    def _problem_of(self, failure: Failure | None, port: PortT) -> Problem | None:
        """What a reading came to; and when the endpoint may be asked again."""
        self._hold = None
        if failure is None:
            self._logins = Logins()
            return None
        problem, now = problem_of(failure), self._clock.now()
        if problem.reason is Reason.LOGIN_FAILED:
            self._logins = self._logins.after(self._services.connector.refusals(port), now)
        if isinstance(failure, Unavailable) and failure.retry_after is not None:
            self._hold = _Hold(now + timedelta(seconds=failure.retry_after), problem)
        return problem

    def _note(self, problem: Problem | None) -> None:
        self.problem = self._for_others(problem)
        if self.view != self._noted:
            self._noted = self.view
            self._services.notify(EndpointChanged())
        was_well, self._well = self._well, problem is None
        if self._well and not was_well:
            self._services.notify(EndpointBack(self.ref))

    def _for_others(self, problem: Problem | None) -> Problem | None:
        """What stands on it keeps this text until its reason changes: nothing that counts on is in it."""
        if problem is None or problem.reason is not Reason.LOGIN_FAILED:
            return problem
        kind, name = self.ref.kind.kind, self.ref.name
        text = f"The login was refused. Condition Authenticated of {kind} {name!r} says why, and what to correct."
        return Problem(problem.reason, text)

    @property
    def which_secret(self) -> str:
        """The Secret of its credentials and that Secret's namespace, in a sentence."""
        name = self._spec.secret if self._spec is not None else ""
        return f"It is Secret {name!r} in namespace {self._services.cluster.secrets_in!r}."

    def _is_fresh(self, spec: SpecT | None) -> bool:
        """Is all well, and was the Secret looked at so lately that `_watch` is to do it next?"""
        if self._looked is None or self.problem is not None:
            return False
        looked_for, at = self._looked
        return looked_for == spec and self._clock.now() - at < timedelta(seconds=self._pace.secret)

    async def _connect(self, spec: SpecT | None) -> Problem | None:
        """See that the port is one for this spec and for what the Secret says now; or say why there is none."""
        if spec is None:
            self._switch(None)
            return Problem(Reason.INVALID_SPEC, self._spec_error or "The spec has not been read yet.")
        name, keys = spec.secret, self.keys
        secret = await self._services.cluster.secret(name)
        if isinstance(secret, Failed):
            # The API server is silent, which says nothing about the Secret: a session that is open stays open.
            fits = self.port is not None and self._made_for == _of_the_session(spec)
            return None if fits else Problem(Reason.NOT_YET_READ, secret.message)
        if isinstance(secret, Gone):
            self._switch(None)
            return Problem(
                Reason.SECRET_NOT_FOUND,
                f"Secret {name!r} is not in namespace {self._services.cluster.secrets_in!r}, which is the operator's. "
                f"Create it there, with {_listed(keys)}.",
            )
        required = self._services.require_allowed_addresses
        forbidden = allowed_addresses.forbids(name, secret.get(allowed_addresses.KEY), spec.address, required=required)
        if forbidden is not None:
            self._switch(None)
            return Problem(Reason.ADDRESS_NOT_ALLOWED, forbidden.message)
        missing = [key for key in keys if not secret.get(key)]
        if missing:
            self._switch(None)
            return Problem(
                Reason.SECRET_KEY_MISSING,
                f"Secret {name!r} has no value for {_listed(missing)}. Add it to the data of the Secret. "
                f"{self.which_secret}",
            )
        fingerprint = _fingerprint(secret, keys, spec)
        if fingerprint != self._fingerprint:
            if spec.address != self._address:
                self.forget()
                self._address, self._hold = spec.address, None
            port = self.open(spec, secret)
            if isinstance(port, Refused):
                self._switch(None)
                refused = problem_of(port)
                if refused.reason is Reason.SECRET_VALUE_INVALID:
                    refused = Problem(refused.reason, f"{refused.message} {self.which_secret}")
                return refused
            self._switch(port)
            self._fingerprint, self._made_for = fingerprint, _of_the_session(spec)
        self._looked = (spec, self._clock.now())
        return None

    def _switch(self, port: PortT | None) -> None:
        """Use this port from now on. Calls under way on the one before end by themselves, but for our own reading."""
        old, self.port, self._fingerprint = self.port, port, ""
        self._looked = None
        if old is None:
            return
        if self._hold is not None and self._hold.problem.reason is Reason.LOGIN_FAILED:
            self._hold = None  # it was for the credentials that were refused
        if self._reading is not None:
            self._reading.cancel()
        self._draining.take(old)

    def _conditions(self, problem: Problem | None, spec: SpecT | None, generation: int) -> tuple[Condition, ...]:
        complete, line = self.summary()
        if problem is not None and problem.reason is Reason.LOGIN_FAILED:
            problem = Problem(problem.reason, self._logins.line(problem.message, self.which_secret))
        paused = self._logins.next_at is not None
        wanted = list(endpoint_conditions(problem, line, complete=complete, paused=paused))
        wanted += self.more_conditions(problem)
        if spec is not None and spec.insecure_skip_verify:
            text = "spec.tls.insecureSkipVerify is true: any server that answers at the address gets the credentials."
            wanted.append(Wanted("TLSVerified", "False", Reason.TLS_NOT_VERIFIED, text))
        return merge(from_json(self.stored.get("conditions")), wanted, generation, self._clock.now())

    keys: tuple[str, ...]

    @abstractmethod
    def parse(self, raw: object) -> SpecT:
        """The typed spec, or SpecError."""

    @abstractmethod
    def open(self, spec: SpecT, secret: Mapping[str, str]) -> PortT | Refused:
        """A new port; pinned to who is known to be there, if anybody is."""

    @abstractmethod
    async def read(self, port: PortT) -> Failure | None:
        """Read what is kept of this endpoint; None if all of it was had."""

    @property
    @abstractmethod
    def view(self) -> SiteView | ArrayView:
        """What binding may know of this endpoint: nothing, while it cannot be asked at all for want of a port."""

    @abstractmethod
    def forget(self) -> None:
        """Somebody else may be there: keep only what its identity does not matter for."""

    @abstractmethod
    def summary(self) -> tuple[bool, str]:
        """Is the inventory complete, and one line of what was read."""

    def more_conditions(self, problem: Problem | None) -> tuple[Wanted, ...]:  # noqa: ARG002 - for who has more to say
        """Conditions of this kind alone."""
        return ()

    @abstractmethod
    def status(self, conditions: tuple[Condition, ...], generation: int) -> Mapping[str, Any]:
        """The status to write, as what was read by the spec of that generation."""


def _listed(keys: tuple[str, ...] | list[str]) -> str:
    return " and ".join(f"the key {key!r}" for key in keys)


def _of_the_session(spec: VCenterSpec | FlashArraySpec) -> tuple[object, ...]:
    return tuple(getattr(spec, one.name) for one in fields(spec) if one.name not in _NOT_OF_THE_SESSION)


def _fingerprint(secret: Mapping[str, str], keys: tuple[str, ...], spec: VCenterSpec | FlashArraySpec) -> str:
    """Tells whether anything that a session stands on has changed, without keeping it."""
    digest = hashlib.sha256(repr(_of_the_session(spec)).encode())
    for key in keys:
        digest.update(hashlib.sha256(secret[key].encode(errors="surrogateescape")).digest())
    return digest.hexdigest()
