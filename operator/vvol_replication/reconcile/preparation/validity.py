"""For how long a preparation holds: condition `Valid` of a completed one, kept true to what is seen afterwards.

A stale preparation stays Ready: what was done was done. What it no longer promises is that its point in time is the
last word of the source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from vvol_replication.api.conditions import Condition, ConditionStatus, Wanted, find
from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.api.refs import PointInTimeStatus
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.groups import GroupState
from vvol_replication.domain.members import Membership, PowerState
from vvol_replication.domain.outcomes import Done, Outcome
from vvol_replication.domain.points import PointInTime
from vvol_replication.reconcile.core.prepared import NO_LONGER_VALID, VALIDITY_UNKNOWN
from vvol_replication.reconcile.core.summarize import describe

from .preflight import few

_PREPARE_AGAIN = "call this failover off and create a new FailoverPreparation."
_OVER = (Reason.GROUP_FAILED_OVER, Reason.FAILOVER_CALLED_OFF)
"""What a person did with the failover: nothing that comes later changes what is to be said of the preparation."""


@dataclass(frozen=True, slots=True)
class Validity:
    """`True`: it holds. `False`: it is stale, for good, though the reason may change. `Unknown`: it cannot be read."""

    status: ConditionStatus
    reason: Reason | str
    message: str


FRESH = Validity(
    "True", Reason.FAILOVER_PREPARED, "All VMs of the group are off, and nothing newer has arrived at the target."
)


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What was read since. `target_state` is None where the group is not bound, or its state is not known."""

    target_state: GroupState | None
    called_off: bool
    members: Outcome[Membership] | None = None
    arrived: Outcome[tuple[Snapshot, ...]] | None = None


def valid_condition(validity: Validity) -> Wanted:
    """As a condition."""
    return Wanted("Valid", validity.status, str(validity.reason), validity.message)


def ended_text(snapshot: str, point: PointInTimeStatus | None, validity: Validity) -> str:
    """How a completed preparation stands, for people: what was done, and may the failover follow?"""
    what = "a point in time that is not certain, because several fit"
    if point is not None and point.id is not None and point.time is not None:
        what = f"point in time {describe(PointInTime(point.id, point.name, point.time))}"
    done = f"The group was prepared for failover: its last sync, snapshot {snapshot}, has landed as {what}."
    if validity.status == "False":
        return f"{done} {NO_LONGER_VALID} {validity.message}"
    if validity.status == "Unknown":
        return f"{done} {VALIDITY_UNKNOWN}"
    return f"{done} Fail over to it by its id, because newer data may still arrive."


def restated(status: PreparationStatus, validity: Validity) -> tuple[Wanted, ...]:
    """The conditions of a completed preparation, with `Valid` and every advice as it is true now."""
    snapshot = status.transfer.snapshot if status.transfer is not None else None
    text = None if snapshot is None else ended_text(snapshot, status.point_in_time, validity)
    return tuple(_restated(one, text, validity) for one in status.conditions)


def _restated(one: Condition, text: str | None, validity: Validity) -> Wanted:
    if one.type == "Valid":
        return valid_condition(validity)
    advises = one.type in ("Ready", "Complete", "Finished") and one.reason == Reason.FAILOVER_PREPARED
    return Wanted(one.type, one.status, one.reason, text if advises and text is not None else one.message)


def is_watched(status: PreparationStatus) -> bool:
    """Is there anything left that could change what is to be said of it?"""
    valid = find(status.conditions, "Valid")
    return status.finished_at is not None and valid is not None and valid.reason not in _OVER


def stale(status: PreparationStatus) -> Validity | None:
    """What it was found stale by, if it was."""
    valid = find(status.conditions, "Valid")
    return (
        Validity(valid.status, valid.reason, valid.message) if valid is not None and valid.status == "False" else None
    )


