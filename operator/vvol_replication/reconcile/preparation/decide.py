"""The one entry: which step comes next for a FailoverPreparation. Pure and total.

    waiting for the checks ── all pass ──> its turn ── all pass again ──> intent recorded ── and again ──> the call
          ^                                   │                                │
          └────────── a check refuses ────────┴──── intent withdrawn ──────────┘

While a check refuses, the turn is not held: VMs may be shut down, and synced, for hours. From the call on nothing is
ever asked for again; `truth` finds out what became of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from vvol_replication.api.preparation import (
    MACHINES_LIMIT,
    SNAPSHOTS_LIMIT,
    MachineStatus,
    PreparationLedger,
    PreparationStatus,
    PrepareLedger,
)
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Resolved
from vvol_replication.reconcile.binding.world import Problem, Unbound
from vvol_replication.reconcile.core.identify import baseline_of
from vvol_replication.reconcile.core.observation import Observation, Trouble, rows
from vvol_replication.reconcile.core.request import Preparation
from vvol_replication.reconcile.core.steps import (
    Decided,
    Finish,
    LeaveTurn,
    Park,
    PreparationDecision,
    Prepare,
    Record,
    TakeTurn,
    no_later,
)
from vvol_replication.reconcile.core.summarize import Situation, Verdict
from vvol_replication.reconcile.core.takeover import may_still_act
from vvol_replication.reconcile.core.tuning import Tuning

from .already_done import done_already
from .context import BoundPreparation, PreparationContext
from .dry_run import dry_run
from .outcome import after_the_call
from .preflight import BEFORE_THE_CALL, Finding, first_refused, judge_all


def decide_preparation(
    request: Preparation, status: PreparationStatus, seen: Observation, now: datetime, tuning: Tuning
) -> PreparationDecision:
    """The next step of one preparation, and the status that it should show from here on."""
    if status.finished_at is not None:
        return Decided(Finish(), status)
    context = PreparationContext(request, status, seen, now, tuning)
    ending = _ended_by_spec(context) or _timed_out(context)
    if ending is not None:
        return may_still_act(context) or ending
    return _bounded(_placed(context), context)


def _ended_by_spec(context: PreparationContext) -> PreparationDecision | None:
    if context.request.spec.cancel:
        text = f"Cancelled: it is not followed any more. {context.left_behind()}"
        return context.end(Verdict(Situation.CANCELLED, Reason.CANCELLED, text))
    if context.called:
        return None
    not_after = context.request.spec.not_after
    if context.now > not_after:
        text = (
            f"notAfter {not_after:%Y-%m-%dT%H:%M:%SZ} passed while the preparation waited; nothing was called. "
            f"Create a new FailoverPreparation.{context.last_message()}"
        )
        return context.end(Verdict(Situation.MISSED, Reason.MISSED, text))
    clash = context.seen.claims.clash
    return None if clash is None else context.fail(Reason.REQUEST_ID_CONFLICT, clash)


def _deadline(context: PreparationContext) -> datetime | None:
    """Counted from the turn that it acts in; while it waits, `notAfter` is its end."""
    turn_at = context.ledger.turn_at
    return None if turn_at is None else turn_at + (context.request.spec.timeout or context.tuning.timeout)


def _timed_out(context: PreparationContext) -> PreparationDecision | None:
    deadline = _deadline(context)
    if deadline is None or context.now < deadline:
        return None
    text = f"Not proven by {deadline:%Y-%m-%dT%H:%M:%SZ}. {context.left_behind()}{context.last_message()}"
    return context.fail(Reason.TIMED_OUT, text, deadline=deadline)


def _placed(context: PreparationContext) -> PreparationDecision:
    if context.acted:
        resolved = context.ledger.resolved
        if resolved is None:
            return context.fail(
                Reason.OUTCOME_UNKNOWN, f"The ledger does not say what was acted on. {context.left_behind()}"
            )
        bound = _ready(context, resolved)
        if context.seen.behind is not None:
            return _behind(bound)
        return after_the_call(bound) if context.called else _call(bound)
    if context.request.spec.suspend:
        return _out_of_turn(context) or context.suspended(deadline=None)
    binding = context.seen.bound
    group = f"ReplicationGroup {context.request.spec.group!r}"
    if context.request.spec.dry_run:
        return dry_run(context)
    if binding is None:
        return context.run(Park(None), Reason.READING, f"Reading {group}.")
    if isinstance(binding, Unbound):
        return _out_of_turn(context) or context.wait(binding.reason, binding.message)
    if binding.suspended:
        text = f"{group} is suspended; set its spec.suspend to false to go on."
        return _out_of_turn(context) or context.wait(Reason.GROUP_SUSPENDED, text)
    return done_already(context) or _towards_the_call(_ready(context, binding.resolved))


def _ready(context: PreparationContext, resolved: Resolved) -> BoundPreparation:
    return BoundPreparation(context.request, context.status, context.seen, context.now, context.tuning, resolved)


def _out_of_turn(context: PreparationContext) -> PreparationDecision | None:
    return Decided(LeaveTurn(), context.status) if context.seen.in_turn else None


def _behind(bound: BoundPreparation) -> PreparationDecision:
    text = f"Waiting for {bound.seen.behind}: one operation at a time on a protection group."
    return bound.wait(Reason.GROUP_BUSY, text)


def _towards_the_call(bound: BoundPreparation) -> PreparationDecision:
    """Nothing is recorded yet: check without the turn, take the turn, check again, record."""
    trouble = bound.seen.trouble
    if trouble is not None and bound.now < trouble.retry_at:
        return _out_of_turn(bound) or bound.wait(trouble.reason, trouble.message, until=trouble.retry_at)
    if bound.seen.in_turn and bound.seen.behind is not None:
        return _behind(bound)
    checked = _checked(bound)
    if not isinstance(checked, tuple):
        return (_out_of_turn(bound) or checked) if isinstance(checked.step, Park) else checked
    refused = first_refused(checked)
    if refused is not None:
        return _refused(bound, refused)
    if not bound.seen.in_turn:
        return bound.run(TakeTurn(), Reason.CHECKING, "Every check passed; taking the turn on the protection group.")
    if not bound.seen.confirmed:
        return bound.run(Park(None), Reason.ACCEPTED, "Waiting until the acceptance is seen in the API server.")
    return _record_intent(bound, checked)


def _checked(bound: BoundPreparation) -> tuple[Finding, ...] | PreparationDecision:
    """Every check over fresh readings; a reading that is due or failed comes first."""
    return bound.read(*BEFORE_THE_CALL) or judge_all(bound)


def _refused(bound: BoundPreparation, finding: Finding) -> PreparationDecision:
    problem = finding.problem or Problem(Reason.NOT_YET_READ, f"Check {finding.name} could not be made.")
    if problem.final:
        point = bound.seen.prepared.record.point_in_time if bound.seen.prepared else None
        return bound.fail(problem.reason, problem.message, point_in_time=point)
    until = bound.now + bound.tuning.older_every
    return _out_of_turn(bound) or bound.wait(problem.reason, problem.message, until=until)


def _record_intent(bound: BoundPreparation, findings: tuple[Finding, ...]) -> PreparationDecision:
    """Write down what was read, and what is about to be asked for, before it is asked for (invariant 5)."""
    seen = bound.seen
    at_source = sorted(rows(seen.source_snapshots), key=lambda row: row.created, reverse=True)
    ledger = PreparationLedger(
        request_id=bound.request.request_id,
        turn_at=bound.now,
        resolved=bound.resolved,
        baseline=baseline_of(rows(seen.points), rows(seen.target_snapshots), at_source),
        prepare=PrepareLedger(bound.now, tuple(row.name for row in at_source[:SNAPSHOTS_LIMIT])),
        holder=bound.holder,
    )
    bound = replace(bound, status=_with_evidence(bound, findings))
    deadline = bound.now + (bound.request.spec.timeout or bound.tuning.timeout)
    text = f"All checks passed; about to prepare source group {bound.resolved.source_group} for failover."
    return bound.run(Record(), Reason.PREPARING, text, operation=ledger, deadline=deadline)


def _with_evidence(bound: BoundPreparation, findings: tuple[Finding, ...]) -> PreparationStatus:
    membership = bound.seen.members.value if bound.seen.members else None
    machines = sorted(membership.vms if membership else (), key=lambda vm: (vm.name, vm.moid))
    return replace(
        bound.status,
        checks=tuple(one.status for one in findings),
        machines=tuple(MachineStatus(vm.name, vm.instance_uuid) for vm in machines[:MACHINES_LIMIT]),
        machine_count=len(machines),
    )


def _call(bound: BoundPreparation) -> PreparationDecision:
    """The intent is recorded, by this process, and the call was not made: check once more, with new readings."""
    trouble = bound.seen.trouble
    if trouble is not None and (trouble.refusals or trouble.reason == Reason.IDENTITY_CHANGED):
        return _refused_by_source(bound, trouble)
    if trouble is not None and bound.now < trouble.retry_at:
        return _withdraw(bound)
    checked = _checked(bound)
    if not isinstance(checked, tuple):
        return _withdraw(bound) if isinstance(checked.step, Park | Finish) else checked
    if bound.request.spec.suspend or first_refused(checked) is not None or _group_suspended(bound):
        return _withdraw(bound)
    bound = replace(bound, status=_with_evidence(bound, checked))
    text = f"Asking source group {bound.resolved.source_group} to prepare for failover."
    return bound.run(Prepare(), Reason.PREPARING, text)


def _refused_by_source(bound: BoundPreparation, trouble: Trouble) -> PreparationDecision:
    if trouble.reason == Reason.IDENTITY_CHANGED:
        return bound.fail(Reason.IDENTITY_CHANGED, f"{trouble.message} Nothing was called.")
    return bound.fail(
        Reason.PREPARE_REFUSED,
        f"The source group refused to be prepared, and nothing was changed. {trouble.message} "
        "Remove the cause, then create a new FailoverPreparation.",
    )


def _group_suspended(bound: BoundPreparation) -> bool:
    binding = bound.seen.bound
    return not isinstance(binding, Unbound) and binding is not None and binding.suspended


def _withdraw(bound: BoundPreparation) -> PreparationDecision:
    """Something changed between the checks: take the intent back, so that nobody takes it for a call."""
    status = replace(bound.status, checks=(), machines=(), machine_count=None)
    text = "Something changed right before the call; checking anew."
    fresh = PreparationLedger(request_id=bound.request.request_id)
    return replace(bound, status=status).run(Record(), Reason.CHECKING, text, operation=fresh, deadline=None)


def _bounded(decision: PreparationDecision, context: PreparationContext) -> PreparationDecision:
    """No preparation sleeps past its own deadline, nor past its `notAfter` while that still counts."""
    after = replace(context, status=decision.status)
    not_after = None if after.called else context.request.spec.not_after + timedelta(milliseconds=1)
    return no_later(decision, _deadline(after), not_after)
