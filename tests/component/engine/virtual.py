"""An event loop whose time passes only when nothing else is left to do: hours in milliseconds, in the same order."""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec

EPOCH = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
P = ParamSpec("P")


class _Skipping(selectors.DefaultSelector):
    """Instead of waiting, move the loop's clock."""

    skip: Callable[[float], None]

    def select(self, timeout: float | None = None) -> Any:
        found = super().select(0)
        if not found and (timeout is None or timeout > 0):
            assert timeout is not None, "everything waits, and nothing will ever happen"
            self.skip(timeout)
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time is a number of seconds since the loop was made."""

    def __init__(self) -> None:
        self._virtual = 0.0
        selector = _Skipping()
        super().__init__(selector)
        selector.skip = self._skip

    def time(self) -> float:
        return self._virtual

    def _skip(self, seconds: float) -> None:
        self._virtual += seconds


class VirtualClock:
    """The engine's clock on that loop. `chances` are handed out in turn."""

    def __init__(self, chances: Iterable[float] = (0.0,)) -> None:
        self._chances = list(chances)
        self._next = 0

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=asyncio.get_running_loop().time())

    def jitter(self) -> float:
        self._next += 1
        return self._chances[self._next % len(self._chances)]


def virtual(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an asynchronous test in virtual time."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run


async def until(what: Callable[[], Any], *, within: float = 600.0) -> None:
    """Let time pass until that is so; fails after `within` virtual seconds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    while not what():
        assert loop.time() < end, f"not within {within:g} s"
        await asyncio.sleep(0.01)
