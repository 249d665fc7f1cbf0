"""Names and labels of the ReplicationGroups that discovery makes: functions of what they stand for alone."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from vvol_replication.api.names import GROUP
from vvol_replication.domain.groups import GroupId

MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "vvol-replication"
DISCOVERED_BY = f"{GROUP}/discovered-by"

_READABLE = 50


def object_name(readable: str | None, target: GroupId) -> str:
    """`flasharray-a:erp` -> `flasharray-a-erp-<hash of the target's ids>`: a DNS label, the same everywhere."""
    plain = unicodedata.normalize("NFKD", readable or "").encode("ascii", "ignore").decode().lower()
    slug = re.sub("[^a-z0-9]+", "-", plain).strip("-")[:_READABLE].strip("-")
    return f"{slug or 'group'}-{_hash(target.fault_domain, target.device_group)}"


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]
