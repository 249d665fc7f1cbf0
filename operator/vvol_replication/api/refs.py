"""Small values that several kinds hold."""

from dataclasses import dataclass
from datetime import datetime

from .errors import SpecError
from .reading import OPAQUE_ID, Reader

ON_DEMAND_GROUP = "ffffffff-ffff-ffff-ffff-ffffffffffff"
"""VMware's well-known id for "create a group on demand": no group that exists."""


@dataclass(frozen=True, slots=True)
class GroupRef:
    """VMware's name for one side of a replication group: two opaque ids, unique only together."""

    fault_domain: str
    device_group: str

    @classmethod
    def read(cls, reader: Reader) -> "GroupRef":
        """Read `{faultDomainID, deviceGroupID}`; both are required."""
        fault_domain = reader.require("faultDomainID", reader.text("faultDomainID", OPAQUE_ID))
        device_group = reader.require("deviceGroupID", reader.text("deviceGroupID", OPAQUE_ID))
        if device_group == ON_DEMAND_GROUP:
            raise SpecError(reader.where("deviceGroupID"), "stands for a group to be created on demand")
        return cls(fault_domain, device_group)

    def __str__(self) -> str:
        return f"{self.fault_domain}/{self.device_group}"


@dataclass(frozen=True, slots=True)
class PointInTimeStatus:
    """A point in time as vSphere lists it. `id` stays empty where not exactly one listed one fits."""

    id: str | None = None
    name: str | None = None
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewestPoint:
    """The newest point in time that was listed at a moment: its `time`, and `read_at`, by the target array's clock."""

    time: datetime
    read_at: datetime
