"""Every interleaving of a small world of one schedule, breadth first, against the real decisions.

The world: two times and two texts, an API server, and one or two processes that both believe to lead. What may go
wrong has a budget for each world: crashes, answers that are lost, a person who deletes a run, a status that is wiped.
Only what a process does of its own accord is its own; what wakes it is modelled as the monitor of schedules has it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from vvol_replication.api.schedule import ConcurrencyPolicy, ReplicationScheduleSpec, ReplicationScheduleStatus
from vvol_replication.api.status import Phase
from vvol_replication.domain.cron import parse_schedule
from vvol_replication.reconcile.schedule import decide as decisions
from vvol_replication.reconcile.schedule.runs import Ask, Run, Schedule, fingerprint

EVERY = "*/10 * * * *"
CRON = parse_schedule(EVERY, None)
NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
MOMENTS = tuple(NOON + timedelta(minutes=minute) for minute in (1, 10, 20))
"""What the clock says, one after the other: before the first time, and at each of two."""
TEXTS = "CHG-1", "CHG-2"
BUDGETS = "crashes", "lost", "deletions", "wipes", "texts"
_CALM = 40


class BrokenLawError(AssertionError):
    """A law was broken; the text says which, and how."""


@dataclass(frozen=True, slots=True)
class View:
    """What a process was shown last: the text, the status, and whether both are as they are now."""

    text: str | None = None
    status: ReplicationScheduleStatus = field(default_factory=ReplicationScheduleStatus)
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class Process:
    """A process that leads, or believes so.

    `asked`, `look`: what makes it decide, news and time. `unsure`: it is to read the schedule first. `status` None: it
    does nothing; else it carries out a plan: `start` that run of the text `text`, store the status, `drop` those runs.
    `since`: the status that this follows from. `stored`: it has been stored.
    """

    view: View
    asked: bool = True
    unsure: bool = False
    look: datetime | None = None
    text: str | None = None
    since: ReplicationScheduleStatus | None = None
    status: ReplicationScheduleStatus | None = None
    start: Ask | None = None
    drop: tuple[Run, ...] = ()
    stored: bool = False
    well: bool = True

    def over(self, *, well: bool) -> Process:
        """It is done with its plan; where all was not well, it decides anew."""
        return Process(self.view, asked=self.asked or not well, look=self.look)

    def refused(self) -> Process:
        """Its write was refused, or was not answered: it has to read what became of it."""
        return replace(self.over(well=False), unsure=True)


@dataclass(frozen=True, slots=True)
class World:
    """One state. `made`: names of runs that were ever made; `taken`: of those that a person deleted."""

    text: str | None
    stored: ReplicationScheduleStatus
    runs: tuple[Run, ...]
    processes: tuple[Process, ...]
    left: tuple[int, ...]
    policy: ConcurrencyPolicy
    moment: int = 0
    ended: int = 0
    made: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    forgotten: bool = False

    @property
    def now(self) -> datetime:
        """What every clock says."""
        return MOMENTS[self.moment]

    def budget(self, what: str) -> int:
        """How often that may still happen."""
        return self.left[BUDGETS.index(what)]

    def spent(self, what: str) -> World:
        """It happened once more."""
        number = BUDGETS.index(what)
        return replace(self, left=(*self.left[:number], self.left[number] - 1, *self.left[number + 1 :]))

    def having(self, number: int, process: Process) -> World:
        """With that process in place of the one before."""
        return replace(self, processes=(*self.processes[:number], process, *self.processes[number + 1 :]))

    def changed(self) -> World:
        """Nobody's view of the schedule is the newest any more."""
        old = (replace(one, view=replace(one.view, fresh=False)) for one in self.processes)
        return replace(self, processes=tuple(old))

    def woken(self) -> World:
        """A run has ended, or is gone: everybody is to decide."""
        return replace(self, processes=tuple(replace(one, asked=True) for one in self.processes))

    def schedule(self, text: str | None) -> Schedule:
        """The schedule while it asked for that text."""
        return _schedule(self.policy, text)


