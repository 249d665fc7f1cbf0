"""The engine as the rim sees it: objects are accepted, shown, and let go; everything else happens by itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Any

from vvol_replication.api.errors import SpecError
from vvol_replication.api.names import FLASHARRAY, REPLICATION_GROUP, REPLICATION_SYNC, VCENTER, Kind
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.sync import SyncStatus
from vvol_replication.reconcile.acceptance import accept, parse_request, refuse
from vvol_replication.reconcile.request import Request
from vvol_replication.reconcile.tuning import Tuning

from .access import Access
from .endpoints import ArrayEndpoint, Services, VCenterEndpoint
from .groups import GroupMonitor
from .monitor import Monitor
from .object import StoredObject
from .ports import Clock, Cluster, Connector, Pace
from .registry import Registry
from .runner import Runner, Surroundings
from .turns import TurnBook

_log = logging.getLogger(__name__)
Body = Mapping[str, Any]


class Engine:
    """Owns all monitors and runners. Methods are called on the event loop, and none waits for storage."""

    def __init__(
        self,
        cluster: Cluster,
        connector: Connector,
        clock: Clock,
        *,
        pace: Pace | None = None,
        tuning: Tuning | None = None,
        leading: Callable[[], bool] = lambda: True,
    ) -> None:
        self._cluster, self._clock, self._pace = cluster, clock, pace or Pace()
        self._registry = Registry()
        self._registry.listeners.append(self._group_changed)
        self._services = Services(cluster, connector, clock, self._pace, self._registry.rebind)
        self._around = Surroundings(
            registry=self._registry,
            turns=TurnBook(),
            access=Access(self._registry, clock),
            clock=clock,
            pace=self._pace,
            tuning=tuning or Tuning(),
            leading=leading,
        )
        self._runners: dict[str, Runner] = {}
        self._background: set[asyncio.Task[None]] = set()

    @property
    def in_flight(self) -> int:
        """How many requests are being worked on."""
        return len(self._runners)

    async def start(self) -> None:
        """Take up what the API server remembers: endpoints and groups first, then the requests that are in flight."""
        for kind in (VCENTER, FLASHARRAY, REPLICATION_GROUP, REPLICATION_SYNC):
            async for body in self._cluster.list(kind):
                self.shown(kind, body)
        self._spawn(self._open_turns(), "open-turns")

    async def stop(self) -> None:
        """Stop everything where it is, and log out. Ledgers tell where to go on."""
        for task in list(self._background):
            task.cancel()
        await asyncio.gather(*(runner.stop() for runner in list(self._runners.values())))
        registry = self._registry
        monitors: list[Monitor] = [*registry.groups.values(), *registry.vcenters.values(), *registry.arrays.values()]
        await asyncio.gather(*(monitor.stop() for monitor in monitors), return_exceptions=True)

    def accept(self, body: Body) -> Mapping[str, Any] | None:
        """What to write to a ReplicationSync that is new, or was edited. None: nothing."""
        status = body.get("status") or {}
        generation = body["metadata"]["generation"]
        if body["metadata"]["uid"] in self._runners and status.get("acceptedAt"):
            self.shown(REPLICATION_SYNC, body)
            return {"observedGeneration": generation} if status.get("observedGeneration") != generation else None
        try:
            request, before = parse_request(body), SyncStatus.parse(status)
            after = accept(request, before, self._clock.now())
        except SpecError as error:
            after = refuse(body, error, self._clock.now())
            return after.to_json()
        if after.finished_at is None and before.accepted_at is not None:
            self._take_up(request, body)
            return None if before.observed_generation == generation else {"observedGeneration": generation}
        return after.to_json() if after != before else None

    def shown(self, kind: Kind, body: Body, *, deleted: bool = False) -> None:
        """The API server shows an object so, or shows that it is gone."""
        match kind:
            case _ if kind == REPLICATION_SYNC:
                self._sync_shown(body, deleted=deleted)
            case _ if kind == REPLICATION_GROUP:
                self._group_shown(body, deleted=deleted)
            case _ if kind == VCENTER:
                self._endpoint_shown(self._registry.vcenters, VCenterEndpoint, kind, body, deleted=deleted)
            case _ if kind == FLASHARRAY:
                self._endpoint_shown(self._registry.arrays, ArrayEndpoint, kind, body, deleted=deleted)

    def release(self, uid: str) -> None:
        """A ReplicationSync is being deleted: stop following it. Nothing is undone, nothing is waited for (rule 12)."""
        runner = self._runners.pop(uid, None)
        if runner is not None:
            self._spawn(runner.stop(), f"stop {runner.stored.ref}")

    # ReplicationSync

    def _sync_shown(self, body: Body, *, deleted: bool) -> None:
        metadata = body["metadata"]
        runner = self._runners.get(metadata["uid"])
        if deleted or metadata.get("deletionTimestamp"):
            self.release(metadata["uid"])
            return
        if runner is None:
            status = body.get("status") or {}
            if status.get("acceptedAt") and not status.get("finishedAt"):
                with contextlib.suppress(SpecError):  # the handler tells it
                    self._take_up(parse_request(body), body)
            return
        if runner.stored.show(body):
            with contextlib.suppress(SpecError):  # the API server holds the spec to its schema
                runner.respecified(parse_request(body))

    def _take_up(self, request: Request, body: Body) -> None:
        if request.uid in self._runners:
            return
        ref = ObjectRef(REPLICATION_SYNC, request.namespace, request.name, request.uid)
        stored = StoredObject(ref, self._cluster, self._clock, self._pace)
        stored.show(body)
        stored.parsed()  # a ledger that cannot be read raises: it is never ignored
        runner = Runner(request, stored, self._around, self._ended)
        self._runners[request.uid] = runner
        runner.start()

    def _ended(self, runner: Runner) -> None:
        if self._runners.get(runner.request.uid) is runner:
            del self._runners[runner.request.uid]
        group = self._registry.groups.get((runner.request.namespace, runner.request.spec.group))
        if group is not None:
            group.poke()

    def _group_changed(self, namespace: str, name: str) -> None:
        for runner in self._runners.values():
            if (runner.request.namespace, runner.request.spec.group) == (namespace, name):
                runner.wake()

    async def _open_turns(self) -> None:
        """Turns are for everybody once all requests from before have found their places, or had time to."""
        looks = [runner.looked.wait() for runner in self._runners.values()]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*looks), self._pace.listing)
        self._around.turns.open()

    # What syncs stand on

    def _group_shown(self, body: Body, *, deleted: bool) -> None:
        metadata = body["metadata"]
        key = (metadata["namespace"], metadata["name"])
        known = self._registry.groups.get(key)
        if known is not None and (deleted or known.ref.uid != metadata["uid"]):
            del self._registry.groups[key]
            self._spawn(known.stop(), f"stop {known.ref}")
            self._registry.group_changed(*key)
            known = None
        if deleted:
            return
        if known is None:
            ref = ObjectRef(REPLICATION_GROUP, *key, metadata["uid"])
            known = GroupMonitor(ref, self._cluster, self._clock, self._pace, port=self._vcenter_port)
            self._registry.groups[key] = known
        known.shown(metadata["generation"], body.get("status") or {})
        if known.specify(body.get("spec"), self._registry.world()):
            self._registry.group_changed(*key)
        known.start()

    def _vcenter_port(self, name: str) -> Any:
        endpoint = self._registry.vcenters.get(name)
        return endpoint.port if endpoint else None

    def _endpoint_shown(
        self,
        known: dict[str, Any],
        make: Callable[[ObjectRef, Services], VCenterEndpoint | ArrayEndpoint],
        kind: Kind,
        body: Body,
        *,
        deleted: bool,
    ) -> None:
        metadata = body["metadata"]
        name = metadata["name"]
        endpoint = known.get(name)
        if endpoint is not None and (deleted or endpoint.ref.uid != metadata["uid"]):
            del known[name]
            self._spawn(endpoint.stop(), f"stop {endpoint.ref}")
            endpoint = None
        if not deleted:
            if endpoint is None:
                endpoint = known[name] = make(ObjectRef(kind, None, name, metadata["uid"]), self._services)
            endpoint.shown(metadata["generation"], body.get("status") or {})
            endpoint.specify(body.get("spec"))
            endpoint.start()
        self._registry.rebind()

    def _spawn(self, work: Any, name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
