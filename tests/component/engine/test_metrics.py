"""What the engine tells in figures while syncs run and end, objects go, and the process is another one."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from component.engine.figures import Figures
from component.engine.rig import Rig, running
from component.engine.steps import ends
from component.engine.virtual import EPOCH, until, virtual

from vvol_replication.api.names import FAILOVER_PREPARATION, FLASHARRAY, KINDS, REPLICATION_GROUP, REPLICATION_SCHEDULE
from vvol_replication.domain.outcomes import Refused

ERP = {"namespace": "prod", "group": "erp"}


def figures(rig: Rig) -> Figures:
    return Figures.of(rig)


@virtual
async def test_a_group_is_told_as_its_status_says_it() -> None:
    async with running() as rig:
        rig.group("erp", recoveryPointObjective="15m")
        rig.request("one", pointInTimeName="before-upgrade")
        await rig.until_ended("one")
        status = rig.body(REPLICATION_GROUP, "erp")["status"]
        await until(lambda: rig.body(REPLICATION_GROUP, "erp")["status"].get("newestPointInTime") is not None)
        now = figures(rig)
        assert now.one("group_ready", **ERP) == 1
        newest = now.one("group_newest_point_in_time_timestamp_seconds", **ERP)
        assert newest is not None
        assert EPOCH.timestamp() <= newest <= rig.clock.now().timestamp()
        assert now.one("group_newest_named_point_in_time_timestamp_seconds", **ERP) == newest
        assert now.one("group_objective_seconds", **ERP) == 900
        assert now.one("group_points_in_time", **ERP) == status["pointInTimeCount"]
        assert now.labels("group_state", **ERP, side="target")["state"] == "TARGET"
        assert now.labels("group_state", **ERP, side="source")["state"] == "SOURCE"
        assert now.one("group_prepared", **ERP) == 0
        assert now.one("group_prepared_since_timestamp_seconds", **ERP) is None
        seen = now.one("watch_last_event_timestamp_seconds", kind="ReplicationGroup")
        assert seen is not None
        assert EPOCH.timestamp() < seen <= rig.clock.now().timestamp()
        assert now.one("watch_last_event_timestamp_seconds", kind="ReplicationSchedule") is None
        assert now.labels("group_last_request_finished_timestamp_seconds", **ERP) == {
            **ERP,
            "kind": "ReplicationSync",
            "outcome": "Succeeded",
            "reason": "PointInTimeCreated",
        }


@virtual
async def test_a_missed_objective_is_told_since_when_and_so_by_the_next_process() -> None:
    async with running() as rig:
        rig.group("erp", recoveryPointObjective="2m")
        rig.request("one", pointInTimeName="before-upgrade")
        await rig.until_ended("one")
        await until(lambda: figures(rig).one("group_objective_violated", **ERP) == 0)
        assert figures(rig).one("group_behind_objective_since_timestamp_seconds", **ERP) is None
        await until(lambda: figures(rig).one("group_objective_violated", **ERP) == 1, within=1000)
        newest = figures(rig).one("group_newest_named_point_in_time_timestamp_seconds", **ERP)
        since = figures(rig).one("group_behind_objective_since_timestamp_seconds", **ERP)
        assert newest is not None
        assert since is not None
        assert 120 <= since - newest <= 121
        rig.world.away |= {"b", "vcenter"}
        await until(lambda: figures(rig).one("group_objective_violated", **ERP) is None, within=1000)
        assert figures(rig).one("group_behind_objective_since_timestamp_seconds", **ERP) == since
        await rig.kill()
        rig.engine = rig.renewed()
        await rig.start()
        await asyncio.sleep(60)
        assert figures(rig).one("group_objective_violated", **ERP) is None
        assert figures(rig).one("group_behind_objective_since_timestamp_seconds", **ERP) == since
        assert figures(rig).one("group_newest_named_point_in_time_timestamp_seconds", **ERP) == newest
        rig.world.away.clear()
        rig.request("two")
        await rig.until_ended("two")
        await until(lambda: figures(rig).one("group_objective_violated", **ERP) == 0)
        assert figures(rig).one("group_behind_objective_since_timestamp_seconds", **ERP) is None


@virtual
async def test_a_sync_is_told_while_it_runs_and_counted_once_when_it_ends() -> None:
    async with running(Rig(transfer=60)) as rig:
        rig.request("one")
        await rig.until_reason("one", "Transferring")
        await until(lambda: (figures(rig).one("group_transfer_progress_ratio", **ERP) or 0) > 0.2)
        now = figures(rig)
        assert now.one("requests_in_flight", kind="ReplicationSync", phase="Running") == 1
        assert now.one("requests_in_flight", kind="ReplicationSync", phase="Waiting") == 0
        assert now.one("requests_in_flight", kind="FailoverPreparation", phase="Running") == 0
        assert now.labels("group_requests_in_flight", **ERP)["reason"] == "Transferring"
        accepted = rig.status("one").accepted_at
        assert accepted is not None
        assert now.one("group_oldest_request_timestamp_seconds", **ERP) == accepted.timestamp()
        progress = now.one("group_transfer_progress_ratio", **ERP)
        assert progress is not None
        assert 0.2 < progress < 1
        assert not now.all("requests_finished_total")

        await rig.until_ended("one")
        await until(lambda: rig.engine.in_flight == 0)
        now = figures(rig)
        ended = {"kind": "ReplicationSync", "method": "Coordinated", "outcome": "Succeeded"}
        assert now.all("requests_finished_total") == [({**ended, "reason": "PointInTimeCreated"}, 1)]
        assert now.one("requests_in_flight", kind="ReplicationSync", phase="Running") == 0
        for name in ("group_requests_in_flight", "group_oldest_request_timestamp_seconds"):
            assert now.one(name, **ERP) is None
        assert now.one("group_transfer_progress_ratio", **ERP) is None
        took = {labels["phase"]: value for labels, value in now.all("request_phase_duration_seconds_sum")}
        assert set(took) == {"queue", "arming", "push", "transfer", "verify", "total"}
        assert took["total"] >= took["transfer"] > 50
        assert all(value == 1 for _, value in now.all("request_phase_duration_seconds_count"))


@virtual
async def test_an_end_is_counted_by_its_reason_however_the_request_came_to_it() -> None:
    async with running() as rig:
        rig.world.before["push"] = [ends(Refused("ArrayRefused", "the array says no"))] * 20
        rig.request("refused")
        rig.request("history", group="nowhere", notAfter="2020-01-01T00:00:00Z")
        rig.request("unread", group="nowhere", pointInTimeName="")
        rig.request("cancelled", group="nowhere")
        await rig.until_reason("cancelled", "GroupNotFound")
        waiting = {"namespace": "prod", "group": "nowhere", "kind": "ReplicationSync"}
        assert figures(rig).labels("group_requests_in_flight", **waiting) == {
            **waiting,
            "phase": "Waiting",
            "reason": "GroupNotFound",
        }
        rig.api.edit("cancelled", cancel=True)
        await rig.until_ended("refused")
        await rig.until_ended("cancelled")
        await until(lambda: len(figures(rig).all("requests_finished_total")) == 4)
        await asyncio.sleep(600)
        found = {
            (labels["outcome"], labels["reason"]): value
            for labels, value in figures(rig).all("requests_finished_total", kind="ReplicationSync")
        }
        assert found == {
            ("Failed", "PushRefused"): 1,
            ("Failed", "InvalidSpec"): 1,
            ("Expired", "Expired"): 1,
            ("Cancelled", "Cancelled"): 1,
        }


@virtual
async def test_the_series_of_a_deleted_object_are_gone() -> None:
    async with running(Rig("erp", "crm")) as rig:
        rig.schedule("nightly", "erp")
        await rig.until_says(REPLICATION_SCHEDULE, "nightly", "Scheduled")
        assert figures(rig).all("group_ready", group="erp")
        assert figures(rig).all("schedule_next_run_timestamp_seconds", schedule="nightly")
        assert figures(rig).all("endpoint_up", name="b")
        rig.api.remove(REPLICATION_GROUP, "erp", "prod")
        rig.api.remove(REPLICATION_SCHEDULE, "nightly", "prod")
        rig.api.remove(FLASHARRAY, "b")
        await asyncio.sleep(1)
        told = [one.labels for one in figures(rig).samples]
        assert not [one for one in told if one.get("group") == "erp" or "schedule" in one or one.get("name") == "b"]
        assert [one for one in told if one.get("group") == "crm"]


@virtual
async def test_what_the_statuses_know_is_told_before_the_first_reading_of_a_new_process() -> None:
    async with running() as rig:
        rig.request("one", pointInTimeName="before-upgrade")
        await rig.until_ended("one")
        rig.prepare("planned", validFor="4h")
        await rig.until_prepared("planned")
        await until(lambda: figures(rig).one("group_prepared", **ERP) == 1)
        names = [
            "group_newest_point_in_time_timestamp_seconds",
            "group_newest_named_point_in_time_timestamp_seconds",
            "group_last_read_timestamp_seconds",
            "group_prepared_since_timestamp_seconds",
            "group_prepared",
            "group_preparation_valid",
            "group_points_in_time",
        ]
        await until(lambda: all(figures(rig).one(name, **ERP) is not None for name in names))
        before = {name: figures(rig).one(name, **ERP) for name in names}
        await rig.kill()
        rig.engine = rig.renewed()
        for (plural, *_), body in rig.api.objects.items():
            rig.engine.observe(next(one for one in KINDS if one.plural == plural), body)
        after = figures(rig)  # no task has run since
        assert {name: after.one(name, **ERP) for name in names} == before
        assert after.one("endpoint_up", kind="VCenter", name="dallas") == 1
        assert after.one("endpoint_last_read_timestamp_seconds", kind="FlashArray", name="a") is not None
        assert not after.all("requests_finished_total")


@virtual
async def test_a_stale_preparation_is_told_so() -> None:
    async with running() as rig:
        rig.prepare("planned", validFor="1h")
        await rig.until_prepared("planned")
        await until(lambda: figures(rig).one("group_preparation_valid", **ERP) == 1)
        await asyncio.sleep(3700)
        assert rig.says(FAILOVER_PREPARATION, "planned", "Valid") == ("False", "ValidityEnded")
        assert figures(rig).one("group_preparation_valid", **ERP) == 0
        ended = figures(rig).labels("requests_finished_total", kind="FailoverPreparation")
        assert (ended["method"], ended["outcome"]) == ("", "Succeeded")


@virtual
async def test_an_endpoint_that_is_away_is_told_so_and_its_retries_are_counted() -> None:
    async with running() as rig:
        b = {"kind": "FlashArray", "name": "b"}
        assert figures(rig).one("endpoint_up", **b) == 1
        assert figures(rig).one("endpoint_logged_in", **b) == 1
        assert figures(rig).one("endpoint_retries_total", **b) == 0
        rig.world.away.add("b")
        await until(lambda: figures(rig).one("endpoint_up", **b) == 0)
        now = figures(rig)
        assert now.one("endpoint_ready", **b) == 0
        assert now.one("endpoint_logged_in", **b) is None
        await asyncio.sleep(60)
        assert (figures(rig).one("endpoint_retries_total", **b) or 0) >= 3
        assert figures(rig).one("endpoint_up", kind="FlashArray", name="a") == 1


@virtual
async def test_a_schedule_is_told_by_its_times_and_what_passed_without_a_run() -> None:
    async with running() as rig:
        rig.schedule("nightly", startingDeadline="1m")
        nightly = {"namespace": "prod", "schedule": "nightly", "group": "erp"}
        await rig.until_says(REPLICATION_SCHEDULE, "nightly", "Scheduled")
        quarter = (EPOCH + timedelta(minutes=15)).timestamp()
        assert figures(rig).one("schedule_next_run_timestamp_seconds", **nightly) == quarter
        assert figures(rig).one("schedule_last_run_timestamp_seconds", **nightly) is None
        assert figures(rig).one("schedule_missed_runs_total", **nightly) == 0
        await until(lambda: bool(rig.scheduled("nightly").active), within=1000)
        assert figures(rig).one("schedule_active_runs", **nightly) == 1
        assert figures(rig).one("schedule_last_run_timestamp_seconds", **nightly) == quarter
        await until(lambda: rig.scheduled("nightly").last_successful_time is not None)
        assert figures(rig).one("schedule_last_success_timestamp_seconds", **nightly) is not None
        assert figures(rig).one("schedule_active_runs", **nightly) == 0
        await rig.kill()
        await asyncio.sleep(7000)
        rig.engine = rig.renewed()
        await rig.start()
        await asyncio.sleep(60)
        assert (figures(rig).one("schedule_missed_runs_total", **nightly) or 0) > 0
