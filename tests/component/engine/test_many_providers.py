"""A vCenter with many storage providers of its hosts, slow or broken, through the wiring and on real sockets."""

from __future__ import annotations

from typing import Any

import pytest
from component.engine.real import Real, real
from component.engine.virtual import until

from vvol_replication.api.names import FLASHARRAY, REPLICATION_GROUP, VCENTER
from vvol_replication.storage.vsphere import registered
from vvol_simulator.model import Provider

READY = ("True", "Ready")
COMPLETE, INCOMPLETE = ("True", "InventoryComplete"), ("False", "InventoryIncomplete")


def hosts(rig: Real, site: str, number: int) -> None:
    """So many providers for I/O filters, `vasaProvider-100` and so on, before the one of the array."""
    for host in range(number):
        filters = Provider(f"vasaProvider-{100 + host}", f"IOFILTER esx-{host}", (), replicates=False)
        rig.simulator.world.site(site).providers.insert(host, filters)


def connect_all(rig: Real, *groups: str) -> None:
    """Both sites, both arrays, and ReplicationGroups by the names of these source groups."""
    world = rig.simulator.world
    for site in world.sites.values():
        rig.api.secrets[site.name] = {"username": site.username, "password": site.password}
        rig.api.apply(VCENTER, site.name, endpoint(rig, site.name, "credentialsSecretRef"))
    for array in world.arrays.values():
        rig.api.secrets[array.name] = {"apiToken": array.api_token}
        rig.api.apply(FLASHARRAY, array.name, endpoint(rig, array.name, "apiTokenSecretRef"))
    for name in groups:
        spec = {
            "recoverySite": {"vCenterRef": {"name": "dallas"}},
            "protectedSite": {"vCenterRef": {"name": "austin"}},
            "group": {"name": name},
        }
        rig.api.apply(REPLICATION_GROUP, name.partition(":")[2], spec, "prod")


def endpoint(rig: Real, name: str, secret: str) -> dict[str, Any]:
    return {
        "address": rig.simulator.endpoint(name).address,
        secret: {"name": name},
        "tls": {"caCertificates": rig.simulator.authority.pem()},
    }


def group_says(rig: Real, name: str) -> Any:
    """Status and reason of its condition Ready."""
    return rig.api.condition(REPLICATION_GROUP, name, namespace="prod")


async def test_a_group_is_ready_while_hundreds_of_slow_hosts_are_still_to_be_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registered, "_TIME_FOR_OTHERS", 0.2)  # instead of ten seconds
    async with real() as rig:
        hosts(rig, "dallas", 200)
        faults = rig.simulator.world.faults
        slow = faults.add("dallas", "QueryProviderInfo", "slow", on="vasaProvider-???", seconds=0.5)
        connect_all(rig, "flasharray-a:erp")
        await until(lambda: group_says(rig, "erp") == READY)
        assert rig.says(VCENTER, "InventoryComplete") == INCOMPLETE
        assert "more" in rig.message(VCENTER)
        assert slow.hits < 100
        faults.remove(slow.id)
        await until(lambda: rig.says(VCENTER, "InventoryComplete") == COMPLETE)
        assert rig.says(VCENTER) == READY


def message(rig: Real, name: str) -> str:
    """What the group's condition Ready says."""
    status = rig.api.objects[REPLICATION_GROUP.plural, "prod", name]["status"]
    return next(str(one["message"]) for one in status["conditions"] if one["type"] == "Ready")


async def test_a_group_that_was_not_found_names_the_providers_that_could_not_be_asked_yet() -> None:
    async with real() as rig:
        hosts(rig, "austin", 3)
        broken = rig.simulator.world.faults.add(
            "austin", "QueryProviderInfo", "soapFault", on="vasaProvider-10[12]", name="ProviderConnectionFailed"
        )
        connect_all(rig, "flasharray-a:erp", "flasharray-a:nothing")
        await until(lambda: group_says(rig, "erp") == READY)
        await until(lambda: group_says(rig, "nothing") == INCOMPLETE)
        assert "vasaProvider-101, vasaProvider-102" in message(rig, "nothing")
        assert "vasaProvider-100" not in message(rig, "nothing")
        assert rig.api.condition(VCENTER, "austin", "InventoryComplete") == INCOMPLETE
        rig.simulator.world.faults.remove(broken.id)
        # Its credentials are changed, so that nothing is remembered, and it is asked at once.
        rig.simulator.world.site("austin").password = rig.api.secrets["austin"]["password"] = "another"
        await until(lambda: group_says(rig, "nothing") == ("False", "SourceGroupNotFound"))
        assert group_says(rig, "erp") == READY
