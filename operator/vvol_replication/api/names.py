"""The names under which the API server knows our kinds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

GROUP = "replication.vvol.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

FINALIZER = f"{GROUP}/in-flight"
"""On an object only while something of it is under way at a storage endpoint."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. `plural` is its word in URLs and in the CRD's name."""

    kind: str
    plural: str
    namespaced: bool
    short_names: tuple[str, ...] = ()

    @property
    def crd_name(self) -> str:
        """Name of its CustomResourceDefinition."""
        return f"{self.plural}.{GROUP}"


VCENTER = Kind("VCenter", "vcenters", namespaced=False, short_names=("vc",))
FLASHARRAY = Kind("FlashArray", "flasharrays", namespaced=False, short_names=("fa",))
REPLICATION_GROUP = Kind("ReplicationGroup", "replicationgroups", namespaced=True, short_names=("repgroup",))
REPLICATION_SYNC = Kind("ReplicationSync", "replicationsyncs", namespaced=True, short_names=("repsync",))
REPLICATION_SCHEDULE = Kind("ReplicationSchedule", "replicationschedules", namespaced=True, short_names=("repsched",))
FAILOVER_PREPARATION = Kind("FailoverPreparation", "failoverpreparations", namespaced=True, short_names=("failprep",))

KINDS = (
    VCENTER,
    FLASHARRAY,
    REPLICATION_GROUP,
    REPLICATION_SYNC,
    FAILOVER_PREPARATION,
    REPLICATION_SCHEDULE,
)
ONE_SHOT_KINDS = (REPLICATION_SYNC, FAILOVER_PREPARATION)
"""Requests that are carried out once. The others are kept up to date."""

_LABEL_VALUE = 63


def label_value(name: str) -> str:
    """An object's name as a label's value, which may be 63 characters long; a longer name is cut, with its hash."""
    if len(name) <= _LABEL_VALUE:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:10]
    return f"{name[: _LABEL_VALUE - 11].rstrip('-.')}-{digest}"
