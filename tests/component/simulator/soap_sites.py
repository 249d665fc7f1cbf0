"""Two simulated vCenters in a thread of their own, and real pyVmomi clients for them over verified TLS."""

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pyVmomi import pbm, sms, vim
from pyVmomi.SoapAdapter import SoapStubAdapter

from testbed import simulated
from vvol_simulator.model import GroupId, ManualClock, Site, VvolGroup, World
from vvol_simulator.server import LOOPBACK, Simulator
from vvol_simulator.topology import build as build_world

T = TypeVar("T")
R = sms.storage.replication

TOPOLOGY: dict[str, Any] = {
    "transferSeconds": 10,
    "arrays": {
        "flasharray-a": {"id": "array-a", "faultDomainId": "domain-a"},
        "flasharray-b": {"id": "array-b", "faultDomainId": "domain-b"},
    },
    "connections": [{"arrays": ["flasharray-a", "flasharray-b"]}],
    "vCenters": {
        "austin": {"arrays": ["flasharray-a"], "username": "austin-user", "password": "austin-secret"},
        "dallas": {"arrays": ["flasharray-b"], "username": "dallas-user", "password": "dallas-secret", "skew": 90},
    },
    "protectionGroups": [
        {
            "name": "erp",
            "source": "flasharray-a",
            "groupId": "erp-source",
            "targets": [{"array": "flasharray-b", "groupId": "erp-target"}],
            "vms": [
                {"name": "erp-db", "power": "poweredOff", "disks": 2},
                {"name": "erp-split", "disks": ["crm", None]},
            ],
        },
        {
            "name": "crm",
            "source": "flasharray-a",
            "groupId": "crm-source",
            "targets": [{"array": "flasharray-b", "groupId": "crm-target"}],
        },
    ],
}

ERP_SOURCE = GroupId("domain-a", "erp-source")
ERP_TARGET = GroupId("domain-b", "erp-target")
CRM_TARGET = GroupId("domain-b", "crm-target")
NOWHERE = GroupId("domain-b", "no-such-group")


def build(kind: Callable[..., T], /, *args: object, **fields: object) -> T:
    """Make an object of pyVmomi, whose constructors carry no types."""
    return kind(*args, **fields)


def message(caught: Any) -> str:
    """Text of a fault: of an exception, or of what `pytest.raises` caught."""
    text: str = getattr(caught, "value", caught).msg
    return text


def wire_id(group: GroupId) -> Any:
    """`ReplicationGroupId`."""
    return build(
        vim.vm.replication.ReplicationGroupId,
        faultDomainId=build(vim.vm.replication.FaultDomainId, id=group.fault_domain),
        deviceGroupId=build(vim.vm.replication.DeviceGroupId, id=group.device_group),
    )


def plain_id(group: Any) -> GroupId:
    """The other way round."""
    return GroupId(group.faultDomainId.id, group.deviceGroupId.id)


class SideStub(SoapStubAdapter):
    """A stub for /sms/sdk or /pbm/sdk that sends the vim session as it is at the time of the call."""

    def __init__(self, vim_stub: Any, **options: object) -> None:
        self.session: Callable[[], str] = lambda: vim_stub.GetSessionId() or ""
        init: Any = super().__init__
        init(**options)

    def SerializeRequest(self, mo: Any, info: Any, args: Any) -> Any:  # noqa: N802 - overrides pyVmomi's
        self.requestContext = {"vcSessionCookie": self.session()}
        serialize: Any = super().SerializeRequest
        return serialize(mo, info, args)