def _schedule(policy: ConcurrencyPolicy, text: str | None) -> Schedule:
    spec = ReplicationScheduleSpec(
        "erp", EVERY, concurrency_policy=policy, run_now=text, successful_history_limit=1, failed_history_limit=1
    )
    return Schedule("prod", "nightly", "uid-1", 1, NOON, spec)


def begun(processes: int = 1, policy: ConcurrencyPolicy = ConcurrencyPolicy.FORBID, **left: int) -> World:
    """The first state of a world with these budgets."""
    budgets = tuple(left.get(one, 0) for one in BUDGETS)
    return World(None, ReplicationScheduleStatus(), (), (Process(View()),) * processes, budgets, policy)


Step = tuple[str, World]


def moves(world: World) -> Iterator[Step]:
    """Everything that may happen next."""
    yield from _of_the_world(world)
    for number, process in enumerate(world.processes):
        who = f"process {number}"
        if not process.view.fresh:
            yield f"{who} is shown the schedule", _shown(world, number)
        if world.budget("crashes") and process != Process(View(world.text, world.stored)):
            anew = Process(View(world.text, world.stored))
            yield f"{who} dies, and is started again", world.spent("crashes").having(number, anew)
        for what, after in _of_a_process(world, number):
            yield f"{who} {what}", after


def _of_the_world(world: World) -> Iterator[Step]:
    if world.moment + 1 < len(MOMENTS):
        yield "time passes", replace(world, moment=world.moment + 1)
    if world.budget("texts"):
        text = TEXTS[0] if world.text is None else TEXTS[1]
        yield f"runNow says {text}", replace(world.spent("texts"), text=text).changed()
    if world.budget("wipes") and world.stored != ReplicationScheduleStatus():
        yield (
            "the status is wiped",
            replace(world.spent("wipes"), stored=ReplicationScheduleStatus(), forgotten=True).changed(),
        )
    for run in world.runs:
        if run.finished_at is None:
            yield f"{run.name} ends", _ended(world, run)
        if world.budget("deletions"):
            yield (
                f"a person deletes {run.name}",
                _without(replace(world.spent("deletions"), taken=world.taken | {run.name}), run),
            )


def _of_a_process(world: World, number: int) -> Iterator[Step]:
    process = world.processes[number]
    if process.status is None:
        if process.unsure and not process.view.fresh:
            return
        if process.asked or (process.look is not None and world.now >= process.look):
            yield "lists and decides", _decided(world, number)
    elif process.start is not None:
        yield "creates", _created(world, number)
        if world.budget("lost"):
            yield "creates, without an answer", _created(world.spent("lost"), number, lost=True)
    elif not process.stored:
        yield "stores the status", _stored(world, number)
        if world.budget("lost"):
            yield "stores the status, without an answer", _stored(world.spent("lost"), number, lost=True)
    else:
        yield "deletes an old run", _dropped(world, number)


def _shown(world: World, number: int) -> World:
    process = world.processes[number]
    news = process.view.text != world.text or (process.view.status.timetable and not world.stored.timetable)
    view = View(world.text, world.stored)
    return world.having(number, replace(process, view=view, unsure=False, asked=process.asked or bool(news)))


def _ended(world: World, run: Run) -> World:
    finished = world.now + timedelta(seconds=world.ended + 1)
    after = replace(run, version="ended", finished_at=finished, phase=Phase.SUCCEEDED, reason="PointInTimeCreated")
    runs = tuple(after if one == run else one for one in world.runs)
    return replace(world, runs=runs, ended=world.ended + 1).woken()


def _without(world: World, run: Run) -> World:
    return replace(world, runs=tuple(one for one in world.runs if one != run)).woken()


