"""Several ReplicationGroup objects of one group: a person reads the same in each, and which of them to edit."""

from __future__ import annotations

import asyncio
import copy

import pytest
from component.engine.rig import Rig, running
from component.engine.virtual import until, virtual

from vvol_replication.api.names import (
    FAILOVER_PREPARATION,
    REPLICATION_GROUP,
    REPLICATION_SCHEDULE,
    REPLICATION_SYNC,
    VCENTER,
)
from vvol_replication.api.times import format_time

BY_ID = {"group": {"target": {"faultDomainID": "fd-b", "deviceGroupID": "t-erp"}}}


def message(rig: Rig, name: str, type_: str) -> str:
    status = rig.body(REPLICATION_GROUP, name)["status"]
    return next(str(one["message"]) for one in status["conditions"] if one["type"] == type_)


def sync_message(rig: Rig, name: str) -> str:
    return next(str(one["message"]) for one in rig.api.sync(name)["status"]["conditions"] if one["type"] == "Ready")


def both(rig: Rig, type_: str) -> set[tuple[str, str] | None]:
    return {rig.says(REPLICATION_GROUP, name, type_) for name in ("erp", "found")}


async def second_object(rig: Rig) -> None:
    """As discovery makes one: by the ids of the target."""
    rig.api.apply(REPLICATION_GROUP, "found", {"recoverySite": {"vCenterRef": {"name": "dallas"}}, **BY_ID}, "prod")
    await until(lambda: both(rig, "Ready") == {("True", "Ready")})


@virtual
async def test_each_object_of_a_prepared_group_says_so_and_names_the_one_to_edit() -> None:
    async with running() as rig:
        await second_object(rig)
        rig.prepare("dr")
        await rig.until_prepared("dr")
        await until(lambda: both(rig, "Prepared") == {("True", "FailoverPrepared")}, within=2)
        assert message(rig, "found", "Prepared") == message(rig, "erp", "Prepared")
        assert "spec.failoverCalledOffAt of ReplicationGroup 'prod/erp'" in message(rig, "found", "Prepared")

        rig.request("late", "found")
        await rig.until_ended("late")
        assert rig.reason("late") == "GroupPrepared"
        assert "spec.failoverCalledOffAt of ReplicationGroup 'prod/erp'" in sync_message(rig, "late")

        await asyncio.sleep(5)
        rig.group("erp", failoverCalledOffAt=format_time(rig.clock.now()))
        await until(lambda: both(rig, "Prepared") == {("Unknown", "FailoverCalledOff")}, within=2)


async def leave_armed(rig: Rig) -> None:
    """Cancel a request in its transfer; both objects of the group say then that its sync is armed."""
    await second_object(rig)
    rig.request("one")
    await rig.until_reason("one", "Transferring")
    rig.api.edit("one", cancel=True)
    await until(lambda: both(rig, "SyncLeftArmed") == {("True", "NameStillPending")}, within=10)


@virtual
async def test_an_object_that_comes_later_and_one_after_a_restart_tell_what_another_remembers() -> None:
    async with running() as rig:
        rig.prepare("dr")
        await rig.until_prepared("dr")
        await second_object(rig)
        await until(lambda: both(rig, "Prepared") == {("True", "FailoverPrepared")}, within=2)
        assert "prepared" not in rig.body(REPLICATION_GROUP, "found")["status"], "one object has the memory"
        await rig.restart()
        await asyncio.sleep(60)
        assert both(rig, "Prepared") == {("True", "FailoverPrepared")}


@virtual
async def test_each_object_says_that_a_sync_was_left_armed_and_that_it_is_no_more() -> None:
    async with running(Rig(transfer=60.0)) as rig:
        await leave_armed(rig)
        await until(lambda: both(rig, "SyncLeftArmed") == {None}, within=120)
        versions = rig.api.history[REPLICATION_SYNC.plural, "prod", "one"]
        assert versions[-1]["status"]["phase"] == "Cancelled"


@virtual
async def test_a_failover_that_is_called_off_on_the_wrong_object_is_answered_there() -> None:
    async with running() as rig:
        await second_object(rig)
        rig.prepare("dr")
        await rig.until_prepared("dr")
        await asyncio.sleep(5)
        now = format_time(rig.clock.now())
        spec = {"recoverySite": {"vCenterRef": {"name": "dallas"}}, **BY_ID, "failoverCalledOffAt": now}
        rig.api.apply(REPLICATION_GROUP, "found", spec, "prod")
        told = "spec.failoverCalledOffAt of this object has no effect: only that of 'prod/erp' counts."
        await until(lambda: told in message(rig, "found", "Prepared"), within=5)
        assert "no effect" not in message(rig, "erp", "Prepared")


