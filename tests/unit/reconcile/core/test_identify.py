"""Which point in time is ours: examples, and a proof by trying all assignments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Baseline
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.points import PointInTime
from vvol_replication.reconcile.core.baseline import baseline_of, listed_before
from vvol_replication.reconcile.core.identify import (
    Finding,
    NextName,
    certainly_new,
    identify,
    named_elsewhere,
    unexplained,
    within,
)
from vvol_replication.reconcile.core.summarize import not_listed

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
    assert identify(MINE, [MINE], listed, Baseline(points=("old",))) == Finding(listed[1], listed=True, possible=True)


def test_an_empty_list_proves_nothing() -> None:
    assert identify(MINE, [MINE], [], NOTHING) == Finding(None, listed=False)


def test_one_that_may_be_of_another_transfer_is_not_proven() -> None:
    told = identify(MINE, [MINE, row("other", 105, 115)], [point("p", 108)], NOTHING)
    assert told == Finding(None, listed=False, possible=True)


def test_two_for_two_are_listed_and_ambiguous() -> None:
    listed = [point("p", 107), point("q", 108)]
    assert identify(MINE, [MINE, row("other", 105, 115)], listed, NOTHING) == Finding(None, listed=True, possible=True)


def test_the_other_one_is_told_apart_by_its_own_time() -> None:
    listed = [point("p", 107), point("q", 115)]
    assert identify(MINE, [MINE, row("other", 105, 115)], listed, NOTHING) == Finding(
        listed[0], listed=True, possible=True
    )


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


def test_points_of_which_no_array_tells_a_transfer_any_more_hide_nothing() -> None:
    """The source's clock is five minutes ahead, so that our window is wide, and what was listed before lies in it."""
    kept, mine = row("kept", 310, 12), row("mine", 330, 30)
    before = [point(f"gone{number}", 40 + number) for number in range(5)] + [point("kept", 20)]
    ours = point("ours", 30, "n")
    told = identify(mine, [mine, kept], [*before, ours], baseline_of(before, [kept], [kept]))
    assert told == Finding(ours, listed=True, possible=True)


def test_the_list_forgot_an_old_point_and_ours_has_the_name() -> None:
    """The old transfer is there, its point is not listed any more: by times alone it could explain ours."""
    kept, mine = row("kept", 310, 12), row("mine", 330, 30)
    ours = point("ours", 30, "n")
    baseline = baseline_of([], [kept], [kept])
    assert not identify(mine, [mine, kept], [ours], baseline).listed
    for pushed in (True, False):
        assert identify(mine, [mine, kept], [ours], baseline, NextName("n", pushed=pushed)).point == ours


def test_a_clock_that_went_back_makes_nothing_old() -> None:
    """A hundred points in time and snapshots from when the clock was an hour ahead; ours looks older than all."""
    before = [point(f"p{number}", 3600 + number) for number in range(100)]
    rows = [row(f"s{number}", 3600 + number, 3600 + number) for number in range(100)]
    ours = point("ours", 110)
    assert identify(MINE, [*rows, MINE], [*before, ours], baseline_of(before, rows, rows)).point == ours


def test_fractions_of_seconds_choose_where_both_sides_tell_them() -> None:
    mine, other = row("mine", 100.2, 100.5), row("other", 100.1, 100.3)
    cut = [point("q", 100), point("p", 100)]
    assert identify(mine, [mine, other], cut, NOTHING) == Finding(None, listed=True, possible=True)
    for listed in ([point("q", 100.3), point("p", 100.5)], [point("q", 100.1), point("p", 100.2)]):
        assert identify(mine, [mine, other], listed, NOTHING).point == listed[1]
    rounded = [point("q", 100.3), point("p", 100.501)]  # past our window: the provider counts otherwise
    assert identify(mine, [mine, other], rounded, NOTHING) == Finding(None, listed=True, possible=True)


@pytest.mark.parametrize(
    ("created", "completed", "told"),
    [(100.2, 105.7, 106), (100, 105, 106), (100.6, 100.8, 101), (101, 105, 100), (105.7, 100.2, 106)],
)
def test_a_time_that_one_side_rounds_and_the_other_cuts_is_found(created: float, completed: float, told: int) -> None:
    mine, other = row("mine", created, completed), row("other", told + 30, told + 40)
    ours, later = point("p", told), point("q", told + 40)
    assert identify(mine, [mine, other], [later, ours], NOTHING) == Finding(ours, listed=True, possible=True)
    assert not identify(mine, [mine, other], [later], NOTHING).possible
    assert not identify(mine, [mine], [point("p", 108)], NOTHING).possible, "that is no rounding"