def _decided(world: World, number: int) -> World:
    process = world.processes[number]
    text = process.view.text
    plan = decisions.decide(world.schedule(text), process.view.status, world.runs, world.now, CRON)
    since = process.view.status
    process = Process(process.view, asked=False, text=text, since=since, status=plan.status, start=plan.start)
    return world.having(number, replace(process, drop=plan.drop))


def _created(world: World, number: int, *, lost: bool = False) -> World:
    process = world.processes[number]
    ask, schedule = process.start, world.schedule(process.text)
    assert ask is not None
    assert process.status is not None
    name = schedule.run_name(ask)
    if all(run.name != name for run in world.runs):
        if name in world.made and not (name in world.taken or world.forgotten):
            raise BrokenLawError(f"{name} is made twice")
        mark = None if ask.text is None else fingerprint(ask.text)
        run = Run(name, f"uid of {name}", "made", ask.at, mark, ask.text)
        runs = tuple(sorted((*world.runs, run), key=lambda one: one.name))
        world = replace(world, runs=runs, made=world.made | {name})
    if lost:
        return world.having(number, replace(process, start=None, well=False))
    after = decisions.started(process.status, ask, name)
    return world.having(number, replace(process, start=None, status=after))


def _stored(world: World, number: int, *, lost: bool = False) -> World:
    process, before = world.processes[number], world.stored
    after, view = process.status, process.view
    assert after is not None
    look = decisions.look_at(world.schedule(process.text), after, world.now, CRON)
    process = replace(process, look=look)
    if after != view.status:
        if not (view.fresh and unmoved(process)):
            return world.having(number, process.refused())
        _judge_credit(world, before, after)
        world = replace(world, stored=after).changed()
        if lost:
            stale = replace(process, view=replace(view, fresh=False))
            return world.having(number, stale.refused())
        process = replace(process, view=View(view.text, after))
    on = replace(process, stored=True) if process.drop else process.over(well=process.well)
    return world.having(number, on)


def unmoved(process: Process) -> bool:
    """Does it know of nothing that was written since it decided? As the monitor of schedules asks before it writes."""
    return process.view.status == process.since


def _dropped(world: World, number: int) -> World:
    process = world.processes[number]
    run, *rest = process.drop
    if run in world.runs:
        if run.finished_at is None:
            raise BrokenLawError(f"{run.name} is deleted while it is under way")
        if len(world.processes) > 1:  # whoever has listed it not yet may make it anew; its request id tells the arrays
            world = replace(world, taken=world.taken | {run.name})
        world = _without(world, run)
        process = world.processes[number]
    left = replace(process, drop=tuple(rest))
    return world.having(number, left if rest else left.over(well=process.well))


def _judge_credit(world: World, before: ReplicationScheduleStatus, after: ReplicationScheduleStatus) -> None:
    """A text is credited with its own run, which has ended or is gone."""
    text, result = after.last_run_now, after.last_run_now_result
    if (text, result) == (before.last_run_now, before.last_run_now_result):
        return
    if text is None or result is None:
        raise BrokenLawError(f"the credit of {before.last_run_now} is forgotten")
    name = world.schedule(text).run_name(Ask(text=text))
    run = next((one for one in world.runs if one.name == name), None)
    if result.name != name or name not in world.made:
        raise BrokenLawError(f"{text} is credited with {result.name}, which is no run of it")
    if run is not None and run.finished_at is None and name not in world.taken:
        raise BrokenLawError(f"{text} is credited while {name} is under way")
    if result.phase is None and name not in world.taken:
        raise BrokenLawError(f"{name} is told to have been deleted, which nobody did")


def calm(world: World) -> World:
    """What it comes to if nothing goes wrong any more and time stands still, with one process left: rest.

    Raises:
        BrokenLawError: it does not, or what it says then is not true.
    """
    alone = len(world.processes) == 1
    world = replace(world, processes=world.processes[:1], left=(0,) * len(BUDGETS))
    for _ in range(_CALM):
        steps = [after for what, after in moves(world) if what != "time passes"]
        if not steps:
            _judge_rest(world, alone=alone)
            return world
        world = steps[0]
    raise BrokenLawError("it does not come to rest")


