"""The monitor of a VCenter: who answers there, and its inventory of fault domains and groups."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vvol_replication.api.conditions import Condition
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.vcenter import PROVIDERS_LIMIT, VCenterSpec, VCenterStatus
from vvol_replication.domain.groups import Inventory, VCenterAbout
from vvol_replication.domain.outcomes import Done, Refused
from vvol_replication.domain.ports import VCenterPort
from vvol_replication.reconcile.binding import SiteView

from .endpoint import Endpoint, Failure, Services


class VCenterEndpoint(Endpoint[VCenterPort, VCenterSpec]):
    """One VCenter object: who answers, and its inventory of fault domains and groups."""

    keys = ("username", "password")

    def __init__(self, ref: ObjectRef, services: Services) -> None:
        super().__init__(ref, services)
        self.about: VCenterAbout | None = None
        self.inventory: Inventory | None = None
        self._read_at: datetime | None = None

    @property
    def view(self) -> SiteView:
        """What binding may know of this vCenter."""
        if self.port is None:
            return SiteView(None, None, self.trouble)
        return SiteView(self.about, self.inventory, self.trouble)

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
        """Who answers, and what it knows of. What was read before stays: silence makes nothing disappear (rule 10)."""
        inventory = await port.inventory()
        if not isinstance(inventory, Done):
            return inventory
        about = await port.about()  # after it: the providers are those that the inventory met
        if not isinstance(about, Done):
            return about
        self.about, self.inventory, self._read_at = about.value, inventory.value, self._clock.now()
        return None

    def forget(self) -> None:
        """Another vCenter may be there."""
        self.about = self.inventory = None

    def summary(self) -> tuple[bool, str]:
        """Is the inventory complete, and one line of what was read."""
        if self.inventory is None:
            return False, "Nothing has been read yet."
        if not self.inventory.complete:
            return False, "; ".join(self.inventory.problems)
        return True, f"{len(self.inventory.groups)} groups of {len(self.inventory.fault_domains)} fault domains."

    def status(self, conditions: tuple[Condition, ...], generation: int) -> Mapping[str, Any]:
        """The status to write."""
        about = self.about
        return VCenterStatus(
            observed_generation=generation,
            conditions=conditions,
            version=about.version if about else None,
            instance_uuid=about.instance_uuid if about else None,
            providers=about.providers[:PROVIDERS_LIMIT] if about else (),
            last_read_at=self._read_at,
        ).to_json()
