"""A group's recovery point objective through the whole engine: turns, losses and restarts, and what they cost."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from component.engine.rig import PACE, Rig, running
from component.engine.storage import Replica
from component.engine.virtual import until, virtual

from vvol_replication.api.names import FLASHARRAY, REPLICATION_GROUP, VCENTER
from vvol_replication.api.times import format_time
from vvol_replication.domain.arrays import ProtectionPolicy, ReplicationSchedule, Retention
from vvol_replication.domain.groups import GroupId
from vvol_replication.domain.outcomes import Refused, Unavailable
from vvol_replication.domain.points import PointInTime

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CURRENT, EXPIRING, TIGHT = "RecoveryPointCurrent", "NamedPointExpiring", "ObjectiveTooTight"


def point(rig: Rig, id_: str, *, name: str | None = None, age: timedelta = timedelta()) -> None:
    """A point in time that is there without anybody here having asked for it."""
    rig.world.replicas["erp"].points.append(PointInTime(id_, name, rig.clock.now() - age))


def watch(rig: Rig, objective: str = "15m", **spec: Any) -> None:
    rig.group("erp", recoveryPointObjective=objective, **spec)


def says(rig: Rig, type_: str = CURRENT) -> tuple[str, str] | None:
    return rig.says(REPLICATION_GROUP, "erp", type_)


def message(rig: Rig, type_: str = CURRENT) -> str:
    return str(next(one["message"] for one in status(rig)["conditions"] if one["type"] == type_))


def status(rig: Rig, group: str = "erp") -> dict[str, Any]:
    return dict(rig.body(REPLICATION_GROUP, group)["status"])


def events(rig: Rig) -> list[tuple[str, str]]:
    """Type and reason of the group's events."""
    return [(type_, reason) for name, type_, reason in rig.api.events if name == "erp"]


async def two_sites(rig: Rig) -> None:
    """The source side has a vCenter of its own."""
    rig.api.apply(VCENTER, "austin", {"address": "austin", "credentialsSecretRef": {"name": "vc"}})
    watch(rig, protectedSite={"vCenterRef": {"name": "austin"}})
    await until(lambda: says(rig) == ("True", "WithinObjective"))


@virtual
async def test_it_turns_at_its_moment_though_nothing_was_heard_and_back_when_a_point_in_time_is_listed() -> None:
    async with running() as rig:
        point(rig, "pit-1")
        made = rig.clock.now()
        watch(rig)
        await until(lambda: says(rig) == ("True", "WithinObjective"))
        turn = made + 15 * MINUTE
        assert f"until {format_time(turn.replace(microsecond=0))}" in message(rig)
        await until(lambda: says(rig) != ("True", "WithinObjective"), within=1000)
        assert timedelta() <= rig.clock.now() - turn < timedelta(seconds=1)
        assert says(rig) == ("False", "BehindObjective")
        since = status(rig)["behindObjectiveSince"]
        assert f"has been missed since {since}" in message(rig)
        await asyncio.sleep(3600)
        assert status(rig)["behindObjectiveSince"] == since
        assert events(rig) == [("Warning", "BehindObjective")]
        point(rig, "pit-2")
        await until(lambda: says(rig) == ("True", "WithinObjective"))
        assert "behindObjectiveSince" not in status(rig)
        assert events(rig) == [("Warning", "BehindObjective"), ("Normal", "WithinObjective")]


@virtual
async def test_a_point_in_time_that_came_since_the_last_listing_leaves_it_true_and_there_is_no_event() -> None:
    async with running() as rig:
        point(rig, "pit-1", age=14 * MINUTE)
        watch(rig)
        await until(lambda: says(rig) == ("True", "WithinObjective"))
        await asyncio.sleep(30)
        point(rig, "pit-2")
        await asyncio.sleep(60)
        assert says(rig) == ("True", "WithinObjective")
        assert status(rig)["pointInTimeCount"] == 2
        assert events(rig) == []


