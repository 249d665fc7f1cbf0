"""The engine as the rim sees it: objects are observed; everything else happens by itself.

An object's body comes in at `Engine.observe`, and nowhere else. What the parts find out comes to `Engine._notify`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from vvol_replication.api.names import KINDS, REPLICATION_GROUP, REPLICATION_SCHEDULE, REPLICATION_SYNC, Kind
from vvol_replication.api.selectors import LEFT_OUT, UNFINISHED
from vvol_replication.reconcile.core.tuning import Tuning

from .about import about
from .background import Background
from .discovery.producer import Discovery
from .events.recorder import EventRecorder
from .measures import Measures, RequestMeasures
from .monitors.registry import Registry
from .news import (
    AnswerLost,
    EndpointBack,
    EndpointChanged,
    GroupsChanged,
    MonitorEnded,
    News,
    RequestFinished,
    SchedulesChanged,
    StatusChanged,
    VCenterRead,
)
from .ports import Clock, Cluster, Connector, Meter, Pace
from .requests.calls import StorageCalls
from .requests.claims import Claims
from .requests.context import EngineContext
from .requests.in_flight import Requests
from .requests.kinds import REQUEST_KINDS
from .requests.queue import TurnQueue
from .schedules.schedules import Schedules
from .services import Services

_log = logging.getLogger(__name__)
Body = Mapping[str, Any]


class Engine:
    """Owns all monitors and requests. Methods are called on the event loop, and none waits for storage."""

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
        meter: Meter | None = None,
        require_allowed_addresses: bool = False,
        put_back: Callable[[], None] = lambda: None,
    ) -> None:
        """Wires everything; nothing happens before `start`.

        Parameters:
            cluster: the API server.
            connector: makes ports to vCenters and FlashArrays.
            clock: time and chance.
            pace: how often the engine looks by itself.
            tuning: how long decisions wait.
            leading: does this process hold the Lease? Asked before each mutating call.
            identity: which process this is among its replicas; empty where there is only one.
            meter: counts what has happened; None: nobody does.
            require_allowed_addresses: is a Secret sent only if it says where it may be sent to?
            put_back: called when the API server was put back to an earlier state: what it shows is passed over then.
        """
        self._services = Services(
            cluster, connector, clock, pace or Pace(), self._notify, leading, meter, require_allowed_addresses, put_back
        )
        self._background = Background()
        self._recorder = EventRecorder(cluster, clock)
        self.registry = Registry(self._services, self._background)
        self._queue = TurnQueue()
        context = EngineContext(
            services=self._services,
            registry=self.registry,
            queue=self._queue,
            claims=Claims(self._services),
            calls=StorageCalls(self.registry),
            tuning=tuning or Tuning(),
            identity=identity,
        )
        self.requests = Requests(context, self._recorder, self._background)
        self._discovery = Discovery(self.registry, self._services)
        self.schedules = Schedules(self._services, self._background)
        self._stopped = False
        self._observed: dict[Kind, datetime] = {}

    @property
    def in_flight(self) -> int:
        """How many requests are being worked on."""
        return len(self.requests)

    def measures(self) -> Measures:
        """What is known now, for those who show it in figures. It asks nobody."""
        vcenters, arrays = self.registry.vcenters.values(), self.registry.arrays.values()
        return Measures(
            groups=self.registry.measures(self.requests.valid),
            endpoints=(*(one.measures() for one in vcenters), *(one.measures() for one in arrays)),
            requests=tuple(RequestMeasures(one.ref.kind, *one.group, one.status) for one in self.requests.in_flight),
            schedules=tuple(one.measures() for one in self.schedules.monitors),
            observed=dict(self._observed),
        )

    async def start(self) -> None:
        """Take up what the API server remembers: endpoints and groups first, then the requests that are in flight.

        An API server that does not answer is asked again for as long as it takes: a restart would do no more.
        """
        failures = 0
        while not await self._taken_up():
            failures += 1
            await asyncio.sleep(self._services.until_next_list(failures))
        self.requests.start()
        self.schedules.start()
        self._background.spawn(self._open_queue(), "open-queue")

    async def _taken_up(self) -> bool:
        try:
            for kind in KINDS:
                async for body in self._services.cluster.list(kind, UNFINISHED if kind in LEFT_OUT else ""):
                    self.observe(kind, body)
        except ConnectionError as error:
            _log.warning("waiting for the API server: %s", error)
            return False
        return True

    async def _open_queue(self) -> None:
        """Turns are for everybody once all requests from before have found their places, or had time to."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._services.pace.listing):
                await self.requests.placed()
        self._queue.open()

    async def stop(self) -> None:
        """Stop everything where it is, and log out as far as that is quick. Ledgers tell where to go on."""
        self._stopped = True
        stops = [
            self._discovery.stop(),
            self.requests.stop(),
            self._recorder.stop(),
            *(monitor.stop() for monitor in (*self.registry.monitors, *self.schedules.monitors)),
        ]
        tasks = {asyncio.create_task(stop) for stop in stops} | self._background.cancel()
        _, late = await asyncio.wait(tasks, timeout=self._services.pace.stop)
        for task in late:
            task.cancel()

    def observe(self, kind: Kind, body: Body, *, deleted: bool = False) -> None:
        """The API server shows an object so, or shows that it is gone: the one way in for all that it shows."""
        if self._stopped:
            return
        self._observed[kind] = self._services.clock.now()
        with about(kind, body):
            self._observe(kind, body, deleted=deleted)

    def _observe(self, kind: Kind, body: Body, *, deleted: bool) -> None:
        if kind in REQUEST_KINDS:
            self.requests.observe(kind, body, deleted=deleted)
            if kind == REPLICATION_SYNC:
                self.schedules.run_observed(body, deleted=deleted)
        elif kind == REPLICATION_SCHEDULE:
            self.schedules.observe(body, deleted=deleted)
        elif self.registry.observe(kind, body, deleted=deleted) and kind == REPLICATION_GROUP:
            self.schedules.group_observed(body, deleted=deleted)

    def listed(self) -> None:
        """All that has not ended was listed, and everything is watched from there: look through what has ended."""
        self.requests.look_through_ended()
        self.schedules.listed()

    def _notify(self, news: News) -> None:
        """What the parts of the engine tell it, and who has to know."""
        match news:
            case StatusChanged() | AnswerLost():
                self._recorder.note(news)
            case EndpointChanged():
                self.registry.rebind()
            case EndpointBack(ref):
                self.registry.endpoint_back(ref)
                self.requests.endpoint_back(ref)
            case GroupsChanged(keys):
                self.requests.groups_changed(keys)
            case SchedulesChanged(key, longest):
                self.registry.schedules_changed(key, longest)
            case VCenterRead(name):
                endpoint = self.registry.vcenter_read(name)
                if endpoint is not None:
                    self._discovery.consider(endpoint)
            case MonitorEnded(ref):
                self.registry.drop(ref)
                self.requests.unwatch(ref)
                self.schedules.drop(ref)
            case RequestFinished(ref, run):
                self.requests.finished(ref.uid, run)
