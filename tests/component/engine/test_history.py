"""The history of a group, through the engine: written once for each end, and kept when the object is gone."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest
from component.engine.rig import Rig, running, settled
from component.engine.virtual import until, virtual

from vvol_replication.api.names import FAILOVER_PREPARATION, REPLICATION_GROUP, REPLICATION_SYNC
from vvol_replication.api.objects import Conflict, Failed, ObjectRef, WriteResult
from vvol_replication.api.times import format_time
from vvol_replication.domain.outcomes import Refused

Entry = dict[str, Any]
GROUP = (REPLICATION_GROUP.plural, "prod", "erp")
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


def history(rig: Rig, group: str = "erp") -> list[Entry]:
    entries: list[Entry] = rig.body(REPLICATION_GROUP, group)["status"].get("history", [])
    return entries


def told(rig: Rig) -> list[tuple[str, str, str]]:
    return [(one["name"], one["outcome"], one["reason"]) for one in history(rig)]


def write_counts(rig: Rig) -> list[int]:
    """How many entries the status had, after each write that changed that."""
    lengths = [len(body["status"].get("history", ())) for body in rig.api.history[GROUP]]
    return [now for before, now in zip([0, *lengths], lengths, strict=False) if now != before]


class Held:
    """Writes of the group that would tell of an end come to `answer` for as long as `holds`; `lost`: they take place."""

    def __init__(self, rig: Rig, answer: WriteResult | None = None, *, lost: bool = False) -> None:
        self.holds, self.tries, self._lost = True, 0, lost
        self._answer = answer or Failed("the API server is busy")
        self._write = rig.api.write_status
        rig.api.write_status = self.write  # type: ignore[method-assign]  # one kind of write of many

    async def write(self, ref: ObjectRef, before: Any, after: Any, version: str | None) -> WriteResult:
        news = ref.kind == REPLICATION_GROUP and after.get("history") != before.get("history")
        if not (self.holds and news):
            return await self._write(ref, before, after, version)
        self.tries += 1
        await (self._write(ref, before, after, version) if self._lost else asyncio.sleep(0.005))
        return self._answer


@virtual
async def test_the_end_of_a_sync_rides_on_the_write_that_shows_its_point_in_time() -> None:
    async with running() as rig:
        rig.request("first")
        await rig.until_ended("first")
        await asyncio.sleep(300)
        before = rig.writes("erp")
        rig.api.apply(REPLICATION_SYNC, "one", {"groupRef": {"name": "erp"}, "pointInTimeName": "mine"}, "prod", metadata=BY_KUBECTL)
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
            "pointInTime": {"id": status.point_in_time.id, "name": "mine", "time": format_time(status.point_in_time.time)},
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
        rig.prepare("dry", dryRun=True)
        await rig.until_prepared("dry")
        rig.prepare("dr")
        await rig.until_prepared("dr")
        await until(lambda: len(history(rig)) == 5, within=2)
        assert told(rig)[:3] == [
            ("dr", "Succeeded", "FailoverPrepared"),
            ("dry", "Succeeded", "DryRun"),
            ("refused", "Failed", "SyncRefused"),
        ]
        assert sorted(told(rig)[3:]) == [("cancelled", "Cancelled", "Cancelled"), ("missed", "Missed", "Missed")]
        by_name = {one["name"]: one for one in history(rig)}
        assert [name for name, one in by_name.items() if "startedAt" not in one] == ["dry", *[n for n, _, _ in told(rig)[3:]]]
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
async def test_a_crash_between_the_end_and_the_history_is_made_good_once() -> None:
    async with running() as rig:
        held = Held(rig)
        rig.request("one")
        await rig.until_ended("one")
        assert held.tries > 0
        await rig.kill()
        held.holds = False
        assert history(rig) == []
        await rig.restart()
        await until(lambda: told(rig) == [("one", "Succeeded", "PointInTimeCreated")], within=5)
        first = copy.deepcopy(history(rig))
        assert first[0]["newestPointAgeAfter"] in ("0s", "1s")  # as it was then, not as it is now
        for _ in range(2):
            await rig.restart()
            await asyncio.sleep(400)
        assert history(rig) == first
        assert write_counts(rig) == [1]


@pytest.mark.parametrize("answer", [Conflict(), Failed("the answer was lost")], ids=["conflict", "no answer"])
@virtual
async def test_a_history_that_was_not_written_is_written_as_soon_as_that_can_be(answer: WriteResult) -> None:
    async with running() as rig:
        held = Held(rig, answer)
        rig.request("one")
        await rig.until_ended("one")
        await until(lambda: held.tries >= 3)
        held.holds = False
        await until(lambda: len(history(rig)) == 1, within=60)


@virtual
async def test_a_history_whose_write_had_no_answer_is_not_written_twice() -> None:
    async with running() as rig:
        held = Held(rig, lost=True)
        rig.request("one", ttlSecondsAfterFinished=60)
        await until(lambda: rig.api.deletions == ["one"])
        assert held.tries == 1
        await asyncio.sleep(400)
        assert len(history(rig)) == 1
        assert write_counts(rig) == [1]


@virtual
async def test_an_object_with_a_ttl_is_deleted_after_its_history_is_written_and_stays_in_it() -> None:
    async with running() as rig:
        held = Held(rig)
        rig.request("one", ttlSecondsAfterFinished=0)
        await until(lambda: held.tries >= 5)
        assert rig.api.deletions == []
        held.holds = False
        await until(lambda: rig.api.deletions == ["one"], within=60)
        await rig.restart()
        await asyncio.sleep(400)
        assert (REPLICATION_SYNC.plural, "prod", "one") not in rig.api.objects
        assert told(rig) == [("one", "Succeeded", "PointInTimeCreated")]


@virtual
async def test_an_object_whose_group_is_gone_is_deleted_in_time_all_the_same() -> None:
    async with running() as rig:
        rig.request("one", ttlSecondsAfterFinished=60)
        await rig.until_ended("one")
        rig.api.remove(REPLICATION_GROUP, "erp", "prod")
        await until(lambda: rig.api.deletions == ["one"], within=120)


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
async def test_what_a_process_that_led_before_writes_late_is_taken_up() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_ended("one")
        await until(lambda: len(history(rig)) == 1)
        body = copy.deepcopy(rig.api.objects[GROUP])
        late = {"kind": "ReplicationSync", "name": "late", "uid": "uid-late", "outcome": "Failed", "reason": "Timeout"}
        late["finishedAt"] = format_time(rig.clock.now())
        body["status"]["history"].insert(0, late)
        rig.api._save(GROUP, body)
        await asyncio.sleep(1)
        rig.request("two")
        await rig.until_ended("two")
        await until(lambda: len(history(rig)) == 3, within=2)
        assert [one["name"] for one in history(rig)] == ["two", "late", "one"]
        assert history(rig)[1] == late


@virtual
async def test_of_two_that_tell_of_one_end_what_is_stored_stays() -> None:
    async with running() as rig:
        held = Held(rig, Conflict())
        rig.request("one")
        await rig.until_ended("one")
        body = copy.deepcopy(rig.api.objects[GROUP])
        stored = {"kind": "ReplicationSync", "name": "one", "uid": rig.api.sync("one")["metadata"]["uid"]}
        stored |= {"outcome": "Failed", "reason": "Timeout", "finishedAt": format_time(rig.clock.now())}
        body["status"]["history"] = [stored]
        rig.api._save(GROUP, body)
        await asyncio.sleep(1)
        held.holds = False
        await asyncio.sleep(600)
        assert history(rig) == [stored]


@virtual
async def test_a_history_that_is_wiped_is_made_good_by_the_process_and_at_a_start_from_the_objects() -> None:
    async with running() as rig:
        for name in ("gone", "kept"):
            rig.request(name)
            await rig.until_ended(name)
        await until(lambda: len(history(rig)) == 2)
        rig.api.remove(REPLICATION_SYNC, "gone", "prod")
        wipe(rig)
        await until(lambda: [one["name"] for one in history(rig)] == ["kept", "gone"])
        await rig.kill()
        wipe(rig)
        await rig.restart()
        await until(lambda: history(rig) != [])
        await asyncio.sleep(400)
        assert [one["name"] for one in history(rig)] == ["kept"]


def wipe(rig: Rig) -> None:
    body = copy.deepcopy(rig.api.objects[GROUP])
    body["status"].pop("history")
    rig.api._save(GROUP, body)


@virtual
async def test_a_thousand_that_ended_before_there_was_a_history_cost_a_write_or_two_and_twenty_entries() -> None:
    async with running() as rig:
        rig.request("model")
        await rig.until_ended("model")
        await rig.kill()
        wipe(rig)
        for number in range(1000):
            body = copy.deepcopy(rig.api.sync("model"))
            name = f"old-{number:04}"
            body["metadata"] |= {"name": name, "uid": f"uid-{name}"}
            body["status"]["finishedAt"] = f"2026-06-01T13:{number % 3600 // 60:02}:{number % 60:02}.{number:06}Z"
            body["status"]["operation"].pop("newestAtEnd")
            body["status"]["operation"]["baseline"].pop("newestPoint", None)
            rig.api.objects[REPLICATION_SYNC.plural, "prod", name] = body
        before, known = rig.writes("erp"), len(rig.api.history[GROUP])
        await rig.restart()
        await until(lambda: len(history(rig)) == 20)
        await asyncio.sleep(100)
        newest = sorted((b["status"]["finishedAt"] for b in rig.api.objects.values() if b["kind"] == "ReplicationSync"), reverse=True)
        assert [one["finishedAt"] for one in history(rig)] == newest[:20]
        assert "newestPointAgeAfter" not in history(rig)[0]
        changes = [b["status"].get("history") for b in rig.api.history[GROUP][known - 1 :]]
        assert sum(one != other for one, other in zip(changes, changes[1:], strict=False)) <= 2
        assert rig.writes("erp") - before <= 3
        await rig.restart()
        await asyncio.sleep(100)
        assert [one["finishedAt"] for one in history(rig)] == newest[:20]


@virtual
async def test_a_group_that_is_made_again_does_not_take_the_history_of_the_one_before() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_ended("one")
        rig.api.remove(REPLICATION_GROUP, "erp", "prod")
        await asyncio.sleep(300)
        rig.group("erp")
        await rig.restart()
        await rig.until_says(REPLICATION_GROUP, "erp", "Ready")
        await asyncio.sleep(300)
        assert history(rig) == []
        rig.request("two")
        await rig.until_ended("two")
        await until(lambda: [one["name"] for one in history(rig)] == ["two"])


@virtual
async def test_a_copy_that_is_restored_with_its_status_is_no_second_request() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_ended("one")
        await until(lambda: len(history(rig)) == 1)
        body = copy.deepcopy(rig.api.sync("one"))
        rig.api.remove(REPLICATION_SYNC, "one", "prod")
        await asyncio.sleep(300)
        created = format_time(rig.clock.now().replace(microsecond=0))
        body["metadata"] |= {"uid": "uid-restored", "creationTimestamp": created}
        rig.api._save((REPLICATION_SYNC.plural, "prod", "one"), body)
        await asyncio.sleep(300)
        await rig.restart()
        await asyncio.sleep(300)
        assert len(history(rig)) == 1


@virtual
async def test_entries_that_cannot_be_read_are_dropped_and_the_others_kept() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_ended("one")
        await until(lambda: len(history(rig)) == 1)
        body = copy.deepcopy(rig.api.objects[GROUP])
        body["status"]["history"] += [{"kind": "ReplicationSync"}, 7]
        rig.api._save(GROUP, body)
        await rig.restart()
        rig.prepare("dry", dryRun=True)
        await rig.until_prepared("dry")
        await until(lambda: [one["name"] for one in history(rig)] == ["dry", "one"])
        assert rig.body(FAILOVER_PREPARATION, "dry")["status"]["phase"] == "Succeeded"
