"""Plays a row: a world of its own on TLS sockets, the trouble, a port as the operator makes it, one call."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from component.faults.hostile import door
from component.faults.rows import MUTATING, VCENTER, Act, Ask, Fault, Guest, Order, Row

from testbed import closing, simulated
from vvol_replication.api.endpoint import Address
from vvol_replication.api.flasharray import FlashArraySpec, RestVersion
from vvol_replication.api.vcenter import VCenterSpec
from vvol_replication.domain.groups import GroupId
from vvol_replication.domain.outcomes import Refused
from vvol_replication.storage import flasharray, vsphere
from vvol_replication.storage.tls import TLSTrust
from vvol_replication.wiring import StorageConnector
from vvol_simulator.control.api import ACTIONS
from vvol_simulator.control.door_actions import DOOR_ACTIONS
from vvol_simulator.fields import Fields
from vvol_simulator.model import ManualClock
from vvol_simulator.server import Simulator
from vvol_simulator.tls import Authority
from vvol_simulator.topology import build

WRONG = "fake-marked-wrong-secret"
SHORT = 1.0
"""Seconds of patience with an answer, where a row times out; the message says the usual ones."""
HASTE = 0.3
"""Seconds of patience with a connection, where it is not to come about."""

_SITES: Mapping[str, str] = {"start_prepare": "austin", "members": "austin"}
"""The site of a call; all others go to the target's."""

TOPOLOGY: Mapping[str, Any] = {
    "transferSeconds": 1,
    "arrays": {
        "flasharray-a": {"id": "id-of-a", "faultDomainId": "fd-a", "pods": {"pod1": {}}},
        "flasharray-b": {"id": "id-of-b", "faultDomainId": "fd-b"},
    },
    "connections": [{"arrays": ["flasharray-a", "flasharray-b"]}],
    "vCenters": {
        "austin": {"arrays": ["flasharray-a"], "instanceUuid": "uuid-of-austin"},
        "dallas": {"arrays": ["flasharray-b"], "instanceUuid": "uuid-of-dallas"},
    },
    "protectionGroups": [
        {
            "name": name,
            "source": "flasharray-a",
            "groupId": f"{name}-a",
            "targets": [{"array": "flasharray-b", "groupId": f"{name}-b"}],
            "vms": [{"name": f"{name}-vm", "disks": 1}],
            "snapshots": [{"suffix": "before"}],
        }
        for name in ("erp", "crm")
    ],
}


@dataclass
class Stage:
    """One world with its sockets, and the port that a row is about."""

    simulator: Simulator
    row: Row
    port: Any = None
    address: str = ""
    before: Any = None
    """How the call before the row's ended."""
    ordered: int = 0
    """The journal's last number when the trouble had been arranged."""

    @property
    def endpoint(self) -> str:
        """The simulator's name of the row's endpoint."""
        return _SITES.get(self.row.call, "dallas") if self.row.endpoint == VCENTER else "flasharray-a"

    async def order(self, order: Order) -> None:
        """Arrange the trouble."""
        world = self.simulator.world
        if isinstance(order, Fault):
            args = dict(order.args)
            world.faults.add(order.site or self.endpoint, order.call, order.kind, **args)
        elif isinstance(order, Act):
            args = {name: self.endpoint if value == "$endpoint" else value for name, value in order.args.items()}
            fields = Fields(args, order.name)
            if order.name in DOOR_ACTIONS:
                await DOOR_ACTIONS[order.name](self.simulator, fields)
            else:
                ACTIONS[order.name](world, fields)
        elif isinstance(order, Guest):
            array = world.array(self.endpoint)
            array.login(array.api_token, world.time)
        elif isinstance(order, Ask):
            for _ in range(order.times):
                self.before = await self.ask(order.call)

    async def ask(self, call: str) -> Any:
        """Make one call of the port."""
        row = self.row
        if row.endpoint != VCENTER:
            group = row.about
            arguments: Mapping[str, tuple[Any, ...]] = {
                "push": (group, "vr-1"),
                "snapshots": (group,),
                "protection_group": (group,),
                "transfers": ([group],),
                "policies": ([group],),
            }
            return await getattr(self.port, call)(*arguments.get(call, ()))
        group_id = GroupId("fd-a", f"{row.about}-a") if self.endpoint == "austin" else GroupId("fd-b", f"{row.about}-b")
        task = getattr(getattr(self.before, "value", None), "task", "SmsTask-99")
        vcenter: Mapping[str, tuple[Any, ...]] = {
            "start_sync": (group_id, "before-upgrade"),
            "task": (task, group_id),
            "about": (),
            "inventory": (),
        }
        return await getattr(self.port, call)(*vcenter.get(call, (group_id,)))

    def secrets(self) -> set[str]:
        """What no message may hold."""
        world = self.simulator.world
        found = {WRONG}
        for site in world.sites.values():
            found |= {site.password, *site.sessions}
        for array in world.arrays.values():
            found |= {array.api_token, *array.sessions}
        return found

    def effects(self) -> list[bool]:
        """Of each request for the row's mutating call, whether it took effect."""
        return [entry.took_effect for entry in self.simulator.world.journal.since(self.ordered)]


