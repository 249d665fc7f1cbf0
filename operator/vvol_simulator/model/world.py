"""The one world that all endpoints show: arrays, what replicates between them, and the vCenters above."""

from dataclasses import dataclass

from .array import Array
from .clock import Clock, SystemClock
from .errors import WorldError
from .faults import FaultBook
from .groups import VvolGroup
from .journal import Counters, Journal
from .names import key
from .protection import ProtectionGroup
from .replication import Links, Replication
from .site import Site
from .switches import Switches
from .timeline import Timeline
from .vasa import Vasa


class World:
    """Everything there is. Lookups by name raise `WorldError` with what there would be."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.timeline = Timeline(clock or SystemClock())
        self.arrays: dict[str, Array] = {}
        """By array id."""
        self.sites: dict[str, Site] = {}
        """By the vCenter's name."""
        self.links = Links()
        self.switches = Switches()
        self.replication = Replication(self.timeline, self.arrays, self.links, self.switches)
        self.vasa = Vasa(
            timeline=self.timeline,
            arrays=self.arrays,
            sites=self.sites,
            links=self.links,
            replication=self.replication,
            switches=self.switches,
        )
        self.faults = FaultBook()
        self.journal = Journal()
        self.counters = Counters()
        self.ports: dict[str, int] = {}
        """TCP ports that were asked for, by endpoint name; the others get any free one."""

    @property
    def time(self) -> float:
        """World time, with everything settled that is due."""
        self.timeline.settle()
        return self.timeline.time

    def site_time(self, site: Site) -> float:
        """The time on a vCenter's clock."""
        return self.time + site.skew

    def array_time(self, array: Array) -> float:
        """The time on an array's clock."""
        return self.time + array.skew

    def array(self, name: str) -> Array:
        """An array by name (any case) or id."""
        for array in self.arrays.values():
            if key(array.name) == key(name) or array.id == name:
                return array
        raise WorldError(f"There is no array {name!r}; there are {', '.join(a.name for a in self.arrays.values())}.")

    def endpoint(self, name: str) -> Site | Array:
        """A vCenter, or an array, by name."""
        if name in self.sites:
            return self.sites[name]
        try:
            return self.array(name)
        except WorldError:
            known = (*self.sites, *(array.name for array in self.arrays.values()))
            raise WorldError(f"There is no endpoint {name!r}; there are {', '.join(known)}.") from None

    def array_of_domain(self, fault_domain: str) -> Array | None:
        """The array behind a fault domain id."""
        return next((array for array in self.arrays.values() if array.fault_domain == fault_domain), None)

    def site(self, name: str) -> Site:
        """A site by its vCenter's name."""
        if name not in self.sites:
            raise WorldError(f"There is no vCenter {name!r}; there are {', '.join(self.sites)}.")
        return self.sites[name]

    def protection_group(self, reference: str) -> ProtectionGroup:
        """A protection group by `<array>:<name>`, or by its name alone if that is unique."""
        array_name, colon, name = reference.partition(":")
        if colon:
            found = self.array(array_name).group(name)
            candidates = [] if found is None else [found]
        else:
            candidates = [group for array in self.arrays.values() if (group := array.group(reference)) is not None]
        if len(candidates) != 1:
            known = ", ".join(f"{a.name}:{g.name}" for a in self.arrays.values() for g in a.groups.values())
            problem = "several protection groups" if candidates else "no protection group"
            raise WorldError(f"There is {problem} {reference!r}; there are {known}.")
        return candidates[0]

    def vvol_group(self, protection: ProtectionGroup, side: str, target: str | None = None) -> VvolGroup:
        """A side of a protection group as a vVol group; `target` names the array if there are several."""
        source = self.vasa.source_of(protection)
        if source is None:
            raise WorldError(f"Protection group {protection.name!r} has no replication group.")
        if side == "source":
            return source
        groups = [self.vasa.groups[group_id] for group_id in source.targets]
        if target is not None:
            wanted = self.array(target).id
            groups = [group for group in groups if group.array_id == wanted]
        if len(groups) != 1:
            raise WorldError(
                f"Protection group {protection.name!r} has {len(groups)} matching target groups; name one."
            )
        return groups[0]

    def fault_domains(self, site: Site) -> list["FaultDomain"]:
        """The fault domains a site's providers manage, each with its active provider's MoId."""
        domains = []
        for array_id in site.array_ids():
            array, active = self.arrays[array_id], site.active_provider(array_id)
            domains.append(
                FaultDomain(array.fault_domain, array.name, array.storage_array_id, active.moid if active else None)
            )
        return domains

    def peers(self, fault_domain: str) -> list[str]:
        """Fault domain ids that a source fault domain replicates to."""
        found: dict[str, None] = {}
        for group in self.vasa.groups.values():
            if group.id.fault_domain == fault_domain and group.is_source:
                found |= dict.fromkeys(target.fault_domain for target in group.targets)
        return list(found)


@dataclass(frozen=True)
class FaultDomain:
    """One FlashArray as VMware sees it; `provider` is the MoId of the active provider, None if there is none."""

    id: str
    name: str
    storage_array_id: str
    provider: str | None
