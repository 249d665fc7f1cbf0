"""Reasons of how recent a group's newest point in time is."""

from collections.abc import Mapping
from types import MappingProxyType

from .info import ReasonInfo, Severity
from .reason import Reason

OBJECTIVE: Mapping[Reason, ReasonInfo] = MappingProxyType(
    {
        Reason.WITHIN_OBJECTIVE: ReasonInfo(
            "The newest point in time is younger than the recovery point objective.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing to do.",
        ),
        Reason.BEHIND_OBJECTIVE: ReasonInfo(
            "The newest point in time is older than the recovery point objective.",
            retried=True,
            severity=Severity.WARNING,
            advice="Look at the replication schedule, the link, and the conditions of recent syncs.",
        ),
        Reason.NO_POINT_IN_TIME: ReasonInfo(
            "No point in time is listed at the target.",
            retried=True,
            severity=Severity.WARNING,
            advice="Wait for, or start, a first replication of the group.",
        ),
        Reason.OBJECTIVE_TOO_TIGHT: ReasonInfo(
            "A schedule makes points in time too seldom for the recovery point objective.",
            retried=True,
            severity=Severity.WARNING,
            advice="Shorten the interval of the schedule that the message names, or lengthen recoveryPointObjective.",
        ),
        Reason.NAMED_POINT_EXPIRING: ReasonInfo(
            "The targets' retention will drop the newest named point in time within a day, or may.",
            retried=True,
            severity=Severity.WARNING,
            advice="Make a new one if it is needed for longer, or lengthen the retention for targets on the array.",
        ),
    }
)
