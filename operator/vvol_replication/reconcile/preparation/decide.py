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
from vvol_replication.reconcile.binding.world import Unbound
from vvol_replication.reconcile.core.checks import Problem
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
from .context import Case, Ready
from .dry_run import dry_run
from .outcome import after_the_call
from .preflight import BEFORE_THE_CALL, Finding, first_refused, judge_all


def decide_preparation(
    request: Preparation, status: PreparationStatus, seen: Observation, now: datetime, tuning: Tuning
) -> PreparationDecision:
    """The next step of one preparation, and the status that it should show from here on."""
    if status.finished_at is not None:
        return Decided(Finish(), status)
    case = Case(request, status, seen, now, tuning)
    ending = _ended_by_spec(case) or _timed_out(case)
    if ending is not None:
        return may_still_act(case) or ending
    return _bounded(_placed(case), case)


def _ended_by_spec(case: Case) -> PreparationDecision | None:
    if case.request.spec.cancel:
        text = f"Cancelled: it is not followed any more. {case.left_behind()}"
        return case.end(Verdict(Situation.CANCELLED, Reason.CANCELLED, text))
    if case.called:
        return None
    not_after = case.request.spec.not_after
    if case.now > not_after:
        text = (
            f"notAfter {not_after:%Y-%m-%dT%H:%M:%SZ} passed while the preparation waited; nothing was called. "
            f"Create a new FailoverPreparation.{case.last_told()}"
        )
        return case.end(Verdict(Situation.MISSED, Reason.MISSED, text))
    clash = case.seen.claims.clash
    return None if clash is None else case.fail(Reason.REQUEST_ID_CONFLICT, clash)


def _deadline(case: Case) -> datetime | None:
    """Counted from the turn that it acts in; while it waits, `notAfter` is its end."""
    turn_at = case.ledger.turn_at
    return None if turn_at is None else turn_at + (case.request.spec.timeout or case.tuning.timeout)


def _timed_out(case: Case) -> PreparationDecision | None:
    deadline = _deadline(case)
    if deadline is None or case.now < deadline:
        return None
    text = f"Not proven by {deadline:%Y-%m-%dT%H:%M:%SZ}. {case.left_behind()}{case.last_told()}"
    return case.fail(Reason.TIMED_OUT, text, deadline=deadline)


def _placed(case: Case) -> PreparationDecision:
    if case.acted:
        resolved = case.ledger.resolved
        if resolved is None:
            return case.fail(Reason.OUTCOME_UNKNOWN, f"The ledger does not say what was acted on. {case.left_behind()}")
        ready = _ready(case, resolved)
        if case.seen.behind is not None:
            return _behind(ready)
        return after_the_call(ready) if case.called else _call(ready)
    if case.request.spec.suspend:
        return _out_of_turn(case) or case.suspended(deadline=None)
    bound = case.seen.bound
    group = f"ReplicationGroup {case.request.spec.group!r}"
    if case.request.spec.dry_run:
        return dry_run(case)
    if bound is None:
        return case.run(Park(None), Reason.READING, f"Reading {group}.")
    if isinstance(bound, Unbound):
        return _out_of_turn(case) or case.wait(bound.reason, bound.message)
    if bound.suspended:
        text = f"{group} is suspended; set its spec.suspend to false to go on."
        return _out_of_turn(case) or case.wait(Reason.GROUP_SUSPENDED, text)
    return done_already(case) or _towards_the_call(_ready(case, bound.resolved))


def _ready(case: Case, resolved: Resolved) -> Ready:
    return Ready(case.request, case.status, case.seen, case.now, case.tuning, resolved)


def _out_of_turn(case: Case) -> PreparationDecision | None:
    return Decided(LeaveTurn(), case.status) if case.seen.in_turn else None


def _behind(ready: Ready) -> PreparationDecision:
    text = f"Waiting for {ready.seen.behind}: one operation at a time on a protection group."
    return ready.wait(Reason.GROUP_BUSY, text)


def _towards_the_call(ready: Ready) -> PreparationDecision:
    """Nothing is recorded yet: check without the turn, take the turn, check again, record."""
    trouble = ready.seen.trouble
    if trouble is not None and ready.now < trouble.retry_at:
        return _out_of_turn(ready) or ready.wait(trouble.reason, trouble.message, until=trouble.retry_at)
    if ready.seen.in_turn and ready.seen.behind is not None:
        return _behind(ready)
    checked = _checked(ready)
    if not isinstance(checked, tuple):
        return (_out_of_turn(ready) or checked) if isinstance(checked.step, Park) else checked
    refused = first_refused(checked)
    if refused is not None:
        return _refused(ready, refused)
    if not ready.seen.in_turn:
        return ready.run(TakeTurn(), Reason.CHECKING, "Every check passed; taking the turn on the protection group.")
    if not ready.seen.confirmed:
        return ready.run(Park(None), Reason.ACCEPTED, "Waiting until the acceptance is seen in the API server.")
    return _record_intent(ready, checked)


