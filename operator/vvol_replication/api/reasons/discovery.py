"""Reasons that discovery gives: on the VCenter that asks for it, and on groups that are gone."""

from collections.abc import Mapping
from types import MappingProxyType

from .info import ReasonInfo, Severity
from .reason import Reason

DISCOVERY: Mapping[Reason, ReasonInfo] = MappingProxyType(
    {
        Reason.DISCOVERED: ReasonInfo(
            "Every group that was found and can have a ReplicationGroup has one.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing to do.",
        ),
        Reason.NAMESPACE_NOT_FOUND: ReasonInfo(
            "The namespace of spec.discovery does not exist, or is being deleted.",
            retried=True,
            severity=Severity.WARNING,
            advice="Create the namespace, or correct spec.discovery.namespace.",
        ),
        Reason.NAMESPACE_NOT_WATCHED: ReasonInfo(
            "The operator is restricted to other namespaces than that of spec.discovery.",
            retried=True,
            severity=Severity.WARNING,
            advice="Start the operator with --namespace for this namespace too, or correct spec.discovery.namespace.",
        ),
        Reason.CREATION_FORBIDDEN: ReasonInfo(
            "The operator may not write ReplicationGroups in the namespace of spec.discovery.",
            retried=True,
            severity=Severity.WARNING,
            advice="Allow its account to create and patch replicationgroups there. Check admission rules and quota.",
        ),
        Reason.OBJECT_REFUSED: ReasonInfo(
            "The API server refuses a ReplicationGroup that discovery wants to create or change.",
            retried=True,
            severity=Severity.WARNING,
            advice="Read the message. Check that the CRDs are those of this version.",
        ),
        Reason.NAME_TAKEN: ReasonInfo(
            "A ReplicationGroup of another group has the name that discovery needs.",
            retried=True,
            severity=Severity.WARNING,
            advice="Rename the object that the message names, or set its spec.group to the discovered group.",
        ),
        Reason.CHANGED_BY_OTHERS: ReasonInfo(
            "Somebody changed a field of a discovered ReplicationGroup, and discovery wants to change the same field.",
            retried=True,
            severity=Severity.WARNING,
            advice="Undo the change. Or remove the discovered-by label of the object to keep the change.",
        ),
        Reason.GROUP_GONE: ReasonInfo(
            "The group is gone: two complete inventories of its sites did not list it.",
            retried=True,
            severity=Severity.WARNING,
            advice="After a reverse, look for the pair with new ids. If the group was removed, delete the object.",
        ),
    }
)