@pytest.mark.parametrize("made", ["before", "after", "after a restart"])
@virtual
async def test_what_an_object_that_is_deleted_remembered_of_a_preparation_another_one_goes_on_to_remember(
    made: str,
) -> None:
    async with running() as rig:
        if made == "before":
            await second_object(rig)
        rig.prepare("dr")
        await rig.until_prepared("dr")
        rig.api.remove(REPLICATION_GROUP, "erp", "prod")
        await asyncio.sleep(5)
        if made == "after a restart":
            await rig.restart()
        if made != "before":
            rig.group("found", **BY_ID)
        await rig.until_says(REPLICATION_GROUP, "found", "FailoverPrepared", "Prepared")
        assert "spec.failoverCalledOffAt of ReplicationGroup 'prod/found'" in message(rig, "found", "Prepared")

        rig.prepare("again", "found")
        await rig.until_prepared("again")
        rig.request("late", "found")
        await rig.until_ended("late")
        assert rig.says(FAILOVER_PREPARATION, "again") == ("False", "AlreadyPrepared")
        assert rig.reason("late") == "GroupPrepared"
        assert rig.count("start_prepare") == 1
        assert rig.world.armed == []


@virtual
async def test_a_failover_that_was_called_off_is_nothing_to_go_on_to_remember() -> None:
    async with running() as rig:
        await second_object(rig)
        rig.prepare("dr")
        await rig.until_prepared("dr")
        await asyncio.sleep(5)
        rig.group("erp", failoverCalledOffAt=format_time(rig.clock.now()))
        await until(lambda: both(rig, "Prepared") == {("Unknown", "FailoverCalledOff")})
        rig.api.remove(REPLICATION_GROUP, "erp", "prod")
        await until(lambda: rig.says(REPLICATION_GROUP, "found", "Prepared") is None)
        await rig.restart()
        await asyncio.sleep(60)
        assert rig.says(REPLICATION_GROUP, "found", "Prepared") is None


@virtual
async def test_a_sync_that_an_object_knew_to_be_armed_another_one_goes_on_to_know() -> None:
    async with running(Rig(transfer=60.0)) as rig:
        await leave_armed(rig)
        rig.api.remove(REPLICATION_GROUP, "erp", "prod")
        await until(lambda: "armedSync" in rig.body(REPLICATION_GROUP, "found")["status"], within=10)
        await until(lambda: rig.says(REPLICATION_GROUP, "found", "SyncLeftArmed") is None, within=120)


@virtual
async def test_one_request_id_for_two_objects_of_one_group_is_one_request_also_if_both_come_at_once() -> None:
    async with running() as rig:
        await second_object(rig)
        for name, group in (("one", "erp"), ("two", "found")):
            rig.request(name, group, requestID="CHG-4711")
        for name in ("one", "two"):
            await rig.until_ended(name)
            assert rig.reason(name) in {"PointInTimeCreated", "AlreadyDone"}
        assert len(rig.world.pushed) == 1


@virtual
async def test_what_is_shown_late_of_an_earlier_object_of_the_name_takes_nothing_from_the_new_one() -> None:
    async with running() as rig:
        rig.schedule("nightly")
        earlier = {
            VCENTER: rig.api.objects.pop((VCENTER.plural, None, "dallas")),
            REPLICATION_GROUP: rig.api.objects.pop((REPLICATION_GROUP.plural, "prod", "erp")),
        }
        rig.connect()
        await rig.until_says(REPLICATION_GROUP, "erp", "Ready")
        for kind, body in earlier.items():
            rig.engine.observe(kind, copy.deepcopy(body))
            rig.engine.observe(kind, copy.deepcopy(body), deleted=True)
        await asyncio.sleep(5)
        assert set(rig.engine.registry.vcenters) == {"dallas"}
        assert set(rig.engine.registry.groups) == {("prod", "erp")}
        assert rig.says(REPLICATION_SCHEDULE, "nightly") == ("True", "Scheduled")
