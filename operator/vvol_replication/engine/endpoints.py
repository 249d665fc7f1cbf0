"""One monitor for each VCenter and FlashArray: its session, its identity, its live status.

What is secret goes from the Secret straight into the port and is kept nowhere else. A changed Secret or spec makes a
new port; the old one is closed when its calls had their time.
"""

from __future__ import annotations

import asyncio
import hashlib
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from vvol_replication.api.conditions import Condition, ConditionStatus, Wanted, from_json, merge
from vvol_replication.api.errors import SpecError
from vvol_replication.api.flasharray import FlashArraySpec, FlashArrayStatus
from vvol_replication.api.objects import Failed as ClusterFailed
from vvol_replication.api.objects import Gone, ObjectRef
from vvol_replication.api.reasons import Reason
from vvol_replication.api.vcenter import PROVIDERS_LIMIT, VCenterSpec, VCenterStatus
from vvol_replication.domain.arrays import ArrayAbout, ArrayConnection
from vvol_replication.domain.groups import Inventory, VCenterAbout
from vvol_replication.domain.outcomes import Done, Indeterminate, Refused, Unavailable
from vvol_replication.domain.ports import ArrayPort, VCenterPort
from vvol_replication.reconcile.binding import ArrayView, SiteView, Unbound

from .monitor import Monitor
from .poller import TransferPoller
from .ports import Clock, Cluster, Connector, Pace

PortT = TypeVar("PortT", VCenterPort, ArrayPort)
SpecT = TypeVar("SpecT", VCenterSpec, FlashArraySpec)

_NOT_REACHED = frozenset({Reason.UNREACHABLE, Reason.TIMED_OUT_CALLING, Reason.CERTIFICATE_NOT_TRUSTED})
_NOT_LET_IN = frozenset({Reason.LOGIN_FAILED, Reason.SECRET_NOT_FOUND, Reason.SECRET_KEY_MISSING})


@dataclass(frozen=True, slots=True)
class Services:
    """What every monitor needs."""

    cluster: Cluster
    connector: Connector
    clock: Clock
    pace: Pace
    changed: Callable[[], None]
    """Called when what is known of an endpoint changed: groups bind anew, requests look again."""


