"""A lane: the bounded set of threads on which one endpoint's blocking calls run.

Blocking clients cannot be cancelled: a thread inside a call ends when its socket timeout does. So each endpoint has a
lane of its own; a hung endpoint fills its own lane and nobody else's, and the number of threads never grows.

How a call on a lane ends:

    value or the call's own exception   the call ended within its deadline
    LaneFull                            the deadline passed before a thread was free: the call was *never started*
    LaneClosed                          (a LaneFull) the lane was closed before the call was started
    NotLeading                          (a LaneFull) a change was not asked for, because another replica may lead
    LaneTimeout                         the call was started, its answer did not come within the deadline

A mutating call wants to know more than "started": between the start and the request that changes something there may
be a login. `Permit` draws that line.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class LaneError(Exception):
    """The lane, not the call, is why there is no answer."""


class LaneFull(LaneError):  # noqa: N818 - said in the words of its meaning, like asyncio.QueueFull
    """No thread was free within the deadline. The call was never started and never will be."""


class LaneClosed(LaneFull):
    """The lane is closed. The call was never started and never will be."""


class LaneTimeout(LaneError):  # noqa: N818 - as above
    """The call was started and did not end within the deadline. It may still be under way."""


class NotLeading(LaneFull):
    """This process must not change anything any more. The change was not asked for and never will be."""


class CallBroke(LaneError):  # noqa: N818 - as above
    """The call raised what may not cross into an event loop (SystemExit, StopIteration); it is the cause."""


class PermitWithdrawn(Exception):  # noqa: N818 - as above
    """The caller is gone: the change must not be asked for any more."""


class Permit:
    """Leave to ask for one change, which its caller can take back until it is used.

    The thread uses it right before the request that changes something goes out; the caller withdraws it when it stops
    waiting. Exactly one of them wins, so that a caller that gave up knows whether the change can still happen.

    `leading` says whether this process may change anything. It is asked in that thread at that moment, so it has to be
    quick and thread-safe.
    """

    def __init__(self, leading: Callable[[], bool]) -> None:
        self._leading = leading
        self._lock = threading.Lock()
        self._used = False
        self._withdrawn = False

    def use(self) -> None:
        """Called in the thread. Raises `PermitWithdrawn` where the caller has given up, or `NotLeading`."""
        with self._lock:
            if self._withdrawn:
                raise PermitWithdrawn
            if not self._leading():
                raise NotLeading("this process does not lead any more")
            self._used = True

    def withdraw(self) -> bool:
        """Called by who waits. True: it was not used and never will be."""
        with self._lock:
            self._withdrawn = True
            return not self._used


class _Job(Generic[T]):
    """One call, and the future that gets its end."""

    __slots__ = ("_call", "_future", "_loop")

    def __init__(self, call: Callable[[], T], loop: asyncio.AbstractEventLoop, future: asyncio.Future[T]) -> None:
        self._call = call
        self._loop = loop
        self._future = future

    def perform(self) -> Callable[[], None]:
        """Make the call in this thread. What is returned hands its end to the loop."""
        try:
            value = self._call()
        except StopIteration as error:
            return partial(self.fail, _broke(error))
        except Exception as error:  # noqa: BLE001 - whatever a call raises belongs to who asked for it
            return partial(self.fail, error)
        except BaseException as error:  # noqa: BLE001 - a SystemExit may neither end the thread nor the loop
            return partial(self.fail, _broke(error))
        return partial(self._settle, partial(self._future.set_result, value))

    def fail(self, error: Exception) -> None:
        self._settle(partial(self._future.set_exception, error))

    def _settle(self, settle: Callable[[], None]) -> None:
        def in_loop() -> None:
            if not self._future.done():
                settle()

        try:
            self._loop.call_soon_threadsafe(in_loop)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more


def _broke(error: BaseException) -> CallBroke:
    broke = CallBroke(f"the call raised {type(error).__name__}")
    broke.__cause__ = error
    return broke


class Lane:
    """At most `workers` daemon threads, started when first needed, that serve calls in order of arrival."""

    def __init__(self, name: str, workers: int) -> None:
        if workers < 1:
            raise ValueError(f"a lane needs at least one worker, not {workers}")
        self.name = name
        self._workers = workers
        self._changed = threading.Condition()
        self._waiting: deque[_Job[Any]] = deque()
        self._threads = 0
        self._idle = 0
        self._under_way: set[asyncio.Future[Any]] = set()
        self._draining = False
        self._closed = False

    @property
    def waiting(self) -> int:
        """How many calls wait for a thread."""
        return len(self._waiting)

    async def run(self, call: Callable[[], T], *, deadline: float) -> T:
        """Make a blocking call off the loop; `deadline` is in seconds and counts waiting for a thread as well.

        Raises what the call raises, or a `LaneError`. When the waiting task is cancelled, a call that was not started
        is forgotten and one that was is left to end by itself.
        """
        if self._draining:
            raise LaneClosed(f"lane {self.name} takes no more calls")
        return await self.finish(call, deadline=deadline)

    async def finish(self, call: Callable[[], T], *, deadline: float) -> T:
        """Make a blocking call as `run` does, also after `drain`: for what is to be done last, such as a logout."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        job = _Job(call, loop, future)
        self._submit(job)
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        try:
            await asyncio.wait((future,), timeout=deadline)
        except asyncio.CancelledError:
            self._withdraw(job)
            future.cancel()
            raise
        if future.done():
            return future.result()
        future.cancel()
        if self._withdraw(job):
            raise LaneFull(f"no free thread on lane {self.name} within {deadline:g} s")
        raise LaneTimeout(f"no answer on lane {self.name} within {deadline:g} s")

    async def drain(self, grace: float) -> None:
        """Take no more calls by `run`, and wait up to `grace` seconds until those that were taken have ended."""
        self._draining = True
        if self._under_way and grace > 0:
            await asyncio.wait(tuple(self._under_way), timeout=grace)

    def close(self) -> None:
        """Start nothing any more. Idle threads end; hung ones are not waited for. May be called twice."""
        with self._changed:
            self._closed = True
            waiting = tuple(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
        for job in waiting:
            job.fail(LaneClosed(f"lane {self.name} is closed"))

    def _submit(self, job: _Job[Any]) -> None:
        with self._changed:
            if self._closed:
                raise LaneClosed(f"lane {self.name} is closed")
            if self._idle <= len(self._waiting) and self._threads < self._workers:
                self._start()
            self._waiting.append(job)
            self._changed.notify()

    def _start(self) -> None:
        """One thread more. It is counted once it runs: a process may not be given another."""
        threading.Thread(target=self._work, name=f"{self.name}-{self._threads + 1}", daemon=True).start()
        self._threads += 1
        self._idle += 1

    def _withdraw(self, job: _Job[Any]) -> bool:
        """Take a job out of the queue. False: a thread has it already."""
        with self._changed:
            try:
                self._waiting.remove(job)
            except ValueError:
                return False
            return True

    def _next(self) -> _Job[Any] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            self._idle -= 1
            return self._waiting.popleft() if self._waiting else None

    def _work(self) -> None:
        while (job := self._next()) is not None:
            settle = job.perform()
            with self._changed:
                self._idle += 1  # before its end is handed over: who asks again at once needs no second thread
            settle()
            del job, settle  # what an answer holds must not live until the next call
