"""Every check, and no call that changes anything: what the real preparation would do now."""

from __future__ import annotations

from dataclasses import replace

from vvol_replication.api.conditions import ConditionStatus, Wanted
from vvol_replication.api.preparation import CheckResult, CheckStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.reconcile.binding.world import Unbound
from vvol_replication.reconcile.core.promises import without_promise
from vvol_replication.reconcile.core.steps import Park, PreparationDecision
from vvol_replication.reconcile.core.summarize import Situation, Verdict

from .context import BoundPreparation, PreparationContext
from .preflight import BEFORE_THE_CALL, INTERLOCKS, Finding, first_refused, judge_all


def dry_run(context: PreparationContext) -> PreparationDecision:
    """Read everything once, judge everything, end. What is not there yet gets the settle time to appear."""
    binding = context.seen.bound
    if binding is None or isinstance(binding, Unbound):
        until = (context.status.accepted_at or context.request.created) + context.tuning.settle
        if binding is None or context.now < until:
            text = "Reading the ReplicationGroup." if binding is None else binding.message
            return context.run(Park(until), Reason.READING, text)
        return _unbound(context, binding)
    bound = BoundPreparation(
        context.request, context.status, context.seen, context.now, context.tuning, binding.resolved
    )
    missing = _missing(bound)
    if missing is not None:
        return missing
    findings = tuple(_of_an_end(one) for one in judge_all(bound))
    refused = first_refused(findings)
    suspended = binding.suspended and (refused is None or not (refused.problem and refused.problem.final))
    if suspended:
        text = f"ReplicationGroup {context.request.spec.group!r} is suspended: the preparation would wait."
        return _report(context, findings, Wanted("Preparable", "False", Reason.GROUP_SUSPENDED, text))
    return _report(context, findings, _prediction(refused))


def _missing(bound: BoundPreparation) -> PreparationDecision | None:
    """A reading that failed once is reported as it is: a report that waits for a dead site would be none."""
    unread = [query for query in BEFORE_THE_CALL if getattr(bound.seen, query.value) is None]
    return bound.due(*unread) if unread else None


def _of_an_end(finding: Finding) -> Finding:
    """What was found, without the promise that only a request that waits can keep."""
    problem = finding.problem
    if problem is None:
        return finding
    return replace(finding, problem=replace(problem, message=without_promise(problem.message)))


def _prediction(refused: Finding | None) -> Wanted:
    if refused is None or refused.problem is None:
        text = "All checks pass: the group could be prepared now."
        return Wanted("Preparable", "True", Reason.CHECKS_PASSED, text)
    known: ConditionStatus = "Unknown" if refused.result is CheckResult.NOT_CHECKED else "False"
    would = "would fail" if refused.problem.final else "would wait"
    text = f"The preparation {would} now, at check {refused.name}: {refused.problem.message}"
    return Wanted("Preparable", known, str(refused.problem.reason), text)


def _unbound(context: PreparationContext, binding: Unbound) -> PreparationDecision:
    checks = tuple(
        Finding(one.name, CheckResult.NOT_CHECKED).status
        if one.name != "Consent"
        else CheckStatus(one.name, CheckResult.PASSED)
        for one in INTERLOCKS
    )
    text = f"The preparation would wait now: {without_promise(binding.message)}"
    return _ended(context, checks, Wanted("Preparable", "False", binding.reason, text))


def _report(context: PreparationContext, findings: tuple[Finding, ...], prediction: Wanted) -> PreparationDecision:
    return _ended(context, tuple(one.status for one in findings), prediction)


def _ended(context: PreparationContext, checks: tuple[CheckStatus, ...], prediction: Wanted) -> PreparationDecision:
    text = f"Dry run: nothing was called. {prediction.message}"
    return context.end(Verdict(Situation.SUCCEEDED, Reason.DRY_RUN, text, (prediction,)), checks=checks)
