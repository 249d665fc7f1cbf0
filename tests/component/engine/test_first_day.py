"""An operator that is installed while the vCenter is down: what the arrays alone can do is done."""

from __future__ import annotations

from component.engine.rig import Rig, running
from component.engine.virtual import virtual

from vvol_replication.api.names import REPLICATION_GROUP


@virtual
async def test_array_only_goes_on_by_the_groups_name_although_no_vcenter_was_ever_read() -> None:
    rig = Rig()
    rig.world.alone = True
    rig.world.away = {"vcenter"}
    async with running(rig):
        rig.request("one", method="ArrayOnly")
        rig.request("usual")
        await rig.until_ended("one")
        assert rig.reason("one") == "SnapshotReplicated"
        assert len(rig.world.pushed) == 1
        assert rig.world.armed == []
        assert rig.reason("usual") == "Unreachable"
        rig.world.away.clear()
        await rig.until_ended("usual")
        assert rig.reason("usual") == "PointInTimeCreated"


@virtual
async def test_array_only_says_what_is_missing_where_the_group_was_never_read_and_is_given_by_ids() -> None:
    rig = Rig()
    rig.world.away = {"vcenter"}
    async with running(rig):
        rig.group("erp", group={"target": {"faultDomainID": "fd-b", "deviceGroupID": "t-erp"}})
        rig.request("one", method="ArrayOnly")
        await rig.until_reason("one", "Unreachable")
        assert "<array>:<protection group>" in str(rig.api.sync("one")["status"])
        rig.world.alone = True
        rig.world.away.clear()
        await rig.until_says(REPLICATION_GROUP, "erp", "Ready")
        await rig.until_ended("one")
        assert rig.reason("one") == "SnapshotReplicated"
