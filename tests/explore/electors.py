"""Every interleaving of a few electors and one Lease, breadth first, against the real rules of `cluster.election`.

Time goes in whole ticks, and everything else in no time, in any order and number: what was asked takes effect and is
answered at once, ticks later, after its asker gave it up or died, or never. A state is known again by what the rules
can tell apart: ages up to where they stop to matter, and which versions and records are equal. What surrounds the
rules in `cluster.lease` and `cluster.leadership` is here in few words: `heard` and `let_go`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from vvol_replication.cluster.election import Candidate, Look, Record, Rest, Stored, Timing, Write

TIMING = Timing(duration=3, renew_deadline=2, retry=0.5)
GAP = TIMING.duration - TIMING.renew_deadline
ANY = "*"
"""The version of a write that replaces whatever is there, as a PUT without a resourceVersion does."""
_serial = count(1)


class BrokenPromiseError(Exception):
    """Two lead, or the second one too soon; or nobody leads although nothing is in the way."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How often the world may do what it does on its own."""

    crashes: int = 0
    losses: int = 0
    deletions: int = 0
    stops: int = 0


@dataclass(frozen=True, slots=True)
class Process:
    """An elector, what it asked, and whether that took effect. `wall`: how wrong its wall clock is."""

    candidate: Candidate
    wall: float
    asked: Look | Write | None = None
    began: float = 0.0
    done: bool = False
    answer: Stored | None = None
    resting: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """All there is. `late`: a write that nobody waits for any more. `last`: who led last, and until when."""

    processes: tuple[Process, ...]
    budget: Budget
    now: float = 0.0
    lease: Stored | None = None
    late: Write | None = None
    last: tuple[str, float] = ("", -math.inf)

    def put(self, number: int, process: Process) -> World:
        """With another process in that place."""
        return replace(self, processes=(*self.processes[:number], process, *self.processes[number + 1 :]))

    def wrote(self, write: Write) -> tuple[World, Stored | None]:
        """The API server: it replaces the object at the version that the writer knows, or refuses."""
        if write.version not in {ANY, self.lease.version if self.lease else None}:
            return self, None
        stored = Stored(write.record, str(next(_serial)))
        return replace(self, lease=stored), stored


def initial(processes: int, budget: Budget) -> World:
    """Nobody leads; all know that there is no Lease: the module's docstring says why."""
    names = "abc"[:processes]
    return World(tuple(Process(Candidate(f"{one}.0", TIMING), -100.0 * at) for at, one in enumerate(names)), budget)


def moves(world: World) -> Iterator[tuple[str, World]]:
    """What can happen next. Raises `BrokenPromiseError`."""
    for number, one in enumerate(world.processes):
        name = one.candidate.identity
        if one.asked is None and not one.resting:
            yield f"{name} acts", _act(world, number)
        if one.asked is not None and not one.done:
            after, answer = world.wrote(one.asked) if isinstance(one.asked, Write) else (world, world.lease)
            yield f"{_words(one)} takes effect", after.put(number, replace(one, done=True, answer=answer))
        if one.done:
            yield f"{_words(one)} is answered", _heard(world, number)
        budget = world.budget
        if one.asked is not None and budget.losses:
            spent = replace(_late(world, one), budget=replace(budget, losses=budget.losses - 1))
            given_up = replace(one, candidate=one.candidate.unsure(), asked=None, done=False, answer=None)
            yield f"{_words(one)} gets no answer", spent.put(number, given_up)
        if budget.crashes:
            yield (
                f"{name} crashes",
                _another(replace(world, budget=replace(budget, crashes=budget.crashes - 1)), number),
            )
        if budget.stops:
            yield (
                f"{name} is told to stop",
                let_go(replace(world, budget=replace(budget, stops=budget.stops - 1)), number),
            )
    if world.late is not None:
        yield "a write lands late", replace(world.wrote(world.late)[0], late=None)
    if world.lease and world.budget.deletions and all(_knows(one, world.lease.record) for one in world.processes):
        budget = replace(world.budget, deletions=world.budget.deletions - 1)
        yield "somebody deletes the Lease", replace(world, lease=None, budget=budget)
    yield "a tick", tick(world)


