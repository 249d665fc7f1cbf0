"""One schedule, its runs and the processes that lead in turn, in virtual time.

The real monitor, against an API server in memory that delays, loses and refuses, and whose past can be brought back.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar, cast

from component.engine.apiserver import merge_status
from component.engine.virtual import VirtualClock

from vvol_replication.api.names import API_VERSION, REPLICATION_SCHEDULE, REPLICATION_SYNC, Kind
from vvol_replication.api.objects import (
    ApplyResult,
    Conflict,
    CreateResult,
    Failed,
    Gone,
    ObjectRef,
    WriteResult,
    Written,
)
from vvol_replication.api.times import format_time
from vvol_replication.cluster.patches import merge_patch
from vvol_replication.engine.background import Background
from vvol_replication.engine.news import News
from vvol_replication.engine.ports import Connector, Pace
from vvol_replication.engine.schedules.schedules import Schedules
from vvol_replication.engine.services import Services

Body = dict[str, Any]
T = TypeVar("T")
NAMESPACE, NAME, UID = "prod", "nightly", "5b8f1c0a-schedule"


@dataclass
class Created:
    """A run's object that was made. `at`: by the true clock."""

    at: datetime
    name: str
    request_id: str
    text: str | None


@dataclass
class Record:
    """What happened, for the judge."""

    created: list[Created] = field(default_factory=list)
    deleted_in_flight: list[str] = field(default_factory=list)
    statuses: list[tuple[datetime, Body]] = field(default_factory=list)
    """Each status that was stored by the operator."""
    writes: int = 0


class SkewedClock(VirtualClock):
    """A process's clock: off by `skew`, which may change."""

    def __init__(self, skew: timedelta) -> None:
        super().__init__()
        self.skew = skew

    def now(self) -> datetime:
        return super().now() + self.skew


