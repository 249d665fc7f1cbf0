"""The simulator's arrays keep snapshots as their retention says, by simulated time; dropped ones take their points."""

from __future__ import annotations

import pytest

from vvol_simulator.control.actions import STORAGE_ACTIONS
from vvol_simulator.fields import Fields
from vvol_simulator.model import ManualClock, World, WorldError
from vvol_simulator.model.protection import ProtectionGroup
from vvol_simulator.state import world_state
from vvol_simulator.topology import build, default_topology

HOUR, DAY = 3600.0, 86_400.0
KEEP = {"allFor": 3600, "perDay": 1, "days": 2, "targetAllFor": 7200, "targetPerDay": 1, "targetDays": 3}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(20_000 * DAY)  # midnight


@pytest.fixture
def world(clock: ManualClock) -> World:
    return build(default_topology(), clock=clock)


@pytest.fixture
def group(world: World) -> ProtectionGroup:
    found = world.protection_group("erp")
    act(world, "set-schedule", protectionGroup="erp", enabled=False)
    act(world, "set-retention", protectionGroup="erp", **KEEP)
    return found


def act(world: World, action: str, **args: object) -> dict[str, object]:
    return STORAGE_ACTIONS[action](world, Fields(args, action))


def push(world: World, group: ProtectionGroup, suffix: str, *, retained: bool = True) -> None:
    world.replication.take(group, suffix, replicate=True, retained=retained)
    for transfer in list(world.replication.active):
        world.replication.land(transfer)


def live(world: World, group: ProtectionGroup) -> tuple[list[str], list[str], list[str]]:
    """Suffixes that are not destroyed: on the source, on the target, and of the points in time."""
    _ = world.time
    target = world.vvol_group(group, "target")
    there = world.arrays[target.array_id].replicas.get(group, [])
    return (
        [one.suffix for one in group.snapshots.values() if one.destroyed_at is None],
        [one.snapshot.suffix for one in there if one.destroyed_at is None],
        [one.transfer.snapshot.suffix for one in world.vasa.points_in_time(target)],
    )


def test_all_are_kept_then_the_newest_of_a_day_then_none(
    world: World, group: ProtectionGroup, clock: ManualClock
) -> None:
    push(world, group, "first")
    clock.advance(60)
    push(world, group, "second")
    clock.advance(HOUR - 61)
    assert live(world, group)[0] == ["first", "second"]
    clock.advance(HOUR + 1)
    assert live(world, group) == (["second"], ["second"], ["second"])
    clock.advance(2 * DAY)
    assert live(world, group) == ([], ["second"], ["second"])
    clock.advance(DAY + HOUR)
    assert live(world, group) == ([], [], [])


def test_on_demand_as_if_time_had_passed(world: World, group: ProtectionGroup, clock: ManualClock) -> None:
    push(world, group, "first")
    clock.advance(60)
    push(world, group, "second")
    assert act(world, "apply-retention", protectionGroup="erp") == {"destroyed": []}
    assert act(world, "apply-retention", protectionGroup="erp", after=2 * HOUR) == {"destroyed": ["first"]}
    assert act(world, "apply-retention", protectionGroup="erp", after=30 * DAY) == {"destroyed": ["second"]}
    assert live(world, group) == ([], [], [])


def test_a_snapshot_without_retention_and_one_on_its_way_are_kept(world: World, group: ProtectionGroup) -> None:
    push(world, group, "kept", retained=False)
    act(world, "hold", protectionGroup="erp")
    world.replication.take(group, "coming", replicate=True, retained=True)
    act(world, "apply-retention", protectionGroup="erp", after=30 * DAY)
    assert live(world, group)[:2] == (["kept"], ["kept", "coming"])


def test_for_ever(world: World, group: ProtectionGroup) -> None:
    act(world, "set-retention", protectionGroup="erp", allFor=-1, targetAllFor=0, targetDays=-1)
    push(world, group, "vr-1")
    act(world, "apply-retention", protectionGroup="erp", after=10_000 * DAY)
    assert live(world, group) == (["vr-1"], ["vr-1"], ["vr-1"])
    told = world_state(world)["protectionGroups"]["flasharray-a:erp"]["retention"]
    assert told == KEEP | {"allFor": -1, "targetAllFor": 0, "targetDays": -1}


@pytest.mark.usefixtures("group")
def test_a_retention_that_makes_no_sense_is_refused(world: World) -> None:
    with pytest.raises(WorldError, match="perDay"):
        act(world, "set-retention", protectionGroup="erp", perDay=-1)
