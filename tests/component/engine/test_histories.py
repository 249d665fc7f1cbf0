"""Histories of schedules, as far as `make test` has time for; and that what is planted is found."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
from histories import world
from histories.moves import Move, draw
from histories.run import run, told

pytestmark = pytest.mark.no_cover  # others reach the same lines; counting takes longer than playing

HISTORIES = 40


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The faults that are played make warnings."""
    log = logging.getLogger("vvol_replication")
    before = log.level
    log.setLevel(logging.ERROR)
    yield
    log.setLevel(before)


def test_each_time_and_each_text_has_one_run_or_is_told() -> None:
    outcomes = [run(seed) for seed in range(1, HISTORIES + 1)]

    assert not [(one.seed, one.broken) for one in outcomes if one.broken]
    assert sum(one.by_text for one in outcomes) > HISTORIES / 2
    assert all(sum(getattr(one, what) for one in outcomes) for what in ("skipped", "missed"))
    assert told(outcomes).endswith("0 histories broke something")


def test_a_history_follows_from_its_seed() -> None:
    assert run(3).story == run(3).story
    assert draw(3) == draw(3) != draw(5)


KILLS = (Move("wait", 1000), Move("kill", 4000), Move("wait", 4000)) * 2
TEXTS = (Move("run now", 100, "CHG-1"), Move("wait", 2000), Move("run now", 10, "CHG-2"), Move("wait", 3000))
PLANTED: dict[str, tuple[tuple[Move, ...], str, Callable[..., Any], str]] = {
    "times that pass are not told": (KILLS, "decide.missed", lambda status, _count, _latest: status, "are told"),
    "what is under way is deleted": (KILLS, "decide.superfluous", lambda _of, _status, runs: tuple(runs), "in flight"),
    "an end is not seen": (KILLS, "decide.absorb", lambda _of, status, _runs, _now: status, "still called active"),
    "a text has no run": (TEXTS, "decide._by_text", lambda _of, _status: None, "nobody says why"),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_what_is_planted_is_found_and_only_that(fault: str) -> None:
    moves, place, planted, words = PLANTED[fault]
    assert not run(2, moves).broken

    with mock.patch(f"vvol_replication.reconcile.schedule.{place}", planted):
        broken = [line for seed in (2, 4, 6, 8) for line in run(seed, moves).broken]

    assert any(words in line for line in broken), broken


@pytest.mark.parametrize(
    ("result", "words"),
    [({"name": "another"}, "which is no run of it"), ({}, "which is no run of it")],
)
def test_a_text_that_is_credited_with_another_run_is_found(result: dict[str, str], words: str) -> None:
    whole = world.Api._write_status  # noqa: SLF001 - the place of the fault

    async def careless(api: Any, ref: Any, before: Any, after: Any, version: Any) -> Any:
        if after.get("lastRunNow"):
            after = {**after, "lastRunNowResult": {**after["lastRunNowResult"], "name": "", **result}}
        return await whole(api, ref, before, after, version)

    with mock.patch.object(world.Api, "_write_status", careless):
        broken = run(2, TEXTS).broken

    assert any(words in line for line in broken), broken
