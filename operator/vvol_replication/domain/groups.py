"""Replication groups as VMware's SPBM/SMS shows them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class GroupState(StrEnum):
    """State of a replication group (`sms.storage.replication.ReplicationState`).

    On the wire the state is a plain string; what VMware does not list becomes `UNKNOWN` and is never acted on.
    """

    SOURCE = "SOURCE"
    TARGET = "TARGET"
    FAILEDOVER = "FAILEDOVER"
    INTEST = "INTEST"
    REMOTE_FAILEDOVER = "REMOTE_FAILEDOVER"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def parse(cls, text: str | None) -> GroupState:
        """Read the wire's word; a vendor's own word is `UNKNOWN`."""
        try:
            return cls((text or "").upper())
        except ValueError:
            return cls.UNKNOWN


@dataclass(frozen=True, slots=True, order=True)
class GroupId:
    """VMware's name for one side of a replication group: two opaque ids, unique only together."""

    fault_domain: str
    device_group: str

    def __str__(self) -> str:
        return f"{self.fault_domain}/{self.device_group}"


@dataclass(frozen=True, slots=True)
class GroupName:
    """A source group's name, `<array>:<protection group>`. Pods (`array:pod::pg`) keep their colons on the right."""

    array: str
    protection_group: str

    @classmethod
    def parse(cls, text: str) -> GroupName | None:
        """Split at the first colon; `None` where either half is missing."""
        array, colon, protection_group = text.partition(":")
        if not (colon and array and protection_group):
            return None
        return cls(array, protection_group)

    def __str__(self) -> str:
        return f"{self.array}:{self.protection_group}"


@dataclass(frozen=True, slots=True)
class SourceGroup:
    """A group as its source side shows it: the name, and the target groups that it replicates to."""

    id: GroupId
    name: str | None
    state: GroupState
    targets: tuple[GroupId, ...]


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A group as its target side shows it. A target's own name is not known before vSphere 8.0.2."""

    id: GroupId
    source: GroupId
    state: GroupState
    name: str | None = None


Group = SourceGroup | TargetGroup


@dataclass(frozen=True, slots=True)
class FaultDomain:
    """One FlashArray, as VASA names it. `array_id` is what follows `com.purestorage:` in `StorageArray.Id`.

    `peers` are the ids of the fault domains that it replicates to, as far as a provider here says.
    """

    id: str
    name: str
    array_id: str | None
    peers: tuple[str, ...] = ()


@dataclass(frozen=True)  # without slots, for what is looked up
class Inventory:
    """All that one vCenter shows of its fault domains and groups.

    `complete` is False when a provider was silent or an id came without its details: then absence proves nothing
    (invariant 10), and `problems` says, a line each, what is missing.
    """

    fault_domains: tuple[FaultDomain, ...]
    groups: tuple[Group, ...]
    complete: bool = True
    problems: tuple[str, ...] = ()

    def group(self, wanted: GroupId) -> Group | None:
        """The group of that id, as far as it was listed."""
        return self._by_id.get(wanted)

    def sources(self, name: str) -> tuple[SourceGroup, ...]:
        """The source groups of that name, whatever its case."""
        return self._by_name.get(name.casefold(), ())

    def lists(self, target: GroupId) -> bool:
        """Is that target group listed, or a source that replicates to it?"""
        return target in self._by_id or target in self._targets

    @cached_property
    def _targets(self) -> frozenset[GroupId]:
        return frozenset(one for group in self.groups if isinstance(group, SourceGroup) for one in group.targets)

    @cached_property
    def _by_id(self) -> dict[GroupId, Group]:
        return {group.id: group for group in reversed(self.groups)}

    @cached_property
    def _by_name(self) -> dict[str, tuple[SourceGroup, ...]]:
        found: dict[str, tuple[SourceGroup, ...]] = {}
        for group in self.groups:
            if isinstance(group, SourceGroup):
                name = (group.name or "").casefold()
                found[name] = (*found.get(name, ()), group)
        return found


@dataclass(frozen=True, slots=True)
class VCenterAbout:
    """Who a vCenter says that it is. `instance_uuid` is its identity; `version` is the API version, e.g. `8.0.3.0`."""

    instance_uuid: str
    version: str
    providers: tuple[str, ...]
