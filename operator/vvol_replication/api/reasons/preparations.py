"""Reasons of a FailoverPreparation: what its checks refuse, how it ends, and for how long it holds."""

from collections.abc import Mapping
from types import MappingProxyType

from .info import ReasonInfo, Severity
from .reason import Reason

PREPARATIONS: Mapping[Reason, ReasonInfo] = MappingProxyType(
    {
        # what the checks refuse
        Reason.CONSENT_MISMATCH: ReasonInfo(
            "spec.consent does not repeat the name of the group that is to be prepared.",
            retried=False,
            severity=Severity.WARNING,
            advice="Create a new FailoverPreparation whose consent is the group's name, if that group is meant.",
        ),
        Reason.ALREADY_PREPARED: ReasonInfo(
            "The group is prepared for failover already.",
            retried=False,
            severity=Severity.WARNING,
            advice="Fail over to the point in time that the message names; or call that failover off first.",
        ),
        Reason.VM_POWERED_ON: ReasonInfo(
            "A VM of the group is powered on: what it writes would be left behind.",
            retried=True,
            severity=Severity.WARNING,
            advice="Shut the VM down; a preparation that waits goes on by itself.",
        ),
        Reason.VM_SUSPENDED: ReasonInfo(
            "A VM of the group is suspended, which counts as on: its memory is not in its disks.",
            retried=True,
            severity=Severity.WARNING,
            advice="Resume the VM and shut it down.",
        ),
        Reason.VM_POWER_UNKNOWN: ReasonInfo(
            "A VM of the group is not known to be off (not read, or its host is not connected), which counts as on.",
            retried=True,
            severity=Severity.WARNING,
            advice="Let the operator's account see the VM, connect its host, or make the VM accessible again.",
        ),
        Reason.MEMBERS_UNACCOUNTED: ReasonInfo(
            "The storage provider counts members to the group that belong to no VM that could be read.",
            retried=True,
            severity=Severity.WARNING,
            advice="Let the account see the VMs and make them accessible, or take what is not a VM's out of the group.",
        ),
        Reason.MEMBERS_UNREADABLE: ReasonInfo(
            "The VMs of the group could not all be read.",
            retried=True,
            severity=Severity.WARNING,
            advice="Remove the cause that the message names: rights, a host that is not connected, the provider.",
        ),
        Reason.NO_MEMBERS: ReasonInfo(
            "No VM of the group was found, so nothing tells that none of them is on.",
            retried=True,
            severity=Severity.WARNING,
            advice="Look at the storage policies and groups of the VMs; an empty group needs no preparation.",
        ),
        Reason.TRANSFER_STALLED: ReasonInfo(
            "A transfer of the group has not moved for minutes, and the last sync would wait behind it.",
            retried=True,
            severity=Severity.WARNING,
            advice="Look at the replication network and at the arrays' alerts.",
        ),
        # steps and ends
        Reason.CHECKING: ReasonInfo(
            "The checks before the call are being made.", retried=True, severity=Severity.NORMAL, advice="Nothing."
        ),
        Reason.PREPARING: ReasonInfo(
            "The source group is being asked to prepare for failover.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing.",
        ),
        Reason.FAILOVER_PREPARED: ReasonInfo(
            "The group is prepared for failover, and the data of its last sync is at the target.",
            retried=False,
            severity=Severity.WARNING,
            advice="Fail over to the point in time that status names, by its id.",
        ),
        Reason.DRY_RUN: ReasonInfo(
            "All checks were made and nothing was called.",
            retried=False,
            severity=Severity.WARNING,
            advice="Read condition Preparable and status.checks; create a FailoverPreparation without dryRun.",
        ),
        Reason.CHECKS_PASSED: ReasonInfo(
            "Every check of a dry run passed: the group could be prepared at that moment.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing.",
        ),
        Reason.PREPARE_REFUSED: ReasonInfo(
            "The source group refused to be prepared; nothing was changed.",
            retried=False,
            severity=Severity.WARNING,
            advice="Remove the cause that the message names, then create a new FailoverPreparation.",
        ),
        Reason.NOT_REMEMBERED: ReasonInfo(
            "The ReplicationGroup's status could not be written, and without that memory nothing is called.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing at first; if it lasts, look at the operator's rights on replicationgroups/status.",
        ),
        Reason.LAST_SYNC_NOT_FOUND: ReasonInfo(
            "The prepare task succeeded, but no new snapshot is on the source: the last data cannot be proven.",
            retried=False,
            severity=Severity.WARNING,
            advice="Compare the newest point in time with when the VMs were shut down before you fail over.",
        ),
        # afterwards
        Reason.PREPARED_OUTSIDE: ReasonInfo(
            "A sync told that the group is prepared, and no FailoverPreparation here did it.",
            retried=False,
            severity=Severity.WARNING,
            advice="Find out who prepared it; the next ReplicationSync asks the target again.",
        ),
        Reason.NOT_PROVEN: ReasonInfo(
            "The group was asked to prepare, or may have been, and its last data is not proven at the target.",
            retried=False,
            severity=Severity.WARNING,
            advice="Look at the FailoverPreparation that the message names, and at the points in time of the target.",
        ),
        Reason.FAILOVER_CALLED_OFF: ReasonInfo(
            "The planned failover was called off after the group had been prepared.",
            retried=False,
            severity=Severity.WARNING,
            advice="A ReplicationSync tells whether the target takes syncs. To prepare anew, use another requestID.",
        ),
        Reason.VALIDITY_ENDED: ReasonInfo(
            "validFor of the preparation has passed.",
            retried=False,
            severity=Severity.WARNING,
            advice="Check VMs and points in time before the failover, or prepare again.",
        ),
        Reason.NEWER_DATA_ARRIVED: ReasonInfo(
            "A replication came after the last sync of the preparation.",
            retried=False,
            severity=Severity.WARNING,
            advice="Fail over to the preparation's point in time by its id, or prepare again.",
        ),
    }
)
