"""What it means that a group is prepared: what its memory is worth, when it is used up, and how it is shown."""

from __future__ import annotations

from datetime import datetime

from vvol_replication.api.conditions import Condition, Wanted
from vvol_replication.api.group import PreparedStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.domain.groups import GroupState
from vvol_replication.reconcile.binding.world import Binding

from .observation import Prepared


def prepared_by(prepared: Prepared) -> str:
    """Who prepared a group, and when, for people."""
    record = prepared.record
    who = f"FailoverPreparation {record.by!r}" if record.by else "somebody else"
    return f"{who}, {record.since:%Y-%m-%dT%H:%M:%SZ}"


def last_point(prepared: Prepared) -> str:
    """The point in time to fail over to, in a sentence."""
    point = prepared.record.point_in_time
    if point is None or point.id is None:
        return "The id of its last point in time is not known: look at the target's list."
    at = f" of {point.time:%Y-%m-%dT%H:%M:%SZ}" if point.time else ""
    return f"The last real point in time is {point.id!r}{at}."


NO_LONGER_VALID = "The preparation is no longer valid."
VALIDITY_UNKNOWN = (
    "It is not known whether the preparation is still valid. Do not fail over before you have checked that all VMs of "
    "the group are off. Then fail over by id."
)


def before_failover(prepared: Prepared) -> str:
    """What a request that has ended advises: its text stays, so that it names where the truth is kept."""
    return (
        f"{last_point(prepared)} Before you fail over to it, read condition Prepared of ReplicationGroup "
        f"{prepared.group!r}."
    )


_SERVED = (Reason.GROUP_FAILED_OVER, Reason.FAILOVER_CALLED_OFF)


def where_to_call_off(prepared: Prepared) -> str:
    """The one field that calls it off, for people: other objects of the same group do not count."""
    return f"spec.failoverCalledOffAt of ReplicationGroup {prepared.group!r}"


def as_remembered(record: PreparedStatus | None, called_off_at: datetime | None, group: str) -> Prepared | None:
    """What a group's memory is worth: is it relied on, or is the target to be asked anew?

    `group` is namespace/name of the ReplicationGroup that has it, `called_off_at` what its spec says.
    """
    if record is None:
        return None
    called_off = called_off_at is not None and record.since < called_off_at
    return Prepared(record, relied_on=record.by is not None and not called_off, called_off=called_off, group=group)


def is_used(record: PreparedStatus, bound: Binding) -> bool:
    """Has the target failed over, or was replication reversed? A test, or a state that is not known, tells nothing.

    Whether a test failover ends what prepare promised is not established, and forgetting it allows a second call.
    """
    if bound.target.state not in (GroupState.TARGET, GroupState.INTEST, GroupState.UNKNOWN):
        return True
    return record.source_group != bound.resolved.source_group


def prepared_condition(prepared: Prepared, valid: Condition | None = None) -> Wanted:
    """The condition `Prepared` of a ReplicationGroup.

    Parameters:
        prepared: what is remembered of the preparation.
        valid: its condition `Valid`; None: it has none, or its object is gone, so that nothing is known of it.
    """
    record = prepared.record
    if prepared.called_off:
        text = (
            f"Prepared by {prepared_by(prepared)}, and called off later. The next ReplicationSync asks the target "
            "whether it accepts syncs again."
        )
        return Wanted("Prepared", "Unknown", Reason.FAILOVER_CALLED_OFF, text)
    if record.by is None:
        text = (
            f"Since {record.since:%Y-%m-%dT%H:%M:%SZ} a sync succeeds here but brings no new "
            f"data: somebody else prepared the group. {last_point(prepared)}"
        )
        return Wanted("Prepared", "True", Reason.PREPARED_OUTSIDE, text)
    if not record.proven:
        text = (
            f"{prepared_by(prepared)}, asked the group to prepare. Its last data is not proven at the target. "
            "While that object has not ended, wait for its end. Otherwise compare the newest point in time with the "
            f"time when the VMs were shut down, and fail over by id. To call the failover off, set "
            f"{where_to_call_off(prepared)}."
        )
        return Wanted("Prepared", "True", Reason.NOT_PROVEN, text)
    reason, advice = Reason.FAILOVER_PREPARED, "Fail over to it by its id."
    if valid is not None and valid.status == "False":
        reason, advice = Reason.PREPARATION_NOT_VALID, f"{NO_LONGER_VALID} {valid.message}"
    elif valid is None or valid.status != "True":
        reason, advice = Reason.VALIDITY_UNKNOWN, VALIDITY_UNKNOWN
    text = (
        f"Prepared by {prepared_by(prepared)}. {last_point(prepared)} {advice} "
        f"To call that failover off, set {where_to_call_off(prepared)}."
    )
    return Wanted("Prepared", "True", reason, text)
