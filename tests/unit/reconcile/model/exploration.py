"""Any schedule of events in the model, each a plain tuple, so that a failing one is short and can be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from unit.reconcile.model.driver import Driver
from unit.reconcile.model.world import UNREACHABLE, World

from vvol_replication.api.sync import Method, SyncSpec
from vvol_replication.domain.groups import GroupState
from vvol_replication.reconcile.core.observation import Query
from vvol_replication.reconcile.core.steps import Decision

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
    ("cancel",),
    ("notice",),
    ("take over",),
    ("take over",),
    ("target", "suspended"),
    ("destroy",),
    ("rename", "fa-z"),
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
    ongoing_in_task: bool = False
    provider_pushes: bool = False
    clocks_told: bool = True
    methods: tuple[Method, ...] = (Method.COORDINATED,)
    """One for each request, over and over."""
    max_age: int | None = None
    same_id: bool = False


def explore(setup: Setup, actions: list[tuple[int, tuple[Any, ...]]]) -> list[Driver]:
    """Play the actions (each with the number of the request that it is about), then let a fair world bring the end."""
    world = World(
        source_skew=timedelta(seconds=setup.source_skew),
        target_skew=timedelta(seconds=setup.target_skew),
        time_of_completion=setup.time_of_completion,
        listing_lag=timedelta(seconds=setup.listing_lag),
        task_in_ongoing=setup.task_in_ongoing,
        ongoing_in_task=setup.ongoing_in_task,
        provider_pushes=setup.provider_pushes,
        clocks_told=setup.clocks_told,
    ).with_history(setup.history)
    world.prepared = setup.prepared
    drivers = []
    for number in range(setup.requests):
        name = f"asked-{number}" if setup.explicit else None
        spec = SyncSpec(
            group="erp",
            point_in_time_name=name,
            method=setup.methods[number % len(setup.methods)],
            max_age=None if setup.max_age is None else timedelta(seconds=setup.max_age),
            request_id="shared" if setup.same_id else None,
        )
        drivers.append(Driver(world, spec, uid=f"u{number}"))
    for driver in drivers:
        driver.others = [other for other in drivers if other is not driver]
    for number, action in actions:
        _play(world, drivers[number % len(drivers)], action)
    _be_fair(world, drivers)
    if setup.prepared:
        # What a schedule lands there is true data, but no sync there can have named it.
        assert not [one for one in drivers if one.reason() == "PointInTimeCreated"]
        assert not [
            one for one in drivers if one.reason() == "ScheduledTransferLanded" and one.reason("Named") == "Named"
        ]
    assert all(len(driver.suffixes) <= 1 for driver in drivers)
    return drivers


def give_turns(drivers: list[Driver]) -> None:
    """As the engine does: who has acted goes first, then in order of acceptance; one at a time."""
    waiting = [one for one in drivers if not one.ended and (one.acted or _could_use(one))]
    waiting.sort(key=lambda one: not one.acted)
    for driver in drivers:
        driver.behind = None
    for driver in waiting[1:]:
        driver.behind = f"prod/{waiting[0].request.name}"


def _could_use(driver: Driver) -> bool:
    """Could this request, which has done nothing, use a turn?"""
    spec, memory = driver.request.spec, driver.world.memory
    blocked = memory is not None and spec.point_in_time_name not in (None, memory.point_in_time_name)
    return not spec.suspend and (spec.method is Method.ARRAY_ONLY or not blocked)


def _step(driver: Driver) -> Decision:
    give_turns(sorted([driver, *driver.others], key=lambda one: one.request.uid))
    return driver.step()


def _play(world: World, driver: Driver, action: tuple[Any, ...]) -> None:
    word, *more = action
    plays: dict[str, Callable[..., object]] = {
        "step": lambda: _step(driver),
        "steps": lambda: [_step(driver) for _ in range(6)],
        "wait": lambda: driver.wait() if driver.parked else None,
        "tick": world.tick,
        "poll": driver.poll,
        "schedule": lambda: (world.schedule(), world.tick(1)),
        "begin": world.begin,
        "land": lambda: (world.tick(0.2), world.land()),
        "crash": driver.crash,
        "lose": lambda call, fault: (world.arm_faults if call == "arm" else world.push_faults).append(fault),
        "arrive": world.arrive,
        "forget": world.forget_tasks,
        "error": world.fail_task,
        "steal": lambda: world.steal("somebody else's") if world.pending is None else None,
        "state": lambda state: setattr(world, "target_state", state),
        "source": lambda state: setattr(world, "source_state", state),
        "blind": lambda query: world.unreadable.update({query: UNREACHABLE}),
        "see": world.unreadable.clear,
        "disallow": lambda: setattr(world, "allowed", False),
        "heal": world.heal,
        "suspend": lambda: driver.respecify(suspend=True),
        "resume": lambda: driver.respecify(suspend=False),
        "cancel": lambda: driver.respecify(cancel=True),
        "notice": world.notice,
        "take over": driver.take_over,
        "target": lambda status: setattr(world, "target_status", status),
        "destroy": world.destroy,
        "rename": world.rename,
    }
    plays[word](*more)


def _until_parked(driver: Driver) -> None:
    while not driver.ended:
        _step(driver)
        if driver.parked:
            return


def _be_fair(world: World, drivers: list[Driver]) -> None:
    """Everything heals, transfers land, time passes: all requests must come to an end before their deadlines."""
    world.heal()
    for driver in drivers:
        driver.respecify(suspend=False)
    for round_ in range(700):
        for driver in drivers:
            _until_parked(driver)
        if all(driver.ended for driver in drivers):
            return
        kept = {copy.suffix for copy in world.copies if copy.local}
        stuck = any(driver.suffixes & kept for driver in drivers if not driver.ended)
        world.tick(600 if stuck else 2)  # what was never sent and is allowed now only the deadline ends
        world.begin()
        if round_ % 5 == 4:
            world.land()
        if round_ % 60 == 59:
            world.schedule()
        for driver in drivers:
            driver.poll()
        world.notice()
    raise AssertionError(
        f"no end: {[(one.reason(), one.message(), one.steps[-12:]) for one in drivers if not one.ended]}"
    )