def _checked(ready: Ready) -> tuple[Finding, ...] | PreparationDecision:
    """Every check over fresh readings; a reading that is due or failed comes first."""
    return ready.read(*BEFORE_THE_CALL) or judge_all(ready)


def _refused(ready: Ready, finding: Finding) -> PreparationDecision:
    problem = finding.problem or Problem(Reason.NOT_YET_READ, f"Check {finding.name} could not be made.")
    if problem.final:
        point = ready.seen.prepared.record.point_in_time if ready.seen.prepared else None
        return ready.fail(problem.reason, problem.message, point_in_time=point)
    until = ready.now + ready.tuning.older_every
    return _out_of_turn(ready) or ready.wait(problem.reason, problem.message, until=until)


def _record_intent(ready: Ready, findings: tuple[Finding, ...]) -> PreparationDecision:
    """Write down what was read, and what is about to be asked for, before it is asked for (invariant 5)."""
    seen = ready.seen
    at_source = sorted(rows(seen.source_snapshots), key=lambda row: row.created, reverse=True)
    ledger = PreparationLedger(
        request_id=ready.request.request_id,
        turn_at=ready.now,
        resolved=ready.resolved,
        baseline=baseline_of(rows(seen.points), rows(seen.target_snapshots), at_source),
        prepare=PrepareLedger(ready.now, tuple(row.name for row in at_source[:SNAPSHOTS_LIMIT])),
        holder=ready.holder,
    )
    ready = replace(ready, status=_with_evidence(ready, findings))
    deadline = ready.now + (ready.request.spec.timeout or ready.tuning.timeout)
    text = f"All checks passed; about to prepare source group {ready.resolved.source_group} for failover."
    return ready.run(Record(), Reason.PREPARING, text, operation=ledger, deadline=deadline)


def _with_evidence(ready: Ready, findings: tuple[Finding, ...]) -> PreparationStatus:
    membership = ready.seen.members.value if ready.seen.members else None
    machines = sorted(membership.vms if membership else (), key=lambda vm: (vm.name, vm.moid))
    return replace(
        ready.status,
        checks=tuple(one.status for one in findings),
        machines=tuple(MachineStatus(vm.name, vm.instance_uuid) for vm in machines[:MACHINES_LIMIT]),
        machine_count=len(machines),
    )


def _call(ready: Ready) -> PreparationDecision:
    """The intent is recorded, by this process, and the call was not made: check once more, with new readings."""
    trouble = ready.seen.trouble
    if trouble is not None and (trouble.refusals or trouble.reason == Reason.IDENTITY_CHANGED):
        return _refused_by_source(ready, trouble)
    if trouble is not None and ready.now < trouble.retry_at:
        return _withdraw(ready)
    checked = _checked(ready)
    if not isinstance(checked, tuple):
        return _withdraw(ready) if isinstance(checked.step, Park | Finish) else checked
    if ready.request.spec.suspend or first_refused(checked) is not None or _group_suspended(ready):
        return _withdraw(ready)
    ready = replace(ready, status=_with_evidence(ready, checked))
    text = f"Asking source group {ready.resolved.source_group} to prepare for failover."
    return ready.run(Prepare(), Reason.PREPARING, text)


def _refused_by_source(ready: Ready, trouble: Trouble) -> PreparationDecision:
    if trouble.reason == Reason.IDENTITY_CHANGED:
        return ready.fail(Reason.IDENTITY_CHANGED, f"{trouble.message} Nothing was called.")
    return ready.fail(
        Reason.PREPARE_REFUSED,
        f"The source group refused to be prepared, and nothing was changed. {trouble.message} "
        "Remove the cause, then create a new FailoverPreparation.",
    )


def _group_suspended(ready: Ready) -> bool:
    bound = ready.seen.bound
    return not isinstance(bound, Unbound) and bound is not None and bound.suspended


def _withdraw(ready: Ready) -> PreparationDecision:
    """Something changed between the checks: take the intent back, so that nobody takes it for a call."""
    status = replace(ready.status, checks=(), machines=(), machine_count=None)
    text = "Something changed right before the call; checking anew."
    fresh = PreparationLedger(request_id=ready.request.request_id)
    return replace(ready, status=status).run(Record(), Reason.CHECKING, text, operation=fresh, deadline=None)


def _bounded(decision: PreparationDecision, case: Case) -> PreparationDecision:
    """No preparation sleeps past its own deadline, nor past its `notAfter` while that still counts."""
    after = replace(case, status=decision.status)
    not_after = None if after.called else case.request.spec.not_after + timedelta(milliseconds=1)
    return no_later(decision, _deadline(after), not_after)
