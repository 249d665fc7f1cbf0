"""One poller of transfers for each array: what it costs, and how soon it sees what lands."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest
from component.engine.rig import Rig, running, settled
from component.engine.steps import takes
from component.engine.virtual import until, virtual

from vvol_replication.api.names import FLASHARRAY


@virtual
async def test_the_poller_stops_when_nobody_waits_and_is_not_answered_by_another_array() -> None:
    async with running(Rig(transfer=200.0)) as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        rig.world.array_ids["b"] = "id-stranger"
        rig.api.secrets["b"] = {"apiToken": "right", "more": "does not matter"}
        rig.api.apply(FLASHARRAY, "b", {"address": "b", "apiTokenSecretRef": {"name": "b"}, "maxConcurrentCalls": 3})
        await asyncio.sleep(5)
        begun = rig.clock.now()
        await asyncio.sleep(60)
        assert [one for one in rig.world.asked if one[0] > begun and one[1] == "transfers"] == []
        await rig.until_ended("one", within=1000)
        assert rig.reason("one") == "IdentityChanged"


@virtual
async def test_polling_costs_one_call_for_all_who_wait_at_an_array() -> None:
    groups = [f"g{number}" for number in range(8)]
    async with running(Rig(*groups, transfer=100.0)) as rig:
        for group in groups:
            rig.request(group, group)
        await until(lambda: all(rig.reason(group) == "Transferring" for group in groups))
        await asyncio.sleep(5)
        begun = rig.clock.now()
        await asyncio.sleep(60)
        polls = [one for one in rig.world.asked if one[0] > begun and one[1] == "transfers"]
        assert 3 <= len(polls) <= 30
        assert all(len(one[2].split()) == 8 for one in polls)
        for group in groups:
            await rig.until_ended(group)
        begun = rig.clock.now()
        await asyncio.sleep(100)
        assert [one for one in rig.world.asked if one[0] > begun and one[1] == "transfers"] == []


@virtual
@pytest.mark.parametrize(("seconds", "most_polls"), [(20, 20), (90, 30), (600, 70)])
async def test_what_lands_is_seen_at_once_however_long_it_took(seconds: float, most_polls: int) -> None:
    async with running(Rig(transfer=seconds)) as rig:
        rig.request("one")
        await rig.until_ended("one", within=2 * seconds)
        ended, (_, landed) = rig.clock.now(), max(rig.world.replicas["erp"].snapshots.values())
        assert ended - landed < timedelta(seconds=1)
        assert len([one for one in rig.world.asked if one[1] == "transfers"]) <= most_polls


@virtual
async def test_the_more_transfers_there_are_the_less_often_each_tells_how_far_it_is() -> None:
    groups = [f"g{number}" for number in range(400)]
    written: dict[int, int] = {}
    for number in (1, len(groups)):
        async with running(Rig(*groups, transfer=20.0)) as rig:
            for group in groups[:number]:
                rig.request(group, group)
            await until(settled(rig, *groups[:number]), within=200)
            written[number] = rig.writes(groups[0])
    assert written[1] >= written[len(groups)] + 3


@virtual
async def test_an_array_that_is_slow_to_answer_is_polled_for_half_of_the_time_at_most() -> None:
    async with running(Rig(transfer=60.0)) as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        begun, rig.world.before["transfers"] = rig.clock.now(), [takes(4.0) for _ in range(20)]
        await asyncio.sleep(40)
        polls = [at for at, method, _ in rig.world.asked if at > begun and method == "transfers"]
        assert len(polls) >= 4
        assert all((later - poll).total_seconds() > 8.0 for poll, later in pairwise(polls))
