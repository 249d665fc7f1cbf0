"""The engine between an API server and storage in memory, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from component.engine.apiserver import ApiServerInMemory
from component.engine.connector import FakeConnector
from component.engine.storage import World
from component.engine.virtual import VirtualClock, until

from vvol_replication.api.names import (
    FAILOVER_PREPARATION,
    FLASHARRAY,
    REPLICATION_GROUP,
    REPLICATION_SCHEDULE,
    REPLICATION_SYNC,
    VCENTER,
    Kind,
)
from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.schedule import ReplicationScheduleStatus
from vvol_replication.api.sync import SyncStatus
from vvol_replication.api.times import format_time
from vvol_replication.engine.engine import Engine
from vvol_replication.engine.ports import Pace
from vvol_replication.metrics.ends import EndCounter
from vvol_replication.reconcile.core.tuning import Tuning

PACE = Pace()


class Rig:
    """`world` is the storage, `api` the API server with kopf's part, `engine` the process that runs now."""

    def __init__(self, *groups: str, transfer: float = 20.0, chances: tuple[float, ...] = (0.0,)) -> None:
        self.clock = VirtualClock(chances)
        self.world = World(self.clock, *(groups or ("erp",)), transfer=transfer)
        self.api = ApiServerInMemory(self.clock)
        self.connector = FakeConnector(self.world)
        self.leads = True
        self.put_backs = 0
        self.identity = "process-1"
        self.engine = self.renewed()

    def renewed(self) -> Engine:
        """The engine of another process, which is to be started."""
        self.ends = EndCounter()
        engine = Engine(
            self.api,
            self.connector,
            self.clock,
            pace=PACE,
            tuning=Tuning(),
            leading=lambda: self.leads,
            identity=self.identity,
            meter=self.ends,
            put_back=self._put_back,
        )
        self.api.engine = engine
        return engine

    def _put_back(self) -> None:
        self.put_backs += 1

    async def start(self) -> None:
        """As `python -m` does: take up, then kopf's watch begins."""
        await self.engine.start()
        self.api.begin_watch()

    async def kill(self) -> None:
        """SIGKILL: nothing of the process goes on, nothing is written, and nobody logs out."""
        self.api.engine = None
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.sleep(0)

    async def restart(self) -> None:
        await self.kill()
        self.engine = self.renewed()
        await self.start()

    def connect(self) -> None:
        """Everything that syncs of the groups stand on."""
        self.secrets()
        self.api.apply(VCENTER, "dallas", {"address": "vc", "credentialsSecretRef": {"name": "vc"}})
        for side in ("a", "b"):
            self.api.apply(FLASHARRAY, side, {"address": side, "apiTokenSecretRef": {"name": side}})
        for group in self.world.replicas:
            self.group(group)

    def secrets(self) -> None:
        self.api.secrets["vc"] = {"username": "operator", "password": "right"}
        self.api.secrets["a"] = self.api.secrets["b"] = {"apiToken": "right"}

    def group(self, name: str, **spec: Any) -> None:
        recovery = {"vCenterRef": {"name": "dallas"}}
        self.api.apply(
            REPLICATION_GROUP, name, {"recoverySite": recovery, "group": {"name": f"a:{name}"}, **spec}, "prod"
        )

    def request(self, name: str, group: str = "erp", **spec: Any) -> None:
        self.api.apply(REPLICATION_SYNC, name, {"groupRef": {"name": group}, **spec}, "prod")

    def schedule(self, name: str, group: str = "erp", **spec: Any) -> None:
        """Each quarter of an hour, unless the spec says otherwise."""
        self.api.apply(
            REPLICATION_SCHEDULE, name, {"groupRef": {"name": group}, "schedule": "*/15 * * * *", **spec}, "prod"
        )

    def scheduled(self, name: str) -> ReplicationScheduleStatus:
        return ReplicationScheduleStatus.parse(self.body(REPLICATION_SCHEDULE, name)["status"])

    @property
    def runs(self) -> list[str]:
        """The names of the ReplicationSyncs of all schedules that are there, in the order of their names."""
        bodies = (body for key, body in self.api.objects.items() if key[0] == REPLICATION_SYNC.plural)
        return sorted(one["metadata"]["name"] for one in bodies if one["metadata"].get("ownerReferences"))

    def prepare(self, name: str, group: str = "erp", **spec: Any) -> None:
        """Ask for a preparation; it is history an hour from now unless `notAfter` says otherwise."""
        not_after = format_time(self.clock.now() + timedelta(hours=1))
        spec = {"groupRef": {"name": group}, "consent": group, "notAfter": not_after, **spec}
        self.api.apply(FAILOVER_PREPARATION, name, spec, "prod")

    def preparation(self, name: str) -> PreparationStatus:
        return PreparationStatus.parse(self.body(FAILOVER_PREPARATION, name)["status"])

    def body(self, kind: Kind, name: str) -> dict[str, Any]:
        return self.api.objects[kind.plural, "prod", name]

    def says(self, kind: Kind, name: str, type_: str = "Ready") -> tuple[str, str] | None:
        """Status and reason of a condition."""
        condition = self.api.condition(kind, name, type_, "prod")
        return None if condition is None else (condition[0], condition[1])

    async def until_says(
        self, kind: Kind, name: str, reason: str, type_: str = "Ready", *, within: float = 600.0
    ) -> None:
        await until(lambda: (self.says(kind, name, type_) or ("", ""))[1] == reason, within=within)

    async def until_prepared(self, name: str, *, within: float = 4000.0) -> PreparationStatus:
        """The preparation has ended, and nothing holds it any more."""

        def ended() -> bool:
            body = self.body(FAILOVER_PREPARATION, name)
            return bool(body["status"].get("finishedAt")) and not body["metadata"].get("finalizers")

        await until(ended, within=within)
        return self.preparation(name)

    def status(self, name: str) -> SyncStatus:
        return SyncStatus.parse(self.api.sync(name)["status"])

    def reason(self, name: str) -> str | None:
        ready = self.api.sync_condition(name)
        return ready[1] if ready else None

    async def until_reason(self, name: str, reason: str, *, within: float = 600.0) -> None:
        await until(lambda: self.reason(name) == reason, within=within)

    async def until_ended(self, name: str, *, within: float = 600.0) -> None:
        """Finished, finalizer gone, and nothing in the engine about it."""

        def ended() -> bool:
            body = self.api.sync(name)
            return bool(body["status"].get("finishedAt")) and not body["metadata"].get("finalizers")

        await until(ended, within=within)

    def writes(self, name: str) -> int:
        return sum(name == written for written, _ in self.api.writes)

    def count(self, method: str) -> int:
        return self.world.calls[method]


@asynccontextmanager
async def running(rig: Rig | None = None, *, connect: bool = True) -> AsyncIterator[Rig]:
    """A rig whose engine runs, and is stopped at the end."""
    rig = rig or Rig()
    await rig.start()
    if connect:
        rig.connect()
        await asyncio.sleep(1)
    try:
        yield rig
    finally:
        rig.api.silent = None
        await rig.engine.stop()


def settled(rig: Rig, *names: str) -> Callable[[], bool]:
    return lambda: all(rig.api.sync(name)["status"].get("finishedAt") for name in names)
