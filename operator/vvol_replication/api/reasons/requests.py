"""Reasons that follow from the request itself: how it waits, what step it is at, how it ends."""

from collections.abc import Mapping
from types import MappingProxyType

from .info import ReasonInfo, Severity
from .reason import Reason

REQUESTS: Mapping[Reason, ReasonInfo] = MappingProxyType(
    {
        # accepting, waiting, and ends that people or time decide
        Reason.ACCEPTED: ReasonInfo(
            "The operator accepted the request. It has not begun yet.",
            retried=True,
            severity=Severity.PASSING,
            advice="Nothing to do. It begins when its turn comes.",
        ),
        Reason.INVALID_SPEC: ReasonInfo(
            "The object asks for something that is not possible as written.",
            retried=False,
            severity=Severity.WARNING,
            advice="Correct the field that the message names. A request needs a new object with a new name for that.",
        ),
        Reason.SUSPENDED: ReasonInfo(
            "spec.suspend of this object is true.",
            retried=True,
            severity=Severity.WARNING,
            advice="To go on, set spec.suspend to false.",
        ),
        Reason.GROUP_SUSPENDED: ReasonInfo(
            "spec.suspend of the ReplicationGroup is true: all its requests wait.",
            retried=True,
            severity=Severity.WARNING,
            advice="To let its requests go on, set spec.suspend of the ReplicationGroup to false.",
        ),
        Reason.SUSPEND_TOO_LATE: ReasonInfo(
            "spec.suspend was set after the push. It has no effect then.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do. The request goes on. To end it, set spec.cancel.",
        ),
        Reason.CANCELLED: ReasonInfo(
            "spec.cancel ended the request.",
            retried=False,
            severity=Severity.WARNING,
            advice="The message says what is left behind. If you still want what was asked for, create a new request "
            "with a new name.",
        ),
        Reason.EXPIRED: ReasonInfo(
            "notAfter had passed when the object was created. So the request was not executed.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing to do. If it was meant for now, create a new request with a later notAfter.",
        ),
        Reason.MISSED: ReasonInfo(
            "notAfter passed while the request was waiting. Nothing was pushed.",
            retried=False,
            severity=Severity.WARNING,
            advice="Find out what it waited for. Then create a new request with a later notAfter.",
        ),
        Reason.TIMED_OUT: ReasonInfo(
            "The deadline passed before the point in time was proven.",
            retried=False,
            severity=Severity.WARNING,
            advice="Find out what it waited for. Then create a new request, if needed with a longer timeout.",
        ),
        Reason.RETRY_LIMIT_REACHED: ReasonInfo(
            "One step failed more often in a row than retryLimit allows.",
            retried=False,
            severity=Severity.WARNING,
            advice="Remove the cause that the message names. Then create a new request.",
        ),
        Reason.RATE_LIMITED: ReasonInfo(
            "Since the last push of the group, minPushInterval has not passed yet.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do. It goes on when the interval has passed.",
        ),
        Reason.GROUP_BUSY: ReasonInfo(
            "Another request has its turn on the same protection group.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do. Requests take turns in order of acceptance.",
        ),
        Reason.OLDER_TRANSFER_IN_FLIGHT: ReasonInfo(
            "An older transfer has not landed yet. It would get the name of this request.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do. The request goes on when that transfer has landed.",
        ),
        Reason.SYNC_ONGOING: ReasonInfo(
            "Another sync, not of this operator, is under way at the target.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do. It goes on when that sync ends. Find out who else starts syncs on this group.",
        ),
        Reason.EARLIER_SYNC_ARMED: ReasonInfo(
            "An earlier request ended and left its sync armed: the next data that lands gets the earlier name.",
            retried=True,
            severity=Severity.WARNING,
            advice="Read the message: the earlier request's data may be on its way. If not, start a replication by "
            "hand.",
        ),
        Reason.DELETED: ReasonInfo(
            "The object was deleted while the request was under way. Nothing is undone.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing to do. Data and name may still arrive at the target.",
        ),
        Reason.OUTCOME_UNKNOWN: ReasonInfo(
            "It is not known whether the call took effect.",
            retried=False,
            severity=Severity.WARNING,
            advice="Look at the storage as the message says. Only then create a new request.",
        ),
        Reason.OWNED_BY_TOOL: ReasonInfo(
            "ttlSecondsAfterFinished is ignored: the tool that owns the object would create it and run it again.",
            retried=False,
            severity=Severity.WARNING,
            advice="Delete the object at its source, for example in Git. Or remove ttlSecondsAfterFinished.",
        ),
        # steps of a running request
        Reason.READING: ReasonInfo(
            "The operator reads states, roles and snapshots before it changes anything.",
            retried=True,
            severity=Severity.PASSING,
            advice="Nothing to do.",
        ),
        Reason.ARMING: ReasonInfo(
            "The operator asks the target for the sync.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do.",
        ),
        Reason.PUSHING: ReasonInfo(
            "The operator asks the source array to replicate now.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do.",
        ),
        Reason.TRANSFERRING: ReasonInfo(
            "The snapshot is on its way to the target array.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do. status.transfer shows the progress.",
        ),
        Reason.AWAITING_TRANSFER: ReasonInfo(
            "The sync is armed. The array's own schedule has not brought new data yet.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do. If this lasts longer than the replication interval, check the schedule of the "
            "protection group.",
        ),
        Reason.VERIFYING: ReasonInfo(
            "The data has landed. The operator looks for its point in time in the target's list.",
            retried=True,
            severity=Severity.PASSING,
            advice="Nothing to do.",
        ),
        Reason.LOOKING_AFTER_LOST_ANSWER: ReasonInfo(
            "The answer to a call was lost. The operator looks for the effect of the call.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do. The call is not repeated before the operator has looked at the storage.",
        ),
        # how a request completes
        Reason.POINT_IN_TIME_CREATED: ReasonInfo(
            "The snapshot of this request has landed and its point in time is listed.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing to do.",
        ),
        Reason.SNAPSHOT_REPLICATED: ReasonInfo(
            "The snapshot of this request has landed on the target array. Its point in time was not looked for.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing to do. Look for the point in time in vSphere when vSphere can be reached.",
        ),
        Reason.SCHEDULED_TRANSFER_LANDED: ReasonInfo(
            "A new snapshot of the array's schedule has landed, and its point in time is listed.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing to do.",
        ),
        Reason.ALREADY_DONE: ReasonInfo(
            "The request with this request id was already done. Nothing was pushed.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing to do. If you want a new point in time, use another requestID.",
        ),
        Reason.RECENT_ENOUGH: ReasonInfo(
            "A completed point in time was younger than maxAge. Nothing was pushed.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing to do. If you want a new point in time, do not set maxAge.",
        ),
        # whose name and id a point in time has
        Reason.NAMED: ReasonInfo(
            "The point in time has the name.", retried=False, severity=Severity.NORMAL, advice="Nothing to do."
        ),
        Reason.NOT_NAMED: ReasonInfo(
            "The point in time has no name, or another name.",
            retried=False,
            severity=Severity.WARNING,
            advice="Find it by its id or time.",
        ),
        Reason.NAME_ON_OTHER_POINT_IN_TIME: ReasonInfo(
            "Another point in time has the name. Its data is also from after the request.",
            retried=False,
            severity=Severity.WARNING,
            advice="Use the id in status.pointInTime. status.namedPointInTime is the one with the name.",
        ),
        Reason.NAME_ON_OLDER_POINT_IN_TIME: ReasonInfo(
            "The target gave the name to an older point in time.",
            retried=False,
            severity=Severity.WARNING,
            advice="Use the id or time in the message, not the name. For one with the right name, create a new "
            "request.",
        ),
        Reason.NAME_ALSO_ON_OTHER_POINT_IN_TIME: ReasonInfo(
            "Another point in time from after the request has the same name.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Use the id or time, not the name: status.pointInTime is the request's own.",
        ),
        Reason.NAME_ALSO_ON_OLDER_POINT_IN_TIME: ReasonInfo(
            "An older point in time has the same name.",
            retried=False,
            severity=Severity.WARNING,
            advice="Use the id or time, not the name.",
        ),
        Reason.NAME_STILL_PENDING: ReasonInfo(
            "The sync is still armed: the next data that lands at the target gets the name.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing to do. An armed sync cannot be cancelled. The group remembers it until data lands.",
        ),
        Reason.NAMED_FOR_EARLIER_REQUEST: ReasonInfo(
            "The point in time has the name of an earlier request, because the sync of that request was still armed.",
            retried=False,
            severity=Severity.WARNING,
            advice="Use the id or time in the message.",
        ),
        Reason.IDENTIFIED: ReasonInfo(
            "Exactly one listed point in time fits the snapshot.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing to do.",
        ),
        Reason.POINT_IN_TIME_AMBIGUOUS: ReasonInfo(
            "More than one listed point in time fits the snapshot.",
            retried=False,
            severity=Severity.WARNING,
            advice="Choose by hand: compare with the snapshot's name and time.",
        ),
        Reason.POINT_IN_TIME_NOT_LISTED: ReasonInfo(
            "The snapshot has landed, but vSphere does not list its point in time.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do at first. If it lasts, check the VASA provider of the target array.",
        ),
        # ends that the storage decides
        Reason.SNAPSHOT_DESTROYED: ReasonInfo(
            "The snapshot of this request was destroyed.",
            retried=False,
            severity=Severity.WARNING,
            advice="Create a new request with a new name and requestID. The same request never pushes twice.",
        ),
        Reason.NEVER_SENT: ReasonInfo(
            "The snapshot of this request stayed on the source: no target was allowed when it was made.",
            retried=False,
            severity=Severity.WARNING,
            advice="Allow the protection group on the target array. Then create a new request.",
        ),
        Reason.GROUP_PREPARED: ReasonInfo(
            "The group is prepared for failover: a sync succeeds there immediately but brings no data.",
            retried=False,
            severity=Severity.WARNING,
            advice="Before you fail over, read condition Prepared of the group. If it was called off, set its "
            "spec.failoverCalledOffAt.",
        ),
        Reason.GROUP_FAILED_OVER: ReasonInfo(
            "The group has failed over: its target no longer accepts points in time.",
            retried=False,
            severity=Severity.WARNING,
            advice="Reprotect (reverse) the group. Then create a new request.",
        ),
        Reason.REQUEST_ID_CONFLICT: ReasonInfo(
            "The same requestID was already used with another method, name or target.",
            retried=False,
            severity=Severity.WARNING,
            advice="Use a new requestID for a different request.",
        ),
        Reason.IDENTITY_CHANGED: ReasonInfo(
            "Another vCenter, array or group is there now than the one that the request began with.",
            retried=False,
            severity=Severity.WARNING,
            told_of_endpoints=True,
            advice="Find out what was replaced at the address. Then create a new request.",
        ),
        Reason.SYNC_OUTCOME_UNKNOWN: ReasonInfo(
            "It is not known whether the sync was armed.",
            retried=False,
            severity=Severity.WARNING,
            advice="Look at the target's points in time and tasks. Only then create a new request.",
        ),
        Reason.SYNC_REFUSED: ReasonInfo(
            "The target refused the sync every time.",
            retried=False,
            severity=Severity.WARNING,
            advice="Remove the cause that the message names. Then create a new request.",
        ),
        Reason.PUSH_REFUSED: ReasonInfo(
            "The source array refused the push every time.",
            retried=False,
            severity=Severity.WARNING,
            advice="Remove the cause that the message names. Then create a new request.",
        ),
    }
)
