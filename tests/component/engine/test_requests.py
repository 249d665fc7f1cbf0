"""One request and several, through the engine: turns, edits, and what the watch may do to it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from component.engine.rig import Rig, running, settled
from component.engine.steps import does
from component.engine.virtual import until, virtual

from vvol_replication.api.names import REPLICATION_GROUP, REPLICATION_SYNC, VCENTER
from vvol_replication.api.objects import Conflict, Failed, ObjectRef, WriteResult
from vvol_replication.api.status import Phase


@virtual
async def test_a_request_becomes_a_named_point_in_time_with_three_writes_of_ours() -> None:
    async with running(Rig(transfer=0.3)) as rig:
        rig.request("one", pointInTimeName="before-upgrade")
        await rig.until_ended("one")
        status = rig.status("one")
        assert status.phase is Phase.SUCCEEDED
        assert status.point_in_time is not None
        assert status.point_in_time.name == "before-upgrade"
        assert rig.api.sync_condition("one", "Complete") == ("True", "PointInTimeCreated")
        assert len(rig.world.pushed) == 1
        assert len(rig.world.armed) == 1
        assert rig.writes("one") <= 3
        assert rig.engine.in_flight == 0


@virtual
async def test_twenty_requests_on_one_group_have_their_turns_in_order_of_acceptance() -> None:
    names = [f"s{number:02}" for number in range(20)]
    async with running(Rig(transfer=5.0)) as rig:
        for name in reversed(names):
            rig.request(name)
            await asyncio.sleep(0.001)
        await until(settled(rig, *names), within=3600)
        pushed = [rig.status(name).operation for name in reversed(names)]
        assert [one.suffix for one in pushed if one] == rig.world.pushed
        points = {rig.status(name).point_in_time for name in names}
        assert len(points) == 20
        assert all(rig.status(name).phase is Phase.SUCCEEDED for name in names)


@pytest.mark.parametrize("answer", [Failed("a webhook said no"), Conflict()])
@virtual
async def test_a_request_whose_writes_are_refused_holds_up_nobody_and_goes_on_when_they_are_not(
    answer: WriteResult,
) -> None:
    async with running() as rig:
        write, refused = rig.api.write_status, True

        async def refusing(ref: ObjectRef, *change: Any) -> WriteResult:
            return answer if refused and ref.name == "first" else await write(ref, *change)

        rig.api.write_status = refusing  # type: ignore[assignment, method-assign]
        rig.request("first")
        await asyncio.sleep(5)
        rig.request("second")
        await rig.until_ended("second", within=120)
        assert rig.world.pushed == [rig.status("second").operation.suffix]  # type: ignore[union-attr]

        refused = False
        await rig.until_ended("first", within=120)
        assert rig.reason("first") == "PointInTimeCreated"
        assert rig.status("first").point_in_time != rig.status("second").point_in_time


@virtual
async def test_requests_from_before_their_group_could_be_bound_have_turns_in_order_of_acceptance() -> None:
    async with running(Rig(transfer=5.0), connect=False) as rig:
        for name in ("zz", "mm", "aa"):
            rig.request(name)
            await asyncio.sleep(1)
        assert rig.reason("zz") == "GroupNotFound"
        await rig.restart()  # listed by name now: aa, mm, zz
        rig.connect()
        await until(settled(rig, "aa", "mm", "zz"), within=3600)
        pushed = [rig.status(name).operation for name in ("zz", "mm", "aa")]
        assert [one.suffix for one in pushed if one] == rig.world.pushed


@virtual
async def test_a_restart_does_not_give_the_turn_of_a_request_under_way_to_another() -> None:
    async with running() as rig:
        rig.request("zz-first")
        await rig.until_reason("zz-first", "Transferring")
        rig.request("aa-second")
        await rig.until_reason("aa-second", "GroupBusy")
        await rig.restart()
        await rig.until_ended("zz-first")
        await rig.until_ended("aa-second")
        assert len(rig.world.pushed) == 2
        assert rig.status("zz-first").phase is rig.status("aa-second").phase is Phase.SUCCEEDED


@virtual
async def test_accepting_twice_on_stale_state_changes_nothing_that_was_done() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        key = (REPLICATION_SYNC.plural, "prod", "one")
        stale = next(body for body in rig.api.history[key] if not body["status"].get("acceptedAt"))
        ledger = rig.status("one").operation
        rig.engine.observe(REPLICATION_SYNC, stale)
        await asyncio.sleep(1)
        assert rig.status("one").operation == ledger
        await rig.until_ended("one")
        assert len(rig.world.pushed) == 1


@virtual
async def test_an_event_from_before_the_end_does_not_take_the_request_up_again() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_ended("one")
        key = (REPLICATION_SYNC.plural, "prod", "one")
        early = [body for body in rig.api.history[key] if body["status"].get("acceptedAt")]
        calls, writes = sum(rig.world.calls.values()), rig.writes("one")
        for body in early[:-2]:
            rig.engine.observe(REPLICATION_SYNC, body)
        assert rig.engine.in_flight == 0
        rig.engine.observe(REPLICATION_SYNC, rig.api.sync("one"))
        await asyncio.sleep(5)
        assert rig.writes("one") == writes
        assert sum(rig.world.calls.values()) <= calls + 2  # the monitors look by themselves


@virtual
async def test_the_end_is_remembered_while_the_watch_lags_behind_it() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        rig.api.lag = 8.0
        await until(lambda: rig.api.sync("one")["status"].get("finishedAt"))
        finished_at = rig.status("one").finished_at
        await asyncio.sleep(60)
        assert rig.status("one").finished_at == finished_at
        assert rig.engine.in_flight == 0


@virtual
async def test_a_deletion_ends_the_following_at_once_and_an_object_of_the_same_name_is_another_request() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        rig.api.remove(REPLICATION_SYNC, "one", "prod")
        await until(lambda: (REPLICATION_SYNC.plural, "prod", "one") not in rig.api.objects, within=1)
        assert rig.engine.in_flight == 0
        rig.request("one")
        await rig.until_ended("one")
        assert len(rig.world.pushed) == 2


@virtual
async def test_a_request_deleted_in_the_moment_it_is_taken_up_leaves_its_turn() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        body, key = rig.api.sync("one"), (REPLICATION_SYNC.plural, "prod", "one")
        rig.engine.observe(REPLICATION_SYNC, body, deleted=True)
        await asyncio.sleep(0.1)
        rig.engine.observe(REPLICATION_SYNC, body)  # takes the turn that its ledger gives it
        rig.engine.observe(REPLICATION_SYNC, body, deleted=True)  # its task has not had its first step yet
        await asyncio.sleep(0.1)
        assert rig.engine.in_flight == 0
        del rig.api.objects[key]
        rig.request("two")
        await rig.until_ended("two", within=120)


@virtual
async def test_cancel_takes_effect_in_the_middle_of_a_write_that_would_record_the_intent() -> None:
    async with running() as rig:
        rig.request("one")
        await until(lambda: rig.engine.in_flight == 1)
        rig.api.lag = 3600.0  # only the conflict tells of the edit
        rig.api.during = lambda ref: rig.api.edit(ref.name, cancel=True)
        await until(lambda: rig.api.sync("one")["status"].get("finishedAt"), within=60)
        assert rig.status("one").phase is Phase.CANCELLED
        assert rig.world.armed == []


@virtual
async def test_a_deletion_is_seen_in_the_conflict_too() -> None:
    async with running() as rig:
        rig.request("one")
        await until(lambda: rig.api.sync("one")["metadata"].get("finalizers") and rig.engine.in_flight == 1)
        rig.api.lag = 3600.0
        rig.api.during = lambda ref: rig.api.remove(REPLICATION_SYNC, ref.name, "prod")
        await until(lambda: rig.engine.in_flight == 0, within=60)
        assert rig.world.armed == []


@virtual
async def test_suspend_waits_until_it_is_lifted_and_a_larger_timeout_counts_in_flight() -> None:
    async with running() as rig:
        rig.request("one", suspend=True, timeout="30s")
        await rig.until_reason("one", "Suspended")
        await asyncio.sleep(100)
        rig.world.transfer *= 4
        rig.api.edit("one", suspend=False)
        await rig.until_reason("one", "Transferring")
        before = rig.status("one").deadline
        rig.api.edit("one", timeout="1h")
        await until(lambda: rig.status("one").deadline != before, within=5)
        assert rig.status("one").observed_generation == 3
        await rig.until_ended("one")
        assert rig.status("one").phase is Phase.SUCCEEDED


@virtual
async def test_an_edit_in_flight_is_observed_without_undoing_what_the_engine_wrote() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        ledger = rig.status("one").operation
        rig.api.edit("one", ttlSecondsAfterFinished=60)
        await until(lambda: rig.status("one").observed_generation == 2, within=5)
        assert rig.status("one").operation == ledger
        assert rig.reason("one") == "Transferring"
        await rig.until_ended("one")
        rig.api.edit("one", ttlSecondsAfterFinished=120)
        await until(lambda: rig.status("one").observed_generation == 3, within=5)
        assert {one.observed_generation for one in rig.status("one").conditions} == {3}
        assert len(rig.world.pushed) == 1


@virtual
async def test_an_edit_that_cannot_be_read_does_not_end_a_request_in_flight() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        rig.api.edit("one", groupRef="no object any more")
        await rig.until_ended("one")
        assert rig.status("one").phase is Phase.SUCCEEDED


@virtual
async def test_an_object_that_cannot_be_read_is_refused_when_it_is_accepted() -> None:
    async with running() as rig:
        rig.request("one", timeout="soon")
        await until(lambda: rig.api.sync("one")["status"].get("finishedAt"), within=5)
        assert rig.api.sync_condition("one", "Stalled") == ("True", "InvalidSpec")
        rig.request("two", notAfter="2020-01-01T00:00:00Z")
        await until(lambda: rig.api.sync("two")["status"].get("finishedAt"), within=5)
        assert rig.reason("two") == "Expired"
        assert rig.world.calls["start_sync"] == 0


@virtual
async def test_a_suspended_group_keeps_a_request_from_its_turn_and_lets_the_next_group_in() -> None:
    async with running(Rig("erp", "crm")) as rig:
        rig.group("erp", suspend=True)
        rig.request("one")
        rig.request("two", "crm")
        await rig.until_reason("one", "GroupSuspended")
        await rig.until_ended("two")
        rig.group("erp")
        await rig.until_ended("one")
        assert len(rig.world.pushed) == 2


@virtual
async def test_what_a_request_stands_on_may_go_and_come_back_while_it_is_followed() -> None:
    async with running(Rig(transfer=300.0)) as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        rig.api.remove(REPLICATION_GROUP, "erp", "prod")
        rig.api.remove(VCENTER, "dallas")
        await asyncio.sleep(60)
        rig.connect()
        await rig.until_ended("one", within=1200)
        assert rig.status("one").phase is Phase.SUCCEEDED
        assert len(rig.world.pushed) == 1


@virtual
async def test_who_does_not_lead_changes_nothing_and_does_not_spin() -> None:
    async with running() as rig:
        rig.leads = False
        rig.request("one")
        await rig.until_reason("one", "Arming")
        steps = asyncio.get_running_loop().time()
        await asyncio.sleep(30)
        assert rig.world.armed == []
        assert asyncio.get_running_loop().time() - steps >= 30
        rig.leads = True
        await rig.until_ended("one")


@virtual
async def test_losing_the_lead_between_arming_and_the_push_keeps_the_push_back() -> None:
    async with running() as rig:
        rig.world.after["start_sync"] = [does(lambda: setattr(rig, "leads", False))]
        rig.request("one")
        await until(lambda: rig.world.armed)
        await asyncio.sleep(30)
        assert rig.world.pushed == []
        rig.leads = True
        await rig.until_ended("one")
        assert len(rig.world.pushed) == 1
