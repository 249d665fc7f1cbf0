"""A vCenter with many storage providers of which few serve replication: what they cost, whom their trouble hits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from vvol_replication.domain.outcomes import Unavailable
from vvol_replication.storage.vsphere import Timeouts
from vvol_simulator.model import Provider

from .conftest import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from vvol_replication.storage.vsphere import VCenter

    from .conftest import Sites

INFO = "QueryProviderInfo"
BRIEF = Timeouts(connect=5.0, answer=1.0, call=15.0, inventory=30.0, close=2.0)
HUNG: dict[str, Any] = {"kind": "hang"}
BROKEN: dict[str, Any] = {"kind": "soapFault", "name": "ProviderConnectionFailed"}


def hosts(sites: Sites, number: int) -> None:
    """So many providers for I/O filters, before the one of the array."""
    site = sites.site()
    for host in range(number):
        moid = f"vasaProvider-{99 + len(site.providers)}"
        filters = Provider(moid, f"IOFILTER esx-{host}", (), replicates=False)
        site.providers.insert(host, filters)


async def cost(sites: Sites, vcenter: VCenter) -> int:
    """How many calls one reading takes."""
    sites.world.counters.reset()
    await vcenter.inventory()
    await vcenter.about()
    return sum(sites.counts().values())


async def test_after_the_first_reading_400_providers_cost_what_two_cost(
    sites: Sites, value: Callable[..., Any]
) -> None:
    now = Clock()
    hosts(sites, 1)
    two = sites.vcenter(clock=now)
    value(await two.inventory())
    few = await cost(sites, two)
    hosts(sites, 398)
    many = sites.vcenter(clock=now)
    assert value(await many.inventory()).complete
    assert await cost(sites, many) == few
    # Not only while all answers are young: each reading asks some of the others again, in turn.
    now.now += 3600
    for _ in range(5):
        now.now += 30
        assert few < await cost(sites, many) <= 1.5 * few + 1, "and a look at /sdk, to keep the session"
    inventory = value(await many.inventory())
    assert (inventory.complete, len(inventory.groups)) == (True, 3)
    assert value(await many.about()).providers == ("flasharray-b",)


@pytest.mark.parametrize("trouble", [BROKEN, HUNG], ids=["broken", "hung"])
async def test_a_host_whose_provider_breaks_is_nobodys_trouble(
    sites: Sites, value: Callable[..., Any], trouble: dict[str, Any]
) -> None:
    hosts(sites, 3)
    now = Clock()
    vcenter = sites.vcenter(clock=now, timeouts=BRIEF)
    assert value(await vcenter.inventory()).complete
    rule = sites.world.faults.add("dallas", INFO, on="vasaProvider-101", **trouble)
    for _ in range(2):
        now.now += 700
        inventory = value(await vcenter.inventory())
        assert (inventory.complete, inventory.problems, len(inventory.groups)) == (True, (), 3)
    assert rule.hits > 0, "it is asked now and then"


@pytest.mark.parametrize("trouble", [BROKEN, HUNG], ids=["broken", "hung"])
async def test_a_provider_that_never_said_what_it_serves_leaves_a_hole_and_hides_nothing(
    sites: Sites, value: Callable[..., Any], trouble: dict[str, Any]
) -> None:
    hosts(sites, 2)
    now = Clock()
    rule = sites.world.faults.add("dallas", INFO, on="vasaProvider-101", **trouble)
    vcenter = sites.vcenter(clock=now, timeouts=BRIEF)
    for _ in range(5):
        inventory = value(await vcenter.inventory())
        assert not inventory.complete
        assert len(inventory.groups) == 3
        (problem,) = inventory.problems
        assert "vasaProvider-101" in problem
        assert "vasaProvider-100" not in problem
        now.now += 10
    assert rule.hits == 2, "once more at once, then after a minute"
    now.now += 60
    sites.world.faults.remove(rule.id)
    assert value(await vcenter.inventory()).complete


async def test_a_provider_of_replication_that_breaks_is_told_by_its_name(
    sites: Sites, value: Callable[..., Any]
) -> None:
    hosts(sites, 2)
    array = sites.site().providers[-1]
    array.name, known = "The array's provider", sites.vcenter()
    value(await known.inventory())
    sites.world.faults.add("dallas", INFO, on=array.moid, **BROKEN)
    inventory = value(await known.inventory())
    assert (inventory.complete, inventory.groups) == (False, ())
    (problem,) = inventory.problems
    assert "The array's provider" in problem
    assert array.moid not in problem
    # One that has not said its name yet is told by the array that vCenter has it for.
    (problem,) = value(await sites.vcenter().inventory()).problems
    assert f"{array.moid} of flasharray-b" in problem


async def test_the_array_is_read_at_once_while_hundreds_of_slow_hosts_are_still_to_be_asked(
    sites: Sites, value: Callable[..., Any]
) -> None:
    hosts(sites, 30)

    def seconds() -> float:
        return float(sites.counts().get(INFO, 0))

    vcenter = sites.vcenter(clock=seconds)  # as if each provider took a second
    inventory = value(await vcenter.inventory())
    assert len(inventory.groups) == 3
    assert not inventory.complete
    (problem,) = inventory.problems
    assert "and 9 more" in problem
    assert sites.counts()[INFO] <= 13
    left = [problem]
    for _ in range(3):
        before, inventory = sites.counts()[INFO], value(await vcenter.inventory())
        assert sites.counts()[INFO] - before <= 13
        left += inventory.problems
    assert inventory.complete, left
    assert sites.counts()[INFO] == 30 + 4


@pytest.mark.parametrize("named", [True, False])
async def test_a_provider_that_begins_to_serve_replication_is_found(
    sites: Sites, value: Callable[..., Any], *, named: bool
) -> None:
    sites.world.switches.fault_domain_providers = named
    hosts(sites, 5)
    array, now = sites.site().providers[-1], Clock()
    array.replicates = False
    vcenter = sites.vcenter(clock=now)
    outcome = await vcenter.inventory()
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "NoReplicationProvider"
    array.replicates = True
    readings = 0
    while isinstance(await vcenter.inventory(), Unavailable):
        now.now += 30
        readings += 1
        assert readings < 25, "two providers of six in each reading, each at least every ten minutes"
    assert (readings == 0) is named
    assert len(value(await vcenter.inventory()).groups) == 3


async def test_a_provider_that_is_registered_anew_is_asked_at_once(sites: Sites, value: Callable[..., Any]) -> None:
    sites.world.switches.fault_domain_providers = False
    hosts(sites, 5)
    vcenter = sites.vcenter(clock=Clock())
    value(await vcenter.inventory())
    sites.site().providers[-1].moid = "vasaProvider-999"
    inventory = value(await vcenter.inventory())
    assert (inventory.complete, len(inventory.groups)) == (True, 3)


async def test_after_a_restart_of_vcenter_ids_may_mean_others(sites: Sites, value: Callable[..., Any]) -> None:
    sites.world.switches.fault_domain_providers = False
    hosts(sites, 5)
    now = Clock()
    vcenter = sites.vcenter(clock=now)
    value(await vcenter.inventory())
    array, host = sites.site().providers[-1], sites.site().providers[2]
    array.moid, host.moid = host.moid, array.moid
    sites.site().expire_sessions()
    now.now += 120
    inventory = value(await vcenter.inventory())
    assert (inventory.complete, len(inventory.groups)) == (True, 3)


@pytest.mark.parametrize("trouble", [BROKEN, HUNG], ids=["broken", "hung"])
async def test_a_sync_does_not_wait_for_a_hosts_provider(
    sites: Sites, value: Callable[..., Any], trouble: dict[str, Any]
) -> None:
    sites.world.switches.fault_domain_providers = False
    hosts(sites, 3)
    sites.world.faults.add("dallas", INFO, on="vasaProvider-101", **trouble)
    value(await sites.vcenter(timeouts=BRIEF).start_sync(sites.group(), "x"))
    assert [entry.took_effect for entry in sites.world.journal.since(0)] == [True]


async def test_a_group_whose_provider_cannot_be_asked_is_not_told_to_have_none(sites: Sites) -> None:
    sites.world.switches.fault_domain_providers = False
    hosts(sites, 1)
    array, vcenter = sites.site().providers[-1], sites.vcenter()
    sites.world.faults.add("dallas", INFO, on=array.moid, **BROKEN)
    outcome = await vcenter.points_in_time(sites.group())
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "ProviderUnavailable"
    assert array.moid in outcome.message
    assert "esx-0" not in outcome.message
