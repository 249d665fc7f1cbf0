"""A ReplicationSync under way: the sync at the target, the push at the source, and what it leaves to its group."""

from __future__ import annotations

from vvol_replication.api.group import ArmedSync
from vvol_replication.api.sync import Method, SyncStatus
from vvol_replication.domain.groups import GroupId
from vvol_replication.engine.monitors.group import GroupMonitor, Listed
from vvol_replication.reconcile.binding.world import Binding, Unbound
from vvol_replication.reconcile.core.request import Request
from vvol_replication.reconcile.core.steps import Arm, Decision, Push
from vvol_replication.reconcile.sync.absorb import absorb_armed, absorb_pushed, absorb_recorded, is_fresh
from vvol_replication.reconcile.sync.borrowed import left_armed
from vvol_replication.reconcile.sync.context import SyncContext
from vvol_replication.reconcile.sync.decide import name_is_taken
from vvol_replication.reconcile.sync.prepared import no_longer, prepared_outside

from .others import armed_by_another, binding_of
from .queue import TurnKey
from .reconciler import Reconciler


class SyncReconciler(Reconciler[Request, SyncStatus]):
    """Takes part in the queue of its protection group from the moment that it could use a turn."""

    def on_finished(self, group: GroupMonitor, *, stopped: bool) -> None:
        """Its sync may be armed still; and it may have listed the points in time."""
        if not self.stored.finished and not stopped and (left := self._left(self._status)) is not None:
            group.recall(left)  # it was deleted; nothing disarms its sync
        if (listed := self._listed) is not None:
            group.learn(listed)
        else:
            group.notify()

    @property
    def _listed(self) -> Listed | None:
        """The points in time as they were listed after the landing; None where that was not seen."""
        resolved = self._status.operation.resolved if self._status.operation else None
        reading = self._seen.points
        if resolved is None or reading is None or reading.value is None or self._seen.landed_at is None:
            return None
        target = resolved.target_group
        return Listed(GroupId(target.fault_domain, target.device_group), reading.value, reading.at)

    def _bound(self) -> Binding | Unbound:
        # The arrays alone do not need a vCenter that answers; what was read last is enough to find them.
        arrays_alone = self.request.spec.method is Method.ARRAY_ONLY
        return binding_of(self._context, self.group, arrays_alone=arrays_alone)

    def _wanted_turn(self) -> TurnKey | None:
        """A request that could not use a turn holds none."""
        bound = self._bound()
        resolved = self._resolved(bound)
        if resolved is None or not (
            self._acted or self._could_act(bound, armed_by_another(self._context, self.request.uid, resolved))
        ):
            return None
        return self._context.queue.key_of(resolved)

    def _could_act(self, bound: Binding | Unbound, armed: ArmedSync | None) -> bool:
        if self.request.spec.suspend or (isinstance(bound, Binding) and bound.suspended):
            return False
        return armed is None or not name_is_taken(self.request, armed)

    async def _act(self, decision: Decision) -> None:
        match decision.step:
            case Arm(name):
                await self._arm(decision, name)
            case Push(_, suffix):
                await self._push(decision, suffix)

    async def _arm(self, decision: Decision, name: str) -> None:
        if await self._may_act():
            resolved, self._status = self._acting_on(), decision.status
            outcome = await self._calling(self._context.calls.arm(resolved, name))
            self._status, self._seen = absorb_armed(self._status, self._seen, outcome, self._moment())

    async def _push(self, decision: Decision, suffix: str) -> None:
        if await self._may_act():
            resolved, self._status = self._acting_on(), decision.status
            if no_longer(self._status, self._seen.prepared):
                self._context.registry.forget_prepared(resolved.source_group)
            outcome = await self._calling(self._context.calls.push(resolved, suffix))
            self._status, self._seen = absorb_pushed(self._status, self._seen, outcome, self._moment())

    def _recorded(self, recorded: SyncStatus) -> None:
        self._seen = absorb_recorded(self._seen, fresh=is_fresh(self._status, recorded))

    def _left(self, status: SyncStatus) -> ArmedSync | None:
        """The sync that stays armed if the request ends like that."""
        return left_armed(SyncContext(self.request, status, self._seen, self._clock.now(), self._context.tuning))

    async def _before_end(self, decided: SyncStatus) -> None:
        group = self._context.registry.groups.get(self.group)
        if group is None:
            return
        if (left := self._left(decided)) is not None:
            await group.remember(left)
        prepared = prepared_outside(decided, self._seen, self._clock.now())
        if prepared is not None:
            await group.remember_prepared(prepared)
