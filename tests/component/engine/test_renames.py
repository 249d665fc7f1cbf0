"""A protection group that is renamed: followed by its ids where a sync is in flight, told where nothing is."""

from __future__ import annotations

from typing import Any

import pytest
from component.engine.rig import Rig, running
from component.engine.steps import does
from component.engine.virtual import until, virtual

from vvol_replication.api.names import REPLICATION_GROUP

IDS = {"group": {"target": {"faultDomainID": "fd-b", "deviceGroupID": "t-erp"}}}
NAME = {"group": {"name": "a:erp"}}
BY_NAME_OR_IDS = pytest.mark.parametrize("by", [NAME, IDS], ids=["by name", "by ids"])


def message(rig: Rig, group: str = "erp") -> str:
    """What Ready of the ReplicationGroup says."""
    conditions = rig.body(REPLICATION_GROUP, group)["status"]["conditions"]
    return next(str(one["message"]) for one in conditions if one["type"] == "Ready")


async def bound(rig: Rig, by: dict[str, Any]) -> None:
    """The ReplicationGroup says so which group it is, and is ready."""
    rig.group("erp", **by)
    await rig.until_says(REPLICATION_GROUP, "erp", "Ready")


@BY_NAME_OR_IDS
@pytest.mark.parametrize("call", ["start_sync", "task"])
@virtual
async def test_a_protection_group_renamed_between_arming_and_push_is_pushed_under_its_new_name(
    call: str, by: dict[str, Any]
) -> None:
    async with running() as rig:
        await bound(rig, by)
        rig.world.after[call] = [does(lambda: rig.world.rename("erp", "erp-new"))]
        rig.request("one")
        await rig.until_ended("one")
        assert rig.reason("one") == "PointInTimeCreated"
        assert len(rig.world.armed) == len(rig.world.pushed) == 1
        transfer, operation = rig.status("one").transfer, rig.status("one").operation
        assert transfer is not None
        assert transfer.snapshot == f"a:erp-new.{rig.world.pushed[0]}"
        assert operation is not None
        assert operation.resolved is not None
        assert operation.resolved.protection_group == "erp", "what the request began with stays in its ledger"
        assert rig.says(REPLICATION_GROUP, "erp", "SyncLeftArmed") is None
        assert f"Snapshot {transfer.snapshot} has landed" in str(rig.api.sync("one")["status"])


@BY_NAME_OR_IDS
@pytest.mark.parametrize("method", ["Coordinated", "ArrayOnly"])
@virtual
async def test_a_protection_group_renamed_during_the_transfer_is_followed_to_its_end(
    method: str, by: dict[str, Any]
) -> None:
    async with running(Rig(transfer=100.0)) as rig:
        rig.world.alone = method == "ArrayOnly"
        await bound(rig, by)
        rig.request("one", method=method)
        await rig.until_reason("one", "Transferring")
        rig.world.rename("erp", "erp-new")
        await rig.until_ended("one")
        assert rig.reason("one") in {"PointInTimeCreated", "SnapshotReplicated"}
        assert len(rig.world.pushed) == 1
        assert "erp-new" in str(rig.api.sync("one")["status"]["transfer"])


@virtual
async def test_a_rename_gives_nobody_a_second_turn_on_the_same_protection_group() -> None:
    async with running(Rig(transfer=100.0)) as rig:
        await bound(rig, IDS)
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        rig.request("two")
        await rig.until_reason("two", "GroupBusy")
        rig.world.rename("erp", "erp-new")
        rig.request("three")
        await until(lambda: "erp-new" in str(rig.body(REPLICATION_GROUP, "erp")["status"]))
        await rig.until_reason("three", "GroupBusy")
        assert len(rig.world.armed) == 1
        for name in ("one", "two", "three"):
            await rig.until_ended(name)
            assert rig.reason(name) == "PointInTimeCreated"
        assert len(rig.world.pushed) == 3


@virtual
async def test_a_group_by_name_says_what_its_pair_is_called_now_and_goes_on_when_that_is_written() -> None:
    async with running() as rig:
        await bound(rig, NAME)
        rig.world.rename("erp", "erp-new")
        await rig.until_says(REPLICATION_GROUP, "erp", "SourceGroupNotFound")
        for part in ("'a:erp'", "'a:erp-new'", "'dallas'", "'fd-b'", "'t-erp'"):
            assert part in message(rig)
        rig.request("one")
        await rig.until_reason("one", "SourceGroupNotFound")
        assert "'a:erp-new'" in str(rig.api.sync("one")["status"])
        await rig.restart()
        await rig.until_says(REPLICATION_GROUP, "erp", "SourceGroupNotFound")
        assert "'a:erp-new'" in message(rig), "the status remembers the ids"
        rig.group("erp", group={"name": "a:erp-new"})
        await rig.until_ended("one")
        assert rig.reason("one") == "PointInTimeCreated"


@virtual
async def test_a_group_by_ids_does_not_mind_a_rename() -> None:
    async with running() as rig:
        await bound(rig, IDS)
        rig.world.rename("erp", "erp-new")
        await until(lambda: "erp-new" in str(rig.body(REPLICATION_GROUP, "erp")["status"]))
        assert rig.says(REPLICATION_GROUP, "erp") == ("True", "Ready")
        rig.request("one")
        await rig.until_ended("one")
        assert rig.reason("one") == "PointInTimeCreated"


@virtual
async def test_a_protection_group_renamed_during_a_preparation_is_followed_to_its_end() -> None:
    async with running(Rig(transfer=100.0)) as rig:
        await bound(rig, IDS)
        rig.prepare("ready")
        await until(lambda: len(rig.world.prepares) == 1)
        rig.world.rename("erp", "erp-new")
        status = await rig.until_prepared("ready")
        assert status.transfer is not None
        assert status.transfer.snapshot == "a:erp-new.91"
        assert len(rig.world.prepares) == 1
