"""The engine as the rim sees it: objects are accepted, shown, and let go; everything else happens by itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from vvol_replication.api.errors import SpecError
from vvol_replication.api.names import FAILOVER_PREPARATION, FLASHARRAY, KINDS, REPLICATION_GROUP, VCENTER, Kind
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.status import in_flight
from vvol_replication.engine.discovery.producer import Discovery
from vvol_replication.engine.events.recorder import EventRecorder
from vvol_replication.engine.monitors.base import Monitor
from vvol_replication.engine.monitors.endpoint import Services
from vvol_replication.engine.monitors.flasharray import ArrayEndpoint
from vvol_replication.engine.monitors.group import GroupMonitor
from vvol_replication.engine.monitors.memory.armed import GroupKey
from vvol_replication.engine.monitors.registry import Registry
from vvol_replication.engine.monitors.vcenter import VCenterEndpoint
from vvol_replication.engine.requests.calls import StorageCalls
from vvol_replication.engine.requests.claims import Claims
from vvol_replication.engine.requests.context import EngineContext
from vvol_replication.engine.requests.kinds import REQUEST_KINDS
from vvol_replication.engine.requests.queue import TurnQueue
from vvol_replication.engine.requests.reconciler import AnyReconciler
from vvol_replication.engine.requests.stored import StoredRequest
from vvol_replication.engine.requests.ttl import TTLAfterFinished
from vvol_replication.engine.requests.validity import ValidityWatches
from vvol_replication.engine.status.versions import older
from vvol_replication.reconcile.core.acceptance import parse_preparation
from vvol_replication.reconcile.core.request import OneShot
from vvol_replication.reconcile.core.tuning import Tuning
from vvol_replication.reconcile.preparation.already_done import evidence_of

from .ports import Clock, Cluster, Connector, Pace
from .waiting import growing

_log = logging.getLogger(__name__)
Body = Mapping[str, Any]

_REMEMBERED_ENDS = 10_000


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
        identity: str = "",
    ) -> None:
        self._cluster, self._clock, self._pace = cluster, clock, pace or Pace()
        self._registry = Registry()
        self._registry.listeners.append(self._groups_changed)
        self._services = Services(cluster, connector, clock, self._pace, self._registry.rebind, self._vanished)
        self._around = EngineContext(
            registry=self._registry,
            turns=TurnQueue(),
            access=StorageCalls(self._registry, clock),
            clock=clock,
            pace=self._pace,
            tuning=tuning or Tuning(),
            claims=Claims(),
            leading=leading,
            identity=identity,
        )
        self._discovery = Discovery(self._registry, cluster, clock, self._pace, leading)
        self._story = EventRecorder(cluster, clock)
        self._expiry = TTLAfterFinished(cluster, clock, self._pace, leading)
        self._validity = ValidityWatches(cluster, self._around)
        self._runners: dict[str, AnyReconciler] = {}
        self._ends: dict[str, str | None] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._stopped = False

    @property
    def in_flight(self) -> int:
        """How many requests are being worked on."""
        return len(self._runners)

    async def start(self) -> None:
        """Take up what the API server remembers: endpoints and groups first, then the requests that are in flight.

        An API server that does not answer is asked again for as long as it takes: a restart would do no more.
        """
        failures = 0
        while not await self._taken_up():
            failures += 1
            first, most = self._pace.listing_retry_first, self._pace.listing_retry_most
            await asyncio.sleep(growing(first, most, failures, self._clock.jitter()))
        self._expiry.start()
        self._spawn(self._open_turns(), "open-turns")

    async def _taken_up(self) -> bool:
        try:
            for kind in KINDS:
                async for body in self._cluster.list(kind):
                    self.shown(kind, body)
        except ConnectionError as error:
            _log.warning("waiting for the API server: %s", error)
            return False
        return True

    async def stop(self) -> None:
        """Stop everything where it is, and log out as far as that is quick. Ledgers tell where to go on."""
        self._stopped = True
        registry = self._registry
        monitors: list[Monitor] = [*registry.groups.values(), *registry.vcenters.values(), *registry.arrays.values()]
        stops = [
            self._discovery.stop(),
            self._expiry.stop(),
            self._validity.stop(),
            self._story.stop(),
            *(runner.stop() for runner in list(self._runners.values())),
            *(one.stop() for one in monitors),
        ]
        tasks = {asyncio.create_task(stop) for stop in stops} | set(self._background)
        for task in self._background:
            task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self._pace.stop)
            for task in late:
                task.cancel()

    def accept(self, kind: Kind, body: Body) -> Mapping[str, Any] | None:
        """What to write to a request that is new, or was edited. None: nothing."""
        desk, generation, status = REQUEST_KINDS[kind], body["metadata"]["generation"], body.get("status") or {}
        runner = self._runners.get(body["metadata"]["uid"])
        if runner is not None:
            self.shown(kind, body)
            if older(body["metadata"].get("resourceVersion"), runner.stored.version):
                return None  # what it says is long answered
            if not status.get("acceptedAt"):
                # Its status was wiped while it is in flight: what it has come to is known here.
                return {**runner.status.to_json(), "observedGeneration": generation}
            return {"observedGeneration": generation} if status.get("observedGeneration") != generation else None
        try:
            request, before = desk.parse(body), desk.status(status)
        except SpecError as error:
            refused: Mapping[str, Any] = desk.refuse(body, error, self._clock.now()).to_json()
            return refused
        after = desk.accept(request, before, self._clock.now())
        if after.finished_at is None and before.accepted_at is not None:
            self._take_up(kind, request, body)
            return None if before.observed_generation == generation else {"observedGeneration": generation}
        return after.to_json() if after != before else None

    def shown(self, kind: Kind, body: Body, *, deleted: bool = False) -> None:
        """The API server shows an object so, or shows that it is gone."""
        if self._stopped:
            return
        if kind in REQUEST_KINDS:
            self._request_shown(kind, body, deleted=deleted)
        elif kind == REPLICATION_GROUP:
            self._group_shown(body, deleted=deleted)
        elif kind == VCENTER:
            self._endpoint_shown(self._registry.vcenters, self._vcenter, kind, body, deleted=deleted)
        elif kind == FLASHARRAY:
            self._endpoint_shown(self._registry.arrays, ArrayEndpoint, kind, body, deleted=deleted)

    def release(self, uid: str) -> None:
        """A request is being deleted: stop following it. Nothing is undone, nothing is waited for (invariant 12)."""
        runner = self._runners.pop(uid, None)
        if runner is not None:
            self._spawn(runner.stop(), f"stop {runner.stored.ref}")

    # Requests

    def _request_shown(self, kind: Kind, body: Body, *, deleted: bool) -> None:
        metadata = body["metadata"]
        runner = self._runners.get(metadata["uid"])
        if deleted or metadata.get("deletionTimestamp"):
            self._ends.pop(metadata["uid"], None)
            self._expiry.gone(metadata["uid"])
            self._validity.gone(metadata["uid"])
            self._registry.prepared.tell(metadata["uid"], ("", ""), None)
            self.release(metadata["uid"])
            if deleted:
                self._around.claims.forget(metadata["uid"])
            return
        ref = _request_ref(kind, metadata)
        self._expiry.shown(ref, body)
        self._note_claim(kind, body)
        if kind == FAILOVER_PREPARATION:
            self._validity.shown(ref, body)
            self._note_preparation(body)
        if runner is not None:
            runner.shown(body)
        else:
            status = body.get("status") or {}
            self._story.found(ref, status)
            if in_flight(status):
                with contextlib.suppress(SpecError):  # the handler tells it
                    self._take_up(kind, REQUEST_KINDS[kind].parse(body), body)

    def _note_claim(self, kind: Kind, body: Body) -> None:
        """What the object makes of a request id that somebody has chosen. A runner's own ledger may be ahead of it."""
        uid, spec, desk = body["metadata"]["uid"], body.get("spec"), REQUEST_KINDS[kind]
        if uid in self._runners or not isinstance(spec, Mapping) or not spec.get("requestID"):
            return
        with contextlib.suppress(SpecError):  # the handler tells it
            request = desk.parse(body)
            claim = desk.claim(request, desk.status(body.get("status")))
            self._around.claims.note((kind.kind, request.namespace, request.request_id), claim)

    def _note_preparation(self, body: Body) -> None:
        """What one that has ended tells of its group, should that have no memory of its own."""
        with contextlib.suppress(SpecError):  # the handler tells it
            request = parse_preparation(body)
            key = request.namespace, request.spec.group
            record = evidence_of(request, PreparationStatus.parse(body.get("status")))
            self._registry.prepared.tell(request.uid, key, record)
            group = self._registry.groups.get(key)
            if group is not None:
                group.recollect()

    def _take_up(self, kind: Kind, request: OneShot[Any], body: Body) -> None:
        if self._stopped or self._has_ended(request.uid, body["metadata"].get("resourceVersion")):
            return
        desk, ref = REQUEST_KINDS[kind], _request_ref(kind, body["metadata"])
        stored: StoredRequest[Any] = StoredRequest(
            ref, self._cluster, self._clock, self._pace, desk.status, changed=self._story.changed
        )
        stored.show(body)
        runner = desk.run(request, stored, self._around, self._over)  # raises for a ledger that cannot be read
        self._runners[request.uid] = runner
        runner.start()

    def _has_ended(self, uid: str, version: str | None) -> bool:
        """Is this what the object was like before its end, which we wrote? The watch may lag behind our writes."""
        if uid not in self._ends:
            return False
        if older(version, self._ends[uid]):
            return True
        del self._ends[uid]
        return False

    def _over(self, runner: AnyReconciler) -> None:
        uid = runner.request.uid
        if self._runners.get(uid) is runner:
            del self._runners[uid]
        if runner.stored.finished:
            self._ends[uid] = runner.stored.version
            if len(self._ends) > _REMEMBERED_ENDS:
                del self._ends[next(iter(self._ends))]
            if runner.request.spec.request_id is not None:
                desk, kind = REQUEST_KINDS[runner.stored.ref.kind], runner.stored.ref.kind.kind
                claim = desk.claim(runner.request, runner.stored.parsed())
                self._around.claims.note((kind, runner.request.namespace, runner.request.request_id), claim)
        group = self._registry.groups.get(runner.group)
        if group is not None:
            runner.over_for(group, stopped=self._stopped)

    def _groups_changed(self, keys: frozenset[GroupKey]) -> None:
        """All who wait for these groups take their places in order of acceptance, whoever's task runs first."""
        waiting = [runner for runner in self._runners.values() if runner.group in keys]
        for runner in sorted(waiting, key=lambda one: one.order):
            runner.group_changed()

    async def _open_turns(self) -> None:
        """Turns are for everybody once all requests from before have found their places, or had time to."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pace.listing):
                for runner in list(self._runners.values()):
                    await runner.looked.wait()
        self._around.turns.open()

    # What syncs stand on

    def _group_shown(self, body: Body, *, deleted: bool) -> None:
        metadata = body["metadata"]
        key = (metadata["namespace"], metadata["name"])
        known = self._registry.groups.get(key)
        if known is not None and known.ref.uid != metadata["uid"]:
            if deleted:
                return  # an earlier one of that name
            self._drop_group(key)
            known = None
        if deleted:
            self._drop_group(key)
            return
        if known is None:
            ref = ObjectRef(REPLICATION_GROUP, *key, metadata["uid"])
            known = GroupMonitor(
                ref,
                self._cluster,
                self._clock,
                self._pace,
                port=self._vcenter_port,
                gone=self._vanished,
                armed=self._registry.armed,
                prepared=self._registry.prepared,
                freed=lambda: self._registry.groups_changed(*self._registry.groups),
            )
            self._registry.groups[key] = known
        if known.shown(body) and known.specify(body.get("spec"), self._registry.world()):
            self._registry.groups_changed(key)
        known.start()

    def _drop_group(self, key: GroupKey) -> None:
        monitor = self._registry.groups.pop(key, None)
        if monitor is not None:
            self._spawn(monitor.stop(), f"stop {monitor.ref}")
            self._registry.armed.drop(key)
            self._registry.prepared.drop(key)
            self._registry.groups_changed(key)

    def _vcenter_port(self, name: str) -> Any:
        endpoint = self._registry.vcenters.get(name)
        return endpoint.port if endpoint else None

    def _vcenter(self, ref: ObjectRef, services: Services) -> VCenterEndpoint:
        made = VCenterEndpoint(ref, services)
        made.on_reading = lambda: self._vcenter_read(made)
        return made

    def _vcenter_read(self, endpoint: VCenterEndpoint) -> None:
        world = self._registry.world()
        for group in self._registry.groups.values():
            group.site_read(endpoint.ref.name, world)
        self._discovery.look(endpoint)

    def _endpoint_shown(
        self,
        known: dict[str, Any],
        make: Callable[[ObjectRef, Services], VCenterEndpoint | ArrayEndpoint],
        kind: Kind,
        body: Body,
        *,
        deleted: bool,
    ) -> None:
        name, uid = body["metadata"]["name"], body["metadata"]["uid"]
        endpoint = known.get(name)
        if endpoint is not None and endpoint.ref.uid != uid:
            if deleted:
                return  # an earlier one of that name
            self._drop_endpoint(known, name)
            endpoint = None
        if deleted:
            self._drop_endpoint(known, name)
            return
        if endpoint is None:
            endpoint = known[name] = make(ObjectRef(kind, None, name, uid), self._services)
            self._registry.rebind()
        if endpoint.shown(body):
            endpoint.specify(body.get("spec"))
        endpoint.start()

    def _drop_endpoint(self, known: dict[str, Any], name: str) -> None:
        endpoint = known.pop(name, None)
        if endpoint is not None:
            self._spawn(endpoint.stop(), f"stop {endpoint.ref}")
            self._registry.rebind()

    def _vanished(self, monitor: Monitor) -> None:
        """A write found the object gone: its deletion came while the watch was down, and is not told any more."""
        registry = self._registry
        for key in [key for key, one in registry.groups.items() if one is monitor]:
            self._drop_group(key)
        endpoints: tuple[dict[str, Any], ...] = (registry.vcenters, registry.arrays)
        for known in endpoints:
            for name in [name for name, one in known.items() if one is monitor]:
                self._drop_endpoint(known, name)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _request_ref(kind: Kind, metadata: Mapping[str, Any]) -> ObjectRef:
    return ObjectRef(kind, metadata["namespace"], metadata["name"], metadata["uid"])
