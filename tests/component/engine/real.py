"""The engine with the product's own storage adapters, on a simulator's TLS sockets; the API server is in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from component.engine.apiserver import ApiServerInMemory
from component.engine.virtual import VirtualClock

from testbed import closing
from vvol_replication.api.flasharray import RestVersion
from vvol_replication.api.names import FLASHARRAY, VCENTER, Kind
from vvol_replication.engine.engine import Engine
from vvol_replication.engine.ports import Pace
from vvol_replication.wiring import StorageConnector
from vvol_simulator.server import Simulator
from vvol_simulator.topology import build, default_topology

BRISK = Pace(monitor=0.2, monitor_retry_first=0.05, monitor_retry_most=0.2, secret=0.1, status_refresh=0.5)
NAMES = {VCENTER: "dallas", FLASHARRAY: "flasharray-a"}


class Real:
    """One vCenter and one array behind their objects, `dallas` and `flasharray-a`."""

    def __init__(self, *, require_allowed_addresses: bool = False) -> None:
        # With a CA of its own: tests exchange the certificates of its endpoints.
        self.simulator = Simulator(build(default_topology()))
        self.clock = VirtualClock()
        self.api = ApiServerInMemory(self.clock)
        self.connector = StorageConnector(lambda: True)
        self.engine = Engine(
            self.api, self.connector, self.clock, pace=BRISK, require_allowed_addresses=require_allowed_addresses
        )
        self.api.engine = self.engine
        world = self.simulator.world
        self.family = RestVersion.AUTO
        self.site, self.array = world.site("dallas"), world.array("flasharray-a")

    def secrets(self) -> None:
        """What the endpoints take."""
        self.api.secrets["dallas"] = {"username": self.site.username, "password": self.site.password}
        self.api.secrets["flasharray-a"] = {"apiToken": self.array.api_token}

    def apply(self, kind: Kind, **tls: Any) -> None:
        """The object, with this `tls`; by the simulator's own CA where nothing is said."""
        name, ref = NAMES[kind], "credentialsSecretRef" if kind == VCENTER else "apiTokenSecretRef"
        spec: dict[str, Any] = {"address": self.simulator.endpoint(name).address, ref: {"name": name}}
        if kind == FLASHARRAY and self.family is not RestVersion.AUTO:
            spec["restVersion"] = str(self.family)
        spec["tls"] = tls or {"caCertificates": self.simulator.authority.pem()}
        self.api.apply(kind, name, {key: value for key, value in spec.items() if value != {"none": True}})

    def says(self, kind: Kind, type_: str = "Ready") -> Any:
        """A condition's status and reason."""
        return self.api.condition(kind, NAMES[kind], type_)

    def message(self, kind: Kind) -> str:
        status = self.api.objects[kind.plural, None, NAMES[kind]]["status"]
        return next(str(one["message"]) for one in status["conditions"] if one["type"] == "Ready")

    async def certify(self, kind: Kind, certificate: str, key: str, folder: Path) -> None:
        """The endpoint has this certificate from now on; connections are cut."""
        chain = folder / "chain.pem"
        chain.write_text(certificate + key)
        endpoint = self.simulator.endpoint(NAMES[kind])
        context = endpoint._context  # noqa: SLF001 - a server's certificate is exchanged under it, as people do
        assert context is not None
        context.load_cert_chain(chain)
        await endpoint.refuse()
        await endpoint.accept()


@asynccontextmanager
async def real(*, require_allowed_addresses: bool = False) -> AsyncIterator[Real]:
    """Started, with Secrets and without objects."""
    made = Real(require_allowed_addresses=require_allowed_addresses)
    await made.simulator.start()
    await made.engine.start()
    made.secrets()
    try:
        yield made
    finally:
        made.simulator.world.faults.remove()
        await made.engine.stop()
        await closing.stop(made.simulator)
