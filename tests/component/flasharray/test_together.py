"""Several who ask one array at the same time: what their calls cost, and that each is told what is his."""

from __future__ import annotations

import asyncio

from component.flasharray.rig import Rig, done

from vvol_replication.domain.outcomes import Refused


async def test_protection_groups_that_are_asked_for_at_the_same_time_are_one_call(rig: Rig) -> None:
    port = rig.connect()
    alone = [done(await port.protection_group(name)) for name in ("erp", "crm")]
    rig.calls()
    together = await asyncio.gather(*(port.protection_group(name) for name in ("erp", "crm", "ERP")))
    assert [done(one) for one in together] == [*alone, alone[0]]
    assert rig.calls()[rig.words.group] == 1


async def test_one_that_is_missing_is_none_and_one_that_is_destroyed_says_so(rig: Rig) -> None:
    port = rig.connect()
    rig.world.replication.destroy_group(rig.crm)
    alone = done(await port.protection_group("crm"))
    there, gone, missing = await asyncio.gather(*(port.protection_group(name) for name in ("erp", "crm", "nothing")))
    assert done(gone) == alone
    assert alone is not None
    assert alone.destroyed
    assert done(missing) is None
    assert done(there) == done(await port.protection_group("erp"))


async def test_snapshots_of_several_protection_groups_are_one_question(rig: Rig) -> None:
    port = rig.connect()
    rig.world.replication.take(rig.erp, "first", replicate=True, retained=True)
    rig.world.replication.take(rig.crm, "second", replicate=True, retained=True)
    alone = [done(await port.snapshots(name)) for name in ("erp", "crm")]
    rig.calls()
    together = await asyncio.gather(*(port.snapshots(name) for name in ("erp", "crm")))
    calls = rig.calls()
    assert [done(one) for one in together] == alone
    assert [row.suffix for rows in alone for row in rows] == ["first", "second"]
    assert calls[rig.words.transfers] == 1


async def test_a_group_without_snapshots_is_not_one_that_is_missing(rig: Rig) -> None:
    port = rig.connect()
    rig.world.replication.take(rig.erp, "first", replicate=True, retained=True)
    alone = await port.snapshots("nothing")
    some, none, missing = await asyncio.gather(*(port.snapshots(name) for name in ("erp", "crm", "nothing")))
    assert [row.suffix for row in done(some)] == ["first"]
    assert done(none) == ()
    assert isinstance(alone, Refused)
    assert missing == alone


async def test_connections_are_asked_for_once_for_all_who_ask(rig: Rig) -> None:
    port = rig.connect()
    alone = done(await port.connections())
    rig.calls()
    assert [done(one) for one in await asyncio.gather(*(port.connections() for _ in range(5)))] == [alone] * 5
    assert rig.calls()[rig.words.connections] == 1


async def test_a_poll_of_all_transfers_takes_those_along_who_ask_for_one(rig: Rig) -> None:
    port = rig.connect()
    rig.world.replication.take(rig.erp, "first", replicate=True, retained=True)
    done(await port.transfers([]))
    rig.calls()
    both, one = await asyncio.gather(port.transfers(["erp", "crm"]), port.transfers(["erp"]))
    assert done(both)["erp"] == done(one)["erp"]
    assert set(done(both)) == {"erp", "crm"}
    assert rig.calls()[rig.words.transfers] == 1
