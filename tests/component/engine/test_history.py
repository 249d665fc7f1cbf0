"""The history of a group, through the engine: what is in it, written once for each end."""

from __future__ import annotations

import asyncio
import copy

from component.engine.histories import GROUP, history, told, write_counts
from component.engine.rig import Rig, running, settled
from component.engine.virtual import until, virtual

from vvol_replication.api.names import FAILOVER_PREPARATION, REPLICATION_SYNC
from vvol_replication.api.times import format_time
from vvol_replication.domain.outcomes import Refused

BY_KUBECTL = {
    "managedFields": [
        {
            "manager": "kubectl-client-side-apply",
            "operation": "Update",
            "time": "2026-06-01T12:00:02Z",
            "fieldsV1": {"f:spec": {"f:groupRef": {}}},
        }
    ],
    "ownerReferences": [{"kind": "ReplicationSchedule", "name": "nightly", "controller": True}],
}


@virtual
async def test_the_end_of_a_sync_rides_on_the_write_that_shows_its_point_in_time() -> None:
    async with running() as rig:
        rig.request("first")
        await rig.until_ended("first")
        await asyncio.sleep(300)
        before = rig.writes("erp")
        rig.api.apply(
            REPLICATION_SYNC,
            "one",
            {"groupRef": {"name": "erp"}, "pointInTimeName": "mine"},
            "prod",
            metadata=BY_KUBECTL,
        )
        await rig.until_ended("one")
        await until(lambda: len(history(rig)) == 2, within=2)
        assert rig.writes("erp") - before == 1
        newest, status = history(rig)[0], rig.status("one")
        assert status.point_in_time is not None
        assert status.point_in_time.time is not None
        assert status.operation is not None
        assert status.operation.turn_at is not None
        assert status.accepted_at is not None
        assert status.finished_at is not None
        assert newest["newestPointAgeBefore"].startswith("5m")
        assert newest["newestPointAgeAfter"] in ("0s", "1s")
        del newest["newestPointAgeBefore"], newest["newestPointAgeAfter"]
        assert newest == {
            "kind": "ReplicationSync",
            "name": "one",
            "uid": rig.api.sync("one")["metadata"]["uid"],
            "outcome": "Succeeded",
            "reason": "PointInTimeCreated",
            "requestID": status.operation.request_id,
            "askedBy": {
                "manager": "kubectl-client-side-apply",
                "operation": "Update",
                "owner": "ReplicationSchedule/nightly",
            },
            "method": "Coordinated",
            "pointInTime": {
                "id": status.point_in_time.id,
                "name": "mine",
                "time": format_time(status.point_in_time.time),
            },
            "snapshot": f"a:erp.{rig.world.pushed[-1]}",
            "acceptedAt": format_time(status.accepted_at),
            "startedAt": format_time(status.operation.turn_at),
            "finishedAt": format_time(status.finished_at),
        }
        assert write_counts(rig) == [1, 2]


@virtual
async def test_every_kind_of_end_is_told_and_what_was_no_request_is_not() -> None:
    async with running() as rig:
        rig.request("expired", notAfter="2026-01-01T00:00:00Z")
        rig.request("malformed", timeout="soon")
        rig.request("cancelled", suspend=True)
        rig.request("missed", suspend=True, notAfter=format_time(rig.clock.now().replace(microsecond=0)))
        await asyncio.sleep(1)
        rig.api.edit("cancelled", cancel=True)
        await until(settled(rig, "expired", "malformed", "cancelled", "missed"))
        rig.world.before["start_sync"] = [_refused] * 8
        rig.request("refused", retryLimit=0)
        await rig.until_ended("refused")
        rig.prepare("wrong", consent="other")
        await rig.until_prepared("wrong")
        rig.prepare("dry", dryRun=True)
        await rig.until_prepared("dry")
        rig.prepare("dr")
        await rig.until_prepared("dr")
        await until(lambda: len(history(rig)) == 6, within=2)
        assert told(rig)[:4] == [
            ("dr", "Succeeded", "FailoverPrepared"),
            ("dry", "Succeeded", "DryRun"),
            ("wrong", "Failed", "ConsentMismatch"),
            ("refused", "Failed", "SyncRefused"),
        ]
        waited = sorted(told(rig)[4:])
        assert waited == [("cancelled", "Cancelled", "Cancelled"), ("missed", "Missed", "Missed")]
        by_name = {one["name"]: one for one in history(rig)}
        assert {name for name, one in by_name.items() if "startedAt" in one} == {"refused", "dr"}
        assert (by_name["dry"]["method"], by_name["dr"].get("method")) == ("DryRun", None)


async def _refused() -> Refused:
    return Refused("SyncRefused", "no")


@virtual
async def test_ends_of_one_moment_make_one_write() -> None:
    async with running() as rig:
        names = [f"s{number}" for number in range(6)]
        for name in names:
            rig.request(name, suspend=True)
        await asyncio.sleep(1)
        for name in names:
            rig.api.edit(name, cancel=True)
        await until(lambda: len(history(rig)) == 6)
        assert len(write_counts(rig)) <= 2


@virtual
async def test_a_request_that_is_deleted_in_its_turn_is_told_and_one_that_waited_is_not() -> None:
    async with running(Rig(transfer=60.0)) as rig:
        rig.request("turn")
        await rig.until_reason("turn", "Transferring")
        rig.request("waits")
        await rig.until_reason("waits", "GroupBusy")
        rig.api.remove(REPLICATION_SYNC, "waits", "prod")
        rig.api.remove(REPLICATION_SYNC, "turn", "prod")
        await until(lambda: told(rig) == [("turn", "Deleted", "Transferring")])
        await asyncio.sleep(400)
        assert len(history(rig)) == 1
        assert write_counts(rig) == [1]


@virtual
async def test_one_that_was_deleted_while_no_operator_ran_is_told_by_the_next() -> None:
    async with running(Rig(transfer=60.0)) as rig:
        rig.request("turn")
        await rig.until_reason("turn", "Transferring")
        await rig.kill()
        rig.api.remove(REPLICATION_SYNC, "turn", "prod")
        await asyncio.sleep(600)
        await rig.restart()
        await until(lambda: told(rig) == [("turn", "Deleted", "Transferring")], within=5)


@virtual
async def test_entries_that_cannot_be_read_are_dropped_and_the_others_kept() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_ended("one")
        await until(lambda: len(history(rig)) == 1)
        body = copy.deepcopy(rig.api.objects[GROUP])
        body["status"]["history"] += [{"kind": "ReplicationSync"}, 7]
        rig.api.replace(GROUP, body)
        await rig.restart()
        rig.prepare("dry", dryRun=True)
        await rig.until_prepared("dry")
        await until(lambda: [one["name"] for one in history(rig)] == ["dry", "one"])
        assert rig.body(FAILOVER_PREPARATION, "dry")["status"]["phase"] == "Succeeded"
