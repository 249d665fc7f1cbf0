"""Reasons that follow from what an object refers to, and from what the endpoints say."""

from collections.abc import Mapping
from types import MappingProxyType

from .info import ReasonInfo, Severity
from .reason import Reason

STORAGE: Mapping[Reason, ReasonInfo] = MappingProxyType(
    {
        # what an object refers to
        Reason.GROUP_NOT_FOUND: ReasonInfo(
            "There is no ReplicationGroup of that name in this namespace.",
            retried=True,
            severity=Severity.WARNING,
            advice="Create the ReplicationGroup, or correct the name in a new request.",
        ),
        Reason.GROUP_NOT_READY: ReasonInfo(
            "The ReplicationGroup has not been read completely.",
            retried=True,
            severity=Severity.WARNING,
            advice="See the conditions of the ReplicationGroup.",
        ),
        Reason.VCENTER_NOT_FOUND: ReasonInfo(
            "There is no VCenter object of that name.",
            retried=True,
            severity=Severity.WARNING,
            advice="Create the VCenter, or correct the reference.",
        ),
        Reason.FLASHARRAY_NOT_FOUND: ReasonInfo(
            "There is no FlashArray object of that name.",
            retried=True,
            severity=Severity.WARNING,
            advice="Create the FlashArray, or correct the reference.",
        ),
        Reason.SECRET_NOT_FOUND: ReasonInfo(
            "There is no Secret of that name in the operator's namespace.",
            retried=True,
            severity=Severity.WARNING,
            advice="Create the Secret in the operator's namespace, or correct the reference.",
        ),
        Reason.SECRET_KEY_MISSING: ReasonInfo(
            "The Secret lacks a key, or the key is empty.",
            retried=True,
            severity=Severity.WARNING,
            advice="Add the key that the message names to the Secret.",
        ),
        Reason.SECRET_VALUE_INVALID: ReasonInfo(
            "A value of the Secret cannot be a credential as it is written: nothing was sent.",
            retried=True,
            severity=Severity.WARNING,
            told_of_endpoints=True,
            advice="Write the value anew, without a line break, as UTF-8; the Secret is looked at again by itself.",
        ),
        Reason.INVALID_GROUP_NAME: ReasonInfo(
            "The source group's name is not of the form <array>:<protection group>.",
            retried=True,
            severity=Severity.WARNING,
            advice="Set spec.protectionGroup of the ReplicationGroup, or correct the name in vSphere.",
        ),
        Reason.SOURCE_GROUP_NOT_FOUND: ReasonInfo(
            "No source group of that name, or for that target, was found.",
            retried=True,
            severity=Severity.WARNING,
            advice="Set protectedSite if another vCenter shows the source; check the group's name and the sites.",
        ),
        Reason.TARGET_GROUP_NOT_FOUND: ReasonInfo(
            "The target group was not found at the recovery site.",
            retried=True,
            severity=Severity.WARNING,
            advice="Check spec.recoverySite and spec.group of the ReplicationGroup.",
        ),
        Reason.SEVERAL_TARGETS: ReasonInfo(
            "The source group has several targets and none is chosen.",
            retried=True,
            severity=Severity.WARNING,
            advice="Set spec.targetArrayRef of the ReplicationGroup.",
        ),
        Reason.SEVERAL_GROUPS: ReasonInfo(
            "More than one source group has that name.",
            retried=True,
            severity=Severity.WARNING,
            advice="Use spec.group.target of the ReplicationGroup instead of the name.",
        ),
        Reason.ARRAY_UNKNOWN: ReasonInfo(
            "No FlashArray object answers as that array.",
            retried=True,
            severity=Severity.WARNING,
            advice="Create a FlashArray object for the array that the message names.",
        ),
        Reason.AMBIGUOUS_ARRAY: ReasonInfo(
            "Several FlashArray objects answer as the same array.",
            retried=True,
            severity=Severity.WARNING,
            advice="Keep one FlashArray object for each array.",
        ),
        Reason.NOT_YET_READ: ReasonInfo(
            "The endpoint has not been read yet.",
            retried=True,
            severity=Severity.PASSING,
            advice="Nothing; it is read shortly.",
        ),
        # roles
        Reason.WRONG_STATE: ReasonInfo(
            "The group is in a state that does not allow this.",
            retried=True,
            severity=Severity.WARNING,
            advice="See the state in the message.",
        ),
        Reason.WRONG_SIDE: ReasonInfo(
            "The group was found on the other side than this needs.",
            retried=True,
            severity=Severity.WARNING,
            advice="Check spec.recoverySite; after a failover and reversal, source and target have changed places.",
        ),
        Reason.IN_TEST: ReasonInfo(
            "The target group is in a test failover.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing; it goes on when the test is stopped.",
        ),
        Reason.FAILED_OVER: ReasonInfo(
            "The target group has been failed over.",
            retried=False,
            severity=Severity.WARNING,
            advice="Reprotect (reverse) the group before new points in time are asked for.",
        ),
        Reason.REMOTE_FAILED_OVER: ReasonInfo(
            "The source group knows that its target has been failed over.",
            retried=False,
            severity=Severity.WARNING,
            advice="Reprotect (reverse) the group before new points in time are asked for.",
        ),
        Reason.STATE_UNKNOWN: ReasonInfo(
            "vSphere names a state that the operator does not know.",
            retried=True,
            severity=Severity.WARNING,
            advice="Look at the VASA provider; nothing is changed in a state that is not understood.",
        ),
        Reason.NOT_TARGET: ReasonInfo(
            "The group at the recovery site is not a target.",
            retried=True,
            severity=Severity.WARNING,
            advice="Check spec.recoverySite and spec.group of the ReplicationGroup.",
        ),
        Reason.NOT_SOURCE: ReasonInfo(
            "The group at the protected side is not a source.",
            retried=True,
            severity=Severity.WARNING,
            advice="Check spec.group of the ReplicationGroup; the group may have been reversed.",
        ),
        # what the arrays say before a push
        Reason.PROTECTION_GROUP_NOT_FOUND: ReasonInfo(
            "The source array has no protection group of that name.",
            retried=True,
            severity=Severity.WARNING,
            advice="Check the name, or set spec.protectionGroup of the ReplicationGroup.",
        ),
        Reason.PROTECTION_GROUP_DESTROYED: ReasonInfo(
            "The protection group is destroyed and waits for eradication.",
            retried=True,
            severity=Severity.WARNING,
            advice="Recover the protection group on the array if it is still needed.",
        ),
        Reason.PROTECTION_GROUP_IN_POD: ReasonInfo(
            "The protection group is in a pod: pods replicate by other means, and cannot be pushed.",
            retried=False,
            severity=Severity.WARNING,
            advice="Use method AwaitSchedule if it replicates on a schedule; else move the volumes out of the pod.",
        ),
        Reason.TARGET_SUSPENDED: ReasonInfo(
            "The array says that replication to this target of the protection group is suspended.",
            retried=True,
            severity=Severity.WARNING,
            advice="Find out on the arrays who suspended it, and resume it.",
        ),
        Reason.TARGET_NOT_ALLOWED: ReasonInfo(
            "The target array has not allowed the protection group: nothing would be sent.",
            retried=True,
            severity=Severity.WARNING,
            advice="Allow the protection group on the target array.",
        ),
        Reason.NOT_A_TARGET: ReasonInfo(
            "The target array is not a target of the protection group.",
            retried=True,
            severity=Severity.WARNING,
            advice="Add the target to the protection group, or correct spec.targetArrayRef.",
        ),
        Reason.ARRAYS_NOT_CONNECTED: ReasonInfo(
            "The source array does not see the target array connected.",
            retried=True,
            severity=Severity.WARNING,
            advice="Look at the array connection and the replication network.",
        ),
        Reason.ARRAY_REFUSED: ReasonInfo(
            "The array answered, and the answer was no.",
            retried=True,
            severity=Severity.WARNING,
            advice="See the array's own words in the message.",
        ),
        Reason.SNAPSHOT_LIMIT_REACHED: ReasonInfo(
            "The array holds as many snapshots as it can.",
            retried=True,
            severity=Severity.WARNING,
            advice="Remove snapshots or shorten retention on the array.",
        ),
        # endpoints
        Reason.READY: ReasonInfo(
            "The last reading was complete.", retried=False, severity=Severity.NORMAL, advice="Nothing."
        ),
        Reason.CONNECTED: ReasonInfo(
            "The endpoint answers.", retried=False, severity=Severity.NORMAL, advice="Nothing."
        ),
        Reason.LOGGED_IN: ReasonInfo(
            "The endpoint took the credentials.", retried=False, severity=Severity.NORMAL, advice="Nothing."
        ),
        Reason.UNREACHABLE: ReasonInfo(
            "No connection to the endpoint's address.",
            retried=True,
            severity=Severity.WARNING,
            advice="Check spec.address, DNS, routes and firewalls from the operator's pod.",
        ),
        Reason.TIMED_OUT_CALLING: ReasonInfo(
            "The endpoint took the connection and did not answer in time.",
            retried=True,
            severity=Severity.WARNING,
            advice="Look at the endpoint's health; it is asked again.",
        ),
        Reason.CERTIFICATE_NOT_TRUSTED: ReasonInfo(
            "The endpoint's certificate is not signed by a CA that is trusted here.",
            retried=True,
            severity=Severity.WARNING,
            told_of_endpoints=True,
            advice="Put the CA's certificate into spec.tls.caCertificates.",
        ),
        Reason.INVALID_CA_CERTIFICATES: ReasonInfo(
            "spec.tls.caCertificates holds no certificate that can be read.",
            retried=False,
            severity=Severity.WARNING,
            told_of_endpoints=True,
            advice="Write the CA's certificates there in PEM form.",
        ),
        Reason.CLOCK_IN_STEP: ReasonInfo(
            "The array's clock and the operator's differ by a minute at most.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing to do.",
        ),
        Reason.CLOCK_OUT_OF_STEP: ReasonInfo(
            "The array's clock and the operator's differ by more than a minute; ages of points in time mean nothing.",
            retried=True,
            severity=Severity.WARNING,
            advice="Set the array's NTP servers, and see that the operator's node keeps time too.",
        ),
        Reason.CLOCK_UNKNOWN: ReasonInfo(
            "The array's answers tell no time that could be compared with the operator's.",
            retried=True,
            severity=Severity.WARNING,
            advice="Look whether a proxy before the array removes the time from its answers.",
        ),
        Reason.TLS_NOT_VERIFIED: ReasonInfo(
            "The endpoint's certificate is not checked, as spec.tls.insecureSkipVerify asks.",
            retried=False,
            severity=Severity.WARNING,
            advice="Put the CA's certificate into spec.tls.caCertificates instead.",
        ),
        Reason.LOGIN_FAILED: ReasonInfo(
            "The endpoint refused the credentials; after three tries it is left alone for a while.",
            retried=True,
            severity=Severity.WARNING,
            told_of_endpoints=True,
            advice="Correct the Secret; it is tried again as soon as the Secret changes.",
        ),
        Reason.PERMISSION_DENIED: ReasonInfo(
            "The account lacks a right that this needs.",
            retried=True,
            severity=Severity.WARNING,
            advice="Give the account the rights that the documentation lists.",
        ),
        Reason.ANSWER_UNREADABLE: ReasonInfo(
            "The endpoint's answer is not what its interface promises.",
            retried=True,
            severity=Severity.WARNING,
            advice="Check that no proxy or portal answers at spec.address; for a newer endpoint, update the operator.",
        ),
        Reason.ANSWER_LOST: ReasonInfo(
            "The connection ended before the answer came.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing; what became of the call is looked for.",
        ),
        Reason.ENDPOINT_BUSY: ReasonInfo(
            "The endpoint asks to be asked later.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing; it is asked again later.",
        ),
        Reason.ENDPOINT_FAULT: ReasonInfo(
            "The endpoint reports an error of its own.",
            retried=True,
            severity=Severity.WARNING,
            advice="See the message, and the endpoint's own logs.",
        ),
        Reason.NOT_SUPPORTED: ReasonInfo(
            "The endpoint does not know the call, or its version is too old.",
            retried=False,
            severity=Severity.WARNING,
            advice="Check the endpoint's version against the documentation.",
        ),
        Reason.PROVIDER_UNAVAILABLE: ReasonInfo(
            "The VASA provider is offline, or vCenter cannot reach it.",
            retried=True,
            severity=Severity.WARNING,
            advice="Look at the storage providers in vCenter.",
        ),
        Reason.INACTIVE_PROVIDER: ReasonInfo(
            "Another VASA provider is the active one for this array.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing; the active one is asked next.",
        ),
        Reason.NO_REPLICATION_PROVIDER: ReasonInfo(
            "The vCenter has no storage provider that knows replication.",
            retried=True,
            severity=Severity.WARNING,
            advice="Register the array's VASA provider in vCenter.",
        ),
        Reason.INVENTORY_COMPLETE: ReasonInfo(
            "All providers that serve replication answered with all their groups.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing.",
        ),
        Reason.INVENTORY_INCOMPLETE: ReasonInfo(
            "A provider that serves replication, or may, did not answer, or not with everything: what is missing may "
            "still exist.",
            retried=True,
            severity=Severity.PASSING,
            advice="See the message for who was silent.",
        ),
        Reason.GROUP_UNKNOWN: ReasonInfo(
            "No provider of this vCenter knows the group's id.",
            retried=True,
            severity=Severity.WARNING,
            advice="Check that the group belongs to this vCenter's site.",
        ),
        Reason.INVALID_REPLICATION_STATE: ReasonInfo(
            "The provider refused because of the state that the group is in.",
            retried=True,
            severity=Severity.WARNING,
            advice="See the state in the message.",
        ),
        Reason.TASK_FORGOTTEN: ReasonInfo(
            "vCenter no longer knows the task, which says nothing of its end.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing; what became of the sync is looked for.",
        ),
        Reason.PEER_NOT_REACHABLE: ReasonInfo(
            "The target's provider cannot reach its peer.",
            retried=True,
            severity=Severity.WARNING,
            advice="Look at the connection between the arrays.",
        ),
        Reason.NO_REPLICATION_TARGET: ReasonInfo(
            "The group has no replication target.",
            retried=True,
            severity=Severity.WARNING,
            advice="Add a target to the protection group.",
        ),
        Reason.NO_VALID_REPLICA: ReasonInfo(
            "The target has no replica that can be used.",
            retried=True,
            severity=Severity.WARNING,
            advice="Wait for, or start, a replication of the group.",
        ),
    }
)
