"""Questions of one kind that several ask one endpoint at the same time, put to it as one (invariant 14).

Whoever asks joins a question that is still to be sent, never one that was: an answer is as fresh as if it had been
asked for alone. Who asks while nobody else does is asked for at once. After others have asked, a question waits for a
moment, and as long as earlier ones are under way, for whoever else comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable, Mapping
from contextvars import Context, copy_context
from functools import partial
from itertools import islice
from typing import Any, Final, Generic, TypeVar

from vvol_replication.domain.outcomes import Done, Outcome

from . import reasons

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

_BUSY: Final = 1.0
"""Seconds after a question in which another one is likely to be one of several."""
_GATHER: Final = 0.1
"""Seconds for which a question waits for others then. A request waits for three of them on its way."""
_ALONE: Final = 60.0
"""Seconds in which all are asked for one by one, after several together were refused or not answered in time."""

_OF_ALL: Final = frozenset(
    {
        reasons.UNREACHABLE,
        reasons.TIMED_OUT_CALLING,
        reasons.CERTIFICATE_NOT_TRUSTED,
        reasons.LOGIN_FAILED,
        reasons.ENDPOINT_BUSY,
        reasons.IDENTITY_CHANGED,
    }
)
"""Why an endpoint as a whole has no answer: asking for each alone would ask it again in vain."""


class _Question(Generic[T]):
    """What one or more wait for, in the context of who asked first."""

    __slots__ = ("answer", "context")

    def __init__(self) -> None:
        self.answer: asyncio.Future[Outcome[T]] = asyncio.get_running_loop().create_future()
        self.context = copy_context()

    def settle(self, outcome: Outcome[T]) -> None:
        if not self.answer.done():
            self.answer.set_result(outcome)

    def fail(self, error: BaseException) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Together(Generic[K, T]):
    """The questions of one kind to one endpoint. For one event loop.

    What is wrong with one of several must not be the others' trouble: one that has no answer of its own among theirs is
    asked for alone.
    """

    def __init__(
        self,
        one: Callable[[K], Awaitable[Outcome[T]]],
        several: Callable[[tuple[K, ...]], Awaitable[Outcome[Mapping[K, Outcome[T]]]]] | None = None,
        *,
        most: int = 1,
        at_once: int = 2,
    ) -> None:
        """Nothing is asked yet.

        Parameters:
            one, several: ask; neither raises. None: an endpoint that has one answer for all, which is asked for alone.
            most: how many one question may be about.
            at_once: how many questions may be under way.
        """
        self._one, self._several = one, several
        self._most, self._at_once = most if several is not None else 1, at_once
        self._waiting: dict[K, _Question[T]] = {}
        self._timer: asyncio.Handle | None = None
        self._under_way: set[asyncio.Task[None]] = set()
        self._sent_at = self._alone_until = float("-inf")
        self._last: frozenset[K] = frozenset()

    async def ask(self, key: K) -> Outcome[T]:
        """The answer about this one, to a question that is sent after this call."""
        return await asyncio.shield(self._question(key).answer)

    async def ask_all(self, keys: Iterable[K]) -> dict[K, Outcome[T]]:
        """The answers about all of these. Several are asked for at once, and with them whoever waits already."""
        asked = {key: self._question(key) for key in keys}
        if self._timer is not None and len(asked) > 1:
            self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_soon(self._send)
        return {key: await asyncio.shield(question.answer) for key, question in asked.items()}

    def _question(self, key: K) -> _Question[T]:
        question = self._waiting.get(key)
        if question is None:
            question = self._waiting[key] = _Question()
            self._send_soon(key)
        return question

    def _send_soon(self, key: K) -> None:
        if self._timer is None and len(self._under_way) < self._at_once:
            self._timer = asyncio.get_running_loop().call_later(self._pause(key), self._send)

    def _pause(self, key: K) -> float:
        """None for who asks once more after nobody else has, as a request does on its way."""
        since = asyncio.get_running_loop().time() - self._sent_at
        return 0.0 if since > _BUSY or (self._several is not None and self._last == {key}) else _GATHER

    def _send(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        most = 1 if loop.time() < self._alone_until else self._most
        while self._waiting and len(self._under_way) < self._at_once:
            keys = tuple(islice(self._waiting, most))
            asked = {key: self._waiting.pop(key) for key in keys}
            self._sent_at, self._last = loop.time(), frozenset(keys)
            self._begin(asked, self._answer(asked) if len(keys) > 1 else self._answer_one(keys[0], asked[keys[0]]))

    def _begin(self, asked: Mapping[K, _Question[T]], answering: Coroutine[Any, Any, None]) -> None:
        """What several ask for is logged as nobody's."""
        context = next(iter(asked.values())).context if len(asked) == 1 else Context()
        task = asyncio.get_running_loop().create_task(answering, context=context)
        self._under_way.add(task)
        task.add_done_callback(partial(self._ended, asked))

    def _ended(self, asked: Mapping[K, _Question[T]], task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if task.cancelled():
            for question in asked.values():
                question.answer.cancel()
        elif (error := task.exception()) is not None:  # a defect of ours: whoever asked has to know
            for question in asked.values():
                question.fail(error)
        if self._timer is None:
            self._send()

    async def _answer_one(self, key: K, question: _Question[T]) -> None:
        question.settle(await self._one(key))

    async def _answer(self, asked: Mapping[K, _Question[T]]) -> None:
        assert self._several is not None  # noqa: S101 - without it there is one key
        outcome = await self._several(tuple(asked))
        if isinstance(outcome, Done):
            self._tell(asked, outcome.value)
        elif outcome.reason in _OF_ALL:
            if outcome.reason == reasons.TIMED_OUT_CALLING:
                self._one_by_one()
            for question in asked.values():
                question.settle(outcome)
        else:
            self._tell(asked, {})

    def _tell(self, asked: Mapping[K, _Question[T]], found: Mapping[K, Outcome[T]]) -> None:
        if not found:
            self._one_by_one()
        for key, question in asked.items():
            if key in found:
                question.settle(found[key])
            else:
                self._begin({key: question}, self._answer_one(key, question))

    def _one_by_one(self) -> None:
        self._alone_until = asyncio.get_running_loop().time() + _ALONE
