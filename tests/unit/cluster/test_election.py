"""Several electors and one Lease: never two who believe at once, always somebody in the end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from explore.electors import Budget, World, explore, initial
from explore.planted_electors import PLANTS, hunted

from vvol_replication.cluster.election import NOBODY, Candidate, Look, Record, Rest, Stored, Timing, Write

pytestmark = pytest.mark.no_cover  # others reach the same lines; counting takes longer than playing

TIMING = Timing()
MOST = 8_000
"""States of each setting; the mistakes below show within 1,600."""


@pytest.mark.parametrize(
    ("processes", "budget"),
    [(2, Budget()), (2, Budget(crashes=1, losses=1, deletions=1, stops=1)), (3, Budget(crashes=1, stops=1))],
)
def test_never_two_lead_and_left_alone_somebody_does(processes: int, budget: Budget) -> None:
    led = set[str]()

    def look(world: World) -> None:
        led.update(one.candidate.identity for one in world.processes if one.candidate.believes(world.now))

    found = explore(initial(processes, budget), MOST, look=look)
    assert not found.broken, [found.broken, *found.path]
    assert found.complete or found.states >= MOST
    assert len(led) >= processes


@pytest.mark.parametrize("mistake", PLANTS)
def test_a_planted_mistake_is_found_with_the_shortest_way_to_it(mistake: str) -> None:
    found = hunted(mistake, MOST)
    assert found.broken
    assert found.path


@pytest.mark.parametrize("one", [0.999, 1.001])
@pytest.mark.parametrize("other", [0.999, 1.001])
def test_clocks_that_go_at_other_rates_leave_the_gap(one: float, other: float) -> None:
    """Rates are what the exploration does not know: its clocks differ in where they are, and tick together."""
    effect = 50.0
    leads = Candidate("one", TIMING).wrote(Stored(OTHER, "7"), began=effect * one, now=effect * one)
    seen = Candidate("two", TIMING).saw(Stored(OTHER, "7"), effect * other)
    taken = effect + TIMING.duration / other
    assert isinstance(holder(seen, (taken + 0.001) * other), Write)
    assert isinstance(holder(seen, (taken - 0.001) * other), Rest)
    assert taken - leads.believes_until / one >= 5 - 0.001 * (TIMING.duration + TIMING.renew_deadline)


def holder(seen: Candidate, now: float) -> Look | Write | Rest:
    return seen.next_action(now, "then")


OTHER = Record("other", 15, "a", "b", 4)


def test_a_lease_expires_by_our_clock_since_we_saw_its_last_change() -> None:
    seen = Candidate("me", TIMING).saw(Stored(OTHER, "7"), 100.0)
    assert isinstance(holder(seen, 114.9), Rest)
    seen = seen.saw(Stored(replace(OTHER, renewed="c"), "8"), 114.9)
    assert isinstance(holder(seen, 129.8), Rest)
    taken = holder(seen, 129.9)
    assert taken == Write(Record("me", 15, "then", "then", 5), "8")


def test_a_touched_label_is_no_sign_of_life() -> None:
    seen = Candidate("me", TIMING).saw(Stored(OTHER, "7"), 100.0).saw(Stored(OTHER, "8"), 114.0)
    assert holder(seen, 115.0) == Write(Record("me", 15, "then", "then", 5), "8")


def test_a_lease_that_vanished_is_still_its_holders_until_it_would_have_expired() -> None:
    seen = Candidate("me", TIMING).saw(Stored(OTHER, "7"), 100.0).saw(None, 101.0)
    assert isinstance(holder(seen, 114.0), Rest)
    assert holder(seen, 115.0) == Write(Record("me", 15, "then", "then", 5), None)


def test_a_released_lease_is_free_at_once_and_a_change_of_hands_is_counted() -> None:
    leads = Candidate("old", TIMING).saw(Stored(replace(OTHER, holder="old"), "7"), 0.0)
    released = leads.release("z")
    assert released == Write(Record(NOBODY, 1, "a", "z", 4), "7")
    seen = Candidate("me", TIMING).saw(Stored(released.record, "8"), 50.0)
    assert holder(seen, 50.0) == Write(Record("me", 15, "then", "then", 5), "8")


def test_the_belief_counts_from_before_the_write_and_ends_before_the_lease() -> None:
    leads = Candidate("me", TIMING).wrote(Stored(replace(OTHER, holder="me"), "9"), began=20.0, now=23.0)
    assert leads.believes(29.99)
    assert not leads.believes(30.0)


@pytest.mark.parametrize("wrong", [(15.5, 10, 2), (0, 0, 0), (15, 15, 2), (15, 10, 5), (15, 10, 0)])
def test_timings_that_could_not_be_kept_are_refused(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match=r"Lease|deadline"):
        Timing(*wrong)
