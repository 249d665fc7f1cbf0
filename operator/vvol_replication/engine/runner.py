"""One request, from acceptance to its end: decide, do the one step, decide again (DESIGN §5.3, §5.4)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from vvol_replication.api.objects import Gone
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Resolved
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.outcomes import Outcome
from vvol_replication.reconcile.absorb import Moment, absorb_armed, absorb_pushed, absorb_reading, absorb_recorded
from vvol_replication.reconcile.binding import Binding, Unbound
from vvol_replication.reconcile.decide import decide_sync
from vvol_replication.reconcile.observation import Observation, Query
from vvol_replication.reconcile.request import Request
from vvol_replication.reconcile.steps import Arm, Decision, Finish, Park, Push, Read, Record
from vvol_replication.reconcile.tuning import Tuning

from .access import Access
from .object import StoredObject
from .ports import Clock, Pace
from .registry import Registry
from .turns import Ticket, TurnBook, TurnKey

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every runner works with."""

    registry: Registry
    turns: TurnBook
    access: Access
    clock: Clock
    pace: Pace
    tuning: Tuning
    leading: Callable[[], bool]
    """Checked before each mutating call: does this process still hold the Lease?"""


class Runner:
    """Owns one request while it is in flight. All happens in its one task; the rest of the engine only wakes it."""

    def __init__(
        self, request: Request, stored: StoredObject, around: Surroundings, ended: Callable[[Runner], None]
    ) -> None:
        self.request, self.stored = request, stored
        self._around, self._ended = around, ended
        self._status = stored.parsed()
        self._seen = Observation()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._following: Callable[[], None] = lambda: None
        self.looked = asyncio.Event()
        """Set after the first decision: the request has found its place."""

    def start(self) -> None:
        """Begin."""
        self._enter_turn()
        self._task = asyncio.create_task(self._run(), name=f"request {self.stored.ref}")

    def wake(self) -> None:
        """Something that the request may wait for has changed."""
        self._woken.set()

    def respecified(self, request: Request) -> None:
        """The spec was edited in one of its mutable fields."""
        self.request = request
        self.wake()

    async def stop(self) -> None:
        """Stop where it is; the ledger tells where to go on. A call under way in a thread runs to its end there."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        try:
            ended = False
            while not ended:
                ended = await self._guarded()
        finally:
            self._following()
            self._around.turns.leave(self.request.uid)
            self.looked.set()
            self._ended(self)

    async def _guarded(self) -> bool:
        try:
            return await self._advance()
        except Exception:  # noqa: BLE001 - logged whole; the loop must go on
            # A defect of ours: the log has the traceback, the ledger what was done. Go on from there, after a while.
            _log.exception("%s: a step failed unexpectedly; going on from the ledger", self.stored.ref)
            self._forget()
            await asyncio.sleep(self._around.pace.monitor_retry_most)
            return False

    def _forget(self) -> None:
        self._status, self._seen = self.stored.parsed(), Observation()

    async def _advance(self) -> bool:
        decision = self._decide()
        self.looked.set()
        match decision.step:
            case Read(queries):
                self._status = decision.status
                await self._read(queries)
            case Record():
                await self._record(decision)
            case Arm(name):
                await self._arm(decision, name)
            case Push(_, suffix):
                await self._push(decision, suffix)
            case Park() as park:
                self._status = decision.status
                return await self._park(park)
            case Finish():
                return await self._finish(decision)
        return False

    def _decide(self) -> Decision:
        self._seen = replace(
            self._seen,
            confirmed=self.stored.confirmed,
            bound=self._bound(),
            behind=self._enter_turn(),
        )
        return decide_sync(self.request, self._status, self._seen, self._around.clock.now(), self._around.tuning)

    def _bound(self) -> Binding | Unbound:
        group = self._around.registry.groups.get((self.request.namespace, self.request.spec.group))
        if group is None:
            return Unbound(
                Reason.GROUP_NOT_FOUND,
                f"There is no ReplicationGroup {self.request.spec.group!r} in namespace {self.request.namespace!r}; "
                "create it. The request goes on by itself then.",
            )
        return group.bound

    def _enter_turn(self) -> str | None:
        """Take or keep a place at the protection group; a request that could not use a turn holds none."""
        operation, bound = self._status.operation, self._bound()
        resolved = operation.resolved if operation else None
        acted = resolved is not None
        if resolved is None and isinstance(bound, Binding) and not bound.suspended and not self.request.spec.suspend:
            resolved = bound.resolved
        if resolved is None:
            self._around.turns.leave(self.request.uid)
            return None
        ticket = Ticket(
            fresh=not acted,
            accepted_at=self._status.accepted_at or self.request.created,
            uid=self.request.uid,
            label=f"{self.request.namespace}/{self.request.name}",
            wake=self.wake,
        )
        key = TurnKey(resolved.source_array_id, resolved.protection_group.casefold())
        return self._around.turns.enter(key, ticket)

    def _moment(self) -> Moment:
        return Moment(self._around.clock.now(), self._around.tuning, self._around.clock.jitter())

    async def _read(self, queries: frozenset[Query]) -> None:
        resolved, operation = self._resolved(), self._status.operation
        if resolved is None or operation is None:
            return
        # The transfers first: what they show makes older readings of the task and of the points worthless.
        ordered = sorted(queries, key=lambda query: (query is not Query.TARGET_SNAPSHOTS, query))
        outcomes = await asyncio.gather(*(self._around.access.read(query, resolved, operation) for query in ordered))
        moment = self._moment()
        for query, outcome in zip(ordered, outcomes, strict=True):
            self._seen = absorb_reading(self._status, self._seen, query, outcome, moment)

    def _resolved(self) -> Resolved | None:
        operation = self._status.operation
        if operation is not None and operation.resolved is not None:
            return operation.resolved
        return self._seen.bound.resolved if isinstance(self._seen.bound, Binding) else None

    async def _record(self, decision: Decision) -> None:
        """Rule 5: what is about to be asked for is in the API server first; whoever changed the object decides anew."""
        if await self.stored.store(decision.status):
            self._status = decision.status
            self._seen = absorb_recorded(self._seen)
        else:
            await self._catch_up()

    async def _arm(self, decision: Decision, name: str) -> None:
        resolved = self._resolved()
        if resolved is None or not self._around.leading():
            return
        self._status = decision.status
        outcome = await self._around.access.arm(resolved, name)
        self._status, self._seen = absorb_armed(self._status, self._seen, outcome, self._moment())

    async def _push(self, decision: Decision, suffix: str) -> None:
        resolved = self._resolved()
        if resolved is None or not self._around.leading():
            return
        self._status = decision.status
        outcome = await self._around.access.push(resolved, suffix)
        self._status, self._seen = absorb_pushed(self._status, self._seen, outcome, self._moment())

    async def _park(self, park: Park) -> bool:
        self._woken.clear()
        if park.follow:
            self._follow()
        else:
            self._following()
        if self.stored.confirmed and not await self.stored.tell(self._status):
            return await self._catch_up()
        await self._sleep(park.until)
        return False

    async def _sleep(self, until: datetime | None) -> None:
        pause = None if until is None else max(0.0, (until - self._around.clock.now()).total_seconds())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), pause)

    def _follow(self) -> None:
        resolved = self._resolved()
        endpoint = self._around.registry.arrays.get(resolved.target_array) if resolved else None
        if resolved is None or endpoint is None:
            return
        uid, poller = self.request.uid, endpoint.poller
        poller.follow(uid, self._around.access.name_at_target(resolved), self._delivered)
        self._following = lambda: poller.leave(uid)

    def _delivered(self, outcome: Outcome[tuple[Snapshot, ...]]) -> None:
        self._seen = absorb_reading(self._status, self._seen, Query.TARGET_SNAPSHOTS, outcome, self._moment())
        self.wake()

    async def _finish(self, decision: Decision) -> bool:
        self._status = decision.status
        if not self.stored.confirmed:
            # kopf has not written our acceptance yet: two writers at once would undo each other.
            self._woken.clear()
            await self._sleep(None)
            return False
        if await self.stored.store(decision.status):
            return True
        return await self._catch_up()

    async def _catch_up(self) -> bool:
        """A write did not take place, or it is not known whether it did. True if the object is gone."""
        before = self.stored.operation_json()
        shown = await self.stored.refresh()
        if isinstance(shown, Gone):
            return True
        if self.stored.operation_json() != before:
            self._forget()
        return False
