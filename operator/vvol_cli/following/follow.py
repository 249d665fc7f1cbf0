"""Wait for the ends of requests, and say how each came out."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from vvol_cli.outcome import Outcome, Stop, of_request
from vvol_cli.reading import Object, at, name_of, namespace_of, text
from vvol_cli.views.words import PLURALS, kind_of

from .streams import Changed, Interrupted, Streams

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vvol_cli.cluster import Cluster

Key = tuple[str, str, str]
"""Kind, namespace and name of an object."""
Judge = Callable[[Object], Outcome | None]
"""How an object has ended; None: it has not."""
QUIET = 15.0
"""After so many seconds without news it is read again."""


class Display(Protocol):
    """Shows what is followed, while it moves."""

    def show(self, obj: Object) -> None:
        """An object is as it is now."""
        ...

    def ended(self, obj: Object, outcome: Outcome) -> None:
        """It has ended."""
        ...

    def say(self, text: str) -> None:
        """Something else that a person should know."""
        ...

    def close(self) -> None:
        """Nothing more is shown."""
        ...


@dataclass(frozen=True, slots=True)
class Ended:
    """How one request came out, as it was seen last; `reason` in a word, where its own does not say it."""

    obj: Object
    outcome: Outcome
    reason: str = ""


def key_of(obj: Object) -> Key:
    """What tells it from others."""
    return kind_of(obj), namespace_of(obj), name_of(obj)


def follow(
    cluster: Cluster, objects: Iterable[Object], timeout: float, display: Display, judge: Judge = of_request
) -> list[Ended]:
    """Wait until each of the objects has ended, for `timeout` seconds at most; how each came out, in their order.

    Ctrl-C ends the waiting, not the requests. Raises `Stop`, if they may not be watched.
    """
    until = time.monotonic() + timeout
    try:
        followed = _Followed(objects, display, judge)
        if not followed.pending:
            return followed.ends()
        try:
            _watch(cluster, followed, until, display)
        except KeyboardInterrupt:
            display.say("You do not wait any longer. What is not finished goes on by itself.")
        return followed.ends()
    finally:
        display.close()


def _watch(cluster: Cluster, followed: _Followed, until: float, display: Display) -> None:
    wanted = [(PLURALS[kind], namespace, frozenset(some)) for (kind, namespace), some in followed.pending.items()]
    with Streams(cluster, wanted) as streams:
        while followed.pending and (left := until - time.monotonic()) > 0:
            match streams.next(min(left, QUIET)):
                case Stop() as refused:
                    raise refused
                case Interrupted(message):
                    display.say(f"{message} It is tried again.")
                case Changed(obj, deleted):
                    followed.take(obj, deleted=deleted)
                case None:
                    followed.look(cluster)


class _Followed:
    """What is followed: each object as it was seen last, and how those came out that have ended."""

    def __init__(self, objects: Iterable[Object], display: Display, judge: Judge) -> None:
        self.seen = {key_of(one): one for one in objects}
        self.done: dict[Key, Ended] = {}
        self._display, self._judge = display, judge
        for obj in list(self.seen.values()):
            self.take(obj)

    @property
    def pending(self) -> dict[tuple[str, str], set[str]]:
        """The names of what has not ended, by kind and namespace."""
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for kind, namespace, name in self.seen.keys() - self.done.keys():
            found[kind, namespace].add(name)
        return found

    def take(self, obj: Object, *, deleted: bool = False) -> None:
        """An object as it is, or was when it was deleted."""
        key = key_of(obj)
        if (
            key not in self.seen
            or key in self.done
            or text(obj, "metadata.uid") != text(self.seen[key], "metadata.uid")
        ):
            return
        self.seen[key] = obj
        outcome = self._judge(obj)
        if outcome is None and not deleted:
            self._display.show(obj)
            return
        self.done[key] = of_deleted(obj) if outcome is None else Ended(obj, outcome)
        self._display.ended(obj, self.done[key].outcome)

    def look(self, cluster: Cluster) -> None:
        """Read what has not ended: a watch may be dead, or an object may have gone before it began."""
        for (kind, namespace), names in self.pending.items():
            with contextlib.suppress(Stop):
                there = {key_of(one): one for one in cluster.all_of(PLURALS[kind], namespace=namespace)[0]}
                for name in sorted(names):
                    key = (kind, namespace, name)
                    before = self.seen[key]
                    now = there.get(key)
                    is_same = now is not None and text(now, "metadata.uid") == text(before, "metadata.uid")
                    self.take(now if now is not None and is_same else before, deleted=not is_same)

    def ends(self) -> list[Ended]:
        """How each came out; what has not ended is still running."""
        return [self.done.get(key, Ended(obj, Outcome.STILL_RUNNING)) for key, obj in self.seen.items()]


def of_deleted(obj: Object) -> Ended:
    """An object that was deleted before its end: what had been asked of the storage may still arrive."""
    operation = at(obj, "status.operation") or {}
    asked = bool(operation.get("push") or operation.get("prepare") or operation.get("sync"))
    return Ended(obj, Outcome.UNKNOWN if asked else Outcome.FAILED, "Deleted")
