"""Reasons that follow from the request itself: how it waits, what step it is at, how it ends."""

from collections.abc import Mapping
from types import MappingProxyType

from .info import ReasonInfo, Severity
from .reason import Reason

REQUESTS: Mapping[Reason, ReasonInfo] = MappingProxyType(
    {
        # accepting, waiting, and ends that people or time decide
        Reason.ACCEPTED: ReasonInfo(
            "The request was read and is remembered; it has not begun.",
            retried=True,
            severity=Severity.PASSING,
            advice="Nothing; it begins when its turn comes.",
        ),
        Reason.INVALID_SPEC: ReasonInfo(
            "The object says something that cannot be carried out as written.",
            retried=False,
            severity=Severity.WARNING,
            advice="Correct the field that the message names; a ReplicationSync needs a new name for that.",
        ),
        Reason.SUSPENDED: ReasonInfo(
            "spec.suspend holds this object.",
            retried=True,
            severity=Severity.WARNING,
            advice="Set spec.suspend to false when it may go on.",
        ),
        Reason.GROUP_SUSPENDED: ReasonInfo(
            "spec.suspend of the ReplicationGroup holds all requests on it.",
            retried=True,
            severity=Severity.WARNING,
            advice="Set spec.suspend of the ReplicationGroup to false when its requests may go on.",
        ),
        Reason.SUSPEND_TOO_LATE: ReasonInfo(
            "spec.suspend was set after the push, where it has no effect.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing; the request goes on. Use spec.cancel to stop following it.",
        ),
        Reason.CANCELLED: ReasonInfo(
            "spec.cancel ended the request.",
            retried=False,
            severity=Severity.WARNING,
            advice="Create a new request under a new name if the point in time is wanted after all.",
        ),
        Reason.EXPIRED: ReasonInfo(
            "notAfter was past when the object was created: it is history and was not executed.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing; create a new request with a later notAfter if it was meant for now.",
        ),
        Reason.MISSED: ReasonInfo(
            "notAfter passed while the request was waiting; nothing was pushed.",
            retried=False,
            severity=Severity.WARNING,
            advice="Create a new request with a later notAfter, after looking at what it waited for.",
        ),
        Reason.TIMED_OUT: ReasonInfo(
            "The deadline passed before the point in time was proven.",
            retried=False,
            severity=Severity.WARNING,
            advice="Look at what it waited for; create a new request, with a larger timeout if need be.",
        ),
        Reason.RETRY_LIMIT_REACHED: ReasonInfo(
            "One step failed as often in a row as retryLimit allows.",
            retried=False,
            severity=Severity.WARNING,
            advice="Remove the cause that the message names, then create a new request.",
        ),
        Reason.RATE_LIMITED: ReasonInfo(
            "minPushInterval of the group has not passed since its last push.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing; it goes on when the interval has passed.",
        ),
        Reason.GROUP_BUSY: ReasonInfo(
            "Another operation has its turn on the same protection group.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing; requests take turns in order of acceptance.",
        ),
        Reason.OLDER_TRANSFER_IN_FLIGHT: ReasonInfo(
            "A transfer that began earlier has not landed, and would get this request's name.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing; the request goes on when that transfer has landed.",
        ),
        Reason.SYNC_ONGOING: ReasonInfo(
            "The target already has a sync under way that is not ours.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing; it goes on when that sync ends. Find out who else starts syncs on this group.",
        ),
        Reason.EARLIER_SYNC_ARMED: ReasonInfo(
            "A request that ended left its sync armed: whatever lands next gets that request's name.",
            retried=True,
            severity=Severity.WARNING,
            advice="See the message: that request's own data may be on its way. Otherwise let something land.",
        ),
        Reason.DELETED: ReasonInfo(
            "The object was deleted while its operation was under way; nothing is undone.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing; data and name may still arrive at the target.",
        ),
        Reason.OUTCOME_UNKNOWN: ReasonInfo(
            "It could not be decided whether the call took effect.",
            retried=False,
            severity=Severity.WARNING,
            advice="Look at the storage as the message says before anything is asked for again.",
        ),
        Reason.OWNED_BY_TOOL: ReasonInfo(
            "ttlSecondsAfterFinished is ignored: a tool that owns the object would create it, and run it, again.",
            retried=False,
            severity=Severity.WARNING,
            advice="Delete the object where the tool has it from, or leave ttlSecondsAfterFinished out.",
        ),
        # steps of a running request
        Reason.READING: ReasonInfo(
            "States, roles and snapshots are being read before anything is changed.",
            retried=True,
            severity=Severity.PASSING,
            advice="Nothing.",
        ),
        Reason.ARMING: ReasonInfo(
            "The sync is being asked for at the target.", retried=True, severity=Severity.NORMAL, advice="Nothing."
        ),
        Reason.PUSHING: ReasonInfo(
            "The source array is being told to replicate now.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing.",
        ),
        Reason.TRANSFERRING: ReasonInfo(
            "The snapshot is on its way to the target array.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing; see status.transfer for how far it is.",
        ),
        Reason.AWAITING_TRANSFER: ReasonInfo(
            "The sync is armed; the array's own schedule has not brought new data yet.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing; check the protection group's replication schedule if this lasts longer than its interval.",
        ),
        Reason.VERIFYING: ReasonInfo(
            "The data has landed; its point in time is being looked for in the target's list.",
            retried=True,
            severity=Severity.PASSING,
            advice="Nothing.",
        ),
        Reason.LOOKING_AFTER_LOST_ANSWER: ReasonInfo(
            "The answer to a call was lost; its effect is being looked for.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing; the call is not repeated before the storage was looked at.",
        ),
        # how a request completes
        Reason.POINT_IN_TIME_CREATED: ReasonInfo(
            "The snapshot of this request has landed and its point in time is listed.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing.",
        ),
        Reason.SNAPSHOT_REPLICATED: ReasonInfo(
            "The snapshot of this request has landed on the target array; no point in time is claimed.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing; ask vSphere for the point in time once it can be reached.",
        ),
        Reason.SCHEDULED_TRANSFER_LANDED: ReasonInfo(
            "A snapshot that was not on the source before has landed by the array's schedule, and is listed.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing.",
        ),
        Reason.ALREADY_DONE: ReasonInfo(
            "What this request id asks for was found done already; nothing was pushed.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing; use another requestID if a new point in time was meant.",
        ),
        Reason.RECENT_ENOUGH: ReasonInfo(
            "A completed point in time was younger than maxAge; nothing was pushed.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing; leave maxAge out if a new point in time was meant.",
        ),
        # whose name and id a point in time has
        Reason.NAMED: ReasonInfo(
            "The point in time carries the name.", retried=False, severity=Severity.NORMAL, advice="Nothing."
        ),
        Reason.NOT_NAMED: ReasonInfo(
            "The point in time carries no name, or another one.",
            retried=False,
            severity=Severity.WARNING,
            advice="Use its id or time.",
        ),
        Reason.NAME_ON_OTHER_POINT_IN_TIME: ReasonInfo(
            "Another point in time has the name; its data is from after the request, too.",
            retried=False,
            severity=Severity.WARNING,
            advice="Use the id of status.pointInTime; status.namedPointInTime has the name.",
        ),
        Reason.NAME_ON_OLDER_POINT_IN_TIME: ReasonInfo(
            "The target gave the name to an older point in time.",
            retried=False,
            severity=Severity.WARNING,
            advice="Use the id or time in the message, not the name; create a new request for a properly named one.",
        ),
        Reason.NAME_ALSO_ON_OLDER_POINT_IN_TIME: ReasonInfo(
            "An older point in time carries the same name as well.",
            retried=False,
            severity=Severity.WARNING,
            advice="Tell them apart by id or time.",
        ),
        Reason.NAME_STILL_PENDING: ReasonInfo(
            "The sync is still armed: whatever lands next at the target gets the name.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing takes it back; the group remembers it until something lands.",
        ),
        Reason.NAMED_FOR_EARLIER_REQUEST: ReasonInfo(
            "The point in time carries the name that an earlier request, whose sync was still armed, had asked for.",
            retried=False,
            severity=Severity.WARNING,
            advice="Use the id or time in the message.",
        ),
        Reason.IDENTIFIED: ReasonInfo(
            "Exactly one listed point in time fits the snapshot.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing.",
        ),
        Reason.POINT_IN_TIME_AMBIGUOUS: ReasonInfo(
            "More than one listed point in time fits the snapshot.",
            retried=False,
            severity=Severity.WARNING,
            advice="Use the snapshot's name and time to choose by hand.",
        ),
        Reason.POINT_IN_TIME_NOT_LISTED: ReasonInfo(
            "The snapshot has landed, and vSphere does not list its point in time.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing at first; if it lasts, look at the VASA provider of the target array.",
        ),
        # ends that the storage decides
        Reason.SNAPSHOT_DESTROYED: ReasonInfo(
            "The snapshot of this request was found destroyed.",
            retried=False,
            severity=Severity.WARNING,
            advice="Create a new request under a new name and requestID; a second push is never made.",
        ),
        Reason.NEVER_SENT: ReasonInfo(
            "The snapshot of this request was kept on the source: no target was allowed when it was made.",
            retried=False,
            severity=Severity.WARNING,
            advice="Allow the target on the target array, then create a new request.",
        ),
        Reason.GROUP_PREPARED: ReasonInfo(
            "The group is prepared for failover: a sync succeeds there at once and brings no data.",
            retried=False,
            severity=Severity.WARNING,
            advice="Fail over; or use method ArrayOnly if the failover was called off.",
        ),
        Reason.GROUP_FAILED_OVER: ReasonInfo(
            "The group has been failed over: its target no longer takes points in time.",
            retried=False,
            severity=Severity.WARNING,
            advice="Reprotect (reverse) the group, then create a new request on the group as it is then.",
        ),
        Reason.REQUEST_ID_CONFLICT: ReasonInfo(
            "The same requestID was used with another method, name or target.",
            retried=False,
            severity=Severity.WARNING,
            advice="Use a new requestID for a different request.",
        ),
        Reason.IDENTITY_CHANGED: ReasonInfo(
            "An endpoint no longer is the vCenter or array, or holds the group, that the request began with.",
            retried=False,
            severity=Severity.WARNING,
            told_of_endpoints=True,
            advice="Check what was exchanged behind the address, then create a new request.",
        ),
        Reason.SYNC_OUTCOME_UNKNOWN: ReasonInfo(
            "It could not be found out whether the sync was armed.",
            retried=False,
            severity=Severity.WARNING,
            advice="Look at the target's points in time and tasks before a new request.",
        ),
        Reason.SYNC_REFUSED: ReasonInfo(
            "The target refused the sync, also on repetition.",
            retried=False,
            severity=Severity.WARNING,
            advice="Remove the cause that the message names, then create a new request.",
        ),
        Reason.PUSH_REFUSED: ReasonInfo(
            "The source array refused the push, also on repetition.",
            retried=False,
            severity=Severity.WARNING,
            advice="Remove the cause that the message names, then create a new request.",
        ),
    }
)
