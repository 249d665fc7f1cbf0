"""Reasons of a FailoverPreparation: what its checks refuse, how it ends, and for how long it holds."""

from collections.abc import Mapping
from types import MappingProxyType

from .info import ReasonInfo, Severity
from .reason import Reason

PREPARATIONS: Mapping[Reason, ReasonInfo] = MappingProxyType(
    {
        # what the checks refuse
        Reason.CONSENT_MISMATCH: ReasonInfo(
            "spec.consent is not the name of the group in spec.groupRef.",
            retried=False,
            severity=Severity.WARNING,
            advice="If this group is meant, create a new FailoverPreparation with the group's name as consent.",
        ),
        Reason.ALREADY_PREPARED: ReasonInfo(
            "The group is already prepared for failover.",
            retried=False,
            severity=Severity.WARNING,
            advice="Read condition Prepared of the group before you fail over. Or call that failover off first.",
        ),
        Reason.VM_POWERED_ON: ReasonInfo(
            "A VM of the group is powered on: the failover would lose what it still writes.",
            retried=True,
            severity=Severity.WARNING,
            advice="Shut the VM down. A waiting preparation then goes on by itself. One that has ended stays invalid: "
            "prepare again.",
        ),
        Reason.VM_SUSPENDED: ReasonInfo(
            "A VM of the group is suspended. This counts as powered on: its memory is not on its disks.",
            retried=True,
            severity=Severity.WARNING,
            advice="Resume the VM and shut it down.",
        ),
        Reason.VM_POWER_UNKNOWN: ReasonInfo(
            "It is not known whether a VM of the group is off: it was not read, "
            "or its host is not connected. This counts as on.",
            retried=True,
            severity=Severity.WARNING,
            advice="Give the operator's account the right to see the VM, connect its host, or make the VM accessible "
            "again.",
        ),
        Reason.MEMBERS_UNACCOUNTED: ReasonInfo(
            "The VASA provider lists members of the group that belong to no VM that could be read.",
            retried=True,
            severity=Severity.WARNING,
            advice="Give the account the right to see the VMs, and make them accessible. Take members that are not "
            "of a VM out of the group.",
        ),
        Reason.MEMBERS_UNREADABLE: ReasonInfo(
            "Not all VMs of the group could be read.",
            retried=True,
            severity=Severity.WARNING,
            advice="Remove the cause that the message names: rights, a host that is not connected, the provider.",
        ),
        Reason.NO_MEMBERS: ReasonInfo(
            "No VM of the group was found, so it is not known that all VMs are off.",
            retried=True,
            severity=Severity.WARNING,
            advice="Check the storage policies and groups of the VMs. An empty group needs no preparation.",
        ),
        Reason.TRANSFER_STALLED: ReasonInfo(
            "A transfer of the group has not moved for minutes. The last sync would wait for it.",
            retried=True,
            severity=Severity.WARNING,
            advice="Check the replication network and the arrays' alerts.",
        ),
        # steps and ends
        Reason.CHECKING: ReasonInfo(
            "The operator makes the checks before the call.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do.",
        ),
        Reason.PREPARING: ReasonInfo(
            "The operator asks the source group to prepare for failover.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do.",
        ),
        Reason.FAILOVER_PREPARED: ReasonInfo(
            "The group is prepared for failover. The data of its last sync is at the target.",
            retried=False,
            severity=Severity.WARNING,
            advice="If condition Valid of the FailoverPreparation is True, fail over to its status.pointInTime, by id.",
        ),
        Reason.DRY_RUN: ReasonInfo(
            "Dry run: all checks were made, nothing was called.",
            retried=False,
            severity=Severity.WARNING,
            advice="Read condition Preparable and status.checks. If Preparable is True, create a FailoverPreparation "
            "without dryRun.",
        ),
        Reason.CHECKS_PASSED: ReasonInfo(
            "Every check of the dry run passed: at that moment the group could be prepared.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing to do.",
        ),
        Reason.PREPARE_REFUSED: ReasonInfo(
            "The source group refused to be prepared. Nothing was changed.",
            retried=False,
            severity=Severity.WARNING,
            advice="Remove the cause that the message names, then create a new FailoverPreparation.",
        ),
        Reason.NOT_REMEMBERED: ReasonInfo(
            "The status of the ReplicationGroup could not be written. Nothing is called until it is written.",
            retried=True,
            severity=Severity.NORMAL,
            advice="Nothing to do at first. If it lasts, check the operator's rights on replicationgroups/status.",
        ),
        Reason.LAST_SYNC_NOT_FOUND: ReasonInfo(
            "The prepare task succeeded, but there is no new snapshot on the source: the last data is not proven.",
            retried=False,
            severity=Severity.WARNING,
            advice="Before you fail over, compare the newest point in time with the time when the VMs were shut down.",
        ),
        # afterwards
        Reason.PREPARED_OUTSIDE: ReasonInfo(
            "A sync showed that the group is prepared, but no FailoverPreparation here did it.",
            retried=False,
            severity=Severity.WARNING,
            advice="Find out who prepared the group. The next ReplicationSync asks the target again.",
        ),
        Reason.NOT_PROVEN: ReasonInfo(
            "The group was asked to prepare, or may have been asked. Its last data is not proven at the target.",
            retried=False,
            severity=Severity.WARNING,
            advice="Wait for the end of the preparation. If it has ended, compare the newest point in time with the "
            "VMs' shutdown.",
        ),
        Reason.FAILOVER_CALLED_OFF: ReasonInfo(
            "The planned failover was called off after the group had been prepared.",
            retried=False,
            severity=Severity.WARNING,
            advice="Create a ReplicationSync to see whether the target accepts syncs. To prepare again, use another "
            "requestID.",
        ),
        Reason.VALIDITY_ENDED: ReasonInfo(
            "The time in spec.validFor of the preparation has passed.",
            retried=False,
            severity=Severity.WARNING,
            advice="Check the VMs and the points in time before the failover, or prepare again.",
        ),
        Reason.VALIDITY_UNKNOWN: ReasonInfo(
            "The group is prepared, but it is not known whether that is still valid.",
            retried=True,
            severity=Severity.WARNING,
            advice="Do not fail over before you have checked that all VMs of the group are off.",
        ),
        Reason.PREPARATION_NOT_VALID: ReasonInfo(
            "The group is prepared, but its preparation is no longer valid.",
            retried=False,
            severity=Severity.WARNING,
            advice="Do not fail over. The message says why. Call that failover off, and prepare again.",
        ),
        Reason.NEWER_DATA_ARRIVED: ReasonInfo(
            "A replication came after the last sync of the preparation.",
            retried=False,
            severity=Severity.WARNING,
            advice="Fail over to the preparation's point in time by its id, with all VMs off. Or prepare again.",
        ),
    }
)
