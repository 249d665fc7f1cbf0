"""The reasons that outcomes of vSphere and TLS carry: names of the API's closed catalogue (`api.reasons`)."""

from __future__ import annotations

UNREACHABLE = "Unreachable"
TIMED_OUT_CALLING = "TimedOutCalling"
CERTIFICATE_NOT_TRUSTED = "CertificateNotTrusted"
INVALID_CA_CERTIFICATES = "InvalidCACertificates"
SECRET_VALUE_INVALID = "SecretValueInvalid"  # noqa: S105 - a word of ours, no password
LOGIN_FAILED = "LoginFailed"
PERMISSION_DENIED = "PermissionDenied"
ANSWER_UNREADABLE = "AnswerUnreadable"
ANSWER_LOST = "AnswerLost"
ENDPOINT_BUSY = "EndpointBusy"
ENDPOINT_FAULT = "EndpointFault"
IDENTITY_CHANGED = "IdentityChanged"
PROVIDER_UNAVAILABLE = "ProviderUnavailable"
INACTIVE_PROVIDER = "InactiveProvider"
NO_REPLICATION_PROVIDER = "NoReplicationProvider"
NOT_SUPPORTED = "NotSupported"
GROUP_UNKNOWN = "GroupUnknown"
WRONG_SIDE = "WrongSide"
WRONG_STATE = "WrongState"
SYNC_ONGOING = "SyncOngoing"
PEER_NOT_REACHABLE = "PeerNotReachable"
NO_REPLICATION_TARGET = "NoReplicationTarget"
NO_VALID_REPLICA = "NoValidReplica"

ALL = frozenset(value for name, value in globals().copy().items() if name.isupper())