@virtual
async def test_readings_that_bring_nothing_new_are_not_written_and_cost_no_more_calls() -> None:
    async def an_hour(objective: str | None) -> tuple[int, int]:
        rig = Rig()
        rig.world.policies["erp"] = ProtectionPolicy(None, Retention(2 * DAY, 4, 7))
        async with running(rig):
            point(rig, "pit-1", name="before-upgrade")
            if objective is not None:
                watch(rig, objective)
            await asyncio.sleep(120)
            wrote, listed = rig.writes("erp"), rig.count("points_in_time")
            for round_ in range(60):
                rig.world.skews["a"] = timedelta(seconds=round_ % 2)  # clocks tremble
                await asyncio.sleep(60)
            return rig.writes("erp") - wrote, rig.count("points_in_time") - listed

    assert await an_hour("2h") == await an_hour(None) == await an_hour("1m")


@virtual
async def test_a_group_without_any_point_in_time_says_so_at_once() -> None:
    async with running() as rig:
        watch(rig)
        await until(lambda: says(rig) == ("False", "NoPointInTime"))
        await asyncio.sleep(600)
        assert events(rig) == [("Warning", "NoPointInTime")]


@virtual
async def test_without_an_objective_nothing_is_judged_and_taking_it_away_takes_the_condition() -> None:
    async with running() as rig:
        point(rig, "pit-1", age=DAY)
        await asyncio.sleep(300)
        assert says(rig) is None
        watch(rig)
        await until(lambda: says(rig) == ("False", "BehindObjective"))
        rig.group("erp")
        await until(lambda: says(rig) is None)
        assert "behindObjectiveSince" not in status(rig)


@virtual
async def test_a_vcenter_that_is_lost_leaves_it_unknown_with_what_was_known_and_one_turn_is_one_event() -> None:
    async with running() as rig:
        point(rig, "pit-1", age=20 * MINUTE)
        watch(rig)
        await until(lambda: says(rig) == ("False", "BehindObjective"))
        since = status(rig)["behindObjectiveSince"]
        rig.world.away.add("vcenter")
        await until(lambda: says(rig) == ("Unknown", "Unreachable"))
        assert "The newest that is known is point in time 'pit-1' of " in message(rig)
        await rig.restart()
        await asyncio.sleep(600)
        assert says(rig) == ("Unknown", "Unreachable")
        assert "'pit-1'" in message(rig)
        assert status(rig)["behindObjectiveSince"] == since
        rig.world.away.clear()
        await until(lambda: says(rig) == ("False", "BehindObjective"))
        assert status(rig)["behindObjectiveSince"] == since
        assert events(rig) == [("Warning", "BehindObjective")]


@pytest.mark.parametrize("lost", [{"austin"}, {"a"}, {"austin", "a"}])
@pytest.mark.parametrize("restarted", [False, True])
def test_it_goes_on_being_told_from_the_target_alone(lost: set[str], restarted: bool) -> None:  # noqa: FBT001 - parametrized
    @virtual
    async def play() -> None:
        async with running() as rig:
            point(rig, "pit-1")
            await two_sites(rig)
            rig.world.away |= lost
            await until(lambda: rig.says(REPLICATION_GROUP, "erp") == ("False", "Unreachable"))
            if restarted:
                await rig.restart()
            await until(lambda: says(rig) == ("False", "BehindObjective"), within=1200)
            assert rig.says(REPLICATION_GROUP, "erp") == ("False", "Unreachable")
            point(rig, "pit-2", name="by-hand")
            await until(lambda: says(rig) == ("True", "WithinObjective"))
            assert [one["id"] for one in status(rig)["pointsInTime"]] == ["pit-2", "pit-1"]
            assert status(rig)["newestNamedPointInTime"]["id"] == "pit-2"
            assert events(rig) == [("Warning", "BehindObjective"), ("Normal", "WithinObjective")]

    play()


@virtual
async def test_a_pinned_group_that_cannot_be_listed_says_why_and_not_what_else_is_lost() -> None:
    async def refuse() -> Refused:
        return Refused("GroupUnknown", "no such group")

    async with running() as rig:
        point(rig, "pit-1")
        await two_sites(rig)
        rig.world.away |= {"austin", "a"}
        await until(lambda: rig.says(REPLICATION_GROUP, "erp") == ("False", "Unreachable"))
        await rig.restart()
        rig.world.before["points_in_time"] = [refuse] * 99
        await until(lambda: says(rig) == ("Unknown", "GroupUnknown"))
        assert rig.says(REPLICATION_GROUP, "erp") == ("False", "Unreachable")
        assert "'pit-1'" in message(rig)


