"""The end that was asked for: the data of the last sync is at the target, and its point in time is listed."""

from __future__ import annotations

from vvol_replication.api.conditions import Wanted
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import PointInTimeStatus
from vvol_replication.api.times import full_second
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.reconcile.core.identify import Finding
from vvol_replication.reconcile.core.observation import Query
from vvol_replication.reconcile.core.steps import Decided, PreparationDecision, Read
from vvol_replication.reconcile.core.summarize import Situation, Verdict, describe

from .context import BoundPreparation
from .validity import FRESH, ended_text, judge_members, valid_condition


def completed(bound: BoundPreparation, mine: Snapshot, finding: Finding) -> PreparationDecision:
    """Prepared and proven. The VMs are read once more: one may have been started between the check and the call."""
    members, since = bound.seen.members, bound.seen.success_at
    if members is None or (since is not None and members.at <= since):
        return Decided(Read(frozenset({Query.MEMBERS})), bound.status)
    stale = judge_members(members.outcome)
    validity = stale or FRESH
    text = ended_text(mine.name, point_status(finding), validity)
    valid = valid_condition(validity)
    spec = bound.request.spec
    return bound.end(
        Verdict(Situation.SUCCEEDED, Reason.FAILOVER_PREPARED, text, (valid, identified(finding))),
        point_in_time=point_status(finding),
        valid_until=None if spec.valid_for is None else full_second(bound.now + spec.valid_for),
    )


def point_status(finding: Finding) -> PointInTimeStatus:
    """The point in time as the status shows it; empty where it cannot be told from others."""
    point = finding.point
    return PointInTimeStatus(point.id, point.name, point.time) if point else PointInTimeStatus()


def identified(finding: Finding) -> Wanted:
    """Is it known which listed point in time the snapshot is?"""
    if finding.point is not None:
        text = f"Exactly one listed point in time fits: {describe(finding.point)}."
        return Wanted("PointInTimeIdentified", "True", Reason.IDENTIFIED, text)
    text = "More than one listed point in time fits the snapshot. Use the snapshot's name and time."
    return Wanted("PointInTimeIdentified", "False", Reason.POINT_IN_TIME_AMBIGUOUS, text)
