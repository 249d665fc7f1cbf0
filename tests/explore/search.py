"""Breadth first through all states, each once; a broken rule is told with the shortest path that leads to it."""

from __future__ import annotations

import gc
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from explore.keys import key
from explore.moves import moves
from explore.rules import BrokenRuleError
from explore.state import State


@dataclass
class Found:
    """What an exploration came to. `complete`: there is no state beyond those that were seen."""

    states: int
    transitions: int
    depth: int
    ends: Counter[str]
    complete: bool
    seconds: float
    broken: str | None = None
    path: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    """The shortest path to a state from which no end can be reached; empty where there is none."""

    @property
    def well(self) -> bool:
        """No rule was broken, and every state can still reach an end."""
        return self.broken is None and not self.stuck

    def lines(self) -> list[str]:
        """For people."""
        whole = "all there are" if self.complete else "and there are more"
        walked = f"{self.transitions:,} transitions, depth {self.depth}, {self.seconds:.0f} s"
        lines = [
            f"{self.states:,} distinct states ({whole}), {walked}",
            "endings: " + ", ".join(f"{what} {count:,}" for what, count in self.ends.most_common()),
        ]
        if self.broken is not None:
            lines += [f"BROKEN: {self.broken}", "the shortest way there:", *_numbered(self.path)]
        if self.stuck:
            lines += ["STUCK: no end can be reached from here:", *_numbered(self.stuck)]
        return lines


def _numbered(path: list[str]) -> list[str]:
    return [f"  {number:3}. {move}" for number, move in enumerate(path, 1)]


class _Book:
    """Every state that was seen, by number: who it was first reached from, and by what."""

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}
        self.parents = array("l")
        self.moves: list[str] = []
        self.edges_from, self.edges_to = array("l"), array("l")
        self._words: dict[str, str] = {}

    def enter(self, found: int, parent: int, move: str) -> tuple[int, bool]:
        """The number of a state, and whether it is new."""
        number = self.numbers.get(found)
        if number is not None:
            return number, False
        number = self.numbers[found] = len(self.parents)
        self.parents.append(parent)
        self.moves.append(self._words.setdefault(move, move))
        return number, True

    def path(self, number: int) -> list[str]:
        """The moves that lead to a state, from the beginning."""
        found = []
        while self.parents[number] >= 0:
            found.append(self.moves[number])
            number = self.parents[number]
        return found[::-1]


def explore(start: State, most: int, *, tell: Callable[[str], None] = lambda _: None) -> Found:
    """Visit up to `most` states. Stops at the first broken rule."""
    gc.disable()  # nothing here is cyclic, and a walk over millions of objects takes longer than all else
    try:
        return _Search(start, most, tell).run()
    finally:
        gc.enable()


class _Search:
    def __init__(self, start: State, most: int, tell: Callable[[str], None]) -> None:
        self._most, self._tell = most, tell
        self._book = _Book()
        self._ends: Counter[str] = Counter()
        self._terminal: list[int] = []
        self._waiting: deque[tuple[int, int, State]] = deque()
        self._transitions = self._depth = 0
        number, _ = self._book.enter(key(start), -1, "")
        self._waiting.append((number, 0, start))

    def run(self) -> Found:
        begun = time.monotonic()
        while self._waiting and len(self._book.parents) < self._most:
            number, self._depth, state = self._waiting.popleft()
            if state.over:
                self._terminal.append(number)
                self._ends.update(str(case.stored.phase) for case in state.cases)
                continue
            try:
                for move, after in moves(state):
                    self._enter(number, move, after)
            except BrokenRuleError as broken:
                return self._found(
                    begun, broken=str(broken), path=[*self._book.path(number), "the step that breaks it"]
                )
            if number % 50_000 == 0 and number:
                self._tell(f"{len(self._book.parents):,} states, depth {self._depth}, {time.monotonic() - begun:.0f} s")
        return self._found(begun, stuck=self._stuck())

    def _enter(self, number: int, move: str, after: State) -> None:
        self._transitions += 1
        other, new = self._book.enter(key(after), number, move)
        self._book.edges_from.append(number)
        self._book.edges_to.append(other)
        if new:
            self._waiting.append((other, self._depth + 1, after))

    def _found(
        self, begun: float, *, broken: str | None = None, path: list[str] | None = None, stuck: list[str] | None = None
    ) -> Found:
        return Found(
            states=len(self._book.parents),
            transitions=self._transitions,
            depth=self._depth,
            ends=self._ends,
            complete=not self._waiting and broken is None,
            seconds=time.monotonic() - begun,
            broken=broken,
            path=path or [],
            stuck=stuck or [],
        )

    def _stuck(self) -> list[str]:
        """Backwards from the ends, and from what was not looked into: who is not met on the way can reach neither."""
        book = self._book
        reaching = bytearray(len(book.parents))
        waiting = [*self._terminal, *(number for number, _, _ in self._waiting)]
        for number in waiting:
            reaching[number] = 1
        into: dict[int, list[int]] = {}
        for source, target in zip(book.edges_from, book.edges_to, strict=True):
            into.setdefault(target, []).append(source)
        while waiting:
            for source in into.get(waiting.pop(), ()):
                if not reaching[source]:
                    reaching[source] = 1
                    waiting.append(source)
        lost = reaching.find(0)
        return [] if lost < 0 else book.path(lost)
