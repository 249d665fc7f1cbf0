"""Reading: who answers, everything there is, one group, its points in time; and what each costs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from vvol_replication.domain.groups import GroupId, GroupState, SourceGroup, TargetGroup
from vvol_replication.domain.outcomes import Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Sites

LOGIN = {"RetrieveServiceContent": 1, "Login": 1}


async def test_about_needs_the_login_only(sites: Sites, value: Callable[..., Any]) -> None:
    vcenter = sites.vcenter()
    about = value(await vcenter.about())
    assert about.instance_uuid == sites.site().instance_uuid
    assert about.version.startswith("8.0.3")
    await vcenter.about()
    assert sites.counts() == LOGIN


async def test_inventory_tells_both_sides_of_a_vcenter_that_has_both(sites: Sites, value: Callable[..., Any]) -> None:
    inventory = value(await sites.vcenter("dallas").inventory())
    assert inventory.complete
    assert inventory.problems == ()
    (domain,) = inventory.fault_domains
    array = sites.world.array("flasharray-b")
    assert (domain.id, domain.name, domain.array_id) == (array.fault_domain, "flasharray-b", array.id)
    assert {group.id for group in inventory.groups} == {sites.group(name) for name in ("erp", "crm", "mail")}
    assert all(isinstance(group, TargetGroup) for group in inventory.groups)

    sources = value(await sites.vcenter("austin").inventory())
    erp = next(group for group in sources.groups if group.id == sites.group("erp", "source"))
    assert erp == SourceGroup(erp.id, "flasharray-a:erp", GroupState.SOURCE, (sites.group("erp"),))


async def test_about_names_the_providers_that_the_inventory_met(sites: Sites, value: Callable[..., Any]) -> None:
    vcenter = sites.vcenter()
    assert value(await vcenter.about()).providers == ()
    await vcenter.inventory()
    assert value(await vcenter.about()).providers == (sites.site().providers[0].name,)


async def test_ids_without_details_are_asked_for_in_batches(sites: Sites, value: Callable[..., Any]) -> None:
    sites.world.switches.unfiltered_groups = "idsOnly"
    sites.site().providers[0].max_batch = 2
    inventory = value(await sites.vcenter().inventory())
    assert inventory.complete
    assert len(inventory.groups) == 3
    assert sites.counts()["QueryReplicationGroup"] == 3


@pytest.mark.parametrize("status", ["offline", "disconnected", "syncError"])
async def test_a_sick_provider_leaves_a_hole_that_is_said(sites: Sites, value: Callable[..., Any], status: Any) -> None:
    sites.site().providers[0].status = status
    inventory = value(await sites.vcenter().inventory())
    assert not inventory.complete
    assert inventory.groups == ()
    assert sites.site().providers[0].name in " ".join(inventory.problems)
    assert all("\n" not in line for line in inventory.problems)


async def test_a_provider_is_offline_in_whatever_case_it_is_written(sites: Sites, value: Callable[..., Any]) -> None:
    provider: Any = sites.site().providers[0]
    provider.status = "Offline"
    inventory = value(await sites.vcenter().inventory())
    assert not inventory.complete
    assert f"{provider.name} is Offline. Bring it online" in " ".join(inventory.problems)


async def test_one_sick_provider_does_not_hide_the_other(sites: Sites, value: Callable[..., Any]) -> None:
    sites.site("dallas").providers.extend(sites.site("austin").providers)
    sites.site("dallas").providers[0].moid = "vasaProvider-9"
    sites.world.faults.add("dallas", "QueryReplicationGroup", "soapFault", times=1, name="ProviderBusy")
    inventory = value(await sites.vcenter("dallas").inventory())
    assert not inventory.complete
    assert len(inventory.groups) == 3
    assert len(inventory.problems) == 1


async def test_providers_of_other_profiles_are_no_matter_and_standbys_are_no_hole(
    sites: Sites, value: Callable[..., Any]
) -> None:
    from vvol_simulator.model import Provider  # noqa: PLC0415 - used here only

    site = sites.site()
    arrays = site.providers[0].array_ids
    site.providers.append(Provider("vasaProvider-77", "iofilter", arrays, replicates=False, status="offline"))
    site.providers.insert(0, Provider("vasaProvider-78", "standby", arrays, active=False))
    inventory = value(await sites.vcenter().inventory())
    assert inventory.complete, inventory.problems
    assert len(inventory.groups) == 3


async def test_a_vcenter_without_a_replication_provider_says_so(sites: Sites) -> None:
    sites.site().providers.clear()
    outcome = await sites.vcenter().inventory()
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "NoReplicationProvider"
    missing = await sites.vcenter().points_in_time(sites.group())
    assert isinstance(missing, Unavailable)
    assert missing.reason == "NoReplicationProvider"


async def test_fault_domains_that_cannot_be_read_leave_a_hole(sites: Sites, value: Callable[..., Any]) -> None:
    sites.world.faults.add("dallas", "QueryFaultDomain", "soapFault", name="QueryExecutionFault")
    inventory = value(await sites.vcenter().inventory())
    assert not inventory.complete
    assert len(inventory.groups) == 3


async def test_each_side_of_a_group(sites: Sites, value: Callable[..., Any]) -> None:
    source, target = sites.group("crm", "source"), sites.group("crm")
    assert value(await sites.vcenter("dallas").group(target)) == TargetGroup(target, source, GroupState.TARGET), (
        "a target's name has no field in the version of SMS that is spoken"
    )
    assert value(await sites.vcenter("austin").group(source)) == SourceGroup(
        source, "flasharray-a:crm", GroupState.SOURCE, (target,)
    )


async def test_states_come_as_they_are_and_a_vendors_own_is_unknown(sites: Sites, value: Callable[..., Any]) -> None:
    group = sites.world.vvol_group(sites.world.protection_group("erp"), "target")
    sites.world.vasa.set_state(group, "INTEST")
    assert value(await sites.vcenter().group(sites.group())).state is GroupState.INTEST
    group.state = "HALFWAY"  # type: ignore[assignment]  # a vendor's own word
    assert value(await sites.vcenter().group(sites.group())).state is GroupState.UNKNOWN


async def test_a_group_of_another_site_is_unknown_here(sites: Sites) -> None:
    for group in (sites.group("erp", "source"), GroupId("nowhere", "nothing")):
        outcome = await sites.vcenter("dallas").group(group)
        assert isinstance(outcome, Refused)
        assert outcome.reason == "GroupUnknown"
        assert str(group) in outcome.message


async def test_points_in_time_come_oldest_first_with_aware_times(sites: Sites, value: Callable[..., Any]) -> None:
    vcenter = sites.vcenter()
    assert value(await vcenter.points_in_time(sites.group())) == ()
    for _ in range(3):
        sites.push()
    points = value(await vcenter.points_in_time(sites.group()))
    assert len({point.id for point in points}) == 3
    assert [point.time for point in points] == sorted(point.time for point in points)
    assert all(point.time.tzinfo is not None for point in points)
    known = sites.world.vasa.points_in_time(sites.world.vvol_group(sites.world.protection_group("erp"), "target"))
    assert [point.time for point in points] == [datetime.fromtimestamp(point.time, UTC) for point in known]
    assert [point.id for point in points] == [point.id for point in known]
    assert {point.name for point in points} == {None}


@pytest.mark.parametrize("switch", [{"points_in_time": "summary"}, {"points_in_time_at_most": 2}])
async def test_a_count_or_too_many_is_turned_into_the_list(
    sites: Sites, value: Callable[..., Any], switch: dict[str, Any]
) -> None:
    for seconds in (5.0, 5.0, 3600.0, 86400.0, 5.0):
        sites.push(seconds=seconds)
    whole = value(await sites.vcenter().points_in_time(sites.group()))
    for name, setting in switch.items():
        setattr(sites.world.switches, name, setting)
    outcome = await sites.vcenter().points_in_time(sites.group())
    if "points_in_time" in switch:
        # This provider never lists: that is said, and no shorter list is told for the whole one.
        assert isinstance(outcome, Unavailable)
        assert "counts them" in outcome.message
    else:
        assert value(outcome) == whole


@pytest.mark.parametrize("unit", [10.0, 60.0, 86400.0])
@pytest.mark.parametrize("rounded", ["down", "up", "nearest"])
async def test_a_summary_whose_bounds_are_coarser_than_the_points_loses_none(
    sites: Sites, value: Callable[..., Any], rounded: Any, unit: float
) -> None:
    for _ in range(150):
        sites.push(seconds=23.0)
    vcenter, switches = sites.vcenter(), sites.world.switches
    whole = value(await vcenter.points_in_time(sites.group()))
    assert len(whole) > 150, "those, and what the schedule brought"
    switches.points_in_time_at_most, switches.points_in_time_too_many = 100, "summary"
    switches.summary_bounds, switches.summary_bounds_seconds = rounded, unit
    sites.world.counters.reset()
    assert value(await vcenter.points_in_time(sites.group())) == whole
    assert sites.counts()["QueryPointInTimeReplica"] <= 12


async def test_with_a_session_and_a_known_provider_each_read_is_one_call(
    sites: Sites, value: Callable[..., Any]
) -> None:
    vcenter, group = sites.vcenter(), sites.group()
    sites.push()
    started = value(await vcenter.start_sync(group, "first"))
    sites.push()
    await vcenter.group(group)
    for method, call in (
        ("QueryReplicationGroupInfo", lambda: vcenter.group(group)),
        ("QueryPointInTimeReplica", lambda: vcenter.points_in_time(group)),
        ("SyncReplicationGroup_Task", lambda: vcenter.start_sync(group, "second")),
        ("QuerySmsTaskInfo", lambda: vcenter.task(started.task, group)),
    ):
        sites.world.counters.reset()
        value(await call())
        assert sites.counts() == {method: 1}


async def test_a_provider_is_looked_up_anew_after_some_minutes_or_when_it_is_gone(
    sites: Sites, value: Callable[..., Any]
) -> None:
    now = [0.0]
    vcenter, group = sites.vcenter(clock=lambda: now[0]), sites.group()
    value(await vcenter.points_in_time(group))
    value(await vcenter.points_in_time(group))
    assert sites.counts()["QueryFaultDomain"] == 1
    now[0] += 301
    value(await vcenter.points_in_time(group))
    assert sites.counts()["QueryFaultDomain"] == 2
    sites.site().providers[0].moid = "vasaProvider-registered-again"
    value(await vcenter.points_in_time(group))
    assert sites.counts()["QueryFaultDomain"] == 3


@pytest.mark.parametrize("style", ["soap_prefixed_types", "soap_extra_header", "soap_chunked", "soap_gzip"])
async def test_other_servers_ways_to_write_the_same(sites: Sites, value: Callable[..., Any], style: str) -> None:
    setattr(sites.world.switches, style, True)
    sites.push()
    vcenter = sites.vcenter()
    assert len(value(await vcenter.inventory()).groups) == 3
    assert len(value(await vcenter.points_in_time(sites.group()))) == 1


async def test_two_vcenters_with_the_same_object_ids_are_not_mixed_up(sites: Sites, value: Callable[..., Any]) -> None:
    sites.site("austin").providers[0].moid = sites.site("dallas").providers[0].moid
    austin, dallas = sites.vcenter("austin"), sites.vcenter("dallas")
    first = value(await austin.inventory())
    second = value(await dallas.inventory())
    assert {group.id for group in first.groups}.isdisjoint(group.id for group in second.groups)
    assert value(await austin.about()).instance_uuid != value(await dallas.about()).instance_uuid
    started = value(await dallas.start_sync(sites.group(), "here"))
    assert [entry.endpoint for entry in sites.world.journal.since(0)] == ["dallas"]
    assert value(await austin.task(started.task, sites.group())).state == "forgotten"
