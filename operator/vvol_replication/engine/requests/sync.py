"""A ReplicationSync under way: the sync at the target, the push at the source, and what it leaves to its group."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from vvol_replication.api.group import ArmedSync
from vvol_replication.api.sync import Method, SyncStatus
from vvol_replication.domain.groups import GroupId
from vvol_replication.domain.outcomes import Outcome
from vvol_replication.engine.monitors.group import GroupMonitor, Listed
from vvol_replication.reconcile.binding.world import Binding, Unbound
from vvol_replication.reconcile.core.acceptance import parse_request
from vvol_replication.reconcile.core.claims import Claim, claim_of
from vvol_replication.reconcile.core.observation import Moment, Query
from vvol_replication.reconcile.core.request import Request
from vvol_replication.reconcile.core.steps import Arm, Decision, Push
from vvol_replication.reconcile.core.tuning import Tuning
from vvol_replication.reconcile.sync.absorb import (
    absorb_armed,
    absorb_pushed,
    absorb_reading,
    absorb_recorded,
    is_fresh,
)
from vvol_replication.reconcile.sync.borrowed import left_armed
from vvol_replication.reconcile.sync.context import SyncContext
from vvol_replication.reconcile.sync.decide import decide_sync, name_is_taken
from vvol_replication.reconcile.sync.prepared import no_longer, prepared_outside

from .context import EngineContext
from .reconciler import AnyReconciler, Reconciler
from .stored import StoredRequest


class SyncReconciler(Reconciler[Request, SyncStatus]):
    """Takes part in the queue of its protection group from the moment that it could use a turn."""

    def __init__(
        self,
        request: Request,
        stored: StoredRequest[SyncStatus],
        around: EngineContext,
        over: Callable[[AnyReconciler], None],
    ) -> None:
        super().__init__(request, stored, around, over, parse_request)

    def claim(self) -> Claim:
        """What the request makes of its id."""
        return claim_of(self.request, self._status)

    def over_for(self, group: GroupMonitor, *, stopped: bool) -> None:
        """Its sync may be armed still; and it may have listed the points in time."""
        if not self.stored.finished and not stopped and (left := self._left(self._status)) is not None:
            group.recall(left)  # it was deleted; nothing disarms its sync
        if (listed := self._listed) is not None:
            group.learn(listed)
        else:
            group.poke()

    @property
    def _listed(self) -> Listed | None:
        """The points in time as they were listed after the landing; None where that was not seen."""
        resolved = self._status.operation.resolved if self._status.operation else None
        reading = self._seen.points
        if resolved is None or reading is None or reading.value is None or self._seen.landed_at is None:
            return None
        target = resolved.target_group
        return Listed(GroupId(target.fault_domain, target.device_group), reading.value, reading.at)

    @property
    def _task_id(self) -> str | None:
        sync = self._status.operation.sync if self._status.operation else None
        return sync.task if sync is not None else None

    def _bound(self) -> Binding | Unbound:
        group = self._around.registry.groups.get(self.group)
        if group is None:
            return self._not_there()
        # The arrays alone do not need a vCenter that answers; what it told last is enough to find them.
        return group.remembered if self.request.spec.method is Method.ARRAY_ONLY else group.bound

    def _place(self) -> str | None:
        """A request that could not use a turn holds none."""
        bound = self._bound()
        resolved = self._resolved(bound)
        if resolved is None or not (self._acted or self._could_act(bound, self._armed(resolved))):
            self._around.turns.leave(self.request.uid)
            return None
        return self._enter_turn(resolved)

    def _could_act(self, bound: Binding | Unbound, armed: ArmedSync | None) -> bool:
        if self.request.spec.suspend or (isinstance(bound, Binding) and bound.suspended):
            return False
        return armed is None or not name_is_taken(self.request, armed)

    def _next_step(self, now: datetime, tuning: Tuning) -> Decision:
        return decide_sync(self.request, self._status, self._seen, now, tuning)

    async def _act(self, decision: Decision) -> None:
        match decision.step:
            case Arm(name):
                await self._arm(decision, name)
            case Push(_, suffix):
                await self._push(decision, suffix)

    async def _arm(self, decision: Decision, name: str) -> None:
        if await self._may_act():
            resolved, self._status = self._acting_on(), decision.status
            outcome = await self._calling(self._around.access.arm(resolved, name))
            self._status, self._seen = absorb_armed(self._status, self._seen, outcome, self._moment())

    async def _push(self, decision: Decision, suffix: str) -> None:
        if await self._may_act():
            resolved, self._status = self._acting_on(), decision.status
            if no_longer(self._status, self._seen.prepared):
                self._around.registry.forget_prepared(resolved.source_group)
            outcome = await self._calling(self._around.access.push(resolved, suffix))
            self._status, self._seen = absorb_pushed(self._status, self._seen, outcome, self._moment())

    def _absorb(self, query: Query, outcome: Outcome[Any], moment: Moment) -> None:
        self._seen = absorb_reading(self._status, self._seen, query, outcome, moment)

    def _absorb_recorded(self, recorded: SyncStatus) -> None:
        self._seen = absorb_recorded(self._seen, fresh=is_fresh(self._status, recorded))

    def _left(self, status: SyncStatus) -> ArmedSync | None:
        """The sync that stays armed if the request ends like that."""
        around = self._around
        return left_armed(SyncContext(self.request, status, self._seen, around.clock.now(), around.tuning))

    async def _before_end(self, decided: SyncStatus) -> None:
        group = self._around.registry.groups.get(self.group)
        if group is None:
            return
        if (left := self._left(decided)) is not None:
            await group.remember(left)
        prepared = prepared_outside(decided, self._seen, self._around.clock.now())
        if prepared is not None:
            await group.remember_prepared(prepared)
