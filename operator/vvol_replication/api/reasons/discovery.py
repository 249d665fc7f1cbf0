"""Reasons that discovery gives: on the VCenter that asks for it, and on groups that are gone."""

from collections.abc import Mapping
from types import MappingProxyType

from .info import ReasonInfo, Severity
from .reason import Reason

DISCOVERY: Mapping[Reason, ReasonInfo] = MappingProxyType(
    {
        Reason.DISCOVERED: ReasonInfo(
            "Each group found that can have a ReplicationGroup has one.",
            retried=False,
            severity=Severity.NORMAL,
            advice="Nothing.",
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
            advice="Start the operator with --namespace for it too, or correct spec.discovery.namespace.",
        ),
        Reason.CREATION_FORBIDDEN: ReasonInfo(
            "The operator may not write ReplicationGroups in the namespace of spec.discovery.",
            retried=True,
            severity=Severity.WARNING,
            advice="Let its account create and patch replicationgroups there, and see admission and quota.",
        ),
        Reason.OBJECT_REFUSED: ReasonInfo(
            "The API server refuses a ReplicationGroup of discovery.",
            retried=True,
            severity=Severity.WARNING,
            advice="See the message, and whether the CRDs are those of this version.",
        ),
        Reason.NAME_TAKEN: ReasonInfo(
            "A ReplicationGroup for something else has the name of one that discovery would make.",
            retried=True,
            severity=Severity.WARNING,
            advice="Rename the object that the message names, or let it stand for that group.",
        ),
        Reason.CHANGED_BY_OTHERS: ReasonInfo(
            "Somebody changed a field of a discovered ReplicationGroup that would be changed now.",
            retried=True,
            severity=Severity.WARNING,
            advice="Take the change back, or remove the object's discovered-by label to keep it.",
        ),
        Reason.GROUP_GONE: ReasonInfo(
            "The group is gone: complete inventories of its sites listed it no more, twice.",
            retried=True,
            severity=Severity.WARNING,
            advice="After a reverse look for the pair with new ids; delete the object if the group was removed.",
        ),
    }
)
