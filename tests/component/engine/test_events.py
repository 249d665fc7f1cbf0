"""What people are told beside the conditions of their request: the group's list, and an event when one failed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from component.engine.rig import Rig, running
from component.engine.virtual import until, virtual

from vvol_replication.domain.points import PointInTime
from vvol_replication.engine.events.requests import HISTORY


def group_status(rig: Rig) -> dict[str, Any]:
    found: dict[str, Any] = rig.api.objects["replicationgroups", "prod", "erp"].get("status") or {}
    return found


def listed(rig: Rig) -> list[str]:
    return [point["id"] for point in group_status(rig).get("pointsInTime", [])]


@virtual
async def test_what_a_request_has_just_listed_is_told_without_asking_once_more() -> None:
    async with running() as rig:
        await until(lambda: group_status(rig).get("pointInTimeCount") == 0)
        before = rig.world.calls["points_in_time"]
        rig.request("one")
        await rig.until_ended("one")
        mine = rig.status("one").point_in_time
        assert mine is not None
        await until(lambda: mine.id in listed(rig), within=2)
        assert rig.world.calls["points_in_time"] - before == 2  # before arming, and for the proof


@virtual
async def test_the_story_of_a_request_is_told_as_events() -> None:
    async with running() as rig:
        rig.request("good")
        await rig.until_ended("good")
        rig.request("given-up", group="nowhere")
        await rig.until_reason("given-up", "GroupNotFound")
        rig.api.edit("given-up", cancel=True)
        await rig.until_ended("given-up")
        await until(lambda: ("given-up", "Warning", "Cancelled") in rig.api.events)
        assert rig.api.events == [
            ("good", "Normal", "Arming"),
            ("good", "Normal", "Transferring"),
            ("good", "Normal", "PointInTimeCreated"),
            ("given-up", "Warning", "GroupNotFound"),
            ("given-up", "Warning", "Cancelled"),
        ]


@virtual
async def test_an_end_whose_event_was_lost_with_its_process_is_told_by_the_next_unless_it_is_history() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_ended("one")
        end = ("one", "Normal", "PointInTimeCreated")
        await until(lambda: end in rig.api.events)
        await rig.restart()
        await asyncio.sleep(5)
        assert rig.api.events.count(end) == 1
        rig.api.events.clear()
        rig.api.told_once.clear()  # as if it had never come there
        await rig.restart()
        await until(lambda: rig.api.events == [end])
        rig.api.events.clear()
        rig.api.told_once.clear()
        await asyncio.sleep(HISTORY.total_seconds())
        await rig.restart()
        await asyncio.sleep(5)
        assert rig.api.events == []


@virtual
async def test_after_a_restart_what_was_told_of_a_group_stands_until_the_endpoints_have_answered() -> None:
    async with running() as rig:

        def ready(body: dict[str, Any]) -> list[str]:
            conditions = (body.get("status") or {}).get("conditions", [])
            return [one["reason"] for one in conditions if one["type"] == "Ready"]

        history = rig.api.history["replicationgroups", "prod", "erp"]
        await until(lambda: ready(history[-1]) == ["Ready"])
        seen = len(history)
        await rig.restart()
        await until(lambda: rig.world.calls["inventory"] >= 2)
        await asyncio.sleep(600)
        assert len(history) > seen  # it is read, and told, again
        assert {tuple(ready(body)) for body in history[seen:]} == {("Ready",)}


@virtual
async def test_of_points_of_one_second_the_later_listed_are_newer() -> None:
    async with running() as rig:
        now = rig.clock.now().replace(microsecond=0)
        points = rig.world.replicas["erp"].points
        points += [PointInTime(f"p{number:02}", None, now) for number in range(12)]
        points.insert(0, PointInTime("old", None, now - timedelta(hours=1)))
        await until(lambda: group_status(rig).get("pointInTimeCount") == 13, within=130)
        assert listed(rig) == [f"p{number:02}" for number in range(11, 1, -1)]
