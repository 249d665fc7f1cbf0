"""What an array does with a protection group by itself, as the group's status shows it, and read back from there.

So it is known also when the source site is lost, and the operator was restarted since.
"""

from __future__ import annotations

from vvol_replication.api.durations import format_duration, read_duration
from vvol_replication.api.group import ArrayPolicyStatus, RetentionStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.domain.arrays import ProtectionPolicy, ReplicationSchedule, Retention


def shown_policy(policy: ProtectionPolicy) -> ArrayPolicyStatus:
    """As the status shows it."""
    schedule, keep = policy.schedule, policy.retention
    if schedule is None and keep is None:
        return unknown_policy(Reason.NOT_SUPPORTED)
    return ArrayPolicyStatus(
        replicates=None if schedule is None else schedule.enabled,
        interval=None if schedule is None or schedule.every is None else format_duration(schedule.every),
        blackout=format_duration(schedule.blackout) if schedule is not None and schedule.blackout else None,
        retention=None
        if keep is None
        else RetentionStatus(keep.per_day, None if keep.all_for is None else format_duration(keep.all_for), keep.days),
    )


def unknown_policy(reason: str) -> ArrayPolicyStatus:
    """Nothing is known, for this reason."""
    return ArrayPolicyStatus(unknown=str(reason))


def policy_of(shown: ArrayPolicyStatus | None) -> ProtectionPolicy:
    """What a status shows; what it does not show is not known."""
    if shown is None:
        return ProtectionPolicy()
    schedule = keep = None
    if shown.replicates is not None:
        blackout = read_duration(shown.blackout)
        schedule = ReplicationSchedule(shown.replicates, read_duration(shown.interval))
        schedule = schedule if blackout is None else ReplicationSchedule(schedule.enabled, schedule.every, blackout)
    if shown.retention is not None:
        kept = read_duration(shown.retention.all_for)
        if kept is not None or shown.retention.all_for is None:
            keep = Retention(kept, shown.retention.per_day, shown.retention.days)
    return ProtectionPolicy(schedule, keep)