class Api:
    """The API server. Its own clock is the true one."""

    def __init__(self, chance: Random, made: Callable[[str], None]) -> None:
        """`made` is called with the name of each run that is made."""
        self.clock, self.chance, self._made = VirtualClock(), chance, made
        self.objects: dict[tuple[str, str], Body] = {}
        self.processes: list[Process] = []
        self.record = Record()
        self.down = False
        self.losing = 0.0
        """How probable it is that an answer is lost after the effect."""
        self._version = 10
        self._under_way: set[asyncio.Task[Any]] = set()

    # What people and the rest of the operator do

    def apply(self, kind: Kind, name: str, spec: Mapping[str, Any], **metadata: Any) -> Body:
        known = copy.deepcopy(self.objects.get((kind.plural, name)))
        body = known or {
            "apiVersion": API_VERSION,
            "kind": kind.kind,
            "metadata": {
                "name": name,
                "namespace": NAMESPACE,
                "uid": UID if kind == REPLICATION_SCHEDULE else f"uid-{self._version}",
                "generation": 0,
                "creationTimestamp": format_time(self.clock.now().replace(microsecond=0)),
                **metadata,
            },
            "status": {"observedGeneration": -1},
        }
        body["spec"] = dict(spec)
        body["metadata"]["generation"] += 1
        return self.save(body)

    def save(self, body: Body) -> Body:
        self._version += 1
        body["metadata"]["resourceVersion"] = str(self._version)
        self.objects[_plural(body), body["metadata"]["name"]] = body
        self._tell(body)
        return body

    def remove(self, kind: Kind, name: str) -> None:
        body = self.objects.pop((kind.plural, name))
        self._version += 1
        self._tell(body, deleted=True)

    def end_run(self, name: str, phase: str) -> None:
        """The rest of the operator brings a run to its end."""
        body = copy.deepcopy(self.objects.get((REPLICATION_SYNC.plural, name)))
        if body is None or body["status"].get("finishedAt"):
            return
        now, good = format_time(self.clock.now()), phase == "Succeeded"
        shown = {"Ready": str(good), "Finished": "True"}
        body["status"] = {
            "observedGeneration": 1,
            "phase": phase,
            "finishedAt": now,
            "conditions": [
                {"type": kind, "status": said, "reason": "PointInTimeCreated" if good else "TimedOut",
                 "message": "", "observedGeneration": 1, "lastTransitionTime": now}
                for kind, said in shown.items()
            ],
        }  # fmt: skip
        self.save(body)

    @property
    def schedule(self) -> Body:
        return self.objects[REPLICATION_SCHEDULE.plural, NAME]

    @property
    def runs(self) -> list[Body]:
        return [body for (plural, _), body in self.objects.items() if plural == REPLICATION_SYNC.plural]

    def edit(self, **spec: Any) -> None:
        said = {**self.schedule["spec"], **spec}
        self.apply(REPLICATION_SCHEDULE, NAME, {key: value for key, value in said.items() if value is not None})

    def touch(self) -> None:
        """Somebody changes a label."""
        body = copy.deepcopy(self.schedule)
        body["metadata"].setdefault("labels", {})["touched"] = str(self._version)
        self.save(body)

    def wipe(self) -> None:
        body = copy.deepcopy(self.schedule)
        body["status"] = {"observedGeneration": -1}
        self.save(body)

    # The port

    async def _answer(self) -> Failed | None:
        await asyncio.sleep(self.chance.uniform(0.001, 0.05))
        return Failed("the API server did not answer in time") if self.down else None

    async def _sent(self, call: Coroutine[Any, Any, T]) -> T:
        """A request that whoever sent it may not live to see answered."""
        task = asyncio.create_task(call)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if self.chance.random() < 0.5:
                task.cancel()
            raise

    def _lost(self) -> bool:
        return self.chance.random() < self.losing

    async def write_status(
        self, ref: ObjectRef, before: Mapping[str, Any], after: Mapping[str, Any], resource_version: str | None
    ) -> WriteResult:
        return await self._sent(self._write_status(ref, before, after, resource_version))

    async def _write_status(
        self, ref: ObjectRef, before: Mapping[str, Any], after: Mapping[str, Any], resource_version: str | None
    ) -> WriteResult:
        if failed := await self._answer():
            return failed
        self.record.writes += 1
        body = copy.deepcopy(self.objects.get((ref.kind.plural, ref.name)))
        if body is None:
            return Gone()
        if resource_version not in (None, body["metadata"]["resourceVersion"]):
            return Conflict()
        merge_status(body["status"], merge_patch(before, after))
        self.save(body)
        self.record.statuses.append((self.clock.now(), copy.deepcopy(body["status"])))
        return Failed("the answer was lost") if self._lost() else Written(body["metadata"]["resourceVersion"])

    async def create(self, kind: Kind, manifest: Mapping[str, Any]) -> CreateResult:
        return await self._sent(self._create(kind, manifest))

    async def _create(self, kind: Kind, manifest: Mapping[str, Any]) -> CreateResult:
        if failed := await self._answer():
            return failed
        metadata = dict(manifest["metadata"])
        name = metadata.pop("name")
        self.record.writes += 1
        if (kind.plural, name) in self.objects:
            return Conflict()
        metadata.pop("namespace")
        body = self.apply(kind, name, manifest["spec"], **metadata)
        text = (metadata.get("annotations") or {}).get("replication.vvol.dev/run-now")
        self._made(name)
        self.record.created.append(Created(self.clock.now(), name, manifest["spec"]["requestID"], text))
        return Failed("the answer was lost") if self._lost() else Written(body["metadata"]["resourceVersion"])

    async def delete(self, ref: ObjectRef, resource_version: str) -> Gone | Conflict | Failed:
        return await self._sent(self._delete(ref, resource_version))

    async def _delete(self, ref: ObjectRef, resource_version: str) -> Gone | Conflict | Failed:
        if failed := await self._answer():
            return failed
        self.record.writes += 1
        body = self.objects.get((ref.kind.plural, ref.name))
        if body is None:
            return Gone()
        if body["metadata"]["resourceVersion"] != resource_version:
            return Conflict()
        if not body["status"].get("finishedAt"):
            self.record.deleted_in_flight.append(ref.name)
        self.remove(ref.kind, ref.name)
        return Failed("the answer was lost") if self._lost() else Gone()

    async def read(self, ref: ObjectRef) -> Mapping[str, Any] | Gone | Failed:
        if failed := await self._answer():
            return failed
        return copy.deepcopy(self.objects.get((ref.kind.plural, ref.name))) or Gone()

    async def list_in(
        self, kind: Kind, namespace: str, *, labels: Mapping[str, str] | None = None, fields: str = ""
    ) -> Sequence[Mapping[str, Any]] | Failed:
        if failed := await self._answer():
            return failed
        assert (namespace, list(labels or {}), fields) == (NAMESPACE, ["replication.vvol.dev/schedule-uid"], "")
        return [copy.deepcopy(body) for (plural, _), body in self.objects.items() if plural == kind.plural]

    async def list(self, kind: Kind) -> AsyncIterator[Mapping[str, Any]]:
        for (plural, _), body in list(self.objects.items()):
            if plural == kind.plural:
                yield copy.deepcopy(body)

    def watches(self, namespace: str) -> bool:
        raise AssertionError(f"a schedule asks for no namespace {namespace}")

    async def server_side_apply(self, kind: Kind, manifest: Mapping[str, Any]) -> ApplyResult:
        raise AssertionError(f"a schedule applies no {kind.kind} {manifest}")

    async def secret(self, name: str) -> Mapping[str, str] | Gone | Failed:
        raise AssertionError(f"a schedule reads no Secret {name}")

    async def event(self, ref: ObjectRef, **said: Any) -> None:
        raise AssertionError(f"events are sent by the recorder, not for {ref} {said}")

    # The watch

    def _tell(self, body: Body, *, deleted: bool = False) -> None:
        shown, loop = copy.deepcopy(body), asyncio.get_running_loop()
        for process in self.processes:
            loop.call_later(process.lag + self._version * 1e-9, process.observe, shown, deleted)


