"""The monitor of a VCenter: who answers there, and its inventory of fault domains and groups."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vvol_replication.api.conditions import Condition, Wanted, find, from_json, merge
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.vcenter import (
    FAULT_DOMAINS_LIMIT,
    PEERS_LIMIT,
    PROVIDERS_LIMIT,
    FaultDomainStatus,
    VCenterSpec,
    VCenterStatus,
)
from vvol_replication.domain.counts import counted
from vvol_replication.domain.groups import GroupId, Inventory, SourceGroup, VCenterAbout
from vvol_replication.domain.outcomes import Done, Refused
from vvol_replication.domain.ports import VCenterPort
from vvol_replication.engine.news import VCenterRead
from vvol_replication.engine.services import Services
from vvol_replication.reconcile.binding.world import SiteView

from .discovery_report import DISCOVERY, Report
from .endpoint import Endpoint, Failure


class VCenterEndpoint(Endpoint[VCenterPort, VCenterSpec]):
    """One VCenter object: who answers, and its inventory of fault domains and groups."""

    keys = ("username", "password")

    def __init__(self, ref: ObjectRef, services: Services) -> None:
        super().__init__(ref, services)
        self.about: VCenterAbout | None = None
        self.inventory: Inventory | None = None
        self.source_names: Mapping[GroupId, str] = {}
        """What the inventory calls its source groups, by their ids."""
        self._read_at: datetime | None = None
        self._reported: Inventory | None = None
        self._report: Report | None = None

    @property
    def discovery_namespace(self) -> str | None:
        """Where discovery keeps ReplicationGroups, if that is asked for."""
        return self._spec.discovery_namespace if self._spec is not None else None

    def discovered(self, report: Report) -> None:
        """What discovery has come to; written if it is news."""
        if report != self._report:
            self._report = report
            self.notify()

    async def poll_once(self) -> bool:
        """Connect if need be, read, and write; then whoever builds on readings is notified."""
        well = await super().poll_once()
        if self.problem is None and self.inventory is not None and self.inventory is not self._reported:
            self._reported = self.inventory
            self._services.notify(VCenterRead(self.ref.name))
        return well

    @property
    def view(self) -> SiteView:
        """What binding may know of this vCenter."""
        if self.port is None:
            return SiteView(None, None, self.problem)
        return SiteView(self.about, self.inventory, self.problem)

    def parse(self, raw: object) -> VCenterSpec:
        """The typed spec, or SpecError."""
        return VCenterSpec.parse(raw)

    def open(self, spec: VCenterSpec, secret: Mapping[str, str]) -> VCenterPort | Refused:
        """A new port; pinned to the vCenter that is known to be there, if one is."""
        known = self.about.instance_uuid if self.about else None
        return self._services.connector.vcenter(
            spec, username=secret["username"], password=secret["password"], expected_uuid=known
        )

    async def read(self, port: VCenterPort) -> Failure | None:
        """Who answers, and what it knows of. What was read before stays: silence ends nothing (invariant 10)."""
        inventory = await port.inventory()
        if not isinstance(inventory, Done):
            return inventory
        about = await port.about()  # after it: the providers are those that the inventory met
        if not isinstance(about, Done):
            return about
        self.about, self.inventory, self._read_at = about.value, inventory.value, self._clock.now()
        sources = (one for one in inventory.value.groups if isinstance(one, SourceGroup))
        self.source_names = {one.id: one.name for one in sources if one.name}
        return None

    def forget(self) -> None:
        """Another vCenter may be there."""
        self.about, self.inventory, self.source_names = None, None, {}

    def summary(self) -> tuple[bool, str]:
        """Is the inventory complete, and one line of what was read."""
        if self.inventory is None:
            return False, "Nothing has been read yet."
        if not self.inventory.complete:
            return False, " ".join(self.inventory.problems)
        groups, domains = len(self.inventory.groups), len(self.inventory.fault_domains)
        return True, f"{counted(groups, 'group')} of {counted(domains, 'fault domain')}."

    def status(self, conditions: tuple[Condition, ...], generation: int) -> Mapping[str, Any]:
        """The status to write."""
        about = self.about
        before = VCenterStatus.parse(self.stored)
        # After a restart what was written last stands until the next reading; what is not asked for is not shown.
        stored, counted = find(from_json(self.stored.get("conditions")), DISCOVERY), before.discovery
        said = Wanted(stored.type, stored.status, stored.reason, stored.message) if stored is not None else None
        if self._report is not None:
            said, counted = self._report.condition, self._report.status
        asked = said is not None and counted is not None and counted.namespace == self.discovery_namespace
        more = [said] if asked and said is not None else []
        return VCenterStatus(
            observed_generation=generation,
            conditions=conditions + merge((stored,) if stored else (), more, generation, self._clock.now()),
            version=about.version if about else None,
            instance_uuid=about.instance_uuid if about else None,
            providers=about.providers[:PROVIDERS_LIMIT] if about else (),
            fault_domains=_domains(self.inventory) if self.inventory else before.fault_domains,
            discovery=counted if asked else None,
            last_read_at=self._read_at,
        ).to_json()


def _domains(inventory: Inventory) -> tuple[FaultDomainStatus, ...]:
    return tuple(
        FaultDomainStatus(one.id, one.name, one.array_id, one.peers[:PEERS_LIMIT])
        for one in inventory.fault_domains[:FAULT_DOMAINS_LIMIT]
    )