@asynccontextmanager
async def staged(row: Row, folder: Path) -> AsyncIterator[Stage]:
    """The row's world, port and trouble; all of it ends with the block."""
    simulator = Simulator(build(dict(TOPOLOGY), clock=ManualClock()), simulated.authority())
    await simulator.start()
    stage = Stage(simulator, row)
    try:
        if row.port.door:
            async with door(row.port.door, folder) as (address, pem), _played(stage, address, pem) as ready:
                yield ready
        else:
            async with _played(stage, simulator.endpoint(stage.endpoint).address, None) as ready:
                yield ready
    finally:
        await closing.stop(simulator)


@asynccontextmanager
async def _played(stage: Stage, address: str, pem: str | None) -> AsyncIterator[Stage]:
    stage.address = address
    stage.port = _port(stage, _pem(stage, pem))
    try:
        for order in stage.row.orders:
            await stage.order(order)
        stage.ordered = stage.simulator.world.journal.last
        yield stage
    finally:
        stage.simulator.world.faults.remove()
        if not isinstance(stage.port, Refused):
            await stage.port.close()


def _pem(stage: Stage, pem: str | None) -> str | None:
    given = {"system": None, "broken": "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n"}
    if stage.row.port.trust == "stranger":
        return Authority().pem()
    return given.get(stage.row.port.trust, pem or stage.simulator.authority.pem())


def _port(stage: Stage, pem: str | None) -> Any:
    """The port as the operator makes it; by its package's own entrance where it is to be impatient or to expect."""
    row, options = stage.row, stage.row.port
    world = stage.simulator.world
    where = Address.parse(stage.address)
    usual = not options.impatient and not options.expected
    if row.endpoint == VCENTER:
        site = world.site(stage.endpoint)
        password = (site.password if options.credentials else WRONG) + options.ending
        if usual:
            spec = VCenterSpec(where, "secret", ca_certificates=pem)
            return StorageConnector(lambda: True).vcenter(spec, username=site.username, password=password)
        patience = vsphere.Timeouts(connect=_haste(row), answer=SHORT, close=HASTE) if options.impatient else None
        return vsphere.VCenter(
            str(where),
            site.username,
            password,
            _trust(pem),
            leading=lambda: True,
            timeouts=patience or vsphere.Timeouts(),
            expected_uuid=options.expected or None,
        )
    token = (world.array(stage.endpoint).api_token if options.credentials else WRONG) + options.ending
    family = options.rest or ("REST1" if row.endpoint.endswith("1") else "REST2")
    if usual:
        array = FlashArraySpec(where, "secret", ca_certificates=pem, rest_version=RestVersion(family))
        return StorageConnector(lambda: True).array(array, api_token=token)
    quick = flasharray.Timeouts(connect=_haste(row), read=SHORT, logout=HASTE) if options.impatient else None
    return flasharray.connect(
        str(where),
        token,
        trust=_trust(pem),
        leading=lambda: True,
        rest_version=family,
        timeouts=quick or flasharray.Timeouts(),
        expected_id=options.expected or None,
    )


def _haste(row: Row) -> float:
    return HASTE if row.port.door else vsphere.Timeouts().connect


def _trust(pem: str | None) -> TLSTrust:
    trust = TLSTrust.create(pem)
    assert isinstance(trust, TLSTrust)
    return trust


async def play(row: Row, stage: Stage) -> Any:
    """The call that the row is about."""
    return stage.port if row.call == "connect" else await stage.ask(row.call)


def normalized(message: str, stage: Stage) -> str:
    """The message as the page shows it: an address of the documentation's, and usual times."""
    host = "vcenter.example.com" if stage.row.endpoint == VCENTER else "array.example.com"
    text = message.replace(stage.address, host)
    text = text.replace(f"{SHORT:g} s", f"{vsphere.Timeouts().answer:g} s")
    text = text.replace("'127.0.0.1'", f"'{host}'")
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>", text)
    text = re.sub(r"pyvmomi [\d.]+ ", "pyvmomi 9.1.1.0 ", text)
    text = re.sub(r"TLS failed(, | \()[A-Z_]+", r"TLS failed\1WRONG_VERSION_NUMBER", text)  # OpenSSL's word changes
    return re.sub(r"(before|until) \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", r"\1 2026-12-01T00:05:00Z", text)


def is_mutating(row: Row) -> bool:
    """Whether the call changes something."""
    return row.call in MUTATING
