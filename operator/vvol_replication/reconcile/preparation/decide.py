"""The one entry: which step comes next for a FailoverPreparation. Pure and total.

    waiting for the checks ── all pass ──> its turn ── all pass again ──> intent recorded ── and again ──> the call
          ^                                   │                                │
          └────────── a check refuses ────────┴──── intent withdrawn ──────────┘

While a check refuses, the turn is not held: VMs may be shut down, and synced, for hours. From the call on nothing is
ever asked for again; `outcome` finds out what became of it.

At each decision a request goes through the stages from top to bottom. The first stage that decides ends the way; one
that has nothing to say returns None.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Resolved
from vvol_replication.reconcile.binding.world import Binding, Unbound
from vvol_replication.reconcile.core.endings import cancelled, clash, timed_out
from vvol_replication.reconcile.core.observation import Observation
from vvol_replication.reconcile.core.request import Preparation
from vvol_replication.reconcile.core.stages import Stage, first_decision
from vvol_replication.reconcile.core.steps import Decided, Finish, Park, PreparationDecision, no_later
from vvol_replication.reconcile.core.summarize import Situation, Verdict
from vvol_replication.reconcile.core.takeover import may_still_act
from vvol_replication.reconcile.core.tuning import Tuning

from .already_done import done_already
from .calling import ask_to_prepare, check_and_record, held_back, queued
from .context import BoundPreparation, PreparationContext, out_of_turn
from .dry_run import dry_run
from .outcome import after_the_call


def decide_preparation(
    request: Preparation, status: PreparationStatus, seen: Observation, now: datetime, tuning: Tuning
) -> PreparationDecision:
    """The next step of one preparation, and the status that it should show from here on.

    Parameters:
        request: what the object asks for.
        status: what is known of it, its ledger included; it may be ahead of what is stored, never behind.
        seen: the readings, and what the engine knows of turns, other objects and the group.
        now: this process's clock, timezone-aware.
        tuning: how long things are waited for.
    """
    if status.finished_at is not None:
        return Decided(Finish(), status)
    context = PreparationContext(request, status, seen, now, tuning)
    ending = first_decision(ENDINGS, context)
    if ending is not None:
        return ending
    decision = first_decision(BEFORE_IT_IS_BOUND, context)
    if decision is None:
        decision = first_decision(BOUND, _bind(context))
    if decision is None:
        raise TypeError("no stage of a preparation decides")
    return _bounded(decision, context)


# Endings


def _ended_by_spec(context: PreparationContext) -> PreparationDecision | None:
    """Cancelled, too late, or with a request id that is another request's."""
    ending = cancelled(context) or (None if context.called else _missed(context) or clash(context))
    return ending and (may_still_act(context) or ending)


def _missed(context: PreparationContext) -> PreparationDecision | None:
    not_after = context.request.spec.not_after
    if context.now <= not_after:
        return None
    text = (
        f"notAfter {not_after:%Y-%m-%dT%H:%M:%SZ} passed while the preparation waited. Nothing was called. "
        f"Create a new FailoverPreparation.{context.last_message()}"
    )
    return context.end(Verdict(Situation.MISSED, Reason.MISSED, text))


def _timed_out(context: PreparationContext) -> PreparationDecision | None:
    """Its deadline has passed."""
    return timed_out(context, _deadline(context), "Not proven")


ENDINGS: tuple[Stage[PreparationContext, PreparationStatus], ...] = (_ended_by_spec, _timed_out)

# Before it is known what it acts on. What an intent froze counts from then on: it passes all of these.


def _ledger_unreadable(context: PreparationContext) -> PreparationDecision | None:
    if not context.acted or context.ledger.resolved is not None:
        return None
    return context.fail(
        Reason.OUTCOME_UNKNOWN, f"status.operation does not say what the request acted on. {context.left_behind()}"
    )


def _suspended(context: PreparationContext) -> PreparationDecision | None:
    """`spec.suspend` of a preparation that has not acted."""
    if context.acted or not context.request.spec.suspend:
        return None
    return out_of_turn(context) or context.suspended(deadline=None)


def _dry_run(context: PreparationContext) -> PreparationDecision | None:
    """A dry run never has an intent, and ends here."""
    return None if context.acted or not context.request.spec.dry_run else dry_run(context)


def _group_unbound(context: PreparationContext) -> PreparationDecision | None:
    """What the group stands for is not known, or nothing may act on it."""
    if context.acted:
        return None
    binding, group = context.seen.bound, f"ReplicationGroup {context.request.spec.group!r}"
    if binding is None:
        return context.run(Park(None), Reason.READING, f"Reading {group}.")
    if isinstance(binding, Unbound):
        return out_of_turn(context) or context.wait(binding.reason, binding.message)
    if binding.suspended:
        text = f"{group} is suspended. To go on, set its spec.suspend to false."
        return out_of_turn(context) or context.wait(Reason.GROUP_SUSPENDED, text)
    return None


def _already_done(context: PreparationContext) -> PreparationDecision | None:
    """The group was prepared under this request id."""
    return None if context.acted else done_already(context)


BEFORE_IT_IS_BOUND: tuple[Stage[PreparationContext, PreparationStatus], ...] = (
    _ledger_unreadable,
    _suspended,
    _dry_run,
    _group_unbound,
    _already_done,
)

# Bound


def _bind(context: PreparationContext) -> BoundPreparation:
    return BoundPreparation(
        context.request, context.status, context.seen, context.now, context.tuning, _resolved(context)
    )


def _resolved(context: PreparationContext) -> Resolved:
    """What the request acts on: frozen with the intent, the group's binding until then."""
    frozen, binding = context.ledger.resolved, context.seen.bound
    if context.acted and frozen is not None:
        return frozen
    if not isinstance(binding, Binding):
        raise TypeError("a preparation without a bound group acts on nothing")
    return binding.resolved


BOUND: tuple[Stage[BoundPreparation, PreparationStatus], ...] = (
    held_back,
    queued,
    after_the_call,
    ask_to_prepare,
    check_and_record,
)

# Deadlines


def _deadline(context: PreparationContext) -> datetime | None:
    """Counted from the turn that it acts in; while it waits, `notAfter` is its end."""
    turn_at = context.ledger.turn_at
    return None if turn_at is None else context.deadline_from(turn_at)


def _bounded(decision: PreparationDecision, context: PreparationContext) -> PreparationDecision:
    """No preparation sleeps past its own deadline, nor past its `notAfter` while that still counts."""
    after = replace(context, status=decision.status)
    not_after = None if after.called else context.request.spec.not_after + timedelta(milliseconds=1)
    return no_later(decision, _deadline(after), not_after)
