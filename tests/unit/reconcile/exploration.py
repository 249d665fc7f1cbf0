"""Any schedule of events in the model, each a plain tuple, so that a failing one is short and can be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from unit.reconcile.driver import Driver
from unit.reconcile.world import LOST, UNREACHABLE, World
from vvol_replication.api.sync import SyncSpec
from vvol_replication.domain.groups import GroupState
from vvol_replication.reconcile.observation import Query
from vvol_replication.reconcile.steps import Park

ACTIONS: tuple[tuple[Any, ...], ...] = (
    ("step",),
    ("step",),
    ("step",),
    ("step",),
    ("steps",),
    ("steps",),
    ("wait",),
    ("tick", 0.4),
    ("tick", 3),
    ("tick", 20),
    ("poll",),
    ("schedule",),
    ("schedule",),
    ("begin",),
    ("land",),
    ("land",),
    ("crash",),
    ("lose", "arm", "before"),
    ("lose", "arm", "after"),
    ("lose", "arm", "refused"),
    ("lose", "arm", "down"),
    ("lose", "push", "before"),
    ("lose", "push", "after"),
    ("lose", "push", "late"),
    ("lose", "push", "refused"),
    ("lose", "push", "down"),
    ("arrive",),
    ("forget",),
    ("error",),
    ("steal",),
    ("state", GroupState.INTEST),
    ("state", GroupState.TARGET),
    ("state", GroupState.UNKNOWN),
    ("source", GroupState.UNKNOWN),
    ("source", GroupState.SOURCE),
    ("blind", Query.POINTS),
    ("blind", Query.TARGET_SNAPSHOTS),
    ("blind", Query.SOURCE_SNAPSHOTS),
    ("blind", Query.TASK),
    ("blind", Query.TARGET_GROUP),
    ("see",),
    ("disallow",),
    ("heal",),
    ("suspend",),
    ("resume",),
)


@dataclass(frozen=True)
class Setup:
    """What holds for a whole run."""

    history: int = 0
    source_skew: int = 0
    target_skew: int = 0
    time_of_completion: bool = False
    listing_lag: float = 0
    explicit: bool = False
    prepared: bool = False
    requests: int = 1
    task_in_ongoing: bool = True


def explore(setup: Setup, actions: list[tuple[int, tuple[Any, ...]]]) -> list[Driver]:
    """Play the actions (each with the number of the request that it is about), then let a fair world bring the end."""
    world = World(
        source_skew=timedelta(seconds=setup.source_skew),
        target_skew=timedelta(seconds=setup.target_skew),
        time_of_completion=setup.time_of_completion,
        listing_lag=timedelta(seconds=setup.listing_lag),
        task_in_ongoing=setup.task_in_ongoing,
    ).with_history(setup.history)
    world.prepared = setup.prepared
    drivers = []
    for number in range(setup.requests):
        name = f"asked-{number}" if setup.explicit else None
        drivers.append(Driver(world, SyncSpec(group="erp", point_in_time_name=name), uid=f"u{number}"))
    for driver in drivers:
        driver.others = [other for other in drivers if other is not driver]
    for number, action in actions:
        _play(world, drivers[number % len(drivers)], action)
    _be_fair(world, drivers)
    if setup.prepared:
        assert not [one for one in drivers if one.reason() == "PointInTimeCreated"]
    for driver in drivers:
        assert driver.arms <= driver.lost_arms + driver.crashes + 2 + 8 + 40
        assert len(driver.suffixes) <= 1
    return drivers


def give_turns(drivers: list[Driver]) -> None:
    """As the engine does: who has acted goes first, then in order of acceptance; one at a time."""
    waiting = [one for one in drivers if not one.ended and (one.acted or not one.request.spec.suspend)]
    waiting.sort(key=lambda one: not one.acted)
    for driver in drivers:
        driver.behind = None
    for driver in waiting[1:]:
        driver.behind = f"prod/{waiting[0].request.name}"


def _step(driver: Driver) -> None:
    give_turns([driver, *driver.others] if driver.request.uid == "u0" else sorted([driver, *driver.others], key=lambda one: one.request.uid))
    driver.step()


def _play(world: World, driver: Driver, action: tuple[Any, ...]) -> None:
    match action:
        case ("step",):
            _step(driver)
        case ("steps",):
            for _ in range(6):
                _step(driver)
        case ("wait",):
            if driver.decision is not None and isinstance(driver.decision.step, Park):
                driver.wait()
        case ("tick", seconds):
            world.tick(seconds)
        case ("poll",):
            driver.poll()
        case ("schedule",):
            world.schedule()
            world.tick(1)
        case ("begin",):
            world.begin()
        case ("land",):
            world.tick(0.2)
            world.land()
        case ("crash",):
            driver.crash()
        case ("lose", "arm", fault):
            world.arm_faults.append(fault)
        case ("lose", "push", fault):
            world.push_faults.append(fault)
        case ("arrive",):
            world.arrive()
        case ("forget",):
            world.forget_tasks()
        case ("error",):
            world.fail_task()
        case ("steal",):
            if world.pending is None:
                world.steal("somebody else's")
        case ("state", state):
            world.target_state = state
        case ("source", state):
            world.source_state = state
        case ("blind", query):
            world.unreadable[query] = UNREACHABLE
        case ("see",):
            world.unreadable.clear()
        case ("disallow",):
            world.allowed = False
        case ("heal",):
            world.heal()
        case ("suspend",):
            driver.respecify(suspend=True)
        case ("resume",):
            driver.respecify(suspend=False)
        case _:
            raise AssertionError(action)


def _be_fair(world: World, drivers: list[Driver]) -> None:
    """Everything heals, transfers land, time passes: all requests must come to an end before their deadlines."""
    world.heal()
    for driver in drivers:
        driver.respecify(suspend=False)
    for _ in range(700):
        for driver in drivers:
            for _ in range(100):
                if driver.ended:
                    break
                _step(driver)
                if isinstance(driver.decision.step, Park):  # type: ignore[union-attr]  # a step was made
                    break
        if all(driver.ended for driver in drivers):
            return
        world.tick(2)
        world.begin()
        if world.now.second % 10 < 2:
            world.land()
        for driver in drivers:
            driver.poll()
    raise AssertionError(f"no end: {[(one.reason(), one.message(), one.steps[-12:]) for one in drivers if not one.ended]}")


__all__ = ["ACTIONS", "LOST", "Setup", "explore", "give_turns"]