def _judge_rest(world: World, *, alone: bool) -> None:
    """Everything that was asked for was done, once, or is told not to have been.

    One that believes to lead may start what another one told of meanwhile: so only whoever is `alone` tells no more.
    """
    status, text = world.stored, world.text
    if status.active:
        raise BrokenLawError(f"{status.active[0].name} has ended, and is still called active")
    if text is not None and status.last_run_now != text:
        raise BrokenLawError(f"{text} is never credited: {status.last_run_now} is")
    if world.forgotten:
        return
    passed = MOMENTS[1 : world.moment + 1]
    names = {world.schedule(None).run_name(Ask(at=one)) for one in passed} & world.made
    others = (status.skipped or 0) + (status.missed or 0)
    # Nobody may have known of a run that a person took away: then its time may be told as passed without one.
    most = len(names - world.taken) + others if alone else others
    if not most <= len(passed) <= len(names) + others:
        told = f"{len(names)} had a run, {status.skipped or 0} are told as skipped, {status.missed or 0} as missed"
        raise BrokenLawError(f"{len(passed)} times have passed: {told}")


@dataclass
class Found:
    """What an exploration came to. `complete`: there is no state beyond those that were seen."""

    states: int
    transitions: int
    rests: int
    seconds: float
    complete: bool
    broken: str | None = None
    path: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For people."""
        whole = "all there are" if self.complete else "and there are more"
        walked = f"{self.transitions:,} transitions, {self.rests:,} brought to rest, {self.seconds:.0f} s"
        lines = [f"{self.states:,} distinct states ({whole}), {walked}"]
        if self.broken is not None:
            lines += [f"BROKEN: {self.broken}", "the shortest way there:"]
            lines += [f"  {number:3}. {move}" for number, move in enumerate(self.path, 1)]
        return lines


def explore(start: World, most: int) -> Found:
    """Visit up to `most` states, each once. Stops at the first broken law."""
    begun_at = time.monotonic()
    came: dict[World, tuple[World, str] | None] = {start: None}
    waiting, transitions, rests = deque([start]), 0, 0
    while waiting and len(came) < most:
        world, what = waiting.popleft(), "then all is calm"
        try:
            # Whoever is idle, with the last time passed, is all that is left of many ways.
            if world.moment + 1 == len(MOMENTS) and world.processes[0].status is None:
                rests += 1
                calm(world)
            what = "the step that breaks it"
            for move, after in moves(world):
                transitions += 1
                if after not in came:
                    came[after] = world, move
                    waiting.append(after)
        except BrokenLawError as broken:
            path = [*_path(came, world), what]
            seconds = time.monotonic() - begun_at
            return Found(len(came), transitions, rests, seconds, complete=False, broken=str(broken), path=path)
    return Found(len(came), transitions, rests, time.monotonic() - begun_at, complete=not waiting)


def _path(came: dict[World, tuple[World, str] | None], world: World) -> list[str]:
    found = []
    while (step := came[world]) is not None:
        world, move = step
        found.append(move)
    return found[::-1]


QUEUE = ConcurrencyPolicy.QUEUE
WORLDS: dict[str, Callable[[], World]] = {
    "a crash, a lost answer, a deletion, a text": lambda: begun(crashes=1, lost=1, deletions=1, texts=1),
    "a crash, and two texts": lambda: begun(crashes=1, texts=2),
    "a queue": lambda: begun(policy=QUEUE, crashes=1, lost=1, texts=1),
    "a wiped status": lambda: begun(crashes=1, wipes=1, deletions=1, texts=1),
    "two processes": lambda: begun(2, texts=1),
    "two processes, and a deletion": lambda: begun(2, deletions=1, texts=1),
}
