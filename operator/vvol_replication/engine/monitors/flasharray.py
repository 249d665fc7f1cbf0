"""The monitor of a FlashArray: who answers there, what it is connected to, and the poller of its transfers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from vvol_replication.api.conditions import Condition, Wanted
from vvol_replication.api.flasharray import FlashArraySpec, FlashArrayStatus
from vvol_replication.api.group import ArrayPolicyStatus
from vvol_replication.api.objects import ObjectRef
from vvol_replication.domain.arrays import ArrayAbout, ArrayConnection
from vvol_replication.domain.counts import counted
from vvol_replication.domain.outcomes import Done, Refused
from vvol_replication.domain.ports import ArrayPort
from vvol_replication.engine.services import Services
from vvol_replication.reconcile.binding.world import ArrayView, Problem

from .clock_skew import clock_condition, read_skew, shown_skew
from .endpoint import Endpoint, Failure
from .policies import BoundTo, PolicyReader
from .poller import TransferPoller


class ArrayEndpoint(Endpoint[ArrayPort, FlashArraySpec]):
    """One FlashArray object: who answers, what it is connected to, and the poller of its transfers."""

    keys = ("apiToken",)

    def __init__(
        self,
        ref: ObjectRef,
        services: Services,
        bound_to: BoundTo = lambda _array_id: frozenset(),
        policies_changed: Callable[[str], None] = lambda _array_id: None,
    ) -> None:
        """Begins with nothing known.

        Parameters:
            bound_to: which protection groups of an array, by its id, are bound: their policies are asked for.
            policies_changed: called with the array's id when one of them has changed.
        """
        super().__init__(ref, services)
        self.about: ArrayAbout | None = None
        self.connections: tuple[ArrayConnection, ...] = ()
        self.connections_at: datetime | None = None
        self.policies = PolicyReader(services.clock, services.pace, bound_to, policies_changed)
        self.poller = TransferPoller(lambda: self.identified, services.clock, services.pace)

    @property
    def view(self) -> ArrayView:
        """What binding may know of this array."""
        return ArrayView(None if self.port is None else self.about, self.problem)

    @property
    def clock_skew(self) -> timedelta | None:
        """As of its last answer; before the first one, as it was told before a restart."""
        return read_skew(self.stored.get("clockSkew")) if self.about is None else self.about.skew

    @property
    def identified(self) -> tuple[str, ArrayPort] | None:
        """The port, and which array it leads to; None until the array has said that."""
        return None if self.port is None or self.about is None else (self.about.id, self.port)

    def parse(self, raw: object) -> FlashArraySpec:
        """The typed spec, or SpecError."""
        return FlashArraySpec.parse(raw)

    def open(self, spec: FlashArraySpec, secret: Mapping[str, str]) -> ArrayPort | Refused:
        """A new port; pinned to the array that is known to be there, if one is."""
        known = self.about.id if self.about else None
        return self._services.connector.array(spec, api_token=secret["apiToken"], expected_id=known)

    async def read(self, port: ArrayPort) -> Failure | None:
        """Who answers, and what it is connected to."""
        about = await port.about()
        if not isinstance(about, Done):
            return about
        self.about = about.value
        connections = await port.connections()
        if not isinstance(connections, Done):
            return connections
        self.connections, self.connections_at = connections.value, self._clock.now()
        self.policies.consider(about.value.id, port)
        return None

    def forget(self) -> None:
        """Another array may be there."""
        self.about, self.connections, self.connections_at = None, (), None
        self.policies.forget()

    def summary(self) -> tuple[bool, str]:
        """Is everything read, and one line of what was read."""
        if self.about is None:
            return False, "Nothing has been read yet."
        connected = sum(one.connected for one in self.connections)
        return True, f"{self.about.name!r} is connected to {connected} of {counted(len(self.connections), 'array')}."

    def more_conditions(self, problem: Problem | None) -> tuple[Wanted, ...]:
        """Whether its clock is in step with ours."""
        return (clock_condition(self._skew, problem),)

    @property
    def skew(self) -> timedelta | None:
        """How far its clock is ahead of ours, as its last answer told."""
        return self.about.skew if self.about is not None else None

    def policy(self, protection_group: str) -> ArrayPolicyStatus | None:
        """What it does with that protection group by itself; None where it was not asked yet."""
        return self.policies.of(protection_group)

    @property
    def _skew(self) -> str | None:
        """As it is shown: the skew of the last answer, or what was shown of it before, where that is as good."""
        return shown_skew(self.stored.get("clockSkew"), self.about.skew if self.about else None)

    def status(self, conditions: tuple[Condition, ...], generation: int) -> Mapping[str, Any]:
        """The status to write."""
        about = self.about
        return FlashArrayStatus(
            observed_generation=generation,
            conditions=conditions,
            array_id=about.id if about else None,
            array_name=about.name if about else None,
            version=about.version if about else None,
            rest_version=about.rest if about else None,
            clock_skew=self._skew,
            last_read_at=self.connections_at,
        ).to_json()

    async def stop(self) -> None:
        """Poll no more, read no more, log out."""
        await self.poller.close()
        await self.policies.close()
        await super().stop()
