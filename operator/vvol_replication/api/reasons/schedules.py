"""Reasons that schedules give."""

from collections.abc import Mapping
from types import MappingProxyType

from .info import ReasonInfo, Severity
from .reason import Reason

SCHEDULES: Mapping[Reason, ReasonInfo] = MappingProxyType(
    {
        Reason.SCHEDULED: ReasonInfo(
            "The schedule starts its runs. The message says when the next one is.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing to do.",
        ),
        Reason.INVALID_SCHEDULE: ReasonInfo(
            "A Kubernetes CronJob would not accept spec.schedule or spec.timeZone.",
            retried=False,
            severity=Severity.WARNING,
            advice="Correct the field that the message names. No run is started until then.",
        ),
        Reason.RUN_REFUSED: ReasonInfo(
            "The API server does not take the ReplicationSync of a run.",
            retried=True,
            severity=Severity.WARNING,
            advice="Read the message. Check the operator's role, quotas, admission policies, and the CRDs' version.",
        ),
        Reason.RUN_MISSED: ReasonInfo(
            "No run was started for a time of the schedule, because no operator could start one in time.",
            retried=False,
            severity=Severity.WARNING,
            advice="Check whether the operator ran at that time. Ask for a run with spec.runNow if you need one.",
        ),
        Reason.RUN_SKIPPED: ReasonInfo(
            "No run was started for a time of the schedule, because the run before was under way.",
            retried=False,
            severity=Severity.WARNING,
            advice="Find out why that run takes so long, run less often, or set concurrencyPolicy to Queue.",
        ),
        Reason.RUN_FAILED: ReasonInfo(
            "A run of the schedule has ended without a new point in time.",
            retried=False,
            severity=Severity.WARNING,
            advice="Read the ReplicationSync that the message names. The next run starts at its time.",
        ),
        Reason.RUN_NOW_WAITING: ReasonInfo(
            "The run that spec.runNow asks for has not been started yet.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do. If the schedule is suspended, set spec.suspend to false.",
        ),
        Reason.RUN_NOW_UNDER_WAY: ReasonInfo(
            "The run that spec.runNow asks for is under way.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do. The message names its ReplicationSync.",
        ),
        Reason.RUN_NOW_USED_BEFORE: ReasonInfo(
            "The text in spec.runNow had its run before, and another text has come since.",
            retried=False,
            severity=Severity.WARNING,
            advice="Write a text that this schedule has not had yet, like the time or the number of a change.",
        ),
    }
)
