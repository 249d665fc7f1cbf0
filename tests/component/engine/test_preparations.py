"""FailoverPreparations through the whole engine, in virtual time: checks, the one call, the truth, and afterwards."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from component.engine.rig import Rig, running
from component.engine.steps import Step, does, ends
from component.engine.virtual import until, virtual

from vvol_replication.api.names import FAILOVER_PREPARATION, REPLICATION_GROUP, REPLICATION_SYNC
from vvol_replication.api.objects import Failed, ObjectRef, WriteResult
from vvol_replication.api.preparation import CheckResult, PreparationStatus
from vvol_replication.api.status import Phase
from vvol_replication.api.times import format_time
from vvol_replication.domain.groups import GroupState
from vvol_replication.domain.members import PowerState
from vvol_replication.domain.outcomes import Indeterminate, Outcome, Refused, Unavailable
from vvol_replication.domain.points import TaskReading, TaskState

PREP, SYNC, GROUP = FAILOVER_PREPARATION, REPLICATION_SYNC, REPLICATION_GROUP
LOST = Indeterminate("AnswerLost", "the answer was lost")


def refuses_after(seconds: float) -> Step:
    """The endpoint says no, late."""

    async def step() -> Outcome[Any]:
        await asyncio.sleep(seconds)
        return Refused("WrongState", "not now")

    return step


def reason_of(status: PreparationStatus, type_: str = "Ready") -> str | None:
    return next((one.reason for one in status.conditions if one.type == type_), None)


@virtual
async def test_a_group_whose_vms_are_off_is_prepared_and_proven_once() -> None:
    async with running() as rig:
        rig.prepare("dr", validFor="4h")
        status = await rig.until_prepared("dr")
        assert (status.phase, reason_of(status, "Complete")) == (Phase.SUCCEEDED, "FailoverPrepared")
        assert [group for group, _ in rig.world.prepares] == ["erp"]
        point = status.point_in_time
        assert point is not None
        assert point.id == rig.world.replicas["erp"].points[-1].id
        assert status.transfer is not None
        assert status.transfer.percent == 100
        assert [one.name for one in status.machines] == ["erp-app", "erp-db"]
        assert {one.result for one in status.checks} == {CheckResult.PASSED}
        assert status.finished_at is not None
        assert status.valid_until is not None
        assert timedelta(0) <= status.valid_until - status.finished_at - timedelta(hours=4) < timedelta(seconds=1)
        assert rig.says(PREP, "dr", "Valid") == ("True", "FailoverPrepared")
        await rig.until_says(GROUP, "erp", "FailoverPrepared", "Prepared")
        assert rig.body(GROUP, "erp")["status"]["prepared"]["pointInTime"]["id"] == point.id


@pytest.mark.parametrize(
    ("power", "reason"),
    [
        (PowerState.ON, "VMPoweredOn"),
        (PowerState.SUSPENDED, "VMSuspended"),
        (PowerState.UNKNOWN, "VMPowerUnknown"),
    ],
)
@virtual
async def test_a_vm_that_is_not_off_is_waited_for_without_the_turn(power: PowerState, reason: str) -> None:
    async with running() as rig:
        rig.world.replicas["erp"].vms["erp-db"] = power
        rig.prepare("dr")
        await rig.until_says(PREP, "dr", reason)
        assert "'erp-db'" in rig.preparation("dr").conditions[0].message
        rig.request("meanwhile")  # the last sync before the shutdown is not held up
        await rig.until_ended("meanwhile")
        assert rig.status("meanwhile").phase is Phase.SUCCEEDED
        assert rig.count("start_prepare") == 0
        rig.world.replicas["erp"].vms["erp-db"] = PowerState.OFF
        assert (await rig.until_prepared("dr")).phase is Phase.SUCCEEDED
        assert rig.count("start_prepare") == 1


@virtual
async def test_members_that_no_vm_accounts_for_and_a_group_without_vms_count_as_on() -> None:
    async with running() as rig:
        replica = rig.world.replicas["erp"]
        replica.unaccounted = ("VVolId rfc4122.1",)
        rig.prepare("dr")
        await rig.until_says(PREP, "dr", "MembersUnaccounted")
        replica.unaccounted, replica.vms = (), {}
        await rig.until_says(PREP, "dr", "NoMembers")
        assert rig.count("start_prepare") == 0


@pytest.mark.parametrize(
    ("power", "reason"), [(PowerState.ON, "VMPoweredOn"), (PowerState.UNKNOWN, "VMPowerUnknown")], ids=str
)
@virtual
async def test_a_vm_that_is_started_or_lost_between_the_intent_and_the_call_stops_the_call(
    power: PowerState, reason: str
) -> None:
    async with running() as rig:
        replica = rig.world.replicas["erp"]

        def happens() -> None:
            replica.vms["erp-db"] = power

        # The third reading is the one between the stored intent and the call.
        rig.world.before["members"] = [does(lambda: None), does(happens)]
        rig.prepare("dr")
        await rig.until_says(PREP, "dr", reason)
        assert rig.count("start_prepare") == 0
        ledger = rig.preparation("dr").operation
        assert ledger is not None
        assert ledger.prepare is None, "the intent was taken back"
        assert "prepared" not in rig.body(GROUP, "erp")["status"]


@virtual
async def test_a_sync_on_a_prepared_group_is_refused_before_any_call_with_the_last_point_in_time() -> None:
    async with running() as rig:
        rig.prepare("dr")
        prepared = await rig.until_prepared("dr")
        for method in ("Coordinated", "AwaitSchedule"):
            rig.request(method.lower(), method=method)
            await rig.until_ended(method.lower())
            status = rig.status(method.lower())
            assert rig.says(SYNC, method.lower(), "Failed") == ("True", "GroupPrepared")
            assert status.point_in_time == prepared.point_in_time
        assert rig.count("start_sync") == 0
        rig.world.alone = True
        rig.request("arrays", method="ArrayOnly")
        await rig.until_ended("arrays")
        assert rig.status("arrays").phase is Phase.SUCCEEDED
        await rig.until_says(PREP, "dr", "NewerDataArrived", "Valid")
        assert rig.says(PREP, "dr") == ("True", "FailoverPrepared")


@virtual
async def test_a_sync_behind_a_preparation_that_is_refused_goes_on() -> None:
    async with running() as rig:
        rig.world.before["start_prepare"] = [refuses_after(30)]
        rig.prepare("dr")
        await until(lambda: rig.count("start_prepare") == 1)
        rig.request("behind")
        await rig.until_reason("behind", "GroupBusy")
        await rig.until_prepared("dr")
        await rig.until_ended("behind")
        assert rig.status("behind").phase is Phase.SUCCEEDED


@virtual
async def test_a_failover_that_was_called_off_leads_back_to_normal_syncs() -> None:
    async with running() as rig:
        replica = rig.world.replicas["erp"]
        rig.prepare("dr")
        await rig.until_prepared("dr")
        await asyncio.sleep(5)
        now = format_time(rig.clock.now())
        rig.group("erp", failoverCalledOffAt=now)
        await rig.until_says(GROUP, "erp", "FailoverCalledOff", "Prepared")
        await rig.until_says(PREP, "dr", "FailoverCalledOff", "Valid")
        rig.request("still-prepared")
        await rig.until_ended("still-prepared")
        assert rig.says(SYNC, "still-prepared", "Failed") == ("True", "GroupPrepared")
        replica.prepared = False  # the provider takes syncs again
        rig.request("normal")
        await rig.until_ended("normal")
        assert rig.status("normal").phase is Phase.SUCCEEDED
        await until(lambda: rig.says(GROUP, "erp", "Prepared") is None)


@virtual
async def test_a_group_that_somebody_else_prepared_is_told_by_a_sync_and_by_the_next_one_that_stays_pending() -> None:
    async with running() as rig:
        replica = rig.world.replicas["erp"]
        replica.prepared = True
        rig.request("one")
        await rig.until_ended("one")
        assert rig.says(SYNC, "one", "Failed") == ("True", "GroupPrepared")
        await rig.until_says(GROUP, "erp", "PreparedOutside", "Prepared")
        rig.prepare("dr")
        status = await rig.until_prepared("dr")
        assert reason_of(status, "Failed") == "AlreadyPrepared"
        replica.prepared = False
        rig.request("two")
        await rig.until_ended("two")
        assert rig.status("two").phase is Phase.SUCCEEDED
        await until(lambda: rig.says(GROUP, "erp", "Prepared") is None)


@virtual
async def test_a_lost_answer_is_looked_for_and_never_asked_again() -> None:
    async with running() as rig:
        rig.world.after["start_prepare"] = [ends(LOST)]
        rig.prepare("dr")
        status = await rig.until_prepared("dr")
        assert reason_of(status, "Failed") == "OutcomeUnknown"
        assert status.point_in_time is not None
        assert status.point_in_time.id == rig.world.replicas["erp"].points[-1].id, "the data is there: it is told"
        assert rig.count("start_prepare") == 1
        await rig.until_says(GROUP, "erp", "NotProven", "Prepared")
        rig.request("after")
        await rig.until_ended("after")
        assert rig.says(SYNC, "after", "Failed") == ("True", "GroupPrepared")


@virtual
async def test_a_lost_answer_without_a_trace_counts_as_prepared_after_the_settle_time() -> None:
    async with running() as rig:
        rig.world.before["start_prepare"] = [ends(LOST)]
        rig.prepare("dr")
        status = await rig.until_prepared("dr")
        assert reason_of(status, "Failed") == "OutcomeUnknown"
        assert rig.count("start_prepare") == 1
        assert rig.world.prepares == []
        await rig.until_says(GROUP, "erp", "NotProven", "Prepared")


@virtual
async def test_what_could_not_be_asked_is_asked_later_and_a_refusal_ends() -> None:
    async with running() as rig:
        rig.world.before["start_prepare"] = [ends(Unavailable("EndpointBusy", "later")), ends(Refused("x", "no"))]
        rig.prepare("dr")
        status = await rig.until_prepared("dr")
        assert reason_of(status, "Failed") == "PrepareRefused"
        assert rig.count("start_prepare") == 2
        assert rig.world.prepares == []
        assert status.operation is not None
        assert status.operation.prepare is None
        await until(lambda: "prepared" not in rig.body(GROUP, "erp")["status"])


@pytest.mark.parametrize("effect", [True, False])
@virtual
async def test_a_task_that_ends_in_error_is_a_refusal_only_if_nothing_new_is_on_the_source(
    effect: bool,  # noqa: FBT001 - a table
) -> None:
    async with running() as rig:
        replica = rig.world.replicas["erp"]

        def fail() -> None:
            replica.tasks["prepare-1"] = TaskReading(TaskState.ERROR, reason="WrongState", message="not now")
            replica.preparing = None
            if not effect:
                replica.snapshots.pop("91")

        rig.world.before["task"] = [does(fail)]
        rig.prepare("dr")
        status = await rig.until_prepared("dr")
        assert reason_of(status, "Failed") == ("OutcomeUnknown" if effect else "PrepareRefused")
        assert rig.count("start_prepare") == 1


@virtual
async def test_a_dry_run_reports_every_check_and_calls_nothing() -> None:
    async with running() as rig:
        rig.world.replicas["erp"].vms["erp-db"] = PowerState.ON
        rig.prepare("would", dryRun=True)
        status = await rig.until_prepared("would")
        assert reason_of(status, "Complete") == "DryRun"
        assert rig.says(PREP, "would", "Preparable") == ("False", "VMPoweredOn")
        assert {one.name: one.result for one in status.checks}["VirtualMachines"] is CheckResult.REFUSED
        assert len(status.checks) == 8
        rig.world.replicas["erp"].vms["erp-db"] = PowerState.OFF
        rig.prepare("could", dryRun=True)
        await rig.until_prepared("could")
        assert rig.says(PREP, "could", "Preparable") == ("True", "ChecksPassed")
        assert rig.count("start_prepare") == 0
        rig.world.away = {"a"}
        await asyncio.sleep(120)
        rig.prepare("unknown", dryRun=True)
        status = await rig.until_prepared("unknown")
        assert rig.says(PREP, "unknown", "Preparable") == ("Unknown", "Unreachable")
        found = {one.name: one.result for one in status.checks}
        assert (found["Arrays"], found["VirtualMachines"]) == (CheckResult.NOT_CHECKED, CheckResult.PASSED)


@virtual
async def test_the_same_request_id_is_done_already_and_another_group_is_a_conflict() -> None:
    async with running(Rig("erp", "crm")) as rig:
        rig.prepare("dr", requestID="CHG-1")
        first = await rig.until_prepared("dr")
        rig.api.remove(PREP, "dr", "prod")
        rig.prepare("dr", requestID="CHG-1")
        again = await rig.until_prepared("dr")
        assert reason_of(again, "Complete") == "AlreadyDone"
        assert again.point_in_time == first.point_in_time
        rig.prepare("other", "crm", requestID="CHG-1")
        assert reason_of(await rig.until_prepared("other"), "Failed") == "RequestIDConflict"
        rig.prepare("second")
        assert reason_of(await rig.until_prepared("second"), "Failed") == "AlreadyPrepared"
        assert rig.count("start_prepare") == 1


@virtual
async def test_a_wiped_status_does_not_make_a_second_call() -> None:
    async with running() as rig:
        rig.prepare("dr")
        await until(lambda: rig.count("start_prepare") == 1)
        await rig.kill()
        body = rig.body(PREP, "dr")
        body["status"] = {"observedGeneration": -1}
        await rig.restart()
        status = await rig.until_prepared("dr")
        assert reason_of(status, "Failed") == "OutcomeUnknown"
        assert rig.count("start_prepare") == 1
        await asyncio.sleep(5)
        assert rig.says(GROUP, "erp", "Prepared") == ("True", "NotProven")


@pytest.mark.parametrize("how", ["made again", "restored without its status"])
@virtual
async def test_a_group_that_lost_its_memory_has_it_from_the_preparation(how: str) -> None:
    async with running() as rig:
        rig.prepare("dr")
        await rig.until_prepared("dr")
        if how == "made again":
            rig.api.remove(GROUP, "erp", "prod")
            await asyncio.sleep(1)
            rig.group("erp")
        else:
            await rig.kill()
            rig.body(GROUP, "erp")["status"] = {"observedGeneration": -1}
            await rig.restart()
        await rig.until_says(GROUP, "erp", "FailoverPrepared", "Prepared")
        rig.prepare("again")
        assert reason_of(await rig.until_prepared("again"), "Failed") == "AlreadyPrepared"
        replica = rig.world.replicas["erp"]
        replica.target_state, replica.source_state = GroupState.FAILEDOVER, GroupState.REMOTE_FAILEDOVER
        await until(lambda: rig.says(GROUP, "erp", "Prepared") is None)
        await rig.until_says(PREP, "dr", "GroupFailedOver", "Valid")
        await asyncio.sleep(60)
        assert rig.says(GROUP, "erp", "Prepared") is None, "it does not come back"


@virtual
async def test_without_the_groups_memory_nothing_is_called() -> None:
    async with running() as rig:
        refused, tell = Failed("no"), rig.api.write_status

        async def write(ref: ObjectRef, before: Any, after: Any, version: str | None) -> WriteResult:
            memory = ref.kind == GROUP and "prepared" in after
            return refused if memory and rig.clock.now() < until_then else await tell(ref, before, after, version)

        until_then = rig.clock.now() + timedelta(seconds=60)
        rig.api.write_status = write  # type: ignore[method-assign,assignment]  # the memory alone is refused
        rig.prepare("dr")
        await rig.until_says(PREP, "dr", "NotRemembered")
        assert rig.count("start_prepare") == 0
        assert (await rig.until_prepared("dr")).phase is Phase.SUCCEEDED
        assert rig.count("start_prepare") == 1


@virtual
async def test_a_deleted_preparation_leaves_the_group_its_memory() -> None:
    async with running() as rig:
        rig.prepare("dr")
        await until(lambda: rig.count("start_prepare") == 1)
        await asyncio.sleep(1)
        rig.api.remove(PREP, "dr", "prod")
        await until(lambda: (PREP.plural, "prod", "dr") not in rig.api.objects)
        await rig.until_says(GROUP, "erp", "NotProven", "Prepared")


@virtual
async def test_history_is_not_executed_and_one_that_waits_too_long_is_missed() -> None:
    async with running() as rig:
        rig.prepare("history", notAfter=format_time(rig.clock.now() - timedelta(minutes=1)))
        assert (await rig.until_prepared("history")).phase is Phase.EXPIRED
        rig.world.replicas["erp"].vms["erp-db"] = PowerState.ON
        rig.prepare("late", notAfter=format_time(rig.clock.now() + timedelta(minutes=5)))
        status = await rig.until_prepared("late")
        assert status.phase is Phase.MISSED
        assert "'erp-db'" in status.conditions[0].message
        assert rig.count("start_prepare") == 0
