"""All requests that the engine knows of: those in flight have a reconciler each, of the others it knows what counts."""

from __future__ import annotations

import asyncio
import contextlib

from vvol_replication.api.conditions import find, from_json
from vvol_replication.api.errors import SpecError
from vvol_replication.api.names import FAILOVER_PREPARATION, Kind
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.status import has_ended
from vvol_replication.engine.background import Background
from vvol_replication.engine.events.recorder import EventRecorder
from vvol_replication.engine.news import GroupKey
from vvol_replication.engine.status.versions import older
from vvol_replication.reconcile.core.acceptance import parse_preparation
from vvol_replication.reconcile.preparation.already_done import evidence_of

from .context import EngineContext
from .finished import FinishedRequests
from .history import note_end
from .kind import Body
from .kinds import REQUEST_KINDS, AnyReconciler, reconciler_of
from .settling import Settling
from .ttl import TTLAfterFinished
from .validity import ValidityWatches

_REMEMBERED_ENDS = 10_000


class Requests:
    """The one way in for an object of a one-shot kind, and the way out of it."""

    def __init__(self, context: EngineContext, recorder: EventRecorder, background: Background) -> None:
        self._context, self._recorder, self._background = context, recorder, background
        self._reconcilers: dict[str, AnyReconciler] = {}
        self._running: dict[int, AnyReconciler] = {}
        self._ends: dict[str, str | None] = {}
        self._ttl = TTLAfterFinished(context.services, context.registry)
        self._validity = ValidityWatches(context, background)
        self._settling = Settling(context.services, background, self._settled)
        self._over = FinishedRequests(context.services, self._settling, self._found_ended)
        self._stopped = False

    def __len__(self) -> int:
        """How many are in flight."""
        return len(self._reconcilers)

    @property
    def in_flight(self) -> tuple[AnyReconciler, ...]:
        """Those that are being worked on."""
        return tuple(self._reconcilers.values())

    def start(self) -> None:
        """Start to delete finished objects whose TTL has passed, and to look through what has ended."""
        self._ttl.start()
        self._over.start()

    def look_through_ended(self) -> None:
        """What has ended may have been edited while nobody watched: look through all of it, soon."""
        self._over.look()

    async def stop(self) -> None:
        """Stop all where they are."""
        self._stopped = True
        stops = [one.stop() for one in self.in_flight]
        await asyncio.gather(self._ttl.stop(), self._validity.stop(), self._over.stop(), *stops)

    def observe(self, kind: Kind, body: Body, *, deleted: bool) -> None:
        """The API server shows an object so, or shows that it is gone."""
        metadata = body["metadata"]
        ref = ObjectRef(kind, metadata["namespace"], metadata["name"], metadata["uid"])
        note_end(self._context.registry, kind, body)
        if deleted or metadata.get("deletionTimestamp"):
            self._deleted(ref, body, gone=deleted)
            if not deleted:
                self._settling.observe(ref, body)
            return
        self._ttl.observe(ref, REQUEST_KINDS[kind].due_at(body))
        self._note_claim(ref, body)
        if kind == FAILOVER_PREPARATION:
            self._validity.observe(ref, body)
            self._note_preparation(body)
        reconciler = self._reconcilers.get(ref.uid)
        if reconciler is not None:
            reconciler.observe(body)
            return
        self._recorder.found(ref, body.get("status") or {})
        if not self._stopped and not self._lags(ref.uid, metadata.get("resourceVersion")):
            self._take_up(ref, body)

    def _found_ended(self, ref: ObjectRef, body: Body) -> None:
        """What is to be known of a request that ended before anybody here watched it."""
        note_end(self._context.registry, ref.kind, body)
        self._ttl.observe(ref, REQUEST_KINDS[ref.kind].due_at(body))
        self._recorder.found(ref, body["status"])

    def _release(self, uid: str) -> None:
        """A request is being deleted: stop following it. Nothing is undone, nothing is waited for (invariant 12)."""
        reconciler = self._reconcilers.pop(uid, None)
        if reconciler is not None:
            self._recorder.deleted(reconciler.ref, reconciler.status.to_json())
            self._background.spawn(reconciler.stop(), f"stop {reconciler.ref}")

    def finished(self, uid: str, run: int) -> None:
        """A reconciler has come to its end."""
        reconciler = self._running.pop(run)
        if self._reconcilers.get(uid) is reconciler:
            del self._reconcilers[uid]
        if reconciler.stored.finished:
            self._settled(uid, reconciler.stored.version)
            reconciler.count_end()
            self._settling.observe(reconciler.ref, reconciler.stored.body)
        group = self._context.registry.groups.get(reconciler.group)
        if group is not None:
            if (entry := reconciler.history_entry()) is not None:
                group.note(entry)
            reconciler.on_finished(group, stopped=self._stopped)

    def groups_changed(self, keys: frozenset[GroupKey] | None) -> None:
        """All who wait for these groups take their places in order of acceptance, whoever's task runs first."""
        waiting = [one for one in self.in_flight if keys is None or one.group in keys]
        for reconciler in sorted(waiting, key=lambda one: one.order):
            reconciler.group_changed()

    def endpoint_back(self, ref: ObjectRef) -> None:
        """All who act on this endpoint ask it again now, in order of acceptance, and not when their back-off ends."""
        for reconciler in sorted(self.in_flight, key=lambda one: one.order):
            reconciler.endpoint_back(ref)

    async def placed(self) -> None:
        """Wait until all that are in flight now have found their places."""
        for reconciler in self.in_flight:
            await reconciler.placed.wait()

    def unwatch(self, ref: ObjectRef) -> None:
        """Nothing can make a completed preparation stale any more."""
        self._validity.gone(ref.uid)

    def valid(self, uid: str) -> str | None:
        """The status of condition `Valid` of this preparation; None: it has none, or is not there."""
        valid = self._context.registry.prepared.valid(uid)
        return None if valid is None else valid.status

    def _settled(self, uid: str, version: str | None) -> None:
        self._ends[uid] = version
        if len(self._ends) > _REMEMBERED_ENDS:
            del self._ends[next(iter(self._ends))]

    def _deleted(self, ref: ObjectRef, body: Body, *, gone: bool) -> None:
        self._ends.pop(ref.uid, None)
        self._context.registry.note_valid(ref.uid, None)
        self._ttl.gone(ref.uid)
        self._validity.gone(ref.uid)
        self._context.registry.prepared.note_evidence(ref.uid, ("", ""), None)
        self._release(ref.uid)
        if gone and (key := REQUEST_KINDS[ref.kind].claim_key(body)) is not None:
            self._context.claims.forget(key, ref.uid)

    def _note_claim(self, ref: ObjectRef, body: Body) -> None:
        """What a stored object makes of its request id. A reconciler's own ledger may be ahead of it."""
        key = REQUEST_KINDS[ref.kind].claim_key(body)
        if ref.uid in self._reconcilers or key is None or not self._context.claims.kept(key):
            return
        claimed = REQUEST_KINDS[ref.kind].claimed(body)
        if claimed is not None:
            self._context.claims.note(*claimed)

    def _note_preparation(self, body: Body) -> None:
        """What one that has ended says of its group, should that have no memory of its own."""
        with contextlib.suppress(SpecError):  # its acceptance says so
            request = parse_preparation(body)
            valid = find(from_json((body.get("status") or {}).get("conditions")), "Valid")
            self._context.registry.note_valid(request.uid, valid)
            key = request.namespace, request.spec.group
            record = evidence_of(request, PreparationStatus.parse(body.get("status")))
            registry = self._context.registry
            registry.prepared.note_evidence(request.uid, key, record)
            registry.recollect(key, record)

    def _take_up(self, ref: ObjectRef, body: Body) -> None:
        """Work on a request that has not ended; of all others do what is left to do."""
        reconciler = None if has_ended(body.get("status") or {}) else self._reconciler_of(ref, body)
        if reconciler is None or reconciler.ended:
            self._settling.observe(ref, body)
            return
        self._reconcilers[ref.uid] = self._running[reconciler.run] = reconciler
        reconciler.start()

    def _reconciler_of(self, ref: ObjectRef, body: Body) -> AnyReconciler | None:
        with contextlib.suppress(SpecError):  # its acceptance says so
            return reconciler_of(ref, body, self._context)
        return None

    def _lags(self, uid: str, version: str | None) -> bool:
        """Is this what an object was like before what we wrote of it? The watch may lag behind our writes."""
        if uid not in self._ends:
            return False
        if older(version, self._ends[uid]):
            return True
        del self._ends[uid]
        return False
