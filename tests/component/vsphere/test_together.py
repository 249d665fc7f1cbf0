"""Several groups in one question: what one call costs, and whose trouble is whose."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from vvol_replication.domain.groups import TargetGroup
from vvol_replication.domain.outcomes import Done, Refused

from .test_isolation import one_vcenter

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Sites

NAMES = ("erp", "crm", "mail")
INFO, POINTS = "QueryReplicationGroupInfo", "QueryPointInTimeReplica"


async def test_groups_that_are_asked_for_at_the_same_time_are_one_call(sites: Sites, value: Callable[..., Any]) -> None:
    vcenter, groups = sites.vcenter(), [sites.group(name) for name in NAMES]
    for name in NAMES:
        sites.push(name)
    alone = [value(await vcenter.group(group)) for group in groups]
    listed = [value(await vcenter.points_in_time(group)) for group in groups]
    before = sites.counts()
    together = await asyncio.gather(*map(vcenter.group, groups))
    points = await asyncio.gather(*map(vcenter.points_in_time, groups))
    after = sites.counts()
    assert [value(one) for one in together] == alone
    assert [value(one) for one in points] == listed
    assert all(isinstance(one, TargetGroup) for one in alone)
    assert len({one.id for point in listed for one in point}) == len(NAMES)
    assert {call: after[call] - before[call] for call in (INFO, POINTS)} == {INFO: 1, POINTS: 1}


@pytest.mark.parametrize("call", ["group", "points_in_time"])
async def test_a_group_that_is_not_there_is_told_so_and_the_others_are_told_of(sites: Sites, call: str) -> None:
    vcenter = sites.vcenter()
    ask: Callable[..., Any] = getattr(vcenter, call)
    there, other = sites.group(), sites.group("crm")
    gone = type(there)(there.fault_domain, "00000000-0000-0000-0000-000000000000")
    alone = await ask(gone)
    first, missing, second = await asyncio.gather(ask(there), ask(gone), ask(other))
    assert isinstance(alone, Refused)
    assert missing == alone
    assert isinstance(first, Done)
    assert isinstance(second, Done)


@pytest.mark.parametrize("call", ["group", "points_in_time"])
async def test_a_provider_that_takes_few_groups_in_one_call_is_asked_for_one_at_a_time(
    sites: Sites, value: Callable[..., Any], call: str
) -> None:
    vcenter = sites.vcenter()
    for provider in sites.site().providers:
        provider.max_batch = 1
    ask: Callable[..., Any] = getattr(vcenter, call)
    for _ in range(2):
        for outcome in await asyncio.gather(*(ask(sites.group(name)) for name in NAMES)):
            value(outcome)


async def test_a_fault_in_the_place_of_all_answers_is_each_ones_own_only_when_it_is_asked_for_alone(
    sites: Sites, value: Callable[..., Any]
) -> None:
    vcenter = sites.vcenter()
    value(await vcenter.about())
    sites.world.faults.add("dallas", INFO, "soapFault", name="InvalidArgument", times=1)
    for outcome in await asyncio.gather(*(vcenter.group(sites.group(name)) for name in NAMES)):
        value(outcome)
    assert sites.counts()[INFO] == 1 + len(NAMES)


async def test_the_groups_of_two_providers_are_never_in_one_question(sites: Sites, value: Callable[..., Any]) -> None:
    one_vcenter(sites, providers=2)
    vcenter = sites.vcenter()
    found = await asyncio.gather(
        *(vcenter.group(sites.group(name, side)) for name in NAMES for side in ("source", "target"))
    )
    assert len({value(one).id for one in found}) == 2 * len(NAMES)
    assert sites.counts()[INFO] == 2


@pytest.mark.parametrize("instead", ["TooMany", "summary"])
async def test_a_group_with_too_many_points_for_one_answer_has_all_of_them_and_so_have_the_others(
    sites: Sites, value: Callable[..., Any], instead: Any
) -> None:
    switches = sites.world.switches
    for _ in range(4):
        sites.push("erp", seconds=600.0)
    sites.push("crm")
    switches.points_in_time_at_most, switches.points_in_time_too_many = 2, instead
    vcenter = sites.vcenter()
    alone = [value(await vcenter.points_in_time(sites.group(name))) for name in NAMES]
    together = await asyncio.gather(*(vcenter.points_in_time(sites.group(name)) for name in NAMES))
    assert [value(one) for one in together] == alone
    assert len(alone[0]) > switches.points_in_time_at_most > len(alone[1]) > 0
