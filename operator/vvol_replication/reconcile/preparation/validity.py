"""For how long a preparation holds: condition `Valid` of a completed one, kept true to what is seen afterwards.

A stale preparation stays Ready: what was done was done. What it no longer promises is that its point in time is the
last word of the source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from vvol_replication.api.conditions import ConditionStatus, Wanted, find
from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.groups import GroupState
from vvol_replication.domain.members import Membership, PowerState
from vvol_replication.domain.outcomes import Done, Outcome

from .preflight import few


@dataclass(frozen=True, slots=True)
class Validity:
    """`True`: it holds. `False`: it is stale, for good. `Unknown`: what would tell cannot be read."""

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


def is_watched(status: PreparationStatus) -> bool:
    """Is there anything left that could make it stale?"""
    valid = find(status.conditions, "Valid")
    return status.finished_at is not None and valid is not None and valid.status != "False"


def judge(status: PreparationStatus, after: Afterwards, now: datetime) -> Validity:
    """Does a completed preparation hold still? What is sure comes first, then what could not be read."""
    if after.target_state in (GroupState.FAILEDOVER, GroupState.REMOTE_FAILEDOVER):
        text = f"The group has failed over (target {after.target_state}): the preparation was used or is void."
        return Validity("False", Reason.GROUP_FAILED_OVER, text)
    if after.called_off:
        text = "The failover was called off (spec.failoverCalledOffAt of the ReplicationGroup)."
        return Validity("False", Reason.FAILOVER_CALLED_OFF, text)
    if status.valid_until is not None and now >= status.valid_until:
        text = (
            f"validFor passed at {status.valid_until:%Y-%m-%dT%H:%M:%SZ}: the preparation is not fresh any more. The "
            "group stays prepared. Check the VMs and the points in time before a failover."
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
            f"VM {few(map(repr, running))} is on or suspended on the source. A failover loses what it has written "
            "after the last point in time. Shut it down and prepare again, or call the failover off."
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
        f"The replication {newer.name} came after the last sync: the newest point in time is now another one. "
        f"Fail over to {which} by its id, or prepare again."
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
