"""Can a push reach the target? Words of arrays that the model of the other tests does not vary."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from unit.reconcile.model.driver import Driver
from unit.reconcile.model.world import BINDING, START, Copy, World

from vvol_replication.api.sync import Method, SyncSpec
from vvol_replication.domain.arrays import ArrayConnection, ProtectionGroup, ReplicationTarget, Snapshot
from vvol_replication.domain.outcomes import Done
from vvol_replication.reconcile.core.checks import under_way
from vvol_replication.reconcile.core.steps import Park

TARGET = (ReplicationTarget("fa-b", allowed=True),)
GOOD = ProtectionGroup("erp", "fa-a", TARGET)


@pytest.mark.parametrize(
    ("group", "connections", "reason"),
    [
        (
            replace(GOOD, source="fa-z"),
            (ArrayConnection("fa-b", "id-b", connected=True, status="connected"),),
            "NotSource",
        ),
        (
            replace(GOOD, targets=()),
            (ArrayConnection("fa-b", "id-b", connected=True, status="connected"),),
            "NotATarget",
        ),
        (GOOD, (), "ArraysNotConnected"),
        (GOOD, (ArrayConnection("fa-b", "id-other", connected=True, status="connected"),), "ArraysNotConnected"),
        (GOOD, (ArrayConnection("fa-b", "ID-B", connected=True, status="connected"),), None),
        (
            GOOD,
            (
                ArrayConnection("fa-b", "id-b", connected=False, status="connecting"),
                ArrayConnection("fa-b", "id-b", connected=True, status="connected"),
            ),
            None,
        ),
        (GOOD, (ArrayConnection("FA-B", None, connected=True, status="connected"),), None),
        (
            replace(GOOD, targets=(ReplicationTarget("b-seen-from-a", allowed=True),)),
            (ArrayConnection("b-seen-from-a", "id-b", connected=True, status="connected"),),
            None,
        ),
    ],
)
def test_what_stands_in_the_way_of_a_push(
    group: ProtectionGroup, connections: tuple[ArrayConnection, ...], reason: str | None
) -> None:
    driver = Driver(World())
    driver.step()
    moment = driver.world.now
    assert driver.seen.protection_group is not None
    assert driver.seen.connections is not None
    driver.seen = replace(
        driver.seen,
        protection_group=replace(driver.seen.protection_group, outcome=Done(group), at=moment),
        connections=replace(driver.seen.connections, outcome=Done(connections), at=moment),
    )
    driver.step()
    assert driver.steps[-1] == ("record" if reason is None else "park")
    assert reason is None or driver.reason() == reason


@pytest.mark.parametrize("method", [Method.COORDINATED, Method.ARRAY_ONLY])
@pytest.mark.parametrize("told_by", ["name", "array"])
def test_a_group_in_a_pod_cannot_be_pushed_and_ends(method: Method, told_by: str) -> None:
    driver = Driver(World(pod="pod-1::" if told_by == "array" else ""), SyncSpec(group="erp", method=method))
    if told_by == "name":
        driver.bound = replace(BINDING, resolved=replace(BINDING.resolved, protection_group="pod-1::erp"))
    assert driver.run().reason() == "ProtectionGroupInPod"
    assert driver.arms == 0
    assert driver.world.copies == []


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("word", ["suspended", "Suspended"])
def test_replication_that_is_suspended_on_the_array_is_waited_for(method: Method, word: str) -> None:
    world = World(target_status=word)
    driver = Driver(world, SyncSpec(group="erp", method=method))
    driver.until_parked()
    assert driver.reason() == "TargetSuspended"
    assert driver.arms == 0
    world.target_status = "replicating"
    driver.wait()
    driver.world.tick(11)
    driver.until_step("arm" if method is Method.AWAIT_SCHEDULE else "push")


def test_where_no_target_is_allowed_it_says_that_nothing_would_be_sent() -> None:
    driver = Driver(World(allowed=False))
    driver.until_parked()
    assert "nothing would be sent" in driver.message()


@pytest.mark.parametrize(("skew", "told", "waits"), [(300, True, 300), (-300, True, 600), (0, False, 600)])
def test_the_floor_is_held_against_the_source_arrays_clock(skew: int, *, told: bool, waits: int) -> None:
    """The last push is dated by that array, whose clock is `skew` seconds ahead now; the interval is ten minutes."""
    world = World(source_skew=timedelta(), clocks_told=told)
    world.copies.append(Copy("vr-earlier", START, START.replace(microsecond=0)))
    world.begin()
    world.land()
    world.source_skew = timedelta(seconds=skew)
    driver = Driver(world)
    driver.bound = replace(BINDING, min_push_interval=timedelta(minutes=10))
    step = driver.until_parked().step
    assert driver.reason() == "RateLimited"
    assert ("did not report its time" in driver.message()) is not told
    assert isinstance(step, Park)
    assert step.until is not None
    assert abs((step.until - START).total_seconds() - waits) < 1


def test_a_transfer_of_which_only_the_source_tells_is_waited_for_until_a_younger_one_has_landed() -> None:
    world = World(rows_shown_at_target=False)
    world.schedule("gone")
    world.begin()
    driver = Driver(world)
    driver.until_parked()
    assert driver.reason() == "OlderTransferInFlight"
    assert "Only the source array shows it" in driver.message()
    assert "replicate the group on the source array" in driver.message()
    world.copies.append(Copy("younger", world.now, world.copies[0].created + timedelta(seconds=60)))
    world.copies[1].started = world.copies[1].completed = world.now
    world.tick(20)
    driver.until_step("push")


def test_of_a_transfer_that_the_target_shows_nothing_is_said_of_the_source() -> None:
    world = World()
    world.schedule("slow")
    world.begin()
    driver = Driver(world)
    driver.until_parked()
    assert driver.reason() == "OlderTransferInFlight"
    assert "Only the source" not in driver.message()


BEGUN = Snapshot("erp.old", START, started=START)
LANDED = Snapshot("fa-a:erp.new", START, START, START, 1.0)


@pytest.mark.parametrize(
    ("at_target", "waits"),
    [
        ((), True),
        ((LANDED,), True),  # of the same second: which was first is not known
        ((replace(LANDED, created=START - timedelta(seconds=1)),), True),
        ((replace(LANDED, created=START + timedelta(seconds=1)),), False),
        ((replace(LANDED, created=START + timedelta(seconds=1), destroyed=True),), False),
        ((replace(LANDED, created=START + timedelta(seconds=1), completed=None, progress=0.5, destroyed=True),), True),
    ],
)
def test_what_the_source_says_of_a_transfer_counts_until_a_younger_one_has_landed(
    at_target: tuple[Snapshot, ...], *, waits: bool
) -> None:
    """The target has eradicated its copy, or the snapshot went to another target: the source's row has no end."""
    assert (under_way((BEGUN,), at_target) is not None) is waits