def tick(world: World) -> World:
    """Time passes. Whose belief runs out has ended by the time anybody looks."""
    world = replace(world, now=world.now + 1)
    for number, one in enumerate(world.processes):
        led = one.candidate.renewed_at is not None
        if led and not one.candidate.believes(world.now):
            world = _another(world, number)
        else:
            world = world.put(number, replace(one, resting=False))
    return world


def _act(world: World, number: int) -> World:
    one = world.processes[number]
    action = one.candidate.next_action(world.now, f"{world.now + one.wall}#{next(_serial)}")
    if isinstance(action, Rest):
        return world.put(number, replace(one, candidate=one.candidate.rested(), resting=True))
    return world.put(number, replace(one, asked=action, began=world.now))


def conflicted(one: Process) -> Candidate:
    """What a refused write is taken for."""
    return one.candidate.unsure()


def looked(one: Process, now: float) -> Candidate:
    """What a look that is answered at `now` is taken for."""
    return one.candidate.saw(one.answer, now)


def _heard(world: World, number: int) -> World:
    """Its answer arrives: `Elector._turn`."""
    one, now = world.processes[number], world.now
    led = one.candidate.renewed_at is not None
    idle = replace(one, asked=None, done=False, answer=None)
    if isinstance(one.asked, Look):
        candidate = looked(one, now)
        return (
            _another(world, number)
            if led and not candidate.holds
            else world.put(number, replace(idle, candidate=candidate))
        )
    if one.answer is None:
        return world.put(number, replace(idle, candidate=conflicted(one)))
    candidate = one.candidate.wrote(one.answer, one.began, now)
    if not candidate.believes(now):
        candidate = replace(candidate, renewed_at=None)  # the answer is worth nothing: it does not begin to lead
    after = world.put(number, replace(idle, candidate=candidate.rested(), resting=True))
    return _judged(after, number, one.began)


def _judged(world: World, number: int, began: float) -> World:
    """One process believes from now on: does nobody else, and did nobody until too short a time ago?"""
    mine, now = world.processes[number].candidate, world.now
    if not mine.believes(now):
        return world
    others = [
        one.candidate.identity for at, one in enumerate(world.processes) if at != number and one.candidate.believes(now)
    ]
    if others:
        raise BrokenPromiseError(f"{mine.identity} leads, and so does {others[0]}")
    who, until = world.last
    if who != mine.identity and began < until + GAP:
        raise BrokenPromiseError(f"{mine.identity} took the Lease {began - until:g} ticks after {who} led, not {GAP:g}")
    return replace(world, last=(mine.identity, mine.believes_until))


def let_go(world: World, number: int, *, first: bool = True) -> World:
    """It acts no more (`first`), and then writes so: `Elector._release`. Another process comes in its place."""
    one = world.processes[number]
    candidate = one.candidate if one.candidate.fresh else one.candidate.saw(world.lease, world.now)
    write = candidate.release(f"{world.now + one.wall}#{next(_serial)}")
    if write is None:
        return _another(world, number)
    after, stored = world.wrote(write)
    if first:
        after = _another(after, number)
    if stored is not None and after.last[0] == candidate.identity:
        after = replace(after, last=("", -math.inf))
    return after


def _another(world: World, number: int) -> World:
    """It is gone, and another process starts; what it had asked may still take effect."""
    one = world.processes[number]
    name, life = one.candidate.identity.split(".")
    fresh = Candidate(f"{name}.{int(life) + 1}", TIMING)
    if world.lease is None:  # whoever knows nothing of a Lease that was deleted: excepted in the module's docstring
        fresh = replace(fresh, record=one.candidate.record, since=one.candidate.since)
    return _late(world, one).put(number, Process(fresh, one.wall))


def _late(world: World, one: Process) -> World:
    return replace(world, late=one.asked) if isinstance(one.asked, Write) and not one.done else world


def _knows(one: Process, record: Record) -> bool:
    return one.candidate.record == record


