"""Every interleaving of small worlds of a schedule, as far as `make test` has time for; what is planted is found."""

from __future__ import annotations

import pytest
from histories.explore import WORLDS, calm, explore
from histories.planted import PLANTED, hunted, is_found

pytestmark = pytest.mark.no_cover  # others reach the same lines; counting takes longer than exploring

STATES = 1500


@pytest.mark.parametrize("world", WORLDS)
def test_no_law_is_broken(world: str) -> None:
    found = explore(WORLDS[world](), STATES)

    assert not found.broken, "\n".join(found.lines())
    assert found.states >= STATES
    assert found.rests > 50


def test_a_world_comes_to_rest_where_nothing_happens_any_more() -> None:
    world = calm(WORLDS["two processes"]())

    assert world.stored.timetable is not None
    assert not world.runs


@pytest.mark.parametrize("fault", [one for one in PLANTED if one != "a write is not read again"])  # the way is long
def test_what_is_planted_is_found(fault: str) -> None:
    found = hunted(fault)

    assert is_found(fault, found), "\n".join(found.lines())
    assert found.path
