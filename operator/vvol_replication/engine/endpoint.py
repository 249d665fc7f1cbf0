"""What the monitors of VCenters and FlashArrays share: session, identity, live status.

What is secret goes from the Secret straight into the port and is kept nowhere else. A changed Secret or spec makes a
new port; the old one is closed when its calls had their time.
"""

from __future__ import annotations

import asyncio
import hashlib
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from vvol_replication.api.conditions import Condition, Wanted, from_json, merge
from vvol_replication.api.errors import SpecError
from vvol_replication.api.flasharray import FlashArraySpec
from vvol_replication.api.objects import Failed, Gone, ObjectRef
from vvol_replication.api.reasons import Reason
from vvol_replication.api.vcenter import VCenterSpec
from vvol_replication.domain.outcomes import Refused
from vvol_replication.domain.ports import ArrayPort, VCenterPort
from vvol_replication.reconcile.binding import ArrayView, SiteView, Unbound

from .endpoint_conditions import endpoint_conditions
from .monitor import Monitor
from .ports import Clock, Cluster, Connector, Pace
from .words import unbound

PortT = TypeVar("PortT", VCenterPort, ArrayPort)
SpecT = TypeVar("SpecT", VCenterSpec, FlashArraySpec)


@dataclass(frozen=True, slots=True)
class Services:
    """What every monitor needs."""

    cluster: Cluster
    connector: Connector
    clock: Clock
    pace: Pace
    changed: Callable[[], None]
    """Called when what is known of an endpoint changed: groups bind anew, requests look again."""
    gone: Callable[[Monitor], None]
    """Called when a write shows that the object is not there any more."""


class Endpoint(Monitor, Generic[PortT, SpecT]):
    """One VCenter or FlashArray object."""

    def __init__(self, ref: ObjectRef, services: Services) -> None:
        super().__init__(ref, services.cluster, services.clock, services.pace, gone=services.gone)
        self._services = services
        self._spec: SpecT | None = None
        self._spec_error = ""
        self._fingerprint = ""
        self._closing: set[asyncio.Task[None]] = set()
        self.port: PortT | None = None
        self.trouble: Unbound | None = None
        self._noted: SiteView | ArrayView | None = None

    def specify(self, raw: object) -> None:
        """The object's spec, as applied."""
        spec, error = None, ""
        try:
            spec = self.parse(raw)
        except SpecError as problem:
            error = str(problem)
        if (spec, error) != (self._spec, self._spec_error):
            self._spec, self._spec_error = spec, error
            self.poke()

    async def look(self) -> bool:
        """Connect if need be, read, and tell. What was read is told of the spec that it was read by."""
        spec, generation = self._spec, self.generation
        trouble = await self._connect(spec)
        if trouble is None and self.port is not None:
            trouble = await self.read(self.port)
        if trouble is not None and trouble.reason is Reason.IDENTITY_CHANGED:
            # Requests that began with the old one are refused by their ledgers; new ones may begin with the new one.
            self._drop()
        self.trouble = trouble
        if self.view != self._noted:
            self._noted = self.view
            self._services.changed()
        told = await self.tell(self.status(self._conditions(trouble, spec, generation), generation))
        return told and trouble is None

    async def stop(self) -> None:
        """Read no more, log out."""
        await super().stop()
        self._drop()
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _connect(self, spec: SpecT | None) -> Unbound | None:
        if spec is None:
            self._drop()
            return Unbound(Reason.INVALID_SPEC, self._spec_error or "The spec has not been read yet.")
        name, keys = spec.secret, self.keys
        secret = await self._services.cluster.secret(name)
        if isinstance(secret, Failed):
            # The API server is silent, which says nothing about the Secret: a session that is open stays open.
            return None if self.port is not None else Unbound(Reason.NOT_YET_READ, secret.message)
        if isinstance(secret, Gone):
            self._drop()
            return Unbound(
                Reason.SECRET_NOT_FOUND,
                f"Secret {name!r} is not in the operator's namespace; create it there, with {_listed(keys)}.",
            )
        missing = [key for key in keys if not secret.get(key)]
        if missing:
            self._drop()
            return Unbound(
                Reason.SECRET_KEY_MISSING, f"Secret {name!r} has no value for {_listed(missing)}; add it to its data."
            )
        fingerprint = _fingerprint(secret, keys, spec)
        if fingerprint != self._fingerprint:
            self._drop()
            port = self.open(spec, secret)
            if isinstance(port, Refused):
                return unbound(port)
            self.port, self._fingerprint = port, fingerprint
        return None

    def _drop(self) -> None:
        port, self.port, self._fingerprint = self.port, None, ""
        self.forget()
        if port is not None:
            task = asyncio.create_task(port.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _conditions(self, trouble: Unbound | None, spec: SpecT | None, generation: int) -> tuple[Condition, ...]:
        complete, line = self.summary()
        wanted = list(endpoint_conditions(trouble, line, complete=complete))
        if spec is not None and spec.insecure_skip_verify:
            text = "tls.insecureSkipVerify is true: whoever answers at the address is believed."
            wanted.append(Wanted("TLSVerified", "False", Reason.TLS_NOT_VERIFIED, text))
        return merge(from_json(self._stored.get("conditions")), wanted, generation, self._clock.now())

    keys: tuple[str, ...]

    @abstractmethod
    def parse(self, raw: object) -> SpecT:
        """The typed spec, or SpecError."""

    @abstractmethod
    def open(self, spec: SpecT, secret: Mapping[str, str]) -> PortT | Refused:
        """A new port."""

    @abstractmethod
    async def read(self, port: PortT) -> Unbound | None:
        """Read what is kept of this endpoint; None if all of it was had."""

    @property
    @abstractmethod
    def view(self) -> SiteView | ArrayView:
        """What binding may know of this endpoint."""

    @abstractmethod
    def forget(self) -> None:
        """The port is gone: keep only what its identity does not matter for."""

    @abstractmethod
    def summary(self) -> tuple[bool, str]:
        """Is the inventory complete, and one line of what was read."""

    @abstractmethod
    def status(self, conditions: tuple[Condition, ...], generation: int) -> Mapping[str, Any]:
        """The status to write, as what was read by the spec of that generation."""


def _listed(keys: tuple[str, ...] | list[str]) -> str:
    return " and ".join(f"the key {key!r}" for key in keys)


def _fingerprint(secret: Mapping[str, str], keys: tuple[str, ...], spec: object) -> str:
    """Tells whether anything that a session stands on has changed, without keeping it."""
    digest = hashlib.sha256(repr(spec).encode())
    for key in keys:
        digest.update(b"\0" + secret[key].encode())
    return digest.hexdigest()
