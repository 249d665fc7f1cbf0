"""Alerts of ReplicationGroups and their schedules: how recent they are, and what stands in their way."""

from __future__ import annotations

from vvol_replication.metrics import catalogue as metrics

from .alert import GROUP, SCHEDULE, Alert, Severity, extreme, seen

_OF_GROUP = "ReplicationGroup {{ $labels.namespace }}/{{ $labels.group }}"
_NEAR, _PREPARED_HOURS, _ARMED_HOURS = 0.8, 4, 1
_STALLED, _PROGRESS = "30m", metrics.TRANSFER_PROGRESS
_MISSED = "2h"

OBJECTIVE_VIOLATED = Alert(
    "VvolObjectiveViolated",
    Severity.CRITICAL,
    f"{seen(metrics.GROUP_VIOLATED, GROUP)} == 1",
    "2m",
    f"{_OF_GROUP} is behind its objective.",
    "Its newest point in time is older than spec.recoveryPointObjective, or there is none. "
    "A failover now would lose more data than was agreed.",
    "`RecoveryPointCurrent` is False",
)
OBJECTIVE_NEAR = Alert(
    "VvolObjectiveNear",
    Severity.WARNING,
    f"(time() - {seen(metrics.GROUP_NEWEST, GROUP)}) / {seen(metrics.GROUP_OBJECTIVE, GROUP)} > {_NEAR}\n"
    f"  and {seen(metrics.GROUP_VIOLATED, GROUP)} == 0",
    "1m",
    f"{_OF_GROUP} is about to miss its objective.",
    "The age of its newest point in time is {{ $value | humanizePercentage }} of spec.recoveryPointObjective.",
    f"the age of the newest point in time is more than {_NEAR:.0%} of the objective, and not more than all of it",
)
OBJECTIVE_UNKNOWN = Alert(
    "VvolObjectiveUnknown",
    Severity.WARNING,
    f"time() - {seen(metrics.GROUP_NEWEST, GROUP)} > {seen(metrics.GROUP_OBJECTIVE, GROUP)}\n"
    f"  unless {seen(metrics.GROUP_VIOLATED, GROUP)}",
    "10m",
    f"It is not known whether {_OF_GROUP} meets its objective.",
    "Its points in time cannot be listed, or the clocks of its arrays cannot be compared. "
    "The newest one that is known is {{ $value | humanizeDuration }} old, which is more than the objective.",
    "the newest known point in time is older than the objective, and `RecoveryPointCurrent` is Unknown",
)
NO_POINT_IN_TIME = Alert(
    "VvolNoPointInTime",
    Severity.CRITICAL,
    f"{seen(metrics.GROUP_POINTS, GROUP)} == 0",
    "30m",
    f"{_OF_GROUP} has no point in time.",
    "Nothing is listed at the target. A failover is not possible.",
    "the list of points in time was read, and is empty",
)
TRANSFER_STALLED = Alert(
    "VvolTransferStalled",
    Severity.WARNING,
    f"{extreme('max', _PROGRESS, GROUP, _STALLED)} == {extreme('min', _PROGRESS, GROUP, _STALLED)}\n"
    f"  unless {extreme('max', metrics.TRANSFER_BYTES, GROUP, _STALLED)}"
    f" > {extreme('min', metrics.TRANSFER_BYTES, GROUP, _STALLED)}\n"
    f"  and {seen(_PROGRESS, GROUP, back='10m', ago='25m')}\n"
    f"  and {seen(_PROGRESS, GROUP)}",
    "0m",
    f"The transfer of {_OF_GROUP} does not advance.",
    f"It has been at {{{{ $value | humanizePercentage }}}} for {_STALLED}, and no more bytes have arrived.",
    f"a request follows a transfer, and neither its progress nor its bytes have changed for {_STALLED}",
)
PREPARATION_STALE = Alert(
    "VvolPreparationStale",
    Severity.WARNING,
    f"{seen(metrics.GROUP_PREPARATION_VALID, GROUP)} == 0",
    "5m",
    f"The preparation of {_OF_GROUP} is stale.",
    "The group is prepared for a failover that did not follow in time, or a VM was powered on since then. "
    "The target has nothing of what was written after the preparation.",
    "the group is prepared, and `Valid` of its FailoverPreparation is False",
)
PREPARED_FOR_LONG = Alert(
    "VvolGroupPreparedForLong",
    Severity.WARNING,
    f"time() - {seen(metrics.GROUP_PREPARED_SINCE, GROUP)} > {_PREPARED_HOURS * 3600}",
    "5m",
    f"{_OF_GROUP} has been prepared for a long time.",
    "It has been prepared for failover for {{ $value | humanizeDuration }}. Syncs bring no new data there until it has "
    "failed over, or the failover is called off.",
    f"the group has been prepared for more than {_PREPARED_HOURS} hours",
)
SYNC_LEFT_ARMED = Alert(
    "VvolSyncLeftArmed",
    Severity.WARNING,
    f"time() - {seen(metrics.GROUP_ARMED_SINCE, GROUP)} > {_ARMED_HOURS * 3600}",
    "5m",
    f"A sync is still armed at the target of {_OF_GROUP}.",
    "Its request ended {{ $value | humanizeDuration }} ago or later. The next data that lands gets its name, "
    "also if that data is not what the name says.",
    f"a sync has been armed for more than {_ARMED_HOURS} hour, and its request has ended",
)
SCHEDULE_MISSED = Alert(
    "VvolScheduleMissed",
    Severity.WARNING,
    f"{seen(metrics.SCHEDULE_MISSED, SCHEDULE)} - {extreme('min', metrics.SCHEDULE_MISSED, SCHEDULE, _MISSED)} > 0",
    "0m",
    "ReplicationSchedule {{ $labels.namespace }}/{{ $labels.schedule }} has missed runs.",
    f"{{{{ $value }}}} of its runs within the last {_MISSED} could not be started in time, "
    "so ReplicationGroup {{ $labels.group }} has no point in time of them.",
    f"a run within the last {_MISSED} could not be started in time",
)

ALERTS = (
    *(OBJECTIVE_VIOLATED, OBJECTIVE_NEAR, OBJECTIVE_UNKNOWN, NO_POINT_IN_TIME, TRANSFER_STALLED),
    *(PREPARATION_STALE, PREPARED_FOR_LONG, SYNC_LEFT_ARMED, SCHEDULE_MISSED),
)
