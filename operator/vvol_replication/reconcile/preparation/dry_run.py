"""Every check, and no call that changes anything: what the real preparation would do now."""

from __future__ import annotations

from vvol_replication.api.conditions import ConditionStatus, Wanted
from vvol_replication.api.preparation import CheckResult, CheckStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.reconcile.binding.world import Unbound
from vvol_replication.reconcile.core.steps import Park, PreparationDecision
from vvol_replication.reconcile.core.summarize import Situation, Verdict

from .context import Case, Ready
from .preflight import BEFORE_THE_CALL, INTERLOCKS, Finding, first_refused, judge_all


def dry_run(case: Case) -> PreparationDecision:
    """Read everything once, judge everything, end. What is not there yet gets the settle time to appear."""
    bound = case.seen.bound
    if bound is None or isinstance(bound, Unbound):
        until = (case.status.accepted_at or case.request.created) + case.tuning.settle
        if bound is None or case.now < until:
            text = "Reading the ReplicationGroup." if bound is None else bound.message
            return case.run(Park(until), Reason.READING, text)
        return _unbound(case, bound)
    ready = Ready(case.request, case.status, case.seen, case.now, case.tuning, bound.resolved)
    missing = _missing(ready)
    if missing is not None:
        return missing
    findings = judge_all(ready)
    refused = first_refused(findings)
    suspended = bound.suspended and (refused is None or not (refused.problem and refused.problem.final))
    if suspended:
        text = f"ReplicationGroup {case.request.spec.group!r} is suspended: the preparation would wait."
        return _report(case, findings, Wanted("Preparable", "False", Reason.GROUP_SUSPENDED, text))
    return _report(case, findings, _prediction(refused))


def _missing(ready: Ready) -> PreparationDecision | None:
    """A reading that failed once is told as it is: a report that waits for a dead site would be none."""
    unread = [query for query in BEFORE_THE_CALL if getattr(ready.seen, query.value) is None]
    return ready.due(*unread) if unread else None


def _prediction(refused: Finding | None) -> Wanted:
    if refused is None or refused.problem is None:
        text = "All checks pass: the group could be prepared now."
        return Wanted("Preparable", "True", Reason.CHECKS_PASSED, text)
    known: ConditionStatus = "Unknown" if refused.result is CheckResult.NOT_CHECKED else "False"
    would = "would fail" if refused.problem.final else "would wait"
    text = f"The preparation {would} now, at check {refused.name}: {refused.problem.message}"
    return Wanted("Preparable", known, str(refused.problem.reason), text)


def _unbound(case: Case, bound: Unbound) -> PreparationDecision:
    checks = tuple(
        Finding(one.name, CheckResult.NOT_CHECKED).status
        if one.name != "Consent"
        else CheckStatus(one.name, CheckResult.PASSED)
        for one in INTERLOCKS
    )
    text = f"The preparation would wait now: {bound.message}"
    return _ended(case, checks, Wanted("Preparable", "False", bound.reason, text))


def _report(case: Case, findings: tuple[Finding, ...], prediction: Wanted) -> PreparationDecision:
    return _ended(case, tuple(one.status for one in findings), prediction)


def _ended(case: Case, checks: tuple[CheckStatus, ...], prediction: Wanted) -> PreparationDecision:
    text = f"Dry run: nothing was called. {prediction.message}"
    return case.end(Verdict(Situation.SUCCEEDED, Reason.DRY_RUN, text, (prediction,)), checks=checks)
