"""One request, from acceptance to its end: decide, do the one step, decide again (docs/architecture.md)."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Generic, TypeVar

from vvol_replication.api.errors import SpecError
from vvol_replication.api.group import ArmedSync
from vvol_replication.api.objects import Gone
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Resolved
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.outcomes import Outcome
from vvol_replication.engine.monitors.group import GroupMonitor
from vvol_replication.engine.monitors.memory.armed import GroupKey
from vvol_replication.engine.waiting import ended, news_or_time
from vvol_replication.reconcile.binding.world import Binding, Unbound
from vvol_replication.reconcile.core.claims import NO_OTHER_CLAIMS, Claim, OtherClaims, judge
from vvol_replication.reconcile.core.context import RequestT
from vvol_replication.reconcile.core.observation import Moment, Observation, Prepared, Query
from vvol_replication.reconcile.core.prepared import as_remembered
from vvol_replication.reconcile.core.steps import Decided, Finish, Park, Read, Record, StatusT
from vvol_replication.reconcile.core.tuning import Tuning

from .context import EngineContext
from .queue import Ticket, TurnKey
from .stored import StoredRequest, lacks

_log = logging.getLogger(__name__)

_SHORTEST_PAUSE = 0.05  # seconds; a decision that asks to be asked again at once does not spin the loop
_JUST_BEFORE = timedelta(microseconds=1)
T = TypeVar("T")
_TASKS = frozenset({Query.TASK, Query.PREPARE_TASK})


class _Write(Enum):
    """How a write of the status ended."""

    STORED = "the API server holds it"
    AGAIN = "it does not, or holds something else: decide again"
    OVER = "there is nothing left to write to, or the end is written already"


class Reconciler(ABC, Generic[RequestT, StatusT]):
    """Owns one request while it is in flight. All happens in its one task; the rest of the engine only wakes it."""

    def __init__(
        self,
        request: RequestT,
        stored: StoredRequest[StatusT],
        around: EngineContext,
        over: Callable[[AnyReconciler], None],
        parse: Callable[[Mapping[str, Any]], RequestT],
    ) -> None:
        self.request: RequestT = request
        self.stored: StoredRequest[StatusT] = stored
        self._around, self._on_over = around, over
        self._parse: Callable[[Mapping[str, Any]], RequestT] = parse
        self._status: StatusT = stored.parsed()
        self._seen = Observation()
        self._taken_up_at = around.clock.now()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._unfollow: Callable[[], None] = lambda: None
        self.looked = asyncio.Event()
        """Set after the first decision: the request has found its place."""

    @property
    def group(self) -> GroupKey:
        """The ReplicationGroup that it is about."""
        return self.request.namespace, self.request.spec.group

    @property
    def order(self) -> tuple[datetime, str]:
        """Its place among all requests: in order of acceptance."""
        return self._status.accepted_at or self.request.created, self.request.uid

    @property
    def status(self) -> StatusT:
        """What is known of the request; the ledger in it may be ahead of what is stored, never behind."""
        return self._status

    def start(self) -> None:
        """Begin."""
        self._place()
        self._task = asyncio.create_task(self._run(), name=f"request {self.stored.ref}")
        # A task that is cancelled before its first step never comes to a `finally` of its own.
        self._task.add_done_callback(self._over)

    def wake(self) -> None:
        """Something that the request may wait for has changed."""
        self._woken.set()

    def group_changed(self) -> None:
        """What its group stands for has changed: take the place that follows from that, and look again."""
        self._place()
        self.wake()

    def shown(self, body: Mapping[str, Any]) -> None:
        """The API server shows the object so: its status, and its spec in one of its mutable fields."""
        if self.stored.show(body):
            self._respecify(body)
            self.wake()

    async def stop(self) -> None:
        """Stop where it is; the ledger tells where to go on. A call under way in a thread runs to its end there."""
        await ended(self._task)

    def _over(self, _: asyncio.Task[None]) -> None:
        self._unfollow()
        self._around.turns.leave(self.request.uid)
        self.looked.set()
        self._on_over(self)

    async def _run(self) -> None:
        while not await self._guarded():
            pass

    async def _guarded(self) -> bool:
        try:
            return await self._advance()
        except Exception:  # noqa: BLE001 - logged whole; the loop must go on
            # A defect of ours: the log has the traceback, the ledger what was done. Go on from there, after a while.
            _log.exception("%s: a step failed unexpectedly; going on from the ledger", self.stored.ref)
            self._adopt()
            self._seen = Observation()
            await asyncio.sleep(self._around.pace.defect)
            return False

    async def _advance(self) -> bool:
        """One step. True: the request is over, here at least."""
        if self.stored.finished:
            return True
        decision = self._decide()
        self.looked.set()
        match decision.step:
            case Read(queries):
                self._status = decision.status
                await self._read(queries)
            case Record():
                return await self._record(decision)
            case Park() as park:
                self._status = decision.status
                return await self._park(park)
            case Finish():
                return await self._finish(decision)
            case _:
                await self._act(decision)
        return False

    def _decide(self) -> Decided[StatusT]:
        around, bound = self._around, self._bound()
        resolved = self._resolved(bound)
        self._seen = replace(
            self._seen,
            confirmed=self.stored.confirmed,
            bound=bound,
            behind=self._place(),
            claims=self._claims(resolved),
            armed=self._armed(resolved),
            prepared=self._prepared(resolved),
            source_array=around.access.source(resolved) if resolved else None,
            target_array=around.access.target(resolved) if resolved else None,
            identity=around.identity,
            taken_up_at=self._taken_up_at,
        )
        tuning = self._around.tuning.among(self._around.registry.followed)
        return self._next_step(self._around.clock.now(), tuning)

    @abstractmethod
    def _next_step(self, now: datetime, tuning: Tuning) -> Decided[StatusT]:
        """Decide, over what is seen."""

    @abstractmethod
    async def _act(self, decision: Decided[StatusT]) -> None:
        """Do a step that only this kind has."""

    @abstractmethod
    def _absorb(self, query: Query, outcome: Outcome[Any], moment: Moment) -> None:
        """Take a reading in."""

    @abstractmethod
    def _absorb_recorded(self, recorded: StatusT) -> None:
        """The ledger was stored."""

    @abstractmethod
    async def _before_end(self, decided: StatusT) -> None:
        """The end is about to be stored: what others have to know of it comes first."""

    @abstractmethod
    def over_for(self, group: GroupMonitor, *, stopped: bool) -> None:
        """The request is over: what its group learns from it. `stopped`: only because the engine stops."""

    @abstractmethod
    def claim(self) -> Claim:
        """What the request makes of its id, as far as is known here."""

    @abstractmethod
    def _place(self) -> str | None:
        """Take or keep a place at the protection group, if it is to have one. Whom does it wait for?"""

    @property
    @abstractmethod
    def _task_id(self) -> str | None:
        """The task in the ledger."""

    def _bound(self) -> Binding | Unbound:
        group = self._around.registry.groups.get(self.group)
        return self._not_there() if group is None else group.bound

    def _not_there(self) -> Unbound:
        return Unbound(
            Reason.GROUP_NOT_FOUND,
            f"There is no ReplicationGroup {self.request.spec.group!r} in namespace {self.request.namespace!r}; "
            "create it. The request goes on by itself then.",
        )

    def _resolved(self, bound: Binding | Unbound) -> Resolved | None:
        """What the request acts on, or would."""
        operation = self._status.operation
        if operation is not None and operation.resolved is not None:
            return operation.resolved
        return bound.resolved if isinstance(bound, Binding) else None

    @property
    def _acted(self) -> bool:
        operation = self._status.operation
        return operation is not None and operation.resolved is not None

    def _claims(self, resolved: Resolved | None) -> OtherClaims:
        request = self.request
        if request.spec.request_id is None:
            return NO_OTHER_CLAIMS
        mine, key = self.claim(), (self.stored.ref.kind.kind, request.namespace, request.request_id)
        self._around.claims.note(key, mine)
        return judge(mine, resolved, self._around.claims.on(key))

    def _armed(self, resolved: Resolved | None) -> ArmedSync | None:
        """A sync that another request left armed at the target."""
        armed = self._around.registry.armed.at(resolved.target_group) if resolved is not None else None
        return None if armed is None or armed.uid == self.request.uid else armed

    def _prepared(self, resolved: Resolved | None) -> Prepared | None:
        """What is remembered of a preparation of the source group."""
        if resolved is None:
            return None
        registry = self._around.registry
        found = registry.prepared.at(resolved.source_group)
        if found is None:
            return None
        key, record = found
        group = registry.groups.get(key)
        return as_remembered(record, group.called_off_at if group is not None else None)

    def _enter_turn(self, resolved: Resolved) -> str | None:
        """Take or keep a place at the protection group. None: it has the turn."""
        accepted_at, uid = self.order
        ticket = Ticket(
            fresh=not self._acted, accepted_at=accepted_at, uid=uid, label=self.request.label, wake=self.wake
        )
        key = TurnKey(resolved.source_array_id, resolved.protection_group.casefold())
        return self._around.turns.enter(key, ticket)

    def _moment(self, at: datetime | None = None) -> Moment:
        return Moment(at or self._around.clock.now(), self._around.tuning, self._around.clock.jitter())

    async def _read(self, queries: frozenset[Query]) -> None:
        resolved, task = self._acting_on(), self._task_id
        # The transfers first: what they show makes older readings of the task and of the points worthless.
        ordered = sorted(queries, key=lambda query: (query is not Query.TARGET_SNAPSHOTS, query))
        outcomes = await asyncio.gather(*(self._around.access.read(query, resolved, task) for query in ordered))
        now = self._around.clock.now()
        for query, outcome in zip(ordered, outcomes, strict=True):
            # Answers that came together count as older than the task's: what made it end may be missing in them.
            at = now if query in _TASKS or not _TASKS & queries else now - _JUST_BEFORE
            self._absorb(query, outcome, self._moment(at))

    def _acting_on(self) -> Resolved:
        operation = self._status.operation
        if operation is not None and operation.resolved is not None:
            return operation.resolved
        if not isinstance(self._seen.bound, Binding):
            raise TypeError("a step was decided for a request that acts on nothing yet")
        return self._seen.bound.resolved

    async def _record(self, decision: Decided[StatusT]) -> bool:
        """Invariant 5: what is about to be asked for is in the API server first; whoever changed the object decides anew."""
        if not self.stored.writable:
            return await self._unwritable()
        wrote = await self._store(decision.status)
        if wrote is _Write.STORED:
            self._absorb_recorded(decision.status)
            self._status = decision.status
        return wrote is _Write.OVER

    async def _may_act(self) -> bool:
        """Who does not lead changes nothing; such a process ends soon."""
        if self._around.leading():
            return True
        await asyncio.sleep(self._around.pace.monitor_retry_first)
        return False

    async def _calling(self, call: Awaitable[Outcome[T]]) -> Outcome[T]:
        """Make a mutating call. Whoever ends this request meanwhile has to take it for made."""
        unused = self._seen.intent_unused
        self._seen = replace(self._seen, intent_unused=False)
        outcome = await call
        self._seen = replace(self._seen, intent_unused=unused)
        return outcome

    async def _park(self, park: Park) -> bool:
        self._woken.clear()
        if park.follow:
            self._follow()
        else:
            self._unfollow()
        if self.stored.writable and not await self.stored.tell(self._status):
            return await self._caught_up() is _Write.OVER
        await self._sleep(park.until)
        return False

    async def _sleep(self, until: datetime | None) -> None:
        pause = None
        if until is not None:
            pause = max(_SHORTEST_PAUSE, (until - self._around.clock.now()).total_seconds())
        await news_or_time(self._woken, pause)

    def _follow(self) -> None:
        resolved = self._acting_on()
        endpoint = self._around.registry.arrays.get(resolved.target_array)
        if endpoint is None:
            return
        uid, poller = self.request.uid, endpoint.poller
        poller.follow(uid, resolved.target_array_id, self._around.access.name_at_target(resolved), self._delivered)
        self._unfollow = lambda: poller.leave(uid)

    def _delivered(self, outcome: Outcome[tuple[Snapshot, ...]], at: datetime) -> None:
        self._absorb(Query.TARGET_SNAPSHOTS, outcome, self._moment(at))
        self.wake()

    async def _finish(self, decision: Decided[StatusT]) -> bool:
        if not self.stored.writable:
            return await self._unwritable()
        await self._before_end(decision.status)
        return await self._store(decision.status) is not _Write.AGAIN

    async def _unwritable(self) -> bool:
        """Acceptance and finalizer are still to come from kopf: two writers at once would undo each other."""
        self._woken.clear()
        await self._sleep(None)
        return False

    async def _store(self, status: StatusT) -> _Write:
        """Store a ledger or an end. Where the answer was lost, what the API server holds tells if it took place."""
        if await self.stored.store(status):
            return _Write.STORED
        wrote = await self._caught_up(status)
        return _Write.STORED if self.stored.holds(status) else wrote

    async def _caught_up(self, tried: StatusT | None = None) -> _Write:
        """A write did not take place, or it is not known whether it did: look at the object as it is now."""
        known = self.stored.operation_json()
        body = await self.stored.refresh()
        if isinstance(body, Gone) or body["metadata"].get("deletionTimestamp"):
            return _Write.OVER
        self._respecify(body)
        if self.stored.operation_json() != known and not (tried is not None and self.stored.holds(tried)):
            self._adopt()
        return _Write.OVER if self.stored.finished else _Write.AGAIN

    def _respecify(self, body: Mapping[str, Any]) -> None:
        try:
            self.request = self._parse(body)
        except SpecError as error:
            # The API server holds edits to the schema, so this is a newer schema than ours: go on as asked before.
            _log.warning("%s was edited to something that cannot be read: %s", self.stored.ref, error)

    def _adopt(self) -> None:
        """Go on from the stored ledger; one that was wiped or spoilt is not followed, it is written again."""
        try:
            stored = self.stored.parsed()
        except SpecError:
            return
        if not lacks(stored.operation, self._status.operation):
            accepted_at = stored.accepted_at or self._status.accepted_at
            self._status, self._seen = replace(stored, accepted_at=accepted_at), Observation()


AnyReconciler = Reconciler[Any, Any]
