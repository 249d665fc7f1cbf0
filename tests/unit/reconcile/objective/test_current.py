"""`RecoveryPointCurrent`: what each state of points, clocks and time comes to, and when time alone turns it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvol_replication.api.reasons import Reason
from vvol_replication.api.refs import PointInTimeStatus
from vvol_replication.reconcile.binding.world import Problem
from vvol_replication.reconcile.objective.clocks import IN_STEP, Clocks
from vvol_replication.reconcile.objective.current import CURRENT, Judged, Listing, judge_current

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
OBJECTIVE = 15 * MINUTE
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
POINT = PointInTimeStatus("pit-1", "before-upgrade", NOON)
LISTED = Listing(POINT, NOON + MINUTE)
STEP = Clocks(timedelta(), timedelta())


def judged(now: datetime, *, clocks: Clocks = STEP, listing: Listing = LISTED, since: datetime | None = None) -> Judged:
    found = judge_current(OBJECTIVE, listing, clocks, now, since)
    assert found is not None
    assert found.wanted.type == CURRENT
    return found


def said(found: Judged) -> tuple[str, str]:
    return found.wanted.status, found.wanted.reason


def test_without_an_objective_nothing_is_said() -> None:
    assert judge_current(None, LISTED, STEP, NOON, None) is None


def test_within_it_until_the_moment_that_the_message_tells() -> None:
    found = judged(NOON + 5 * MINUTE)
    assert said(found) == ("True", Reason.WITHIN_OBJECTIVE)
    assert found.behind_since is None
    assert (
        "within the objective of 15 min until 2026-12-01T12:15:00Z by the target array's clock" in found.wanted.message
    )
    assert found.turns_at is not None
    assert said(judged(NOON + OBJECTIVE))[0] == "True"
    assert said(judged(found.turns_at))[0] == "False"


def test_behind_it_by_how_much_and_since_when() -> None:
    found = judged(NOON + 30 * MINUTE)
    assert said(found) == ("False", Reason.BEHIND_OBJECTIVE)
    assert found.behind_since == NOON + OBJECTIVE
    assert found.turns_at is None
    assert found.wanted.message == (
        "At 2026-12-01T12:30:00Z by the target array's clock point in time 'before-upgrade' of 2026-12-01T12:00:00Z "
        "was 30 min old. The objective is 15 min. It has been missed since 2026-12-01T12:15:00Z."
    )


def test_it_is_missed_since_it_was_first_missed_also_when_a_late_point_comes_that_is_too_old_already() -> None:
    first = judged(NOON + 30 * MINUTE).behind_since
    late = Listing(replace(POINT, time=NOON + 10 * MINUTE), NOON + 40 * MINUTE)
    assert judged(NOON + 40 * MINUTE, listing=late, since=first).behind_since == NOON + OBJECTIVE
    drifted = judged(NOON + 41 * MINUTE, clocks=Clocks(SECOND, SECOND), since=first)
    assert drifted.behind_since == first
    older = Listing(replace(POINT, time=NOON - 60 * MINUTE), NOON + 40 * MINUTE)
    assert judged(NOON + 42 * MINUTE, listing=older, since=first).behind_since == NOON - 45 * MINUTE


def test_no_point_in_time_at_all_has_its_own_reason_and_its_own_beginning() -> None:
    none = Listing(None, NOON)
    found = judged(NOON, listing=none, clocks=Clocks(MINUTE, None))
    assert said(found) == ("False", Reason.NO_POINT_IN_TIME)
    assert found.behind_since == NOON + MINUTE
    assert judged(NOON + 5 * MINUTE, listing=none, since=found.behind_since).behind_since == found.behind_since
    assert said(judged(NOON, listing=Listing(PointInTimeStatus("pit-1"), NOON))) == ("False", Reason.NO_POINT_IN_TIME)


def test_what_cannot_be_read_is_unknown_with_the_last_that_is_known_and_its_time() -> None:
    gone = Problem(Reason.UNREACHABLE, "No connection.")
    found = judged(NOON + 5 * MINUTE, listing=replace(LISTED, problem=gone), since=NOON)
    assert said(found) == ("Unknown", Reason.UNREACHABLE)
    assert found.wanted.message == (
        "The newest that is known is point in time 'before-upgrade' of 2026-12-01T12:00:00Z, listed at "
        "2026-12-01T12:01:00Z. No connection."
    )
    assert found.behind_since == NOON, "whether it is held again is not known"
    assert found.turns_at is None
    without = judged(NOON, listing=Listing(None, None, gone)).wanted.message
    assert without == "No point in time is known from before. No connection."
    unnamed = Listing(PointInTimeStatus("pit-2", None, NOON), None, gone)
    assert "is point in time 'pit-2' of 2026-12-01T12:00:00Z. No" in judged(NOON, listing=unnamed).wanted.message
    nameless = Listing(PointInTimeStatus(None, None, NOON), None, gone)
    assert "is point in time of 2026-12-01T12:00:00Z. No" in judged(NOON, listing=nameless).wanted.message


def test_without_the_target_arrays_time_no_age_is_told() -> None:
    found = judged(NOON, clocks=Clocks(None, timedelta()))
    assert said(found) == ("Unknown", Reason.CLOCK_UNKNOWN)


def test_the_target_alone_is_enough_when_the_source_site_is_lost() -> None:
    found = judged(NOON + 5 * MINUTE, clocks=Clocks(timedelta(), None))
    assert said(found) == ("True", Reason.WITHIN_OBJECTIVE)
    assert "The source array's clock is not known." in found.wanted.message
    assert said(judged(NOON + 16 * MINUTE, clocks=Clocks(timedelta(), None))) == ("False", Reason.BEHIND_OBJECTIVE)


def test_the_older_reading_counts_where_the_arrays_clocks_differ_a_little() -> None:
    ahead = Clocks(timedelta(), 40 * SECOND)
    found = judged(NOON + 14 * MINUTE + 30 * SECOND, clocks=ahead)
    assert said(found) == ("False", Reason.BEHIND_OBJECTIVE)
    assert found.behind_since == NOON + 14 * MINUTE + 20 * SECOND, "by the target array's clock"
    assert "The arrays' clocks are 40 s apart: the older reading of its time counts." in found.wanted.message


@pytest.mark.parametrize("source", [None, timedelta()])
def test_clocks_too_far_apart_leave_unknown_what_depends_on_them_and_nothing_else(source: timedelta | None) -> None:
    clocks = Clocks(10 * MINUTE, source)
    assert said(judged(NOON + 4 * MINUTE, clocks=clocks)) == ("True", Reason.WITHIN_OBJECTIVE)
    found = judged(NOON + 6 * MINUTE, clocks=clocks)
    assert said(found) == ("Unknown", Reason.CLOCK_OUT_OF_STEP)
    whose = "the operator's" if source is None else "the source array's"
    assert f"10 min apart from {whose}" in found.wanted.message
    assert said(judged(NOON + 16 * MINUTE, clocks=clocks)) == ("False", Reason.BEHIND_OBJECTIVE)


def test_a_clock_of_ours_that_is_wrong_alone_changes_nothing() -> None:
    both = Clocks(2 * OBJECTIVE, 2 * OBJECTIVE)
    assert said(judged(NOON - 2 * OBJECTIVE + 5 * MINUTE, clocks=both)) == ("True", Reason.WITHIN_OBJECTIVE)
    assert said(judged(NOON - 14 * MINUTE, clocks=both)) == ("False", Reason.BEHIND_OBJECTIVE)


def test_a_point_in_time_of_the_future_shows_clocks_that_cannot_be_compared() -> None:
    assert said(judged(NOON - IN_STEP)) == ("True", Reason.WITHIN_OBJECTIVE)
    assert said(judged(NOON - IN_STEP - SECOND)) == ("Unknown", Reason.CLOCK_OUT_OF_STEP)
    last = Listing(replace(POINT, time=datetime.max.replace(tzinfo=UTC)), NOON)
    assert said(judged(NOON, listing=last)) == ("Unknown", Reason.CLOCK_OUT_OF_STEP)


SKEW = st.none() | st.timedeltas(-timedelta(hours=2), timedelta(hours=2))
AGE = st.timedeltas(-timedelta(hours=3), timedelta(hours=30))
LIMIT = st.integers(1, 8760 * 3600).map(lambda seconds: timedelta(seconds=seconds))


@given(objective=LIMIT, age=AGE, target=SKEW, source=SKEW, since=st.none() | st.just(NOON))
def test_it_is_never_true_while_the_older_reading_is_over_the_objective(
    objective: timedelta, age: timedelta, target: timedelta | None, source: timedelta | None, since: datetime | None
) -> None:
    now, clocks = NOON + age, Clocks(target, source)
    found = judge_current(objective, LISTED, clocks, now, since)
    assert found is not None
    readings = [skew or timedelta() for skew in (target, source)]
    if found.wanted.status == "True":
        assert max(now + skew - NOON for skew in readings) <= objective
        assert found.turns_at is not None
        assert found.turns_at > now
        just_before = judge_current(objective, LISTED, clocks, found.turns_at - timedelta(milliseconds=1), since)
        then = judge_current(objective, LISTED, clocks, found.turns_at, since)
        assert just_before is not None
        assert then is not None
        assert (just_before.wanted.status, then.wanted.status != "True") == ("True", True)
    if found.wanted.status == "False":
        assert max(now + skew - NOON for skew in readings) > objective
        assert found.behind_since is not None
        assert clocks.apart <= IN_STEP or min(now + skew - NOON for skew in readings) > objective


@given(st.lists(st.tuples(AGE, SKEW, SKEW), max_size=5))
def test_messages_are_one_line_and_every_age_in_them_has_its_time(seen: list[tuple[Any, Any, Any]]) -> None:
    for age, target, source in seen:
        text = judged(NOON + age, clocks=Clocks(target, source)).wanted.message
        assert text.isprintable()
        assert " old," not in text or re.search(r"At \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ by the target array's clock", text)
