"""An API server in memory, and kopf's part: it lists, watches, and shows each object to the engine."""

from __future__ import annotations

import asyncio
import copy
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from component.engine.selecting import selects
from component.engine.virtual import VirtualClock

from vvol_replication.api.names import API_VERSION, KINDS, ONE_SHOT_KINDS, REPLICATION_SYNC, Kind
from vvol_replication.api.objects import (
    ApplyResult,
    Conflict,
    CreateResult,
    Denial,
    Denied,
    Failed,
    Gone,
    ObjectRef,
    WriteResult,
    Written,
)
from vvol_replication.api.selectors import LEFT_OUT, UNFINISHED
from vvol_replication.api.times import format_time
from vvol_replication.cluster.api import LAST
from vvol_replication.cluster.patches import merge_patch
from vvol_replication.engine.engine import Engine

Key = tuple[str, str | None, str]
Body = dict[str, Any]

SAVED: Callable[[Body], None] | None = None
"""Called with each object that is stored, but for statuses that a test wrote; set by the suite that judges them."""


class ApiServerInMemory:
    """Implements the engine's `Cluster`. Every change is an event, delivered `lag` seconds later, in order."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock, self.lag = clock, 0.01
        self.engine: Engine | None = None
        self.objects: dict[Key, Body] = {}
        self.secrets: dict[str, dict[str, str]] = {}
        self.events: list[tuple[str, str, str]] = []
        self.told_once: set[tuple[str, str]] = set()
        self.told: list[str] = []
        """The messages of the events."""
        self.secret_reads: list[tuple[datetime, str]] = []
        self.writes: list[tuple[str, WriteResult]] = []
        self.history: dict[Key, list[Body]] = {}
        self.answers: Sequence[WriteResult | str] = []
        """What the next status writes come to: a result instead of the effect, or `lost`, `hang`, or `ok`."""
        self.reads: list[Failed] = []
        self.lists: list[str] = []
        self.deletions: list[str] = []
        """Names in the engine's own calls to delete."""
        self.silent: Failed | None = None
        self.during: Callable[[ObjectRef], Any] | None = None
        """Called once, before the next status write has its effect."""
        self.prune: Callable[[Body], None] = lambda _body: None
        """Drops from each object what the CRDs do not know."""
        self.watched: tuple[str, ...] = ()
        self.denials: list[Denied | Failed] = []
        """What the next server-side applies come to, instead of their effect."""
        self.applied: list[str] = []
        self.listed_in = 0
        self.looked_up: list[str] = []
        """The field selectors of lists in one namespace."""
        self.listed: Counter[str] = Counter()
        """How often each object came in a list of its whole kind, by its name."""
        self.creations: list[str] = []
        """Names in the engine's own calls to create."""
        self.refusals: list[Denied | Failed | str] = []
        """What the next creations come to: instead of their effect, or `lost`: it takes place, and no answer comes."""
        self.ours: dict[str, Body] = {}
        """The specs that were applied by the operator, by object name."""
        self._version = 100
        self._spoiled: set[str] = set()
        self._deliveries: set[asyncio.Task[None]] = set()

    # What people do

    def apply(
        self,
        kind: Kind,
        name: str,
        spec: Mapping[str, Any],
        namespace: str | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Body:
        """`metadata`: what else the API server shows there, as `managedFields`."""
        key = (kind.plural, namespace, name)
        known = self.objects.get(key)
        if known is None:
            self._version += 1
            made = {
                "name": name,
                "uid": f"uid-{name}-{self._version}",
                "generation": 1,
                "creationTimestamp": format_time(self.clock.now().replace(microsecond=0)),
                **({"namespace": namespace} if namespace else {}),
            }
            body: Body = {"metadata": made, "status": {"observedGeneration": -1}}
        else:
            body = copy.deepcopy(known)
            body["metadata"]["generation"] += 1
        if labels is not None:
            body["metadata"]["labels"] = dict(labels)
        body["metadata"] |= metadata or {}
        body |= {"apiVersion": API_VERSION, "kind": kind.kind, "spec": copy.deepcopy(dict(spec))}
        self._save(key, body)
        return body

    def edit(self, name: str, **spec: Any) -> None:
        """Change fields of a ReplicationSync's spec."""
        body = self.sync(name)
        self.apply(REPLICATION_SYNC, name, {**body["spec"], **spec}, "prod")

    def set_status(self, name: str, change: Callable[[Body], Any]) -> None:
        """Somebody writes a ReplicationSync's status."""
        body = copy.deepcopy(self.sync(name))
        change(body["status"])
        body["status"].setdefault("observedGeneration", -1)
        self._save((REPLICATION_SYNC.plural, "prod", name), body, by_hand=True)

    def replace(self, key: Key, body: Body) -> None:
        """Somebody else stores the object so: another process, or who restores it."""
        self._save(key, body)

    def remove(self, kind: Kind, name: str, namespace: str | None = None, *, tell: bool = True) -> None:
        key = (kind.plural, namespace, name)
        body = copy.deepcopy(self.objects[key])
        if body["metadata"].get("finalizers"):
            body["metadata"]["deletionTimestamp"] = format_time(self.clock.now())
            self._save(key, body)
            return
        del self.objects[key]
        if tell:
            self._version += 1
            body["metadata"]["resourceVersion"] = str(self._version)
            self._deliver(key, body, deleted=True)

    def backup(self) -> tuple[dict[Key, Body], int]:
        return copy.deepcopy(self.objects), self._version

    def restore(self, backup: tuple[dict[Key, Body], int]) -> None:
        """Etcd is put back to that: versions come a second time, and the watch says nothing."""
        self.objects, self._version = copy.deepcopy(backup[0]), backup[1]

    def sync(self, name: str) -> Body:
        return self.objects[REPLICATION_SYNC.plural, "prod", name]

    def condition(self, kind: Kind, name: str, type_: str = "Ready", namespace: str | None = None) -> Any:
        status = self.objects[kind.plural, namespace, name]["status"]
        found = [one for one in status.get("conditions", ()) if one["type"] == type_]
        return (found[0]["status"], found[0]["reason"]) if found else None

    def sync_condition(self, name: str, type_: str = "Ready") -> Any:
        return self.condition(REPLICATION_SYNC, name, type_, "prod")

    # The port

    async def write_status(
        self, ref: ObjectRef, before: Mapping[str, Any], after: Mapping[str, Any], resource_version: str | None
    ) -> WriteResult:
        await asyncio.sleep(0.005)
        if self.during is not None and ref.kind == REPLICATION_SYNC:
            during, self.during = self.during, None
            during(ref)
        answer: WriteResult | str = "ok"
        if self.silent is not None:
            answer = self.silent
        elif self.answers and ref.kind == REPLICATION_SYNC:
            answer, *self.answers = self.answers
        if answer == "hang":
            await asyncio.sleep(30)
            answer = Failed("the API server did not answer a PATCH in time")
        result = answer if not isinstance(answer, str) else self._write(ref, before, after, resource_version)
        self.writes.append((ref.name, result))
        return Failed("the answer was lost") if answer == "lost" else result

    def _write(
        self, ref: ObjectRef, before: Mapping[str, Any], after: Mapping[str, Any], version: str | None
    ) -> WriteResult:
        key = (ref.kind.plural, ref.namespace, ref.name)
        body = copy.deepcopy(self.objects.get(key))
        if body is None:
            return Gone()
        if body["metadata"]["uid"] != ref.uid or version not in (None, body["metadata"]["resourceVersion"]):
            return Conflict()
        patch = merge_patch(before, after)
        merge_status(body["status"], patch)
        return Written(self._save(key, body, said="conditions" in patch))

    async def write_finalizers(
        self, ref: ObjectRef, finalizers: Sequence[str], resource_version: str | None
    ) -> WriteResult:
        await asyncio.sleep(0.005)
        if self.silent is not None:
            return self.silent
        key = (ref.kind.plural, ref.namespace, ref.name)
        body = self.objects.get(key)
        if body is None or body["metadata"]["uid"] != ref.uid:
            return Gone()
        if resource_version not in (None, body["metadata"]["resourceVersion"]):
            return Conflict()
        self._patch(key, body, lambda now: now["metadata"].update(finalizers=list(finalizers)))
        left = self.objects.get(key)
        return Written(left["metadata"]["resourceVersion"] if left is not None else str(self._version))

    async def delete(self, ref: ObjectRef, resource_version: str) -> Gone | Conflict | Failed:
        await asyncio.sleep(0.005)
        self.deletions.append(ref.name)
        if self.silent is not None:
            return self.silent
        body = self.objects.get((ref.kind.plural, ref.namespace, ref.name))
        if body is None:
            return Gone()
        if body["metadata"]["uid"] != ref.uid or body["metadata"]["resourceVersion"] != resource_version:
            return Conflict()
        self.remove(ref.kind, ref.name, ref.namespace)
        return Gone()

    async def read(self, ref: ObjectRef) -> Mapping[str, Any] | Gone | Failed:
        await asyncio.sleep(0.005)
        if self.silent or self.reads:
            return self.silent or self.reads.pop(0)
        body = self.objects.get((ref.kind.plural, ref.namespace, ref.name))
        return Gone() if body is None or body["metadata"]["uid"] != ref.uid else copy.deepcopy(body)

    async def list(self, kind: Kind, fields: str = "") -> AsyncIterator[Mapping[str, Any]]:
        await asyncio.sleep(0.005)
        if self.lists:
            raise ConnectionError(self.lists.pop(0))
        for key, body in sorted(self.objects.items(), key=lambda one: str(one[0])):
            if key[0] == kind.plural and selects(fields, body):
                self.listed[body["metadata"]["name"]] += 1
                yield copy.deepcopy(body)

    def watches(self, namespace: str) -> bool:
        return not self.watched or namespace in self.watched

    async def list_in(
        self, kind: Kind, namespace: str, *, labels: Mapping[str, str] | None = None, fields: str = ""
    ) -> Sequence[Mapping[str, Any]] | Failed:
        await asyncio.sleep(0.005)
        if fields:
            self.looked_up.append(fields)
        else:
            self.listed_in += 1
        found = (body for key, body in sorted(self.objects.items(), key=str) if key[:2] == (kind.plural, namespace))
        wanted = (labels or {}).items()
        labelled = (body for body in found if wanted <= (body["metadata"].get("labels") or {}).items())
        chosen = (body for body in labelled if selects(fields, body))
        return self.silent or [copy.deepcopy(body) for body in chosen]

    async def create(self, kind: Kind, manifest: Mapping[str, Any]) -> CreateResult:
        await asyncio.sleep(0.005)
        metadata = manifest["metadata"]
        self.creations.append(metadata["name"])
        answer = self.refusals.pop(0) if self.refusals else "ok"
        if self.silent is not None:
            return self.silent
        if not isinstance(answer, str):
            return answer
        if (kind.plural, metadata["namespace"], metadata["name"]) in self.objects:
            return Conflict()
        body = self.apply(
            kind, metadata["name"], manifest["spec"], metadata["namespace"], metadata=_beside_its_name(metadata)
        )
        return Failed("the answer was lost") if answer == "lost" else Written(body["metadata"]["resourceVersion"])

    async def server_side_apply(self, kind: Kind, manifest: Mapping[str, Any]) -> ApplyResult:
        """Fields are kept as their last writer left them; one that somebody else set to another value is a conflict."""
        await asyncio.sleep(0.005)
        metadata = manifest["metadata"]
        self.applied.append(metadata["name"])
        if self.silent or self.denials:
            return self.silent or self.denials.pop(0)
        known = self.objects.get((kind.plural, metadata["namespace"], metadata["name"]))
        if metadata.get("uid") != (known["metadata"]["uid"] if known else None):
            return Denied(Denial.OTHERS_FIELD, "that is another object")
        if known and known["spec"] != self.ours.get(metadata["name"]):
            return Denied(Denial.OTHERS_FIELD, "conflict with somebody")
        self.ours[metadata["name"]] = copy.deepcopy(manifest["spec"])
        labels = metadata["labels"]
        body = self.apply(kind, metadata["name"], manifest["spec"], metadata["namespace"], labels=labels)
        return Written(body["metadata"]["resourceVersion"])

    secrets_in = "vvol"

    async def secret(self, name: str) -> Mapping[str, str] | Gone | Failed:
        await asyncio.sleep(0.001)
        self.secret_reads.append((self.clock.now(), name))
        if self.silent is not None:
            return self.silent
        return dict(self.secrets[name]) if name in self.secrets else Gone()

    async def event(
        self, ref: ObjectRef, *, warning: bool, reason: str, message: str, once: str = "", order: int = LAST
    ) -> None:
        """Kept as (name, type, reason)."""
        assert 0 <= order <= LAST
        if once and (ref.uid, once) in self.told_once:
            return
        self.told_once.add((ref.uid, once))
        self.events.append((ref.name, "Warning" if warning else "Normal", reason))
        self.told.append(message)
        assert message

    # The watch, and kopf

    def _save(self, key: Key, body: Body, *, by_hand: bool = False, said: bool = False) -> str:
        """`by_hand`: a test wrote the status, which then says nothing of us, until the operator `said` one again."""
        self._version += 1
        self.prune(body)
        uid = body["metadata"]["uid"]
        self._spoiled = (self._spoiled | {uid}) if by_hand else (self._spoiled - {uid}) if said else self._spoiled
        if SAVED is not None and uid not in self._spoiled:
            SAVED(body)
        body["metadata"]["resourceVersion"] = str(self._version)
        self.objects[key] = body
        self.history.setdefault(key, []).append(copy.deepcopy(body))
        self._deliver(key, body)
        return str(self._version)

    def _deliver(self, key: Key, body: Body, *, deleted: bool = False) -> None:
        engine = self.engine
        if engine is not None:
            loop, shown = asyncio.get_running_loop(), copy.deepcopy(body)
            # Timers of the same moment fire in any order; events of the same moment do not.
            loop.call_later(self.lag + self._version * 1e-9, self._event, engine, key, shown, deleted)

    def _event(self, engine: Engine, key: Key, body: Body, deleted: bool) -> None:  # noqa: FBT001 - call_later's
        if engine is not self.engine:
            return  # that process was killed
        kind = next(kind for kind in KINDS if kind.plural == key[0])
        engine.observe(kind, body, deleted=deleted)

    def begin_watch(self) -> None:
        """Kopf lists the requests, without the ReplicationSyncs that have ended, and watches all."""
        assert self.engine is not None
        for key, body in list(self.objects.items()):
            kind = next((kind for kind in ONE_SHOT_KINDS if kind.plural == key[0]), None)
            if kind is not None and (kind not in LEFT_OUT or selects(UNFINISHED, body)):
                self.engine.observe(kind, copy.deepcopy(body))
        self.engine.listed()

    def _patch(self, key: Key, seen: Body, change: Callable[[Body], Any]) -> None:
        """A JSON patch with a test of the resourceVersion: on a newer object it is left to the newer event."""
        current = copy.deepcopy(self.objects.get(key))
        if current is None or current["metadata"]["resourceVersion"] != seen["metadata"]["resourceVersion"]:
            return
        change(current)
        if current["metadata"].get("deletionTimestamp") and not current["metadata"].get("finalizers"):
            del self.objects[key]
            self._deliver(key, current, deleted=True)
        else:
            self._save(key, current)


def _beside_its_name(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if key not in ("name", "namespace")}


def merge_status(status: Body, changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if value is None:
            status.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(status.get(key), dict):
            merge_status(status[key], value)
        else:
            status[key] = copy.deepcopy(value)