def _words(one: Process) -> str:
    what = "look" if isinstance(one.asked, Look) else "write"
    return f"{one.candidate.identity}'s {what}"


def left_alone(world: World) -> World:
    """Nothing goes wrong any more, and all take turns: then somebody leads. Raises `BrokenPromiseError`."""
    for _ in range(2 * int(TIMING.duration) + 2):
        for number in range(len(world.processes)):
            for _ in range(5):  # what it waits for, and the steps of one turn
                one = world.processes[number]
                if one.asked is None and not one.resting:
                    world = _act(world, number)
                one = world.processes[number]
                if one.asked is not None and not one.done:
                    after, answer = world.wrote(one.asked) if isinstance(one.asked, Write) else (world, world.lease)
                    world = after.put(number, replace(one, done=True, answer=answer))
                if world.processes[number].done:
                    world = _heard(world, number)
        if any(one.candidate.believes(world.now) for one in world.processes):
            return world
        world = tick(world)
    raise BrokenPromiseError("nobody leads, although nothing is in the way")


def key(world: World) -> Hashable:
    """All that can make a difference from here on; ages end where they stop to matter."""
    labels: dict[Hashable, int] = {}
    at_present = world.lease.version if world.lease else None
    names = {one.candidate.identity: at for at, one in enumerate(world.processes)}

    def label(what: Hashable) -> int:
        return labels.setdefault(what, len(labels))

    def name(identity: str) -> Hashable:
        return names.get(identity, identity and ("gone", label(("name", identity))))

    def record(one: Record | None) -> Hashable:
        return one and (name(one.holder), one.duration, label(one))

    def version(one: str | None) -> Hashable:
        return "now" if one == at_present else one and "old"  # an old one never comes back

    def write(one: Look | Write | None) -> Hashable:
        if not isinstance(one, Write):
            return one is not None
        in_vain = one.version not in {ANY, at_present} and not (one.version is None and world.budget.deletions)
        return "in vain" if in_vain else (record(one.record), version(one.version))

    def age(since: float, most: float) -> float:
        return min(world.now - since, most)

    def stored(one: Stored | None) -> Hashable:
        return one and (record(one.record), version(one.version))

    def process(one: Process) -> Hashable:
        known = one.candidate
        led = known.renewed_at is not None and age(known.renewed_at, TIMING.duration)
        asked = (one.asked is not None) and (
            isinstance(one.asked, Look), one.done, stored(one.answer) if one.done else write(one.asked),
            isinstance(one.asked, Write) and age(one.began, TIMING.duration),
        )  # fmt: skip
        since = age(known.since, TIMING.duration)
        return record(known.record), since, known.fresh and version(known.version), led, asked, one.resting

    who, until = world.last
    return (
        stored(world.lease),
        *(process(one) for one in world.processes),
        world.late is not None and write(world.late),
        world.budget,
        name(who),
        age(until, GAP),
    )


@dataclass
class Explored:
    """What an exploration came to. `complete`: there is no state beyond these."""

    states: int
    complete: bool
    broken: str = ""
    path: list[str] = field(default_factory=list)


def explore(
    start: World, most: int, *, alone_every: int = 7, look: Callable[[World], None] = lambda _: None
) -> Explored:
    """Visit up to `most` states; from every `alone_every`-th one the electors are left alone. `look` sees each."""
    parents: list[tuple[int, str]] = [(-1, "")]
    numbers = {key(start)}
    waiting = deque([(0, start)])

    def path(number: int, last: str) -> list[str]:
        found = [last]
        while number > 0:
            number, move = parents[number]
            found.append(move)
        return found[::-1]

    while waiting and len(parents) < most:
        number, world = waiting.popleft()
        move = "what comes next"
        try:
            look(world)
            if number % alone_every == 0:
                left_alone(world)
            for move, after in moves(world):
                found = key(after)
                if found not in numbers:
                    numbers.add(found)
                    parents.append((number, move))
                    waiting.append((len(parents) - 1, after))
        except BrokenPromiseError as broken:
            return Explored(len(parents), complete=False, broken=str(broken), path=path(number, "and then"))
    return Explored(len(parents), complete=not waiting)