def test_a_point_that_another_transfer_explains_is_not_taken_for_one_that_was_rounded() -> None:
    mine, other = row("mine", 100, 105), row("other", 106, 107)
    assert not identify(mine, [mine, other], [point("q", 106)], NOTHING).listed
    both = [point("q", 106), point("p", 105)]
    assert identify(mine, [mine, other], both, NOTHING).point == both[1]


def test_a_new_point_with_the_time_of_no_transfer_is_told_and_proves_nothing() -> None:
    strange, old = point("p", 410, "n"), point("old", 700)
    baseline = Baseline(points=("old",))
    assert unexplained([MINE], [old, strange], baseline) == strange
    assert unexplained([MINE], [old, point("q", 111)], baseline) is None
    finding = identify(MINE, [MINE], [old, strange], baseline, NextName("n", pushed=True))
    assert finding == Finding(None, listed=False)
    reason, text = not_listed(MINE, finding, baseline, strange)
    assert reason == Reason.POINT_IN_TIME_NOT_LISTED
    assert "'p' named 'n' of 2026-11-24T12:06:50Z" in text
    assert "Set NTP" in text


def test_the_name_is_on_what_landed_first() -> None:
    mine, later = row("mine", 100.1, 100.3), row("later", 100.2, 100.5)
    listed = [point("q", 100), point("p", 100, "n")]
    name = NextName("n", pushed=True)
    assert identify(mine, [mine, later], listed, NOTHING, name).point == listed[1]
    assert identify(later, [mine, later], listed, NOTHING, name).point is None, "it may have landed before arming"
    assert identify(mine, [mine, later], listed, NOTHING, NextName("n", pushed=False)).point is None
    overtaken = row("overtaken", 100.4, 100.2)
    assert identify(mine, [mine, overtaken], listed, NOTHING, name).point == listed[0], "made after ours, and first"


def test_a_name_proves_nothing_where_the_order_of_landing_is_not_told() -> None:
    mine, other = row("mine", 100, 110), row("other", 100, 110)
    listed = [point("q", 105), point("p", 105, "n")]
    assert identify(mine, [mine, other], listed, NOTHING, NextName("n", pushed=True)).point is None
    twice = [point("q", 105, "n"), point("p", 105, "n")]
    first = row("first", 100, 109)
    assert identify(first, [first, other], twice, NOTHING, NextName("n", pushed=True)).point is None


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


@settings(max_examples=300)
@given(
    others=st.lists(st.tuples(TIMES, TIMES, st.booleans(), st.booleans()), max_size=4),
    mine=st.tuples(TIMES, TIMES),
    gone=st.lists(TIMES, max_size=3),
    armed=TIMES,
    ours_is_listed=st.booleans(),
    of_completion=st.booleans(),
)
def test_what_is_told_is_so_whatever_was_there_before(
    others: list[tuple[int, int, bool, bool]],
    mine: tuple[int, int],
    gone: list[int],
    armed: int,
    *,
    ours_is_listed: bool,
    of_completion: bool,
) -> None:
    """Each of the others landed before the baseline or after it, and is listed or not; some points have no transfer."""
    ours = row("mine", *mine)
    old = [row(f"old{number}", one[0], one[1]) for number, one in enumerate(others) if one[2]]
    new = [row(f"new{number}", one[0], one[1]) for number, one in enumerate(others) if not one[2]]

    def point_of(one: Snapshot, name: str | None = None) -> PointInTime:
        return PointInTime(f"of-{one.suffix}", name, (one.completed if of_completion else None) or one.created)

    shown = {f"old{n}" for n, one in enumerate(others) if one[2] and one[3]}
    shown |= {f"new{n}" for n, one in enumerate(others) if not one[2] and one[3]}
    before = [point_of(one) for one in old if one.suffix in shown] + [
        point(f"gone{n}", seconds) for n, seconds in enumerate(gone)
    ]
    after = [one for one in new if one.created > ours.created or (one.completed or BASE) > at(armed)]
    named = min([*after, ours], key=lambda one: one.completed or BASE)
    listed = [*before, *(point_of(one, "n" if one is named else None) for one in new if one.suffix in shown)]
    if ours_is_listed:
        listed.append(point_of(ours, "n" if named is ours else None))
    baseline = baseline_of(before, old, old)
    assert all(listed_before(one, baseline) for one in before)
    for promised in (None, NextName("n", pushed=True)):
        told = identify(ours, [ours, *old, *new], listed, baseline, promised)
        assert not told.listed or ours_is_listed
        assert told.point is None or told.point.id == "of-mine"