class Process:
    """An operator. `skew`: how far its clock is ahead. `lag`: how late its watch is."""

    def __init__(self, api: Api, *, skew: timedelta = timedelta(), lag: float = 0.01) -> None:
        self.api, self.lag, self.leads = api, lag, True
        self.clock = SkewedClock(skew)
        services = Services(
            cast("Any", api), cast("Connector", None), self.clock, Pace(), self._news, lambda: self.leads
        )
        self._background = Background()
        self.schedules = Schedules(services, self._background)

    async def start(self) -> None:
        self.api.processes.append(self)
        for kind in (REPLICATION_SYNC, REPLICATION_SCHEDULE):
            async for body in self.api.list(kind):
                self.observe(dict(body), deleted=False)
        self.schedules.start()

    def observe(self, body: Body, deleted: bool) -> None:  # noqa: FBT001 - call_later's
        if not self.leads:
            return
        if body["kind"] == REPLICATION_SCHEDULE.kind:
            self.schedules.observe(body, deleted=deleted)
        else:
            self.schedules.run_observed(body, deleted=deleted)

    def _news(self, news: News) -> None:
        """Events and the log have tests of their own."""

    async def kill(self) -> None:
        """Nothing of it goes on; a request that is on its way may still have its effect, or not."""
        self.leads = False
        self.api.processes.remove(self)
        for monitor in self.schedules.monitors:
            await monitor.stop()


def _plural(body: Body) -> str:
    return REPLICATION_SCHEDULE.plural if body["kind"] == REPLICATION_SCHEDULE.kind else REPLICATION_SYNC.plural
