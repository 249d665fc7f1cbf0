"""A vCenter with hundreds of slow storage providers of its hosts, through the wiring and on real sockets."""

from __future__ import annotations

import pytest
from component.engine.real import Real, real
from component.engine.virtual import until

from vvol_replication.api.names import FLASHARRAY, REPLICATION_GROUP, VCENTER
from vvol_replication.storage.vsphere import registered
from vvol_simulator.model import Provider

READY = ("True", "Ready")
INCOMPLETE = ("False", "InventoryIncomplete")


def connect_all(rig: Real) -> None:
    """Both sites, both arrays, and a group."""
    world = rig.simulator.world
    for name in ("austin", "dallas", "flasharray-a", "flasharray-b"):
        kind = VCENTER if name in world.sites else FLASHARRAY
        if kind is VCENTER:
            site = world.site(name)
            rig.api.secrets[name] = {"username": site.username, "password": site.password}
        else:
            rig.api.secrets[name] = {"apiToken": world.array(name).api_token}
        spec = {
            "address": rig.simulator.endpoint(name).address,
            "credentialsSecretRef" if kind is VCENTER else "apiTokenSecretRef": {"name": name},
            "tls": {"caCertificates": rig.simulator.authority.pem()},
        }
        rig.api.apply(kind, name, spec)
    sites = {side: {"vCenterRef": {"name": name}} for side, name in SIDES.items()}
    rig.api.apply(REPLICATION_GROUP, "erp", {**sites, "group": {"name": "flasharray-a:erp"}}, "prod")


SIDES = {"recoverySite": "dallas", "protectedSite": "austin"}


async def test_a_group_is_ready_while_hundreds_of_slow_hosts_are_still_to_be_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registered, "_TIME_FOR_OTHERS", 0.2)  # instead of ten seconds
    async with real() as rig:
        world = rig.simulator.world
        for host in range(200):
            filters = Provider(f"vasaProvider-{100 + host}", f"IOFILTER esx-{host}", (), replicates=False)
            world.site("dallas").providers.insert(0, filters)
        slow = world.faults.add("dallas", "QueryProviderInfo", "slow", on="vasaProvider-???", seconds=0.5)
        connect_all(rig)
        await until(lambda: rig.api.condition(REPLICATION_GROUP, "erp", namespace="prod") == READY)
        assert rig.says(VCENTER, "InventoryComplete") == INCOMPLETE
        assert "more" in rig.message(VCENTER)
        assert slow.hits < 100
        world.faults.remove(slow.id)
        await until(lambda: rig.says(VCENTER, "InventoryComplete") == ("True", "InventoryComplete"))
        assert rig.says(VCENTER) == READY
