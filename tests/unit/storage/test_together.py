"""Questions put together: fresh for each who asks, few for who is asked, and one's trouble is not another's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar

import pytest

from vvol_replication.domain.outcomes import Done, Outcome, Refused, Unavailable
from vvol_replication.storage import reasons, together
from vvol_replication.storage.together import Together

REFUSED = Refused("ArrayRefused", "no")
WHO: ContextVar[str] = ContextVar("who", default="nobody")


class Endpoint:
    """Answers with how many questions it had before, and keeps what it was asked, by whom."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.by: list[str] = []
        self.open = asyncio.Event()
        self.open.set()
        self.refuses: frozenset[str] = frozenset()
        self.for_several: Outcome[Mapping[str, Outcome[int]]] | None = None
        self.breaks = False

    def questions(self, most: int = 10, at_once: int = 2) -> Together[str, int]:
        return Together(self.one, self.several, most=most, at_once=at_once)

    async def one(self, key: str) -> Outcome[int]:
        number = await self._next((key,))
        return REFUSED if key in self.refuses else Done(number)

    async def several(self, keys: tuple[str, ...]) -> Outcome[Mapping[str, Outcome[int]]]:
        number = await self._next(keys)
        if self.for_several is not None:
            return self.for_several
        return Done({key: Done(number) for key in keys if key not in self.refuses})

    async def _next(self, keys: tuple[str, ...]) -> int:
        self.asked.append(keys)
        self.by.append(WHO.get())
        number = len(self.asked)
        await self.open.wait()
        if self.breaks:
            raise ZeroDivisionError
        return number


async def asked(endpoint: Endpoint, times: int) -> None:
    async with asyncio.timeout(10):
        while len(endpoint.asked) < times:  # noqa: ASYNC110 - a turn of the loop, no time
            await asyncio.sleep(0)


async def test_those_who_ask_at_the_same_time_are_asked_for_in_one_question() -> None:
    endpoint = Endpoint()
    questions = endpoint.questions()
    found = await asyncio.gather(*(questions.ask(key) for key in ("a", "b", "c", "a")))
    assert found == [Done(1)] * 4
    assert endpoint.asked == [("a", "b", "c")]
    assert await questions.ask_all(["b", "a", "b"]) == {"b": Done(2), "a": Done(2)}


async def test_who_asks_long_after_another_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "_GATHER", 3600.0)
    monkeypatch.setattr(together, "_BUSY", -1.0)
    questions = Endpoint().questions()
    async with asyncio.timeout(10):
        assert [await questions.ask(key) for key in "ab"] == [Done(1), Done(2)]


async def test_who_asks_again_and_alone_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "_GATHER", 3600.0)
    questions = Endpoint().questions()
    async with asyncio.timeout(10):
        assert [await questions.ask("a") for _ in range(3)] == [Done(1), Done(2), Done(3)]


async def test_who_asks_soon_after_another_waits_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "_BUSY", 3600.0)
    endpoint = Endpoint()
    questions = endpoint.questions()
    await questions.ask("a")
    second = asyncio.create_task(questions.ask("b"))
    await asyncio.sleep(0)
    third = asyncio.create_task(questions.ask("c"))
    assert [await second, await third] == [Done(2), Done(2)]
    assert endpoint.asked == [("a",), ("b", "c")]


async def test_a_poll_of_several_waits_for_nobody_and_takes_along_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "_GATHER", 3600.0)
    monkeypatch.setattr(together, "_BUSY", 3600.0)
    endpoint = Endpoint()
    questions = endpoint.questions()
    await questions.ask("a")
    waiting = asyncio.create_task(questions.ask("b"))
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        assert await questions.ask_all("cd") == dict.fromkeys("cd", Done(2))
        assert await waiting == Done(2)
    assert endpoint.asked == [("a",), ("b", "c", "d")]


async def test_nobody_is_answered_by_a_question_that_was_sent_before_he_asked() -> None:
    endpoint = Endpoint()
    questions = endpoint.questions(at_once=1)
    endpoint.open.clear()
    first = asyncio.create_task(questions.ask("a"))
    await asked(endpoint, 1)
    later = [asyncio.create_task(questions.ask(key)) for key in ("a", "b")]
    for _ in range(10):
        await asyncio.sleep(0)
    assert endpoint.asked == [("a",)], "no more are under way than may be"
    endpoint.open.set()
    assert [await one for one in (first, *later)] == [Done(1), Done(2), Done(2)]
    assert endpoint.asked == [("a",), ("a", "b")]


async def test_a_question_is_about_no_more_than_it_may_be() -> None:
    endpoint = Endpoint()
    await endpoint.questions(most=2, at_once=9).ask_all("abcde")
    assert endpoint.asked == [("a", "b"), ("c", "d"), ("e",)]