@virtual
async def test_another_vcenter_at_the_address_is_not_believed_about_a_pinned_group() -> None:
    async with running() as rig:
        point(rig, "pit-1")
        await two_sites(rig)
        await rig.kill()
        rig.world.away |= {"austin", "a"}
        rig.world.site_uuid = "uuid-of-another"
        listed = rig.count("points_in_time")
        await rig.restart()
        await until(lambda: (says(rig) or ("", ""))[0] == "Unknown")
        await asyncio.sleep(600)
        assert rig.count("points_in_time") == listed
        assert "'pit-1'" in message(rig)


@virtual
async def test_a_target_array_that_tells_no_time_leaves_it_unknown() -> None:
    rig = Rig()
    rig.world.skews["b"] = None
    async with running(rig):
        point(rig, "pit-1")
        watch(rig)
        await until(lambda: says(rig) == ("Unknown", "ClockUnknown"))


@virtual
async def test_a_vcenter_that_wants_to_be_left_alone_does_not_keep_it_true() -> None:
    async with running() as rig:
        point(rig, "pit-1")
        watch(rig)
        await until(lambda: says(rig) == ("True", "WithinObjective"))

        async def busy() -> Unavailable:
            return Unavailable("EndpointBusy", "later", 3600.0)

        await asyncio.sleep(600)
        rig.world.before["points_in_time"] = [busy]
        await until(lambda: says(rig) == ("Unknown", "EndpointBusy"))
        await asyncio.sleep(900)
        assert says(rig) == ("Unknown", "EndpointBusy")


@virtual
async def test_a_named_point_in_time_that_the_retention_will_drop_is_told_a_day_ahead() -> None:
    rig = Rig()
    rig.world.policies["erp"] = ProtectionPolicy(None, Retention(2 * DAY, 0, 0))
    async with running(rig):
        point(rig, "pit-1", name="before-upgrade", age=DAY - 20 * MINUTE)
        point(rig, "pit-2")
        rig.group("erp", minPushInterval="1m")
        await until(lambda: "newestNamedPointInTime" in status(rig))
        assert status(rig)["newestNamedPointInTime"]["name"] == "before-upgrade"
        await until(lambda: "retention" in status(rig).get("arrayPolicy", {}))
        assert says(rig, EXPIRING) is None
        begins = rig.clock.now()
        await until(lambda: says(rig, EXPIRING) == ("True", "NamedPointExpiring"), within=1300)
        assert rig.clock.now() - begins > 15 * MINUTE
        assert "'before-upgrade' (pit-1), is due to be dropped at " in message(rig, EXPIRING)
        await asyncio.sleep(7200)
        assert events(rig) == [("Warning", "NamedPointExpiring")]
        point(rig, "pit-3", name="after-upgrade")
        await until(lambda: says(rig, EXPIRING) is None)


@virtual
async def test_a_schedule_of_the_array_that_cannot_hold_the_objective_is_told() -> None:
    rig = Rig()
    rig.world.policies["erp"] = ProtectionPolicy(ReplicationSchedule(enabled=True, every=4 * 60 * MINUTE), None)
    async with running(rig):
        point(rig, "pit-1")
        watch(rig)
        await until(lambda: says(rig, TIGHT) == ("True", "ObjectiveTooTight"))
        assert status(rig)["arrayPolicy"] == {"replicates": True, "interval": "4h"}
        watch(rig, "5h")
        await until(lambda: says(rig, TIGHT) is None)


