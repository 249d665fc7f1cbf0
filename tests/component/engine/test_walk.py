"""A random walk through preparations, as far as `make test` has time for; and that it finds what is wrong."""

from __future__ import annotations

import logging

import pytest
from walk.planted import HUNTS, hunted, planted
from walk.run import report, shrunk, walk, walked
from walk.scenario import run

pytestmark = pytest.mark.no_cover  # others reach the same lines; counting takes longer than playing

SCENARIOS = 40


def test_no_call_is_forbidden_none_is_repeated_and_all_comes_to_an_end() -> None:
    told: list[str] = []
    figures = walked(range(1, SCENARIOS + 1), told.append)
    assert not figures.broken, "\n".join(told)
    assert figures.scenarios == SCENARIOS
    assert figures.effects > SCENARIOS / 4, "scenarios in which nothing is called show little"


def test_a_scenario_follows_from_its_seed_and_leaves_the_log_as_it_was() -> None:
    before = logging.getLogger("vvol_replication").level
    first, again = walk(4), walk(4)
    assert logging.getLogger("vvol_replication").level == before
    assert (first.story, first.reasons, first.effects) == (again.story, again.reasons, again.effects)


@pytest.mark.parametrize("fault", HUNTS)
def test_what_is_planted_is_found_and_only_that(fault: str) -> None:
    assert hunted(fault).broken
    well = run(0, HUNTS[fault][1])
    assert not well.broken
    assert well.reasons


def test_a_violation_is_told_by_its_seed_and_the_shortest_story() -> None:
    fault = "suspended counts as off"
    with planted(fault):
        moves = (*HUNTS["the task's word alone"][1], *HUNTS[fault][1][1:])
        best = shrunk(run(7, moves))
    assert len(best.moves) == 2
    lines = list(report(best))
    assert lines[0].startswith("seed 7 broke: erp: prepared although VM erp-db is suspended")
    assert len(lines) > 2
