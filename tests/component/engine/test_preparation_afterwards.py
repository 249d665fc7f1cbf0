"""Completed preparations through the whole engine, in virtual time: for how long they hold, and what shows it."""

from __future__ import annotations

import asyncio
from typing import Any

from component.engine.rig import Rig, running
from component.engine.steps import hangs, takes
from component.engine.virtual import until, virtual

from vvol_replication.api.names import FAILOVER_PREPARATION, REPLICATION_GROUP
from vvol_replication.api.objects import ObjectRef, WriteResult
from vvol_replication.api.times import format_time
from vvol_replication.domain.groups import GroupState
from vvol_replication.domain.members import PowerState

PREP, GROUP = FAILOVER_PREPARATION, REPLICATION_GROUP


def _condition(body: dict[str, Any], type_: str) -> tuple[str, str] | None:
    return next(
        ((one["status"], one["reason"]) for one in body["status"].get("conditions", ()) if one["type"] == type_), None
    )


async def prepared(rig: Rig) -> None:
    """Preparation `dr` is complete, and its group says so."""
    rig.prepare("dr")
    await rig.until_prepared("dr")
    await until(lambda: rig.says(GROUP, "erp", "Prepared") == ("True", "FailoverPrepared"))


@virtual
async def test_the_preparation_becomes_stale_and_stays_ready() -> None:
    async with running() as rig:
        rig.prepare("dr", validFor="10m")
        await rig.until_prepared("dr")
        await rig.until_says(PREP, "dr", "ValidityEnded", "Valid", within=700)
        assert rig.says(PREP, "dr") == ("True", "FailoverPrepared")
        assert ("dr", "Warning", "ValidityEnded") in rig.api.events
        assert rig.api.events.count(("dr", "Warning", "ValidityEnded")) == 1
        await rig.restart()
        await asyncio.sleep(300)
        assert rig.api.events.count(("dr", "Warning", "ValidityEnded")) == 1


@virtual
async def test_a_vm_that_is_started_again_makes_it_stale_also_after_a_restart() -> None:
    async with running() as rig:
        rig.prepare("dr")
        await rig.until_prepared("dr")
        await rig.restart()
        rig.world.replicas["erp"].vms["erp-db"] = PowerState.ON
        await rig.until_says(PREP, "dr", "VMPoweredOn", "Valid")
        assert rig.says(PREP, "dr", "Complete") == ("True", "FailoverPrepared")


@virtual
async def test_the_group_never_doubts_a_preparation_that_has_just_ended() -> None:
    """Its process has read all that makes it valid; the watch shows that later, and may be far behind."""
    async with running() as rig:
        await prepared(rig)
        said = [_condition(body, "Prepared") for body in rig.api.history[GROUP.plural, "prod", "erp"]]
        assert list(dict.fromkeys(said)) == [None, ("True", "NotProven"), ("True", "FailoverPrepared")]


@virtual
async def test_a_process_that_has_not_read_anything_yet_takes_nothing_back() -> None:
    """Endpoints need seconds to log in at; the one before it read that the preparation holds."""
    async with running() as rig:
        await prepared(rig)
        known = {name: len(rig.api.history[kind.plural, "prod", name]) for kind, name in ((PREP, "dr"), (GROUP, "erp"))}
        rig.world.before["about"] = [takes(10.0) for _ in range(3)]
        await rig.restart()
        await asyncio.sleep(60)
        for kind, name, type_ in ((PREP, "dr", "Valid"), (GROUP, "erp", "Prepared")):
            said = [_condition(body, type_) for body in rig.api.history[kind.plural, "prod", name][known[name] - 1 :]]
            assert set(said) == {("True", "FailoverPrepared")}


@virtual
async def test_what_cannot_be_read_for_longer_is_unknown() -> None:
    async with running() as rig:
        rig.prepare("dr")
        await rig.until_prepared("dr")
        rig.world.before["about"] = [hangs() for _ in range(30)]
        await rig.restart()
        await until(lambda: rig.says(PREP, "dr", "Valid") == ("Unknown", "NotYetRead"), within=40)


