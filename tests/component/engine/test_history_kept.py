"""The history of a group outlives objects, processes and writes that fail, and nothing is in it twice."""

from __future__ import annotations

import asyncio
import copy
from itertools import pairwise

import pytest
from component.engine.histories import GROUP, Held, history, told, wipe, write_counts
from component.engine.rig import running
from component.engine.virtual import until, virtual

from vvol_replication.api.names import REPLICATION_GROUP, REPLICATION_SYNC
from vvol_replication.api.objects import Conflict, Failed, WriteResult
from vvol_replication.api.times import format_time


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
async def test_what_a_process_that_led_before_writes_late_is_taken_up() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_ended("one")
        await until(lambda: len(history(rig)) == 1)
        body = copy.deepcopy(rig.api.objects[GROUP])
        late = {"kind": "ReplicationSync", "name": "late", "uid": "uid-late", "outcome": "Failed", "reason": "Timeout"}
        late["finishedAt"] = format_time(rig.clock.now())
        body["status"]["history"].insert(0, late)
        rig.api.replace(GROUP, body)
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
        rig.api.replace(GROUP, body)
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
        newest = sorted(
            (b["status"]["finishedAt"] for b in rig.api.objects.values() if b["kind"] == "ReplicationSync"),
            reverse=True,
        )
        assert [one["finishedAt"] for one in history(rig)] == newest[:20]
        assert "newestPointAgeAfter" not in history(rig)[0]
        changes = [b["status"].get("history") for b in rig.api.history[GROUP][known - 1 :]]
        assert sum(one != other for one, other in pairwise(changes)) <= 2
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
        rig.api.replace((REPLICATION_SYNC.plural, "prod", "one"), body)
        await asyncio.sleep(300)
        await rig.restart()
        await asyncio.sleep(300)
        assert len(history(rig)) == 1
