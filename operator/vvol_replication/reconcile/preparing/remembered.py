"""That a group is prepared: what is remembered of it, by whom it may be relied on, and what it means for requests.

The memory is the ReplicationGroup's status. It is written before the call, beside the request's own ledger: two
memories, so that neither a wiped status nor a deleted object makes a second call.
"""

from __future__ import annotations

from datetime import datetime

from vvol_replication.api.conditions import Wanted, find
from vvol_replication.api.group import PreparedStatus
from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Method, SyncStatus
from vvol_replication.domain.groups import GroupState
from vvol_replication.reconcile.binding import Binding
from vvol_replication.reconcile.observation import Observation, Prepared
from vvol_replication.reconcile.request import Preparation
from vvol_replication.reconcile.steps import Decision, PreparationDecision
from vvol_replication.reconcile.tell import Situation, Verdict
from vvol_replication.reconcile.view import View

from .case import Case
from .interlocks import last_point, prepared_by

_SERVED = (Reason.GROUP_FAILED_OVER, Reason.FAILOVER_CALLED_OFF)


def as_remembered(record: PreparedStatus | None, called_off_at: datetime | None) -> Prepared | None:
    """What a group's memory is worth: is it relied on, or is the target to be asked anew?"""
    if record is None:
        return None
    called_off = called_off_at is not None and record.since < called_off_at
    return Prepared(record, relied_on=record.by is not None and not called_off, called_off=called_off)


def record_of(request: Preparation, status: PreparationStatus) -> PreparedStatus | None:
    """What the group has to remember of a preparation: None where nothing is about to be asked for, or was."""
    ledger = status.operation
    if ledger is None or ledger.prepare is None or ledger.resolved is None:
        return None
    complete = find(status.conditions, "Complete")
    return PreparedStatus(
        since=ledger.prepare.intent_at,
        source_group=ledger.resolved.source_group,
        proven=complete is not None and complete.status == "True",
        by=request.label,
        uid=request.uid,
        request_id=request.request_id,
        snapshot=ledger.prepare.snapshot,
        point_in_time=status.point_in_time,
    )


def evidence_of(request: Preparation, status: PreparationStatus) -> PreparedStatus | None:
    """What a preparation that has ended tells of its group, should that have lost its memory. None: nothing."""
    valid = find(status.conditions, "Valid")
    if status.finished_at is None or (valid is not None and valid.reason in _SERVED):
        return None
    return record_of(request, status)


def done_already(case: Case) -> PreparationDecision | None:
    """This request id has asked for it before, by another object or before this one's status was lost (rule 8)."""
    prepared = case.seen.prepared
    if prepared is None or prepared.record.request_id != case.request.request_id:
        return None
    record = prepared.record
    if record.by is None or record.by.partition("/")[0] != case.request.namespace:
        return None
    if prepared.called_off:
        text = (
            f"This requestID has asked for it already ({prepared_by(prepared)}), and that failover was called off: it "
            "is not asked for again. Create a new FailoverPreparation with another requestID."
        )
        return case.fail(Reason.FAILOVER_CALLED_OFF, text)
    if not record.proven:
        text = (
            f"This requestID has asked for it already ({prepared_by(prepared)}), and what became of that is not known: "
            "the group counts as prepared. Look at the points in time of the target, and fail over by id."
        )
        return case.fail(Reason.OUTCOME_UNKNOWN, text, point_in_time=record.point_in_time)
    text = f"This requestID has prepared the group already ({prepared_by(prepared)}). {last_point(prepared)}"
    return case.end(Verdict(Situation.SUCCEEDED, Reason.ALREADY_DONE, text), point_in_time=record.point_in_time)


def refused_sync(view: View) -> Decision | None:
    """After prepare, sync is not news (rule 9): refused before any call. The arrays alone may go on."""
    prepared = view.seen.prepared
    if prepared is None or not prepared.relied_on or view.acted:
        return None
    if view.request.spec.method is Method.ARRAY_ONLY:
        return None
    text = (
        f"The group is prepared for failover ({prepared_by(prepared)}): a sync succeeds there at once and brings no "
        f"data, so none was asked for. {last_point(prepared)} Fail over to it by its id. If the failover was called "
        "off, set spec.failoverCalledOffAt of the ReplicationGroup, or use method ArrayOnly."
    )
    return view.fail(Reason.GROUP_PREPARED, text, point_in_time=prepared.record.point_in_time)


def told_by_sync(status: SyncStatus, seen: Observation, now: datetime) -> PreparedStatus | None:
    """A sync found that the group is prepared although nobody here asked for it: that is remembered (rule 9)."""
    failed = find(status.conditions, "Failed")
    resolved = status.operation.resolved if status.operation else None
    if failed is None or failed.reason != Reason.GROUP_PREPARED or resolved is None:
        return None
    if seen.prepared is not None:
        return None  # it is remembered already, and goes on to be
    return PreparedStatus(now, resolved.source_group, point_in_time=status.point_in_time)


def no_longer(status: SyncStatus, prepared: Prepared | None) -> bool:
    """A sync that stays pending shows that the target is not, or no longer, prepared (rule 9)."""
    sync = status.operation.sync if status.operation else None
    if prepared is None or sync is None or sync.pending_seen_at is None:
        return False
    return sync.pending_seen_at > prepared.record.since


def is_used(record: PreparedStatus, bound: Binding) -> bool:
    """Has the target failed over, or was replication reversed? A test, or a state that is not known, tells nothing.

    Whether a test failover ends what prepare promised is not established, and forgetting it allows a second call.
    """
    if bound.target.state not in (GroupState.TARGET, GroupState.INTEST, GroupState.UNKNOWN):
        return True
    return record.source_group != bound.resolved.source_group


def prepared_condition(prepared: Prepared) -> Wanted:
    """What a ReplicationGroup tells of it."""
    record = prepared.record
    if prepared.called_off:
        text = (
            f"Prepared by {prepared_by(prepared)}, and called off since: the next ReplicationSync asks the target "
            "whether it takes syncs again."
        )
        return Wanted("Prepared", "Unknown", Reason.FAILOVER_CALLED_OFF, text)
    if record.by is None:
        text = (
            f"Since {record.since:%Y-%m-%dT%H:%M:%SZ} a sync succeeds here without new data: somebody else prepared "
            f"the group. {last_point(prepared)}"
        )
        return Wanted("Prepared", "True", Reason.PREPARED_OUTSIDE, text)
    if not record.proven:
        text = (
            f"{prepared_by(prepared)}, asked the group to prepare, and its last data is not proven at the target. "
            "See that object; fail over by id."
        )
        return Wanted("Prepared", "True", Reason.NOT_PROVEN, text)
    text = f"Prepared by {prepared_by(prepared)}. {last_point(prepared)} Fail over to it by its id."
    return Wanted("Prepared", "True", Reason.FAILOVER_PREPARED, text)
