"""Two simulated sites on TLS sockets, in this process: austin has the source groups, dallas the targets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from testbed import closing, simulated
from vvol_replication.domain.groups import GroupId
from vvol_replication.domain.outcomes import Done, Outcome
from vvol_replication.storage.tls import TLSTrust
from vvol_replication.storage.vsphere import Timeouts, VCenter
from vvol_simulator.model import ManualClock, Site, World
from vvol_simulator.server import Simulator
from vvol_simulator.soap import client_state
from vvol_simulator.topology import build, default_topology

QUICK = Timeouts(connect=5.0, answer=5.0, call=15.0, inventory=30.0, close=2.0)


class Clock:
    """The adapter's monotonic clock, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Sites:
    """The simulated world with its sockets, and the adapters made for it."""

    simulator: Simulator
    time: ManualClock
    made: list[VCenter] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.simulator.world

    def site(self, name: str = "dallas") -> Site:
        return self.world.site(name)

    def vcenter(self, name: str = "dallas", **changes: Any) -> VCenter:
        """An adapter for a site; `changes` replace arguments."""
        site = self.site(name)
        trust = TLSTrust.create(self.simulator.authority.pem())
        assert isinstance(trust, TLSTrust)
        arguments: dict[str, Any] = {
            "address": self.simulator.endpoint(name).address,
            "username": site.username,
            "password": site.password,
            "trust": trust,
            "leading": lambda: True,
            "timeouts": QUICK,
        } | changes
        vcenter = VCenter(**arguments)
        self.made.append(vcenter)
        return vcenter

    def group(self, name: str = "erp", side: str = "target") -> GroupId:
        found = self.world.vvol_group(self.world.protection_group(name), side)
        return GroupId(found.id.fault_domain, found.id.device_group)

    def push(self, name: str = "erp", seconds: float = 5.0) -> None:
        """Replicate now, and let it land."""
        assert self.world.time
        self.world.replication.push_now(self.world.protection_group(name))
        self.time.advance(seconds)
        assert self.world.time

    def simulator_views(self, name: str = "austin") -> int:
        """How many container views clients have left behind."""
        return len(client_state(self.world, self.site(name)).views)

    def counts(self, name: str = "dallas") -> dict[str, int]:
        return self.world.counters.as_dict().get(name, {})


@pytest.fixture
async def sites() -> AsyncIterator[Sites]:
    time = ManualClock()
    simulator = Simulator(build(default_topology(), clock=time), simulated.authority())
    await simulator.start()
    sites = Sites(simulator, time)
    yield sites
    for vcenter in sites.made:
        await vcenter.close()
    await closing.stop(simulator)


@pytest.fixture
def value() -> Callable[[Outcome[Any]], Any]:
    """The value of a call that must have been `Done`."""

    def unpack(outcome: Outcome[Any]) -> Any:
        assert isinstance(outcome, Done), outcome
        return outcome.value

    return unpack
