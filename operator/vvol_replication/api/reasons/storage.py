"""Reasons that follow from what an object refers to, and from what the endpoints say."""

from collections.abc import Mapping
from types import MappingProxyType

from .info import ReasonInfo, Severity
from .reason import Reason

STORAGE: Mapping[Reason, ReasonInfo] = MappingProxyType(
    {
        # what an object refers to
        Reason.GROUP_NOT_FOUND: ReasonInfo(
            "There is no ReplicationGroup with this name in this namespace.",
            retried=True,
            severity=Severity.WARNING,
            advice="Create the ReplicationGroup, or correct the name in a new request.",
        ),
        Reason.GROUP_NOT_READY: ReasonInfo(
            "The ReplicationGroup has not been read completely.",
            retried=True,
            severity=Severity.WARNING,
            advice="Read the conditions of the ReplicationGroup.",
        ),
        Reason.VCENTER_NOT_FOUND: ReasonInfo(
            "There is no VCenter object with this name.",
            retried=True,
            severity=Severity.WARNING,
            advice="Create the VCenter, or correct the reference.",
        ),
        Reason.FLASHARRAY_NOT_FOUND: ReasonInfo(
            "There is no FlashArray object with this name.",
            retried=True,
            severity=Severity.WARNING,
            advice="Create the FlashArray, or correct the reference.",
        ),
        Reason.SECRET_NOT_FOUND: ReasonInfo(
            "There is no Secret with this name in the operator's namespace.",
            retried=True,
            severity=Severity.WARNING,
            advice="Create the Secret in the operator's namespace, or correct the reference.",
        ),
        Reason.SECRET_KEY_MISSING: ReasonInfo(
            "A key of the Secret is missing or empty.",
            retried=True,
            severity=Severity.WARNING,
            advice="Add the key that the message names to the Secret.",
        ),
        Reason.SECRET_VALUE_INVALID: ReasonInfo(
            "A value of the Secret cannot be a credential. Nothing was sent.",
            retried=True,
            severity=Severity.WARNING,
            told_of_endpoints=True,
            advice="Write the value again, as UTF-8 and without a line break. The operator reads it again by itself.",
        ),
        Reason.ADDRESS_NOT_ALLOWED: ReasonInfo(
            "The Secret does not allow the address of the VCenter or FlashArray. Nothing was sent.",
            retried=True,
            severity=Severity.WARNING,
            told_of_endpoints=True,
            advice="Correct spec.address, or add the address to the key allowedAddresses of the Secret.",
        ),
        Reason.INVALID_GROUP_NAME: ReasonInfo(
            "The source group's name does not have the form <array>:<protection group>.",
            retried=True,
            severity=Severity.WARNING,
            advice="Set spec.protectionGroup of the ReplicationGroup, or correct the name in vSphere.",
        ),
        Reason.SOURCE_GROUP_NOT_FOUND: ReasonInfo(
            "No source group with this name, or for this target, was found.",
            retried=True,
            severity=Severity.WARNING,
            advice="If another vCenter shows the source group, set spec.protectedSite. Check the group's name and "
            "the sites.",
        ),
        Reason.TARGET_GROUP_NOT_FOUND: ReasonInfo(
            "The target group was not found at the recovery site.",
            retried=True,
            severity=Severity.WARNING,
            advice="Check spec.recoverySite and spec.group of the ReplicationGroup.",
        ),
        Reason.SEVERAL_TARGETS: ReasonInfo(
            "The source group has several targets, and none is chosen.",
            retried=True,
            severity=Severity.WARNING,
            advice="Set spec.targetArrayRef of the ReplicationGroup.",
        ),
        Reason.SEVERAL_GROUPS: ReasonInfo(
            "More than one source group has this name.",
            retried=True,
            severity=Severity.WARNING,
            advice="Set spec.group.target of the ReplicationGroup instead of spec.group.name.",
        ),
        Reason.ARRAY_UNKNOWN: ReasonInfo(
            "No FlashArray object is this array.",
            retried=True,
            severity=Severity.WARNING,
            advice="Create a FlashArray object for the array that the message names.",
        ),
        Reason.AMBIGUOUS_ARRAY: ReasonInfo(
            "Several FlashArray objects are the same array.",
            retried=True,
            severity=Severity.WARNING,
            advice="Keep one FlashArray object for each array.",
        ),
        Reason.NOT_YET_READ: ReasonInfo(
            "The endpoint has not been read yet.",
            retried=True,
            severity=Severity.PASSING,
            advice="Nothing to do. It is read soon.",
        ),
        # roles
        Reason.WRONG_STATE: ReasonInfo(
            "The group is in a state that does not allow this.",
            retried=True,
            severity=Severity.WARNING,
            advice="Read the state in the message. It goes on when the state is another one.",
        ),
        Reason.WRONG_SIDE: ReasonInfo(
            "The group is on the other side of the replication than expected.",
            retried=True,
            severity=Severity.WARNING,
            advice="Check spec.recoverySite. After a failover and reverse, source and target have changed places.",
        ),
        Reason.IN_TEST: ReasonInfo(
            "The target group is in a test failover.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do. It goes on when the test is stopped.",
        ),
        Reason.FAILED_OVER: ReasonInfo(
            "The target group has failed over.",
            retried=False,
            severity=Severity.WARNING,
            advice="Reprotect (reverse) the group. Only then ask for new points in time.",
        ),
        Reason.REMOTE_FAILED_OVER: ReasonInfo(
            "The source group reports that its target has failed over.",
            retried=False,
            severity=Severity.WARNING,
            advice="Reprotect (reverse) the group. Only then ask for new points in time.",
        ),
        Reason.STATE_UNKNOWN: ReasonInfo(
            "vSphere reports a state that the operator does not know.",
            retried=True,
            severity=Severity.WARNING,
            advice="Check the VASA provider. Nothing is changed while the state is not known.",
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
            advice="Check spec.group of the ReplicationGroup. The group may have been reversed.",
        ),
        # what the arrays say before a push
        Reason.PROTECTION_GROUP_NOT_FOUND: ReasonInfo(
            "The source array has no protection group with this name.",
            retried=True,
            severity=Severity.WARNING,
            advice="Check the name, or set spec.protectionGroup of the ReplicationGroup.",
        ),
        Reason.PROTECTION_GROUP_DESTROYED: ReasonInfo(
            "The protection group is destroyed. It waits for eradication.",
            retried=True,
            severity=Severity.WARNING,
            advice="If the protection group is still needed, recover it on the array.",
        ),
        Reason.PROTECTION_GROUP_IN_POD: ReasonInfo(
            "The protection group is in a pod. Pods replicate by other means and cannot be pushed.",
            retried=False,
            severity=Severity.WARNING,
            advice="If it replicates on a schedule, use method AwaitSchedule. If not, move the volumes out of the pod.",
        ),
        Reason.TARGET_SUSPENDED: ReasonInfo(
            "The array reports that replication of the protection group to this target is suspended.",
            retried=True,
            severity=Severity.WARNING,
            advice="Find out on the arrays who suspended it. Then resume it.",
        ),
        Reason.TARGET_NOT_ALLOWED: ReasonInfo(
            "The protection group is not allowed on the target array: nothing would be sent.",
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
            "The source array reports that the target array is not connected.",
            retried=True,
            severity=Severity.WARNING,
            advice="Check the array connection and the replication network.",
        ),
        Reason.ARRAY_REFUSED: ReasonInfo(
            "The array refused the call.",
            retried=True,
            severity=Severity.WARNING,
            advice="Read the array's own words in the message.",
        ),
        Reason.SNAPSHOT_LIMIT_REACHED: ReasonInfo(
            "The array has reached its limit of snapshots.",
            retried=True,
            severity=Severity.WARNING,
            advice="Remove snapshots on the array, or shorten the retention.",
        ),
        # endpoints
        Reason.READY: ReasonInfo(
            "The last reading was complete.", retried=False, severity=Severity.NORMAL, advice="Nothing to do."
        ),
        Reason.CONNECTED: ReasonInfo(
            "The endpoint answers.", retried=False, severity=Severity.NORMAL, advice="Nothing to do."
        ),
        Reason.LOGGED_IN: ReasonInfo(
            "The endpoint accepted the credentials.", retried=False, severity=Severity.NORMAL, advice="Nothing to do."
        ),
        Reason.UNREACHABLE: ReasonInfo(
            "There is no connection to the endpoint's address.",
            retried=True,
            severity=Severity.WARNING,
            told_of_endpoints=True,
            advice="Check spec.address, DNS, routes and firewalls from the operator's pod.",
        ),
        Reason.TIMED_OUT_CALLING: ReasonInfo(
            "The endpoint accepted the connection but did not answer in time.",
            retried=True,
            severity=Severity.WARNING,
            told_of_endpoints=True,
            advice="Check the endpoint's health. It is asked again.",
        ),
        Reason.CERTIFICATE_NOT_TRUSTED: ReasonInfo(
            "The endpoint's certificate is not trusted: its CA, its name or its dates are not the right ones.",
            retried=True,
            severity=Severity.WARNING,
            told_of_endpoints=True,
            advice="The message says which. Put the CA into spec.tls.caCertificates, or renew or correct the "
            "certificate.",
        ),
        Reason.INVALID_CA_CERTIFICATES: ReasonInfo(
            "spec.tls.caCertificates has no certificate that can be read.",
            retried=False,
            severity=Severity.WARNING,
            told_of_endpoints=True,
            advice="Write the CA's certificates there, in PEM form.",
        ),
        Reason.CLOCK_IN_STEP: ReasonInfo(
            "The array's clock and the operator's clock differ by at most one minute.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing to do.",
        ),
        Reason.CLOCK_OUT_OF_STEP: ReasonInfo(
            "The array's clock and the operator's clock differ by more than one "
            "minute. Ages of points in time are not reliable.",
            retried=True,
            severity=Severity.WARNING,
            advice="Set the NTP servers of the array. Check the clock of the operator's node too.",
        ),
        Reason.CLOCK_UNKNOWN: ReasonInfo(
            "The array's answers have no time to compare with the operator's clock.",
            retried=True,
            severity=Severity.WARNING,
            advice="Check whether a proxy in front of the array removes the time from its answers.",
        ),
        Reason.TLS_NOT_VERIFIED: ReasonInfo(
            "The endpoint's certificate is not checked, because spec.tls.insecureSkipVerify is true.",
            retried=False,
            severity=Severity.WARNING,
            advice="Put the CA's certificate into spec.tls.caCertificates. Then remove insecureSkipVerify.",
        ),
        Reason.LOGIN_FAILED: ReasonInfo(
            "The endpoint refused the credentials. After three refusals, the operator waits before it tries again.",
            retried=True,
            severity=Severity.WARNING,
            told_of_endpoints=True,
            advice="Correct the Secret. The operator tries again as soon as the Secret changes.",
        ),
        Reason.LOGIN_PAUSED: ReasonInfo(
            "The credentials were refused three times in a row. They are not tried for 15 minutes.",
            retried=True,
            severity=Severity.WARNING,
            advice="Correct the Secret that the message names. The operator tries again as soon as it changes.",
        ),
        Reason.PERMISSION_DENIED: ReasonInfo(
            "The account does not have a right that is needed.",
            retried=True,
            severity=Severity.WARNING,
            advice="Give the account the rights that the documentation lists.",
        ),
        Reason.ANSWER_UNREADABLE: ReasonInfo(
            "The endpoint's answer could not be understood.",
            retried=True,
            severity=Severity.WARNING,
            advice="Check that no proxy or portal answers at spec.address. If the endpoint is newer, update the "
            "operator.",
        ),
        Reason.ANSWER_LOST: ReasonInfo(
            "The connection ended before the answer came.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do. The operator looks for the effect of the call.",
        ),
        Reason.ENDPOINT_BUSY: ReasonInfo(
            "The endpoint is busy and asks the operator to try later.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do. It is asked again later.",
        ),
        Reason.ENDPOINT_FAULT: ReasonInfo(
            "The endpoint reports an error of its own.",
            retried=True,
            severity=Severity.WARNING,
            advice="Read the message and the endpoint's own logs.",
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
            advice="Check the provider in vCenter, under Storage Providers.",
        ),
        Reason.INACTIVE_PROVIDER: ReasonInfo(
            "Another VASA provider is the active one for this array.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do. The active one is asked next.",
        ),
        Reason.NO_REPLICATION_PROVIDER: ReasonInfo(
            "The vCenter has no VASA provider that supports replication.",
            retried=True,
            severity=Severity.WARNING,
            advice="Register the array's VASA provider in vCenter.",
        ),
        Reason.INVENTORY_COMPLETE: ReasonInfo(
            "All VASA providers for replication answered with all their groups.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing to do.",
        ),
        Reason.INVENTORY_INCOMPLETE: ReasonInfo(
            "Not all of the inventory was read. A group that is missing may still exist.",
            retried=True,
            severity=Severity.PASSING,
            advice="Read the message. It names the VASA provider, or says why nothing can be read.",
        ),
        Reason.GROUP_UNKNOWN: ReasonInfo(
            "No VASA provider of this vCenter knows the group's id.",
            retried=True,
            severity=Severity.WARNING,
            advice="Check that the group belongs to the site of this vCenter.",
        ),
        Reason.INVALID_REPLICATION_STATE: ReasonInfo(
            "The VASA provider refused because of the group's state.",
            retried=True,
            severity=Severity.WARNING,
            advice="Read the state in the message. It goes on when the state is another one.",
        ),
        Reason.TASK_FORGOTTEN: ReasonInfo(
            "vCenter no longer knows the task. It is not known how the task ended.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do. The operator looks for the effect of the sync.",
        ),
        Reason.PEER_NOT_REACHABLE: ReasonInfo(
            "The target's VASA provider cannot reach the other side.",
            retried=True,
            severity=Severity.WARNING,
            advice="Check the connection between the arrays.",
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
            advice="Wait for a replication of the group, or start one.",
        ),
    }
)
