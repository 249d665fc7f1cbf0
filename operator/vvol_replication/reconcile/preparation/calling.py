"""Up to the one call: every check without the turn, in its turn, and once more right before it (invariant 8)."""

from __future__ import annotations

from dataclasses import replace

from vvol_replication.api.preparation import (
    MACHINES_LIMIT,
    SNAPSHOTS_LIMIT,
    MachineStatus,
    PreparationLedger,
    PreparationStatus,
    PrepareLedger,
)
from vvol_replication.api.reasons import Reason
from vvol_replication.reconcile.binding.world import Problem, Unbound
from vvol_replication.reconcile.core.baseline import baseline_of
from vvol_replication.reconcile.core.newest import newest_listed
from vvol_replication.reconcile.core.observation import Query, Trouble, rows
from vvol_replication.reconcile.core.steps import Finish, Park, PreparationDecision, Prepare, Record, TakeTurn
from vvol_replication.reconcile.core.turns import waits_behind

from .context import BoundPreparation, out_of_turn
from .preflight import BEFORE_THE_CALL, Finding, first_refused, judge_all


def held_back(bound: BoundPreparation) -> PreparationDecision | None:
    """An earlier try did not work: nothing is tried again at once, and the turn is not held meanwhile."""
    trouble = bound.seen.trouble
    if bound.acted or trouble is None or bound.now >= trouble.retry_at:
        return None
    return out_of_turn(bound) or bound.wait(trouble.reason, trouble.message, until=trouble.retry_at)


def queued(bound: BoundPreparation) -> PreparationDecision | None:
    """It wants the turn, or has an intent, and another request has the turn on the protection group."""
    if bound.seen.behind is None or not (bound.acted or bound.seen.in_turn):
        return None
    text = waits_behind(bound.seen.behind)
    return bound.wait(Reason.GROUP_BUSY, text)


def check_and_record(bound: BoundPreparation) -> PreparationDecision:
    """Nothing is recorded yet: check without the turn, take the turn, check again, record."""
    checked = _checked(bound)
    if not isinstance(checked, tuple):
        return (out_of_turn(bound) or checked) if isinstance(checked.step, Park) else checked
    refused = first_refused(checked)
    if refused is not None:
        return _refused(bound, refused)
    if not bound.seen.in_turn:
        return bound.run(TakeTurn(), Reason.CHECKING, "Every check passed. Taking the turn on the protection group.")
    if not bound.seen.confirmed:
        return bound.run(
            Park(None), Reason.ACCEPTED, "Waiting until the API server shows that the request is accepted."
        )
    return _record_intent(bound, checked)


def _checked(bound: BoundPreparation) -> tuple[Finding, ...] | PreparationDecision:
    """Every check over fresh readings; a reading that is due or failed comes first.

    Power is asked at every look: somebody is shutting VMs down, and waits.
    """
    return bound.read(*BEFORE_THE_CALL) or bound.due(Query.MEMBERS, within=bound.tuning.older_every) or judge_all(bound)


def _refused(bound: BoundPreparation, finding: Finding) -> PreparationDecision:
    problem = finding.problem or Problem(Reason.NOT_YET_READ, f"Check {finding.name} could not be made.")
    if problem.final:
        point = bound.seen.prepared.record.point_in_time if bound.seen.prepared else None
        return bound.fail(problem.reason, problem.message, point_in_time=point)
    until = bound.now + bound.tuning.older_every
    return out_of_turn(bound) or bound.wait(problem.reason, problem.message, until=until)


def _record_intent(bound: BoundPreparation, findings: tuple[Finding, ...]) -> PreparationDecision:
    """Write down what was read, and what is about to be asked for, before it is asked for (invariant 5)."""
    seen = bound.seen
    at_source = sorted(rows(seen.source_snapshots), key=lambda row: row.created, reverse=True)
    newest = newest_listed(seen, bound.now, bound.tuning.fresh)
    ledger = PreparationLedger(
        request_id=bound.request.request_id,
        turn_at=bound.now,
        resolved=bound.resolved,
        baseline=baseline_of(rows(seen.points), rows(seen.target_snapshots), at_source, newest),
        prepare=PrepareLedger(bound.now, tuple(row.name for row in at_source[:SNAPSHOTS_LIMIT])),
        holder=bound.holder,
    )
    bound = replace(bound, status=_with_evidence(bound, findings))
    text = f"All checks passed. The next step is to prepare {_called(bound)} for failover."
    return bound.run(Record(), Reason.PREPARING, text, operation=ledger, deadline=bound.deadline_from(bound.now))


def _called(bound: BoundPreparation) -> str:
    """The source group as people know it."""
    resolved = bound.resolved
    return f"the source group of protection group {resolved.protection_group!r} on FlashArray {resolved.source_array!r}"


def _with_evidence(bound: BoundPreparation, findings: tuple[Finding, ...]) -> PreparationStatus:
    membership = bound.seen.members.value if bound.seen.members else None
    machines = sorted(membership.vms if membership else (), key=lambda vm: (vm.name, vm.moid))
    return replace(
        bound.status,
        checks=tuple(one.status for one in findings),
        machines=tuple(MachineStatus(vm.name, vm.instance_uuid) for vm in machines[:MACHINES_LIMIT]),
        machine_count=len(machines),
    )


def ask_to_prepare(bound: BoundPreparation) -> PreparationDecision | None:
    """The intent is recorded, by this process, and the call was not made: check once more, with new readings."""
    if not bound.acted:
        return None
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
    text = f"Asking {_called(bound)} to prepare for failover."
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
    text = "Something changed right before the call. Checking again."
    fresh = PreparationLedger(request_id=bound.request.request_id)
    return replace(bound, status=status).run(Record(), Reason.CHECKING, text, operation=fresh, deadline=None)
