"""Inventories one after the other: what says the same is not read again, and what has changed is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from vvol_replication.domain.groups import GroupState
from vvol_replication.storage.vsphere.unchanged import Answers

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Sites


@pytest.mark.parametrize("ids_first", ["details", "idsOnly"])
async def test_an_answer_that_says_the_same_is_not_read_again(
    ids_first: Any, sites: Sites, value: Callable[..., Any]
) -> None:
    sites.world.switches.unfiltered_groups = ids_first
    vcenter = sites.vcenter()
    first, second = value(await vcenter.inventory()), value(await vcenter.inventory())
    assert second == first
    assert len(first.groups) == 3
    assert all(one is other for one, other in zip(first.groups, second.groups, strict=True))


async def test_a_login_that_ended_meanwhile_makes_no_difference(sites: Sites, value: Callable[..., Any]) -> None:
    vcenter = sites.vcenter()
    first = value(await vcenter.inventory())
    sites.site().expire_sessions()
    second = value(await vcenter.inventory())
    assert all(one is other for one, other in zip(first.groups, second.groups, strict=True))


async def test_a_group_that_is_in_another_state_is_seen_and_so_is_the_way_back(
    sites: Sites, value: Callable[..., Any]
) -> None:
    vcenter = sites.vcenter()
    group = sites.world.vvol_group(sites.world.protection_group("erp"), "target")

    async def state() -> GroupState:
        found = value(await vcenter.inventory())
        (seen,) = {one.state for one in found.groups if one.id == sites.group()}
        return GroupState(seen)

    assert await state() is GroupState.TARGET
    sites.world.vasa.set_state(group, "INTEST")
    assert await state() is GroupState.INTEST
    sites.world.vasa.set_state(group, "TARGET")
    assert await state() is GroupState.TARGET


async def test_an_answer_with_a_fault_in_it_is_read_each_time(sites: Sites, value: Callable[..., Any]) -> None:
    vcenter = sites.vcenter()
    good = value(await vcenter.inventory())
    sites.world.faults.add("dallas", "QueryReplicationGroup", "soapFault", times=2, name="ProviderBusy")
    for _ in range(2):
        bad = value(await vcenter.inventory())
        assert (bad.complete, bad.groups) == (False, ())
    assert value(await vcenter.inventory()) == good


async def test_each_provider_is_compared_with_itself(sites: Sites, value: Callable[..., Any]) -> None:
    sites.site("dallas").providers.extend(sites.site("austin").providers)
    sites.site("dallas").providers[0].moid = "vasaProvider-9"
    vcenter = sites.vcenter()
    first, second = value(await vcenter.inventory()), value(await vcenter.inventory())
    assert len(first.groups) == 6
    assert second == first


def test_what_cannot_be_kept_is_forgotten_and_given_as_it_is() -> None:
    answers = Answers[str]()
    assert answers.ask(("one",), lambda: 1, lambda answer: f"read {answer}") == "read 1"
    assert answers.ask(("one",), lambda: 2, lambda _: None) == 2


def test_an_answer_that_breaks_leaves_nothing_that_a_later_call_could_meet() -> None:
    answers = Answers[str]()

    def broken() -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        answers.ask(("one",), broken, str)
    assert answers.ask(("one",), lambda: 3, str) == "3"