class Endpoint(Monitor, Generic[PortT, SpecT]):
    """One VCenter or FlashArray object."""

    def __init__(self, ref: ObjectRef, services: Services) -> None:
        super().__init__(ref, services.cluster, services.clock, services.pace)
        self._services = services
        self._spec: SpecT | None = None
        self._spec_error: SpecError | None = None
        self._fingerprint = ""
        self._closing: set[asyncio.Task[None]] = set()
        self.port: PortT | None = None
        self.trouble: Unbound | None = None

    def specify(self, raw: object) -> None:
        """The object's spec, as applied."""
        try:
            spec, self._spec_error = self.parse(raw), None
        except SpecError as error:
            spec, self._spec_error = None, error
        if spec != self._spec or self._spec_error is not None:
            self._spec = spec
            self.poke()

    async def look(self) -> bool:
        """Connect if need be, read, and tell."""
        trouble = await self._connect()
        if trouble is None and self.port is not None:
            trouble = await self.read(self.port)
        news = self.trouble != trouble
        self.trouble = trouble
        if self.note() or news:
            self._services.changed()
        await self.tell(self.status(self._conditions(trouble)))
        return trouble is None

    async def stop(self) -> None:
        """Read no more, log out."""
        await super().stop()
        self._drop()
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _connect(self) -> Unbound | None:
        if self._spec is None:
            text = str(self._spec_error) if self._spec_error else "The spec has not been read yet."
            self._drop()
            return Unbound(Reason.INVALID_SPEC, text)
        name, keys = self._spec.secret, self.keys
        secret = await self._services.cluster.secret(name)
        if isinstance(secret, ClusterFailed):
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
        fingerprint = _fingerprint(secret, keys, self._spec)
        if fingerprint != self._fingerprint:
            self._drop()
            port = self.open(self._spec, secret)
            if isinstance(port, Refused):
                return _unbound(port)
            self.port, self._fingerprint = port, fingerprint
        return None

    def _drop(self) -> None:
        port, self.port, self._fingerprint = self.port, None, ""
        self.forget()
        if port is not None:
            task = asyncio.create_task(port.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _conditions(self, trouble: Unbound | None) -> tuple[Condition, ...]:
        wanted = list(_told(trouble, *self.summary()))
        if self._spec is not None and self._spec.insecure_skip_verify:
            text = "tls.insecureSkipVerify is true: whoever answers at the address is believed."
            wanted.append(Wanted("TLSVerified", "False", Reason.TLS_NOT_VERIFIED, text))
        return merge(from_json(self._stored.get("conditions")), wanted, self.generation, self._clock.now())

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

    @abstractmethod
    def note(self) -> bool:
        """Publish what was read; True if it is news."""

    @abstractmethod
    def forget(self) -> None:
        """The port is gone: keep only what its identity does not matter for."""

    @abstractmethod
    def summary(self) -> tuple[bool, str]:
        """Is the inventory complete, and one line of what was read."""

    @abstractmethod
    def status(self, conditions: tuple[Condition, ...]) -> Mapping[str, Any]:
        """The status to write."""


class VCenterEndpoint(Endpoint[VCenterPort, VCenterSpec]):
    """One VCenter object: who answers, and its inventory of fault domains and groups."""

    keys = ("username", "password")

    def __init__(self, ref: ObjectRef, services: Services) -> None:
        super().__init__(ref, services)
        self.about: VCenterAbout | None = None
        self.inventory: Inventory | None = None
        self._read_at: datetime | None = None
        self._noted: SiteView | None = None

    @property
    def view(self) -> SiteView:
        """What binding may know of this vCenter."""
        return SiteView(self.about, self.inventory, self.trouble)

    def parse(self, raw: object) -> VCenterSpec:
        """The typed spec, or SpecError."""
        return VCenterSpec.parse(raw)

    def open(self, spec: VCenterSpec, secret: Mapping[str, str]) -> VCenterPort | Refused:
        """A new port."""
        return self._services.connector.vcenter(spec, username=secret["username"], password=secret["password"])

    async def read(self, port: VCenterPort) -> Unbound | None:
        """Who answers, and what it knows of. What was read before stays: silence makes nothing disappear (rule 10)."""
        about = await port.about()
        if not isinstance(about, Done):
            return _unbound(about)
        inventory = await port.inventory()
        if not isinstance(inventory, Done):
            return _unbound(inventory)
        self.about, self.inventory, self._read_at = about.value, inventory.value, self._clock.now()
        return None

    def note(self) -> bool:
        """Publish what was read; True if it is news."""
        news = self._noted != self.view
        self._noted = self.view
        return news

    def forget(self) -> None:
        """Another port may lead to another vCenter."""
        self.about = self.inventory = None

    def summary(self) -> tuple[bool, str]:
        """Is the inventory complete, and one line of what was read."""
        if self.inventory is None:
            return False, "Nothing has been read yet."
        if not self.inventory.complete:
            return False, "; ".join(self.inventory.problems)
        return True, f"{len(self.inventory.groups)} groups of {len(self.inventory.fault_domains)} fault domains."

    def status(self, conditions: tuple[Condition, ...]) -> Mapping[str, Any]:
        """The status to write."""
        about = self.about
        return VCenterStatus(
            observed_generation=self.generation,
            conditions=conditions,
            version=about.version if about else None,
            instance_uuid=about.instance_uuid if about else None,
            providers=about.providers[:PROVIDERS_LIMIT] if about else (),
            last_read_at=self._read_at,
        ).to_json()


class ArrayEndpoint(Endpoint[ArrayPort, FlashArraySpec]):
    """One FlashArray object: who answers, what it is connected to, and the poller of its transfers."""

    keys = ("apiToken",)

    def __init__(self, ref: ObjectRef, services: Services) -> None:
        super().__init__(ref, services)
        self.about: ArrayAbout | None = None
        self.connections: tuple[ArrayConnection, ...] = ()
        self.connections_at: datetime | None = None
        self._noted: ArrayView | None = None
        self.poller = TransferPoller(lambda: self.port, services.clock, services.pace)

    @property
    def view(self) -> ArrayView:
        """What binding may know of this array."""
        return ArrayView(self.about, self.trouble)

    def parse(self, raw: object) -> FlashArraySpec:
        """The typed spec, or SpecError."""
        return FlashArraySpec.parse(raw)

    def open(self, spec: FlashArraySpec, secret: Mapping[str, str]) -> ArrayPort | Refused:
        """A new port."""
        return self._services.connector.array(spec, api_token=secret["apiToken"])

    async def read(self, port: ArrayPort) -> Unbound | None:
        """Who answers, and what it is connected to."""
        about = await port.about()
        if not isinstance(about, Done):
            return _unbound(about)
        self.about = about.value
        connections = await port.connections()
        if not isinstance(connections, Done):
            return _unbound(connections)
        self.connections, self.connections_at = connections.value, self._clock.now()
        return None

    def note(self) -> bool:
        """Publish what was read; True if it is news."""
        news = self._noted != self.view
        self._noted = self.view
        return news

    def forget(self) -> None:
        """Another port may lead to another array."""
        self.about, self.connections, self.connections_at = None, (), None

    def summary(self) -> tuple[bool, str]:
        """Is everything read, and one line of what was read."""
        if self.about is None:
            return False, "Nothing has been read yet."
        connected = sum(one.connected for one in self.connections)
        return True, f"{self.about.name!r} is connected to {connected} of {len(self.connections)} arrays."

    def status(self, conditions: tuple[Condition, ...]) -> Mapping[str, Any]:
        """The status to write."""
        about = self.about
        return FlashArrayStatus(
            observed_generation=self.generation,
            conditions=conditions,
            array_id=about.id if about else None,
            array_name=about.name if about else None,
            version=about.version if about else None,
            rest_version=about.rest if about else None,
            last_read_at=self.connections_at,
        ).to_json()

    async def stop(self) -> None:
        """Poll no more, read no more, log out."""
        await self.poller.close()
        await super().stop()


def _unbound(outcome: Refused | Unavailable | Indeterminate) -> Unbound:
    return Unbound(Reason(outcome.reason), outcome.message)


def _told(trouble: Unbound | None, complete: bool, line: str) -> tuple[Wanted, ...]:  # noqa: FBT001 - of a pair
    inventory = Wanted(
        "InventoryComplete",
        "True" if complete and trouble is None else "False" if trouble is None else "Unknown",
        Reason.INVENTORY_COMPLETE if complete and trouble is None else Reason.INVENTORY_INCOMPLETE,
        line if trouble is None else f"Not read again: {trouble.message}",
    )
    if trouble is None:
        ready = complete
        return (
            Wanted("Ready", "True" if ready else "False", Reason.READY if ready else Reason.INVENTORY_INCOMPLETE, line),
            Wanted("Reachable", "True", Reason.CONNECTED, "It answers."),
            Wanted("Authenticated", "True", Reason.LOGGED_IN, "It lets us in."),
            inventory,
        )
    reached: ConditionStatus = "Unknown"
    if trouble.reason in _NOT_REACHED:
        reached = "False"
    elif trouble.reason is Reason.LOGIN_FAILED:
        reached = "True"
    let_in: ConditionStatus = "False" if trouble.reason in _NOT_LET_IN else "Unknown"
    return (
        Wanted("Ready", "False", trouble.reason, trouble.message),
        Wanted("Reachable", reached, trouble.reason, trouble.message),
        Wanted("Authenticated", let_in, trouble.reason, trouble.message),
        inventory,
    )


def _listed(keys: tuple[str, ...] | list[str]) -> str:
    return " and ".join(f"the key {key!r}" for key in keys)


def _fingerprint(secret: Mapping[str, str], keys: tuple[str, ...], spec: object) -> str:
    """Tells whether anything that a session stands on has changed, without keeping it."""
    digest = hashlib.sha256(repr(spec).encode())
    for key in keys:
        digest.update(b"\0" + secret[key].encode())
    return digest.hexdigest()