@virtual
async def test_that_it_became_stale_is_told_also_where_the_watch_ends_before() -> None:
    async with running() as rig:
        tell, write = rig.api.event, rig.api.write_status

        async def answered_late(*said: Any) -> WriteResult:
            result = await write(*said)
            await asyncio.sleep(3)  # the same
            return result

        async def slowly(ref: ObjectRef, **said: Any) -> None:
            await asyncio.sleep(5)  # the API server shows the new status long before
            await tell(ref, **said)

        rig.prepare("dr")
        await rig.until_prepared("dr")
        rig.api.write_status = answered_late  # type: ignore[method-assign,assignment]  # as below
        rig.api.event = slowly  # type: ignore[method-assign]  # as slow as a busy API server
        replica = rig.world.replicas["erp"]
        replica.target_state, replica.source_state = GroupState.FAILEDOVER, GroupState.REMOTE_FAILEDOVER
        await rig.until_says(PREP, "dr", "GroupFailedOver", "Valid")
        await until(lambda: ("dr", "Warning", "GroupFailedOver") in rig.api.events, within=20)


@virtual
async def test_a_failed_over_group_is_shown_and_both_objects_stay_true() -> None:
    async with running() as rig:
        rig.prepare("dr")
        await rig.until_prepared("dr")
        replica = rig.world.replicas["erp"]
        replica.target_state, replica.source_state = GroupState.FAILEDOVER, GroupState.REMOTE_FAILEDOVER
        await rig.until_says(PREP, "dr", "GroupFailedOver", "Valid")
        await until(lambda: rig.says(GROUP, "erp", "Prepared") is None)
        assert rig.body(GROUP, "erp")["status"]["target"]["state"] == "FAILEDOVER"


@virtual
async def test_a_stale_one_asks_to_call_the_failover_off_only_until_that_was_done() -> None:
    async with running() as rig:
        rig.prepare("dr")
        await rig.until_prepared("dr")
        machines = rig.world.replicas["erp"].vms
        machines["erp-db"] = PowerState.ON
        await rig.until_says(PREP, "dr", "VMPoweredOn", "Valid")
        machines["erp-db"] = PowerState.OFF
        read = rig.count("members")
        await rig.restart()
        await asyncio.sleep(300)
        assert rig.says(PREP, "dr", "Valid") == ("False", "VMPoweredOn")
        assert rig.count("members") == read
        rig.group("erp", failoverCalledOffAt=format_time(rig.clock.now()))
        await rig.until_says(PREP, "dr", "FailoverCalledOff", "Valid")
        assert "call this failover off" not in texts(rig)[0]
        written = rig.writes("dr")
        await asyncio.sleep(300)
        assert rig.writes("dr") == written


def texts(rig: Rig) -> tuple[str, str]:
    """What a person reads of the preparation and of its group."""
    found = []
    for kind, name, type_ in ((PREP, "dr", "Ready"), (GROUP, "erp", "Prepared")):
        conditions = rig.body(kind, name)["status"]["conditions"]
        found.append(next((str(one["message"]) for one in conditions if one["type"] == type_), ""))
    return found[0], found[1]


@virtual
async def test_nobody_reads_to_fail_over_once_a_vm_runs_again() -> None:
    async with running() as rig:
        rig.prepare("dr")
        await rig.until_prepared("dr")
        await until(lambda: all("Fail over to it by its id" in one for one in texts(rig)), within=10)
        rig.world.replicas["erp"].vms["erp-db"] = PowerState.ON
        await rig.until_says(PREP, "dr", "VMPoweredOn", "Valid")
        await until(lambda: all("VM 'erp-db' is on" in one for one in texts(rig)), within=10)
        for _ in range(2):
            assert all("Do not fail over" in one and "Fail over to it" not in one for one in texts(rig))
            assert rig.says(GROUP, "erp", "Prepared") == ("True", "PreparationNotValid")
            await rig.restart()
            await asyncio.sleep(120)


@virtual
async def test_a_group_whose_preparation_was_deleted_does_not_say_to_fail_over() -> None:
    async with running() as rig:
        rig.prepare("dr")
        await rig.until_prepared("dr")
        await until(lambda: rig.says(GROUP, "erp", "Prepared") == ("True", "FailoverPrepared"), within=10)
        rig.api.remove(PREP, "dr", "prod")
        await until(lambda: rig.says(GROUP, "erp", "Prepared") == ("True", "ValidityUnknown"), within=10)
        message = next(
            one["message"] for one in rig.body(GROUP, "erp")["status"]["conditions"] if one["type"] == "Prepared"
        )
        assert "Do not fail over before you have checked that all VMs of the group are off." in message
