"""Every word that may stand in a condition's `reason`."""

from enum import StrEnum


class Reason(StrEnum):
    """A condition's reason: a closed list. The chapters are those of the catalogue, which explains each word."""

    # accepting, waiting, and ends that people or time decide
    ACCEPTED = "Accepted"
    INVALID_SPEC = "InvalidSpec"
    SUSPENDED = "Suspended"
    GROUP_SUSPENDED = "GroupSuspended"
    SUSPEND_TOO_LATE = "SuspendTooLate"
    CANCELLED = "Cancelled"
    EXPIRED = "Expired"
    MISSED = "Missed"
    TIMED_OUT = "TimedOut"
    RETRY_LIMIT_REACHED = "RetryLimitReached"
    RATE_LIMITED = "RateLimited"
    GROUP_BUSY = "GroupBusy"
    OLDER_TRANSFER_IN_FLIGHT = "OlderTransferInFlight"
    SYNC_ONGOING = "SyncOngoing"
    EARLIER_SYNC_ARMED = "EarlierSyncArmed"
    DELETED = "Deleted"
    OUTCOME_UNKNOWN = "OutcomeUnknown"
    OWNED_BY_TOOL = "OwnedByTool"

    # steps of a running request
    READING = "Reading"
    ARMING = "Arming"
    PUSHING = "Pushing"
    TRANSFERRING = "Transferring"
    AWAITING_TRANSFER = "AwaitingTransfer"
    VERIFYING = "Verifying"
    LOOKING_AFTER_LOST_ANSWER = "LookingAfterLostAnswer"

    # how a request completes
    POINT_IN_TIME_CREATED = "PointInTimeCreated"
    SNAPSHOT_REPLICATED = "SnapshotReplicated"
    SCHEDULED_TRANSFER_LANDED = "ScheduledTransferLanded"
    ALREADY_DONE = "AlreadyDone"
    RECENT_ENOUGH = "RecentEnough"

    # whose name and id a point in time has
    NAMED = "Named"
    NOT_NAMED = "NotNamed"
    NAME_ON_OTHER_POINT_IN_TIME = "NameOnOtherPointInTime"
    NAME_ON_OLDER_POINT_IN_TIME = "NameOnOlderPointInTime"
    NAME_ALSO_ON_OTHER_POINT_IN_TIME = "NameAlsoOnOtherPointInTime"
    NAME_ALSO_ON_OLDER_POINT_IN_TIME = "NameAlsoOnOlderPointInTime"
    NAME_STILL_PENDING = "NameStillPending"
    NAMED_FOR_EARLIER_REQUEST = "NamedForEarlierRequest"
    IDENTIFIED = "Identified"
    POINT_IN_TIME_AMBIGUOUS = "PointInTimeAmbiguous"
    POINT_IN_TIME_NOT_LISTED = "PointInTimeNotListed"

    # ends that the storage decides
    SNAPSHOT_DESTROYED = "SnapshotDestroyed"
    NEVER_SENT = "NeverSent"
    GROUP_PREPARED = "GroupPrepared"
    GROUP_FAILED_OVER = "GroupFailedOver"
    REQUEST_ID_CONFLICT = "RequestIDConflict"
    IDENTITY_CHANGED = "IdentityChanged"
    SYNC_OUTCOME_UNKNOWN = "SyncOutcomeUnknown"
    SYNC_REFUSED = "SyncRefused"
    PUSH_REFUSED = "PushRefused"

    # preparing a failover: what the checks refuse
    CONSENT_MISMATCH = "ConsentMismatch"
    ALREADY_PREPARED = "AlreadyPrepared"
    VM_POWERED_ON = "VMPoweredOn"
    VM_SUSPENDED = "VMSuspended"
    VM_POWER_UNKNOWN = "VMPowerUnknown"
    MEMBERS_UNACCOUNTED = "MembersUnaccounted"
    MEMBERS_UNREADABLE = "MembersUnreadable"
    NO_MEMBERS = "NoMembers"
    TRANSFER_STALLED = "TransferStalled"

    # preparing a failover: steps and ends
    CHECKING = "Checking"
    PREPARING = "Preparing"
    FAILOVER_PREPARED = "FailoverPrepared"
    DRY_RUN = "DryRun"
    CHECKS_PASSED = "ChecksPassed"
    PREPARE_REFUSED = "PrepareRefused"
    NOT_REMEMBERED = "NotRemembered"
    LAST_SYNC_NOT_FOUND = "LastSyncNotFound"

    # preparing a failover: afterwards
    PREPARED_OUTSIDE = "PreparedOutside"
    NOT_PROVEN = "NotProven"
    FAILOVER_CALLED_OFF = "FailoverCalledOff"
    VALIDITY_ENDED = "ValidityEnded"
    VALIDITY_UNKNOWN = "ValidityUnknown"
    PREPARATION_NOT_VALID = "PreparationNotValid"
    NEWER_DATA_ARRIVED = "NewerDataArrived"

    # what an object refers to
    GROUP_NOT_FOUND = "GroupNotFound"
    GROUP_NOT_READY = "GroupNotReady"
    VCENTER_NOT_FOUND = "VCenterNotFound"
    FLASHARRAY_NOT_FOUND = "FlashArrayNotFound"
    SECRET_NOT_FOUND = "SecretNotFound"  # noqa: S105 - a word of ours, no password
    SECRET_KEY_MISSING = "SecretKeyMissing"  # noqa: S105 - a word of ours, no password
    SECRET_VALUE_INVALID = "SecretValueInvalid"  # noqa: S105 - a word of ours, no password
    INVALID_GROUP_NAME = "InvalidGroupName"
    SOURCE_GROUP_NOT_FOUND = "SourceGroupNotFound"
    TARGET_GROUP_NOT_FOUND = "TargetGroupNotFound"
    SEVERAL_TARGETS = "SeveralTargets"
    SEVERAL_GROUPS = "SeveralGroups"
    ARRAY_UNKNOWN = "ArrayUnknown"
    AMBIGUOUS_ARRAY = "AmbiguousArray"
    NOT_YET_READ = "NotYetRead"

    # roles
    WRONG_STATE = "WrongState"
    WRONG_SIDE = "WrongSide"
    IN_TEST = "InTest"
    FAILED_OVER = "FailedOver"
    REMOTE_FAILED_OVER = "RemoteFailedOver"
    STATE_UNKNOWN = "StateUnknown"
    NOT_TARGET = "NotTarget"
    NOT_SOURCE = "NotSource"

    # what the arrays say before a push
    PROTECTION_GROUP_NOT_FOUND = "ProtectionGroupNotFound"
    PROTECTION_GROUP_DESTROYED = "ProtectionGroupDestroyed"
    PROTECTION_GROUP_IN_POD = "ProtectionGroupInPod"
    TARGET_NOT_ALLOWED = "TargetNotAllowed"
    TARGET_SUSPENDED = "TargetSuspended"
    NOT_A_TARGET = "NotATarget"
    ARRAYS_NOT_CONNECTED = "ArraysNotConnected"
    ARRAY_REFUSED = "ArrayRefused"
    SNAPSHOT_LIMIT_REACHED = "SnapshotLimitReached"

    # endpoints
    READY = "Ready"
    CONNECTED = "Connected"
    LOGGED_IN = "LoggedIn"
    CLOCK_IN_STEP = "ClockInStep"
    CLOCK_OUT_OF_STEP = "ClockOutOfStep"
    CLOCK_UNKNOWN = "ClockUnknown"
    UNREACHABLE = "Unreachable"
    TIMED_OUT_CALLING = "TimedOutCalling"
    CERTIFICATE_NOT_TRUSTED = "CertificateNotTrusted"
    INVALID_CA_CERTIFICATES = "InvalidCACertificates"
    TLS_NOT_VERIFIED = "TLSNotVerified"
    LOGIN_FAILED = "LoginFailed"
    PERMISSION_DENIED = "PermissionDenied"
    ANSWER_UNREADABLE = "AnswerUnreadable"
    ANSWER_LOST = "AnswerLost"
    ENDPOINT_BUSY = "EndpointBusy"
    ENDPOINT_FAULT = "EndpointFault"
    NOT_SUPPORTED = "NotSupported"
    PROVIDER_UNAVAILABLE = "ProviderUnavailable"
    INACTIVE_PROVIDER = "InactiveProvider"
    NO_REPLICATION_PROVIDER = "NoReplicationProvider"
    INVENTORY_COMPLETE = "InventoryComplete"
    INVENTORY_INCOMPLETE = "InventoryIncomplete"
    GROUP_UNKNOWN = "GroupUnknown"
    INVALID_REPLICATION_STATE = "InvalidReplicationState"
    TASK_FORGOTTEN = "TaskForgotten"
    PEER_NOT_REACHABLE = "PeerNotReachable"
    NO_REPLICATION_TARGET = "NoReplicationTarget"
    NO_VALID_REPLICA = "NoValidReplica"

    # how recent the newest point in time is
    WITHIN_OBJECTIVE = "WithinObjective"
    BEHIND_OBJECTIVE = "BehindObjective"
    NO_POINT_IN_TIME = "NoPointInTime"
    OBJECTIVE_TOO_TIGHT = "ObjectiveTooTight"
    NAMED_POINT_EXPIRING = "NamedPointExpiring"

    # what discovery found, and keeps
    DISCOVERED = "Discovered"
    NAMESPACE_NOT_FOUND = "NamespaceNotFound"
    NAMESPACE_NOT_WATCHED = "NamespaceNotWatched"
    CREATION_FORBIDDEN = "CreationForbidden"
    OBJECT_REFUSED = "ObjectRefused"
    NAME_TAKEN = "NameTaken"
    CHANGED_BY_OTHERS = "ChangedByOthers"
    GROUP_GONE = "GroupGone"

    # what becomes of a schedule's times
    SCHEDULED = "Scheduled"
    INVALID_SCHEDULE = "InvalidSchedule"
    RUN_REFUSED = "RunRefused"
    RUN_MISSED = "RunMissed"
    RUN_SKIPPED = "RunSkipped"
    RUN_FAILED = "RunFailed"
    RUN_NOW_WAITING = "RunNowWaiting"
    RUN_NOW_UNDER_WAY = "RunNowUnderWay"
    RUN_NOW_USED_BEFORE = "RunNowUsedBefore"
