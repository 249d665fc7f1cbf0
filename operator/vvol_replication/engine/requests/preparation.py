"""A FailoverPreparation under way: the one call, and the memory of it that its group has before it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Resolved
from vvol_replication.domain.outcomes import Outcome, Unavailable
from vvol_replication.domain.points import StartedPrepare
from vvol_replication.engine.monitors.group import GroupMonitor
from vvol_replication.reconcile.core.acceptance import parse_preparation
from vvol_replication.reconcile.core.claims import Claim, claim_of_preparation
from vvol_replication.reconcile.core.observation import Moment, Prepared, Query
from vvol_replication.reconcile.core.request import Preparation
from vvol_replication.reconcile.core.steps import LeaveTurn, PreparationDecision, Prepare, TakeTurn
from vvol_replication.reconcile.core.tuning import Tuning
from vvol_replication.reconcile.preparation.absorb import absorb_prepared, absorb_reading, absorb_recorded, is_intent
from vvol_replication.reconcile.preparation.already_done import record_of
from vvol_replication.reconcile.preparation.decide import decide_preparation

from .context import EngineContext
from .queue import TurnKey
from .reconciler import AnyReconciler, Reconciler
from .stored import StoredRequest

_NOT_REMEMBERED = Unavailable(
    Reason.NOT_REMEMBERED, "The API server did not take the ReplicationGroup's memory of the call; nothing was called."
)


class PreparationReconciler(Reconciler[Preparation, PreparationStatus]):
    """Takes a place in the queue only when its checks have passed: until then others need not wait for it."""

    def __init__(
        self,
        request: Preparation,
        stored: StoredRequest[PreparationStatus],
        around: EngineContext,
        over: Callable[[AnyReconciler], None],
    ) -> None:
        self._wants_turn = False
        super().__init__(request, stored, around, over, parse_preparation)

    def claim(self) -> Claim:
        """What the request makes of its id."""
        return claim_of_preparation(self.request, self._status)

    def over_for(self, group: GroupMonitor, *, stopped: bool) -> None:
        """Deleted or ended: its group goes on to know what may have been called."""
        if self.stored.finished or stopped:
            return
        record = record_of(self.request, self._status)
        if self._seen.intent_unused:
            self._forget_unused(group)
        elif record is not None:
            group.recall_prepared(record)

    @property
    def _task_id(self) -> str | None:
        prepare = self._status.operation.prepare if self._status.operation else None
        return prepare.task if prepare is not None else None

    def _place(self) -> str | None:
        resolved = self._resolved(self._bound())
        if resolved is None:
            self._leave()
            return None
        if self.request.spec.dry_run:
            return self._around.turns.holder(TurnKey(resolved.source_array_id, resolved.protection_group.casefold()))
        if not (self._acted or self._wants_turn):
            self._leave()
            return None
        return self._enter_turn(resolved)

    def _leave(self) -> None:
        self._wants_turn = False
        self._around.turns.leave(self.request.uid)

    def _next_step(self, now: datetime, tuning: Tuning) -> PreparationDecision:
        self._seen = replace(self._seen, in_turn=self._around.turns.has_place(self.request.uid))
        return decide_preparation(self.request, self._status, self._seen, now, tuning)

    async def _act(self, decision: PreparationDecision) -> None:
        match decision.step:
            case TakeTurn():
                self._wants_turn, self._status = True, decision.status
            case LeaveTurn():
                self._leave()
            case Prepare():
                await self._prepare(decision)

    async def _prepare(self, decision: PreparationDecision) -> None:
        """The group knows of the call before it is made, so that a lost object or ledger makes no second one.

        Telling the group may take long, and what was checked is older by that: all is decided anew before the call.
        """
        group = self._around.registry.groups.get(self.group)
        record = record_of(self.request, decision.status)
        if record is None or group is None or not await self._may_act():
            return
        outcome: Outcome[StartedPrepare] = _NOT_REMEMBERED
        if group.remembers(record):
            outcome = await self._calling(self._around.access.prepare(self._acting_on()))
        elif await group.remember_prepared(record):
            return
        self._status, self._seen = absorb_prepared(decision.status, self._seen, outcome, self._moment())
        self._forget_unused(group)
        if self._task_id is not None:
            # Before anything else is awaited: whoever takes over without it cannot know what became of the call.
            await self._store(self._status)

    def _forget_unused(self, group: GroupMonitor | None) -> None:
        """What the group was told of a call that was not made after all is not true any more."""
        if group is not None and self._seen.intent_unused:
            group.forget_prepared(self.request.uid)

    def _prepared(self, resolved: Resolved | None) -> Prepared | None:
        found = super()._prepared(resolved)
        mine = found is not None and found.record.uid == self.request.uid and self._seen.intent_unused
        return None if mine else found  # told to the group for a call that is still to be made

    def _absorb(self, query: Query, outcome: Outcome[Any], moment: Moment) -> None:
        self._seen = absorb_reading(self._status, self._seen, query, outcome, moment)

    def _absorb_recorded(self, recorded: PreparationStatus) -> None:
        if is_intent(self._status, recorded):
            self._forget_unused(self._around.registry.groups.get(self.group))
            self._seen = absorb_recorded(recorded, self._seen)

    async def _before_end(self, decided: PreparationStatus) -> None:
        group = self._around.registry.groups.get(self.group)
        record = record_of(self.request, decided)
        if record is None:
            self._forget_unused(group)
        elif group is not None:
            await group.remember_prepared(record)
