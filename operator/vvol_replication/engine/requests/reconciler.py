"""One request, from acceptance to its end: see what is there, decide, do the one step, decide again.

The way through one round is `Reconciler._round`, from top to bottom; what is decided in it is `reconcile`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from abc import abstractmethod
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Generic, TypeVar

from vvol_replication.api.errors import SpecError
from vvol_replication.api.history import HistoryEntry
from vvol_replication.api.objects import Gone, ObjectRef
from vvol_replication.api.sync import Resolved
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.outcomes import Indeterminate, Outcome
from vvol_replication.engine.monitors.group import GroupMonitor
from vvol_replication.engine.news import AnswerLost, GroupKey, RequestFinished
from vvol_replication.reconcile.binding.world import Binding, Unbound
from vvol_replication.reconcile.core.absorb import without_failures
from vvol_replication.reconcile.core.claims import NO_OTHER_CLAIMS, Claim, OtherClaims, judge
from vvol_replication.reconcile.core.context import RequestT
from vvol_replication.reconcile.core.history import entry_of
from vvol_replication.reconcile.core.observation import Moment, Observation, Prepared, Query
from vvol_replication.reconcile.core.steps import Decided, Finish, Park, Read, Record, StatusT

from .calls import acts_on
from .claims import ClaimKey
from .context import EngineContext
from .following import FollowedTransfers
from .kind import RequestKind, end_of
from .others import armed_by_another, binding_of, claims_on, preparation_at
from .queue import Ticket, TurnKey
from .stored import StoredRequest, lacks
from .task import RequestTask

_log = logging.getLogger(__name__)

_JUST_BEFORE = timedelta(microseconds=1)
T = TypeVar("T")
_runs = itertools.count()
_TASKS = frozenset({Query.TASK, Query.PREPARE_TASK})


class _Write(Enum):
    """How a write of the status ended."""

    STORED = "the API server holds it"
    AGAIN = "it does not, or holds something else: decide again"
    OVER = "there is nothing left to write to, or the end is written already"


class Reconciler(RequestTask, Generic[RequestT, StatusT]):
    """Owns one request while it is in flight."""

    def __init__(
        self,
        kind: RequestKind[RequestT, StatusT],
        request: RequestT,
        stored: StoredRequest[StatusT],
        context: EngineContext,
    ) -> None:
        """A request of which nothing is stored is accepted here; the first write of its status says so.

        Raises:
            SpecError: if the stored ledger cannot be read.
        """
        super().__init__(stored.ref, context.services)
        self.kind: RequestKind[RequestT, StatusT] = kind
        self.request: RequestT = request
        self.stored: StoredRequest[StatusT] = stored
        self._context, self._clock = context, context.services.clock
        status = stored.parsed()
        self._status: StatusT = status if status.accepted_at else kind.accept(request, status, self._clock.now())
        self._seen = Observation()
        self._taken_up_at = self._clock.now()
        self._followed = FollowedTransfers(context, request.uid, self._delivered)
        self.run = next(_runs)
        """Tells apart two reconcilers of one request."""
        self.placed = asyncio.Event()
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

    @property
    def ended(self) -> bool:
        """Has it come to its end? One that came too late has at once."""
        return self._status.finished_at is not None

    @property
    def claim(self) -> Claim:
        """What the request makes of its id, as far as is known here."""
        return self.kind.claim(self.request, self._status)

    def start(self) -> None:
        """Take a place in the queue and start the task; its end is told as `RequestFinished`."""
        self._take_place()
        self._begin()

    def group_changed(self) -> None:
        """What its group stands for has changed: take the place that follows from that, and look again."""
        self._take_place()
        self.notify()

    def endpoint_back(self, ref: ObjectRef) -> None:
        """An endpoint can be read again. If the request acts on it, what failed there is not waited for any longer."""
        resolved = self._resolved(self._bound())
        if resolved is not None and acts_on(resolved, ref):
            self._seen = without_failures(self._seen, self._clock.now())
            self.notify()

    def observe(self, body: Mapping[str, Any]) -> None:
        """The API server shows the object so: its status, and its spec in one of its mutable fields."""
        if self.stored.observe(body):
            self._respecify(body)
            self.notify()

    def history_entry(self) -> HistoryEntry | None:
        """What its group's history tells of its end; None: no end is stored, or none that can be read."""
        with contextlib.suppress(SpecError):
            return entry_of(self.kind.kind.kind, self.request, self.stored.parsed())
        return None

    def count_end(self) -> None:
        """The end is stored: it is counted, by whoever counts."""
        if self._services.meter is not None:
            with contextlib.suppress(SpecError):
                self._services.meter.ended(end_of(self.ref, self.request, self.stored.parsed()))

    @abstractmethod
    def on_finished(self, group: GroupMonitor, *, stopped: bool) -> None:
        """It has come to its end: what its group learns from it. `stopped`: only because the engine stops."""

    def _finished(self) -> None:
        self._followed.leave()
        self._context.queue.leave(self.request.uid)
        self.placed.set()
        if self.stored.finished:
            self._publish_end()
        self._context.claims.leave(self._claim_key, self.request.uid)
        self._services.notify(RequestFinished(self.ref, self.run))

    # One round

    def _recover(self) -> None:
        self._adopt()
        self._seen = Observation()

    async def _round(self) -> bool:
        """One step of the request's way. True: it is over, here at least."""
        if self.stored.overtaken:
            self._adopt()
        if self.stored.finished:
            return True
        await self._publish_claim()
        self._take_place()
        self._look_around()
        decision = self._decide()
        self.placed.set()
        return await self._carry_out(decision)

    async def _publish_claim(self) -> None:
        """Others with the same request id have to know what this one makes of it, and it has to know of them."""
        if self.request.spec.request_id is not None:
            await self._context.claims.publish(self._claim_key, self.claim, self.kind.claimed)

    def _publish_end(self) -> None:
        """The end is stored: that is what it has made of its request id."""
        if self.request.spec.request_id is not None:
            with contextlib.suppress(SpecError):
                self._context.claims.note(self._claim_key, self.kind.claim(self.request, self.stored.parsed()))

    def _take_place(self) -> None:
        """Take, keep or give up a place at the protection group."""
        if (key := self._wanted_turn()) is None:
            self._context.queue.leave(self.request.uid)
            return
        accepted_at, uid = self.order
        self._context.queue.enter(key, Ticket(not self._acted, accepted_at, uid, self.request.label, self.notify))

    def _look_around(self) -> None:
        """What the engine knows beside the readings: the group, the queue, other objects, the arrays' names."""
        context, bound = self._context, self._bound()
        resolved = self._resolved(bound)
        self._seen = replace(
            self._seen,
            confirmed=self.stored.confirmed,
            bound=bound,
            behind=self._behind(),
            in_turn=context.queue.has_place(self.request.uid),
            claims=self._other_claims(resolved),
            armed=armed_by_another(context, self.request.uid, resolved),
            prepared=self._prepared(resolved),
            source_array=context.calls.source(resolved) if resolved else None,
            target_array=context.calls.target(resolved) if resolved else None,
            group_called=context.calls.protection_group(resolved) if resolved else None,
            identity=context.identity,
            taken_up_at=self._taken_up_at,
        )

    def _decide(self) -> Decided[StatusT]:
        tuning = self._context.tuning.among(self._context.registry.followed)
        return self.kind.decide(self.request, self._status, self._seen, self._clock.now(), tuning)

    async def _carry_out(self, decision: Decided[StatusT]) -> bool:
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

    # What differs between the kinds

    @abstractmethod
    def _wanted_turn(self) -> TurnKey | None:
        """The protection group at which it is to have a place now, if it is to have one."""

    @abstractmethod
    async def _act(self, decision: Decided[StatusT]) -> None:
        """Do a step that only this kind has: `SyncReconciler`, `PreparationReconciler`."""

    @abstractmethod
    def _recorded(self, recorded: StatusT) -> None:
        """The API server holds this ledger now; `self._status` is still the one before."""

    @abstractmethod
    async def _before_end(self, decided: StatusT) -> None:
        """What the group has to know of an end, before that end is stored."""

    # What it looks at

    def _bound(self) -> Binding | Unbound:
        return binding_of(self._context, self.group)

    def _resolved(self, bound: Binding | Unbound | None) -> Resolved | None:
        """What the request acts on, or would."""
        operation = self._status.operation
        if operation is not None and operation.resolved is not None:
            return operation.resolved
        return bound.resolved if isinstance(bound, Binding) else None

    @property
    def _acted(self) -> bool:
        operation = self._status.operation
        return operation is not None and operation.resolved is not None

    @property
    def _task_id(self) -> str | None:
        """The task in the ledger."""
        return self._status.operation.task if self._status.operation is not None else None

    @property
    def _claim_key(self) -> ClaimKey:
        return self.kind.kind, self.request.namespace, self.request.request_id

    def _behind(self) -> str | None:
        """Whom does it wait for?"""
        return self._context.queue.behind(self.request.uid)

    def _other_claims(self, resolved: Resolved | None) -> OtherClaims:
        if self.request.spec.request_id is None:
            return NO_OTHER_CLAIMS
        return judge(self.claim, resolved, claims_on(self._context, self._claim_key))

    def _prepared(self, resolved: Resolved | None) -> Prepared | None:
        return preparation_at(self._context, resolved)

    # Steps that all kinds have

    def _moment(self, at: datetime | None = None) -> Moment:
        return Moment(at or self._clock.now(), self._context.tuning, self._clock.jitter())

    async def _read(self, queries: frozenset[Query]) -> None:
        reading = self._context.calls.read_all(queries, self._acting_on(), self._task_id, self._clock.now)
        now, outcomes = await (self.stored.accepting_beside(reading, self._status) if self.stored.new else reading)
        for query, outcome in outcomes:
            # Answers that came together count as older than the task's: what made it end may be missing in them.
            at = now if query in _TASKS or not _TASKS & queries else now - _JUST_BEFORE
            self._absorb(query, outcome, at)

    def _absorb(self, query: Query, outcome: Outcome[Any], at: datetime) -> None:
        self._seen = self.kind.absorb(self._status, self._seen, query, outcome, self._moment(at))

    def _acting_on(self) -> Resolved:
        if (resolved := self._resolved(self._seen.bound)) is None:
            raise TypeError("a step was decided for a request that acts on nothing yet")
        return resolved

    async def _record(self, decision: Decided[StatusT]) -> bool:
        """Invariant 5: what is about to be asked for is stored first; whoever changed the object decides anew."""
        wrote = await self._write(decision.status)
        if wrote is _Write.STORED:
            self._recorded(decision.status)
            self._status = decision.status
        return wrote is _Write.OVER

    async def _may_act(self) -> bool:
        """Who does not lead changes nothing; such a process ends soon."""
        if self._services.leading():
            return True
        await asyncio.sleep(self._services.pace.monitor_retry_first)
        return False

    async def _calling(self, call: Awaitable[Outcome[T]]) -> Outcome[T]:
        """Make a mutating call. Whoever ends this request meanwhile has to take it for made."""
        unused = self._seen.intent_unused
        self._seen = replace(self._seen, intent_unused=False)
        outcome = await call
        self._seen = replace(self._seen, intent_unused=unused)
        if isinstance(outcome, Indeterminate):
            self._context.services.notify(AnswerLost(self.ref, self._status.to_json(), outcome.message))
        return outcome

    async def _park(self, park: Park) -> bool:
        self._news.clear()
        if park.follow:
            self._followed.follow(self._acting_on())
        else:
            self._followed.leave()
        if not await self.stored.write_if_news(self._status, self._context.registry.followed):
            return await self._caught_up() is _Write.OVER
        if self.stored.confirmed == self._seen.confirmed:  # what somebody had taken away is there again
            await self._sleep(park.until)
        return False

    def _delivered(self, outcome: Outcome[tuple[Snapshot, ...]], at: datetime) -> None:
        self._absorb(Query.TARGET_SNAPSHOTS, outcome, at)
        self.notify()

    async def _finish(self, decision: Decided[StatusT]) -> bool:
        await self._before_end(decision.status)
        return await self._write(decision.status) is not _Write.AGAIN

    async def _write(self, status: StatusT) -> _Write:
        """Store a ledger or an end. Where the answer was lost, what the API server holds tells if it took place."""
        if await self.stored.write(status):
            return _Write.STORED
        wrote = await self._caught_up(status)
        stored = self.stored.holds(status)
        if self.stored.stuck and not (stored or self._acted):  # those behind it may be able to store theirs
            self._context.queue.step_back(self.request.uid, self._clock.now())
            self._seen = Observation()  # what was read is of before their turns
        return _Write.STORED if stored else wrote

    async def _caught_up(self, tried: StatusT | None = None) -> _Write:
        """A write did not take place, or it is not known whether it did: look at the object as it is now."""
        body = await self.stored.read_again()
        if isinstance(body, Gone) or body["metadata"].get("deletionTimestamp"):
            return _Write.OVER
        self._respecify(body)
        if not self.stored.has_made(tried):
            self._adopt()
        return _Write.OVER if self.stored.finished else _Write.AGAIN

    def _respecify(self, body: Mapping[str, Any]) -> None:
        try:
            self.request = self.kind.parse(body)
        except SpecError as error:
            # The API server holds edits to the schema, so this is a newer schema than ours: go on as asked before.
            self.request = replace(self.request, generation=body["metadata"]["generation"])
            _log.warning("%s was edited and cannot be read now: %s", self.stored.ref, error)

    def _adopt(self) -> None:
        """Go on from the stored ledger; one that was wiped or spoilt is not followed, it is written again."""
        self.stored.take_note()
        with contextlib.suppress(SpecError):
            stored = self.stored.parsed()
            if stored.accepted_at is not None and not lacks(stored.operation, self._status.operation):
                self._status, self._seen = stored, Observation()