@virtual
async def test_schedule_and_retention_are_asked_for_seldom_in_one_call_and_never_for_a_sync() -> None:
    async with running(Rig("erp", "crm")) as rig:
        await until(lambda: rig.count("policies") > 0)
        await asyncio.sleep(3600)
        asked = [(at, what) for at, method, what in rig.world.asked if method == "policies"]
        assert {what for _, what in asked[1:]} == {"crm erp"}
        assert len(asked) <= 2 + 3600 / (PACE.policy * 0.75)
        before = rig.count("policies")
        await until(lambda: rig.count("policies") > before, within=PACE.policy + 60)
        before = rig.count("policies")
        rig.request("nightly")
        await rig.until_ended("nightly", within=100)
        assert rig.count("policies") == before


@virtual
async def test_a_token_that_may_not_read_it_leaves_it_unknown_and_is_said() -> None:
    async def refuse() -> Refused:
        return Refused("PermissionDenied", "not yours")

    rig = Rig()
    rig.world.before["policies"] = [refuse] * 9
    async with running(rig):
        point(rig, "pit-1", name="x", age=30 * DAY)
        watch(rig)
        await until(lambda: status(rig).get("arrayPolicy") == {"unknown": "PermissionDenied"})
        assert says(rig, EXPIRING) is None
        assert says(rig, TIGHT) is None
        assert rig.says(REPLICATION_GROUP, "erp") == ("True", "Ready")


@virtual
async def test_an_array_that_could_not_be_asked_is_asked_again_and_what_it_told_outlives_its_loss() -> None:
    async def silent() -> Unavailable:
        return Unavailable("TimedOutCalling", "no answer")

    rig = Rig()
    rig.world.before["policies"] = [silent]
    rig.world.policies["erp"] = ProtectionPolicy(None, Retention(DAY, 0, 0))
    async with running(rig):
        point(rig, "pit-1", name="x", age=timedelta(hours=20))
        await until(lambda: says(rig, EXPIRING) is not None, within=200)
        rig.world.away.add("a")
        await rig.restart()
        await asyncio.sleep(1800)
        assert says(rig, EXPIRING) == ("True", "NamedPointExpiring")
        assert status(rig)["arrayPolicy"]["retention"] == {"allFor": "24h", "perDay": 0, "days": 0}


@virtual
async def test_an_array_that_never_answers_for_schedules_is_read_all_the_same() -> None:
    async def hang() -> None:
        await asyncio.sleep(1e6)

    rig = Rig()
    rig.world.before["policies"] = [hang]
    async with running(rig):
        await until(lambda: rig.count("policies") == 1)
        read = rig.count("connections")
        await asyncio.sleep(600)
        assert rig.count("connections") >= read + 2 * 600 / PACE.monitor
        assert rig.api.condition(FLASHARRAY, "a")[0] == "True"
        rig.request("nightly")
        await rig.until_ended("nightly", within=100)
        assert "arrayPolicy" not in status(rig)


@virtual
async def test_what_one_array_told_is_not_believed_of_another_at_its_address() -> None:
    rig = Rig()
    rig.world.policies["erp"] = ProtectionPolicy(None, Retention(DAY, 0, 0))
    async with running(rig):
        point(rig, "pit-1", name="x", age=timedelta(hours=20))
        await until(lambda: says(rig, EXPIRING) is not None)
        await rig.kill()
        rig.world.array_ids["a"] = "id-of-another"
        rig.world.policies.clear()
        await rig.restart()
        await until(lambda: rig.says(REPLICATION_GROUP, "erp") == ("False", "ArrayUnknown"))
        assert rig.engine.registry.arrays["a"].policy("erp") is None


@virtual
async def test_a_group_that_is_new_is_asked_for_with_the_next_reading() -> None:
    async with running() as rig:
        await until(lambda: rig.count("policies") > 0)
        asked = rig.count("policies")
        rig.world.replicas["crm"] = Replica("crm", GroupId("fd-a", "s-crm"), GroupId("fd-b", "t-crm"))
        rig.world.policies["crm"] = ProtectionPolicy(None, Retention(DAY, 0, 0))
        rig.group("crm")
        await until(lambda: rig.says(REPLICATION_GROUP, "crm") == ("True", "Ready"))
        await until(lambda: rig.count("policies") > asked, within=PACE.monitor + 1)
        await until(
            lambda: "retention" in rig.body(REPLICATION_GROUP, "crm")["status"].get("arrayPolicy", {}), within=1
        )
