"""What a preparation leaves to its group, and what another one finds there: the same request is never made twice.

The group's memory is the ReplicationGroup's status. It is written before the call, beside the request's own ledger:
two memories, so that neither a wiped status nor a deleted object makes a second call.
"""

from __future__ import annotations

from vvol_replication.api.conditions import find
from vvol_replication.api.group import PreparedStatus
from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.reconcile.core.prepared import _SERVED, before_failover, prepared_by
from vvol_replication.reconcile.core.request import Preparation
from vvol_replication.reconcile.core.steps import PreparationDecision
from vvol_replication.reconcile.core.summarize import Situation, Verdict

from .context import PreparationContext


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
    """What a preparation that has ended says of its group, should that have lost its memory. None: nothing."""
    valid = find(status.conditions, "Valid")
    if status.finished_at is None or (valid is not None and valid.reason in _SERVED):
        return None
    return record_of(request, status)


def done_already(context: PreparationContext) -> PreparationDecision | None:
    """This request id has asked for it before, by another object or before this one's status was lost (invariant 8)."""
    prepared = context.seen.prepared
    if prepared is None or prepared.record.request_id != context.request.request_id:
        return None
    record = prepared.record
    if record.by is None or record.by.partition("/")[0] != context.request.namespace:
        return None
    if prepared.called_off:
        text = (
            f"This requestID was already used ({prepared_by(prepared)}), and that failover was called off. The "
            "group is not asked again. Create a new FailoverPreparation with another requestID."
        )
        return context.fail(Reason.FAILOVER_CALLED_OFF, text)
    if not record.proven:
        text = (
            f"This requestID was already used ({prepared_by(prepared)}), and the result is not known: "
            "the group counts as prepared. Look at the points in time of the target, and fail over by id."
        )
        return context.fail(Reason.OUTCOME_UNKNOWN, text, point_in_time=record.point_in_time)
    text = f"This requestID has already prepared the group ({prepared_by(prepared)}). {before_failover(prepared)}"
    return context.end(Verdict(Situation.SUCCEEDED, Reason.ALREADY_DONE, text), point_in_time=record.point_in_time)
