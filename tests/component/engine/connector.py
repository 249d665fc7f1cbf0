"""The engine's connector to the storage in memory."""

from __future__ import annotations

import asyncio
from typing import Any

from component.engine.storage import FakeArray, FakeVCenter, OtherVCenter, World

from vvol_replication.api.flasharray import FlashArraySpec
from vvol_replication.api.vcenter import VCenterSpec
from vvol_replication.domain.measures import Calls
from vvol_replication.domain.outcomes import Refused
from vvol_replication.engine.ports import PortMeasures, Refusals
from vvol_replication.storage.login import TRIES, LoginGates


class FakeConnector:
    """The ports by address: `vc` (and `other-vc`, which is the same one), `austin`, `a` and `b`.

    Logins go through the product's own gates, as far as they are refused or let in by `about`.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.refusal: Refused | None = None
        self.pins: list[tuple[str, str | None]] = []
        """Address and who was expected there, of each port."""
        self.gates = LoginGates(lambda: asyncio.get_running_loop().time())

    def vcenter(
        self, spec: VCenterSpec, *, username: str, password: str, expected_uuid: str | None = None
    ) -> FakeVCenter | Refused:
        assert username == "operator"
        assert spec.address.host in ("vc", "other-vc", "austin")
        self.pins.append((spec.address.host, expected_uuid))
        gate = self.gates.of(str(spec.address), username, password)
        made = OtherVCenter if spec.address.host == "austin" else FakeVCenter
        return self.refusal or self._opened(made(self.world, password, gate, expected_uuid))

    def array(self, spec: FlashArraySpec, *, api_token: str, expected_id: str | None = None) -> FakeArray | Refused:
        self.pins.append((spec.address.host, expected_id))
        gate = self.gates.of(str(spec.address), api_token)
        return self.refusal or self._opened(FakeArray(self.world, spec.address.host, api_token, gate, expected_id))

    def refusals(self, port: Any) -> Refusals:
        return Refusals(port.gate.refusals, TRIES, port.gate.seconds_left)

    def measures(self, port: Any) -> PortMeasures:
        del port
        return PortMeasures(Calls(), 0, None)

    def _opened(self, port: Any) -> Any:
        self.world.opened.append(port)
        return port
