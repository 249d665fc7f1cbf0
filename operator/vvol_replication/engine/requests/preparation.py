"""A FailoverPreparation under way: the one call, and the memory of it that its group has before it is made."""

from __future__ import annotations

from vvol_replication.api.conditions import find
from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Resolved
from vvol_replication.domain.outcomes import Outcome, Unavailable
from vvol_replication.domain.points import StartedPrepare
from vvol_replication.engine.monitors.group import GroupMonitor
from vvol_replication.reconcile.core.observation import Prepared
from vvol_replication.reconcile.core.request import Preparation
from vvol_replication.reconcile.core.steps import LeaveTurn, PreparationDecision, Prepare, TakeTurn
from vvol_replication.reconcile.preparation.absorb import absorb_prepared, absorb_recorded, is_intent
from vvol_replication.reconcile.preparation.already_done import record_of

from .context import EngineContext
from .kind import RequestKind
from .queue import TurnKey
from .reconciler import Reconciler
from .stored import StoredRequest

_NOT_REMEMBERED = Unavailable(
    Reason.NOT_REMEMBERED, "The status of the ReplicationGroup could not be written. Nothing was called."
)


class PreparationReconciler(Reconciler[Preparation, PreparationStatus]):
    """Takes a place in the queue only when its checks have passed: until then others need not wait for it."""

    def __init__(
        self,
        kind: RequestKind[Preparation, PreparationStatus],
        request: Preparation,
        stored: StoredRequest[PreparationStatus],
        context: EngineContext,
    ) -> None:
        super().__init__(kind, request, stored, context)
        self._wants_turn = False

    def on_finished(self, group: GroupMonitor, *, stopped: bool) -> None:
        """Deleted or ended: its group goes on to know what may have been called."""
        if self.stored.finished or stopped:
            return
        record = record_of(self.request, self._status)
        if self._seen.intent_unused:
            self._forget_unused(group)
        elif record is not None:
            group.recall_prepared(record)

    def _take_place(self) -> None:
        """A request whose group is not known any more begins anew: without the turn, and with all checks."""
        if self._resolved(self._bound()) is None:
            self._wants_turn = False
        super()._take_place()

    def _wanted_turn(self) -> TurnKey | None:
        resolved = self._resolved(self._bound())
        if resolved is None or self.request.spec.dry_run or not (self._acted or self._wants_turn):
            return None
        return self._context.queue.key_of(resolved)

    def _behind(self) -> str | None:
        """A dry run takes no place; it reports who has the turn."""
        resolved = self._resolved(self._bound())
        if self.request.spec.dry_run and resolved is not None:
            return self._context.queue.holder(self._context.queue.key_of(resolved))
        return super()._behind()

    async def _act(self, decision: PreparationDecision) -> None:
        match decision.step:
            case TakeTurn():
                self._wants_turn, self._status = True, decision.status
            case LeaveTurn():
                self._wants_turn = False
            case Prepare():
                await self._prepare(decision)

    async def _prepare(self, decision: PreparationDecision) -> None:
        """The group knows of the call before it is made, so that a lost object or ledger makes no second one.

        Storing that may take long, and what was checked is older by it: all is decided anew before the call.
        """
        group = self._context.registry.groups.get(self.group)
        record = record_of(self.request, decision.status)
        if record is None or group is None or not await self._may_act():
            return
        outcome: Outcome[StartedPrepare] = _NOT_REMEMBERED
        if group.remembers(record):
            outcome = await self._calling(self._context.calls.prepare(self._acting_on()))
        elif await group.remember_prepared(record):
            return
        self._status, self._seen = absorb_prepared(decision.status, self._seen, outcome, self._moment())
        self._forget_unused(group)
        if self._task_id is not None:
            # Before anything else is awaited: whoever takes over without it cannot know what became of the call.
            await self._write(self._status)

    def _forget_unused(self, group: GroupMonitor | None) -> None:
        """Let the group forget a call that was announced to it and not made."""
        if group is not None and self._seen.intent_unused:
            group.forget_prepared(self.request.uid)

    def _prepared(self, resolved: Resolved | None) -> Prepared | None:
        found = super()._prepared(resolved)
        mine = found is not None and found.record.uid == self.request.uid and self._seen.intent_unused
        return None if mine else found  # the group's memory of a call that is still to be made

    def _recorded(self, recorded: PreparationStatus) -> None:
        if is_intent(self._status, recorded):
            self._forget_unused(self._context.registry.groups.get(self.group))
            self._seen = absorb_recorded(recorded, self._seen)

    async def _before_end(self, decided: PreparationStatus) -> None:
        group = self._context.registry.groups.get(self.group)
        record = record_of(self.request, decided)
        if record is None:
            self._forget_unused(group)
        elif group is not None:
            self._context.registry.note_valid(self.request.uid, find(decided.conditions, "Valid"))
            await group.remember_prepared(record)
