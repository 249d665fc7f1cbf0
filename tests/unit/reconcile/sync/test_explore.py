"""The exhaustive exploration, as far as seconds go; `make explore` goes on from there."""

from __future__ import annotations

import pytest
from explore.cases import CASES, HUNTS, explored, hunted
from explore.search import explore
from explore.state import Budget, initial

pytestmark = pytest.mark.no_cover  # others reach the same lines; counting takes longer than playing

MOST = 3000
SLOW = "a late push in the baseline"
"""It shows only when all states of its setting are known: left to `make explore`."""


@pytest.mark.parametrize("name", CASES)
def test_every_rule_holds_in_every_state(name: str) -> None:
    found = explored(name, MOST)
    assert found.well, "\n".join(found.lines())
    assert found.states >= MOST or found.complete


@pytest.mark.parametrize("bug", [bug for bug in HUNTS if bug != SLOW])
def test_a_planted_bug_is_found_with_the_shortest_way_to_it(bug: str) -> None:
    found = hunted(bug)
    assert found.broken is not None, "\n".join(found.lines())
    assert found.path


def test_a_small_world_is_explored_to_its_end() -> None:
    start = initial(1, Budget(crashes=0, losses=0, schedules=1, cancels=0, prepares=1), explicit=True)
    found = explore(start, 100_000)
    assert found.complete
    assert found.well, "\n".join(found.lines())
    assert found.ends["Succeeded"]
    assert found.ends["Failed"]