def judge(status: PreparationStatus, after: Afterwards, now: datetime) -> Validity:
    """Does a completed preparation hold still? What is sure comes first, then what could not be read.

    One that is stale stays so; but advice to call the failover off is not left standing when it was called off.
    """
    if after.target_state in (GroupState.FAILEDOVER, GroupState.REMOTE_FAILEDOVER):
        text = (
            f"The group has failed over (target {after.target_state}): the preparation was used or is void. Do not "
            "fail over by it again."
        )
        return Validity("False", Reason.GROUP_FAILED_OVER, text)
    if after.called_off:
        text = (
            "The failover was called off (spec.failoverCalledOffAt of the ReplicationGroup). Do not fail over to its "
            "point in time. Create a new FailoverPreparation for the next failover."
        )
        return Validity("False", Reason.FAILOVER_CALLED_OFF, text)
    if (before := stale(status)) is not None:
        return before
    if status.valid_until is not None and now >= status.valid_until:
        text = (
            f"validFor passed at {status.valid_until:%Y-%m-%dT%H:%M:%SZ}. The group stays prepared. Do not fail over "
            f"before you have checked that all VMs are off, and which points in time there are. Or {_PREPARE_AGAIN}"
        )
        return Validity("False", Reason.VALIDITY_ENDED, text)
    members = judge_members(after.members) if after.members is not None else None
    arrived = _judge_arrived(status, after.arrived) if after.arrived is not None else None
    found = [one for one in (members, arrived) if one is not None]
    return next((one for one in found if one.status == "False"), found[0] if found else FRESH)


def judge_members(outcome: Outcome[Membership]) -> Validity | None:
    """A VM that runs writes what the last sync does not have. None: all are off."""
    if not isinstance(outcome, Done):
        return Validity("Unknown", outcome.reason, f"The VMs of the group cannot be read: {outcome.message}")
    running = sorted(vm.name for vm in outcome.value.vms if vm.power in (PowerState.ON, PowerState.SUSPENDED))
    if running:
        text = (
            f"VM {few(map(repr, running))} is on or suspended on the source. Do not fail over: what it has written "
            f"after the last point in time would be lost. Shut it down. Then {_PREPARE_AGAIN}"
        )
        return Validity("False", Reason.VM_POWERED_ON, text)
    if not outcome.value.complete:
        unread = (f"VM {one}" for one in outcome.value.unread)
        what = (*outcome.value.problems, *unread, *outcome.value.unaccounted, "no VM was found")[0]
        return Validity(
            "Unknown", Reason.MEMBERS_UNREADABLE, f"Not all VMs of the group can be read: {what.rstrip('.')}."
        )
    return None


def _judge_arrived(status: PreparationStatus, outcome: Outcome[tuple[Snapshot, ...]]) -> Validity | None:
    """Later replications do not harm the last point in time; whoever fails over to "the newest" gets another one."""
    if not isinstance(outcome, Done):
        return Validity("Unknown", outcome.reason, f"The target array cannot be asked: {outcome.message}")
    newer = _newer(status, outcome.value)
    if newer is None:
        return None
    point = status.point_in_time
    which = f"point in time {point.id!r}" if point is not None and point.id else "the snapshot in status.transfer"
    text = (
        f"The replication {newer.name} came after the last sync. Do not fail over to the newest point in time. "
        f"Check that all VMs are off, and fail over to {which} by its id. Or {_PREPARE_AGAIN}"
    )
    return Validity("False", Reason.NEWER_DATA_ARRIVED, text)


def _newer(status: PreparationStatus, rows: Sequence[Snapshot]) -> Snapshot | None:
    last = status.transfer.snapshot if status.transfer is not None else None
    if last is None:
        return None
    suffix = last.rpartition(".")[2]
    mine = next((row for row in rows if row.suffix == suffix), None)
    if mine is None:
        return None
    after = [row for row in rows if row.created > mine.created and not row.destroyed]
    return max(after, key=lambda row: row.created, default=None)