class Client:
    """One vCenter as a client sees it: three stubs, one vim session."""

    def __init__(self, port: int, authority: str, sms_version: str = "sms.version.v7_0_0_1") -> None:
        context = ssl.create_default_context(cadata=authority)
        options = {"host": LOOPBACK, "port": port, "sslContext": context, "httpConnectionTimeout": 20}
        self.context = context
        self.vim_stub: Any = build(SoapStubAdapter, path="/sdk", version="vim.version.v7_0", **options)
        self.sms_stub: Any = SideStub(self.vim_stub, path="/sms/sdk", version=sms_version, **options)
        self.pbm_stub: Any = SideStub(self.vim_stub, path="/pbm/sdk", version="pbm.version.version11", **options)
        self.si: Any = build(vim.ServiceInstance, "ServiceInstance", self.vim_stub)
        self.sms: Any = build(sms.ServiceInstance, "ServiceInstance", self.sms_stub)
        self.pbm: Any = build(pbm.ServiceInstance, "ServiceInstance", self.pbm_stub)

    def login(self, site: Site) -> "Client":
        self.si.RetrieveContent().sessionManager.Login(site.username, site.password, None)
        return self

    def provider(self) -> Any:
        return self.sms.QueryStorageManager().QueryProvider()[0]

    def close(self) -> None:
        for stub in (self.vim_stub, self.sms_stub, self.pbm_stub):
            stub.DropConnections()


class Sites:
    """The running simulator. The world may be touched only through `inside`, in the thread that owns it."""

    def __init__(self, world: World, clock: ManualClock, loop: asyncio.AbstractEventLoop) -> None:
        self.world = world
        self.clock = clock
        self.simulator = Simulator(world, simulated.authority())
        self._loop = loop
        self._clients: list[Client] = []

    def inside(self, action: Callable[[], T]) -> T:
        """Run `action` on the simulator's event loop."""

        async def run() -> T:
            return action()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(30)

    def advance(self, seconds: float) -> None:
        self.inside(lambda: self.clock.advance(seconds))

    def switch(self, name: str, value: object) -> None:
        self.inside(lambda: self.world.switches.set(name, value))

    def order(self, endpoint: str, call: str, kind: str, **options: Any) -> None:
        """Order a fault for one call."""
        self.inside(lambda: self.world.faults.add(endpoint, call, kind, **{"times": 1, **options}))

    def site(self, name: str) -> Site:
        return self.world.sites[name]

    def group(self, group: GroupId) -> VvolGroup:
        return self.world.vasa.groups[group]

    def connect(self, name: str, *, login: bool = True, **options: str) -> Client:
        client = Client(self.simulator.endpoint(name).port, self.simulator.authority.pem(), **options)
        self._clients.append(client)
        return client.login(self.site(name)) if login else client

    def push(self, name: str, suffix: str) -> None:
        """What the source array does when told to replicate now."""
        group = self.world.protection_group(name)
        self.inside(lambda: self.world.replication.take(group, suffix, replicate=True, retained=True))

    def close_clients(self) -> None:
        for client in self._clients:
            client.close()


@contextmanager
def running(topology: dict[str, Any] | None = None) -> Iterator[Sites]:
    """A simulator with a hand-moved clock, from start to end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="simulator")
    thread.start()
    clock = ManualClock()
    try:
        world = asyncio.run_coroutine_threadsafe(_build(topology or TOPOLOGY, clock), loop).result(30)
        sites = Sites(world, clock, loop)
        asyncio.run_coroutine_threadsafe(sites.simulator.start(), loop).result(30)
        try:
            yield sites
        finally:
            sites.close_clients()
            asyncio.run_coroutine_threadsafe(sites.simulator.stop(), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


async def _build(topology: dict[str, Any], clock: ManualClock) -> World:
    return build_world(topology, clock)


def points(provider: Any, group: GroupId = ERP_TARGET, **query: object) -> Any:
    """The result of QueryPointInTimeReplica for one group; an interval is given by its own fields."""
    interval = {name: query.pop(name) for name in ("fromDate", "toDate", "number") if name in query}
    if interval:
        query["replicaTimeQueryParam"] = build(R.QueryPointInTimeReplicaParam.ReplicaQueryIntervalParam, **interval)
    (result,) = provider.QueryPointInTimeReplica(
        [wire_id(group)], build(R.QueryPointInTimeReplicaParam, **query) if query else None
    )
    return result


def land(sites: Sites, *suffixes: str) -> None:
    """Push and land snapshots of erp, 20 seconds apart."""
    for suffix in suffixes:
        sites.push("erp", suffix)
        sites.advance(20)
