"""Which point in time is ours: examples, and a proof by trying all assignments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from vvol_replication.api.sync import Baseline
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.points import PointInTime
from vvol_replication.reconcile.core.identify import (
    Finding,
    baseline_of,
    certainly_new,
    identify,
    is_older,
    landed_before,
    landed_since,
    listed_before,
    named_elsewhere,
    within,
)

BASE = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOTHING = Baseline()


def at(seconds: float) -> datetime:
    return BASE + timedelta(seconds=seconds)


def row(suffix: str, created: float, completed: float | None = None) -> Snapshot:
    progress = 0.3 if completed is None else 1.0
    return Snapshot(
        f"fa-a:erp.{suffix}", at(created), at(created), None if completed is None else at(completed), progress
    )


def point(name: str, seconds: float, called: str | None = None) -> PointInTime:
    return PointInTime(name, called, at(seconds))


MINE = row("mine", 100, 110)


def test_the_only_new_one_in_our_window_is_ours() -> None:
    listed = [point("old", 105), point("p", 110)]
    assert identify(MINE, [MINE], listed, Baseline(points=("old",))) == Finding(listed[1], listed=True)


def test_an_empty_list_proves_nothing() -> None:
    assert identify(MINE, [MINE], [], NOTHING) == Finding(None, listed=False)


def test_one_that_may_be_of_another_transfer_is_not_proven() -> None:
    assert identify(MINE, [MINE, row("other", 105, 115)], [point("p", 108)], NOTHING) == Finding(None, listed=False)


def test_two_for_two_are_listed_and_ambiguous() -> None:
    listed = [point("p", 107), point("q", 108)]
    assert identify(MINE, [MINE, row("other", 105, 115)], listed, NOTHING) == Finding(None, listed=True)


def test_the_other_one_is_told_apart_by_its_own_time() -> None:
    listed = [point("p", 107), point("q", 115)]
    assert identify(MINE, [MINE, row("other", 105, 115)], listed, NOTHING) == Finding(listed[0], listed=True)


def test_a_late_listing_of_a_transfer_that_had_landed_before_is_not_ours() -> None:
    old = row("old", 90, 100)
    baseline = Baseline(transfers=(old.name,))
    assert not identify(MINE, [MINE, old], [point("p", 100)], baseline).listed


def test_clocks_that_differ_turn_the_window_round() -> None:
    assert within(at(95), row("x", 100, 90))
    assert not within(at(101), row("x", 100, 90))
    assert within(at(1000), row("x", 100))
    assert not within(at(99), row("x", 100))
    assert within(at(100.9), row("x", 100, 100))


def test_the_baseline_keeps_the_newest_and_remembers_where_it_was_cut() -> None:
    points = [point(f"p{number}", number) for number in range(20)]
    rows = [row(f"s{number}", number, number + 0.5) for number in range(20)]
    baseline = baseline_of(points, rows, [row("young", 50)])
    assert len(baseline.points) == len(baseline.transfers) == 16
    assert baseline.newest_snapshot == at(50)
    assert all(listed_before(one, baseline) for one in points)
    assert all(landed_before(one, baseline) for one in rows)
    assert not listed_before(point("new", 30), baseline)
    assert not landed_before(row("new", 1), baseline)
    assert is_older(row("x", 50), baseline)
    assert not is_older(row("x", 51), baseline)


def test_without_a_baseline_everything_is_news() -> None:
    assert not listed_before(point("p", 1), None)
    assert not landed_before(MINE, None)
    assert not is_older(MINE, None)


def test_what_landed_since_is_in_the_order_of_landing() -> None:
    first, second = row("b", 1, 5), row("a", 2, 9)
    assert landed_since([second, MINE, first, row("running", 3)], "mine", NOTHING) == (first, second)


def test_a_name_elsewhere() -> None:
    listed = [point("old", 1, "n"), point("p", 105, "n"), point("q", 106)]
    baseline = Baseline(points=("old",), newest_snapshot=at(50))
    assert named_elsewhere("n", None, listed, baseline) == listed[1]
    assert named_elsewhere("n", listed[1], listed, baseline) is None
    assert certainly_new(listed[1], [MINE], baseline)
    assert not certainly_new(listed[1], [MINE, row("older", 40, 120)], baseline)
    assert not certainly_new(listed[1], [], baseline)


TIMES = st.integers(0, 6)


@settings(max_examples=300)
@given(
    mine=st.tuples(TIMES, TIMES),
    others=st.lists(st.tuples(TIMES, TIMES), max_size=3),
    shown=st.lists(st.booleans(), min_size=4, max_size=4),
    of_completion=st.booleans(),
)
def test_no_assignment_of_points_to_transfers_contradicts_a_finding(
    mine: tuple[int, int], others: list[tuple[int, int]], shown: list[bool], *, of_completion: bool
) -> None:
    """`listed` and the id hold in every world that would show the same."""
    rows = [row("mine", *mine), *(row(f"o{number}", *times) for number, times in enumerate(others))]
    points = [
        point(f"p{number}", times[1] if of_completion else times[0])
        for number, times in enumerate([mine, *others])
        if shown[number]
    ]
    finding = identify(rows[0], rows, points, NOTHING)
    worlds = [
        chosen
        for chosen in permutations(range(len(rows)), len(points))
        if all(within(one.time, rows[index]) for one, index in zip(points, chosen, strict=True))
    ]
    owners = {next((points[i].id for i, index in enumerate(chosen) if index == 0), None) for chosen in worlds}
    assert finding.listed == (None not in owners)
    assert (finding.point.id if finding.point else None) == (
        next(iter(owners)) if len(owners) == 1 and None not in owners else None
    )