async def test_one_answer_for_all_is_asked_for_once() -> None:
    endpoint = Endpoint()
    questions = Together(endpoint.one)
    assert await asyncio.gather(*(questions.ask("all") for _ in range(5))) == [Done(1)] * 5
    assert await asyncio.gather(*(questions.ask("all") for _ in range(5))) == [Done(2)] * 5


async def test_one_that_is_not_told_of_among_others_is_asked_for_alone() -> None:
    endpoint = Endpoint()
    endpoint.refuses = frozenset({"b"})
    questions = endpoint.questions()
    found = await questions.ask_all("abc")
    assert found == {"a": Done(1), "b": REFUSED, "c": Done(1)}
    assert endpoint.asked == [("a", "b", "c"), ("b",)]
    await questions.ask_all("ac")
    assert endpoint.asked[2:] == [("a", "c")], "the others are still asked for together"


@pytest.mark.parametrize("answer", [REFUSED, Unavailable(reasons.ENDPOINT_FAULT, "a fault"), Done({})])
async def test_an_endpoint_that_takes_no_question_about_several_is_asked_one_by_one_for_a_while(
    monkeypatch: pytest.MonkeyPatch, answer: Outcome[Mapping[str, Outcome[int]]]
) -> None:
    endpoint = Endpoint()
    endpoint.for_several = answer
    questions = endpoint.questions()
    assert await questions.ask_all("ab") == {"a": Done(2), "b": Done(3)}
    await questions.ask_all("ab")
    assert endpoint.asked[1:] == [("a",), ("b",), ("a",), ("b",)]
    monkeypatch.setattr(questions, "_alone_until", 0.0)
    await questions.ask_all("ab")
    assert endpoint.asked[5] == ("a", "b"), "later it is tried again"


@pytest.mark.parametrize("reason", [reasons.UNREACHABLE, reasons.ENDPOINT_BUSY, reasons.LOGIN_FAILED])
async def test_an_endpoint_that_answers_nobody_is_not_asked_once_more_for_each(reason: str) -> None:
    endpoint = Endpoint()
    endpoint.for_several = Unavailable(reason, "not now", retry_after=5.0)
    questions = endpoint.questions()
    assert await questions.ask_all("ab") == dict.fromkeys("ab", endpoint.for_several)
    await questions.ask_all("ab")
    assert endpoint.asked == [("a", "b")] * 2


async def test_several_who_were_not_answered_in_time_are_asked_for_one_by_one_the_next_time() -> None:
    endpoint = Endpoint()
    endpoint.for_several = Unavailable(reasons.TIMED_OUT_CALLING, "too slow")
    questions = endpoint.questions()
    assert await questions.ask_all("ab") == dict.fromkeys("ab", endpoint.for_several)
    assert await questions.ask_all("ab") == {"a": Done(2), "b": Done(3)}


async def test_who_goes_away_takes_no_answer_from_the_others() -> None:
    endpoint = Endpoint()
    endpoint.open.clear()
    questions = endpoint.questions()
    gone, staying = (asyncio.create_task(questions.ask(key)) for key in ("a", "b"))
    twin = asyncio.create_task(questions.ask("a"))
    await asked(endpoint, 1)
    gone.cancel()
    endpoint.open.set()
    assert await twin == await staying == Done(1)
    assert gone.cancelled()


@pytest.mark.parametrize("keys", ["a", "ab"])
async def test_a_defect_reaches_whoever_asked_and_the_next_question_is_sent(keys: str) -> None:
    endpoint = Endpoint()
    endpoint.breaks = True
    questions = endpoint.questions()
    told = await asyncio.gather(*(questions.ask(key) for key in keys), return_exceptions=True)
    assert [type(one) for one in told] == [ZeroDivisionError] * len(keys)
    endpoint.breaks = False
    assert await questions.ask_all(keys) == dict.fromkeys(keys, Done(2))


async def test_a_question_that_is_stopped_leaves_nobody_waiting() -> None:
    endpoint = Endpoint()
    endpoint.open.clear()
    questions = endpoint.questions()
    waiting = [asyncio.create_task(questions.ask(key)) for key in "ab"]
    await asked(endpoint, 1)
    (under_way,) = questions._under_way  # noqa: SLF001 - what the end of a loop cancels
    under_way.cancel()
    told = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in told] == [asyncio.CancelledError] * 2


async def test_what_one_asks_is_logged_as_his_and_what_several_ask_as_nobodys() -> None:
    endpoint = Endpoint()
    endpoint.refuses = frozenset({"b"})
    questions = endpoint.questions()

    async def ask(who: str) -> None:
        WHO.set(who)
        await questions.ask(who)

    await asyncio.gather(ask("a"), ask("b"))
    assert endpoint.by == ["nobody", "b"]
