"""`NamedPointExpiring`: which point in time, when at the earliest and at the latest, and when the warning begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvol_replication.api.reasons import Reason
from vvol_replication.api.refs import PointInTimeStatus
from vvol_replication.domain.arrays import Retention
from vvol_replication.reconcile.objective.clocks import Clocks
from vvol_replication.reconcile.objective.expiring import EXPIRING, drop_times, judge_expiring

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
NAMED = PointInTimeStatus("pit-1", "before-upgrade", NOON)
STEP = Clocks(timedelta(), timedelta())


@pytest.mark.parametrize(
    ("retention", "times"),
    [
        (Retention(2 * DAY, 0, 7), (NOON + 2 * DAY, NOON + 2 * DAY)),
        (Retention(2 * DAY, 4, 0), (NOON + 2 * DAY, NOON + 2 * DAY)),
        (Retention(2 * DAY, 4, 7), (NOON + 2 * DAY, NOON + 9 * DAY)),
        (Retention(2 * DAY, 4, None), (NOON + 2 * DAY, None)),
        (Retention(None, 4, 7), None),
        (Retention(timedelta.max, 4, 7), None),
        (Retention(DAY, 4, 10**12), None),
    ],
)
def test_when_a_point_in_time_may_be_dropped(retention: Retention, times: object) -> None:
    assert drop_times(NOON, retention) == times


def test_a_day_ahead_it_is_told_which_and_when() -> None:
    retention = Retention(3 * DAY, 0, 0)
    nothing, begins = judge_expiring(NAMED, retention, STEP, NOON)
    assert nothing is None
    assert begins == NOON + 2 * DAY
    wanted, turns_at = judge_expiring(NAMED, retention, STEP, begins)
    assert wanted is not None
    assert turns_at is None
    assert (wanted.type, wanted.status, wanted.reason) == (EXPIRING, "True", Reason.NAMED_POINT_EXPIRING)
    assert wanted.message == (
        "The newest named point in time, 'before-upgrade' (pit-1), is due to be dropped at 2026-12-04T12:00:00Z. That "
        "is the retention of the protection group for its targets. If it is still needed then, make a new one, or "
        "lengthen the retention on the source array."
    )


@pytest.mark.parametrize(
    ("days", "latest"),
    [(7, "At the latest it is dropped at 2026-12-09T12:00:00Z"), (None, "It may also stay for ever")],
)
def test_where_the_array_chooses_the_earliest_and_the_latest_are_told(days: int | None, latest: str) -> None:
    wanted, _ = judge_expiring(NAMED, Retention(DAY, 4, days), STEP, NOON + 18 * HOUR)
    assert wanted is not None
    assert "may be dropped from 2026-12-02T12:00:00Z on, when only 4 of each day are kept. " + latest in wanted.message


def test_a_new_point_in_time_that_is_kept_for_a_day_is_not_expiring_yet() -> None:
    nothing, begins = judge_expiring(NAMED, Retention(DAY, 0, 0), STEP, NOON + HOUR)
    assert (nothing, begins) == (None, NOON + 18 * HOUR)


def test_it_is_told_until_it_is_gone() -> None:
    wanted, _ = judge_expiring(PointInTimeStatus(None, "x", NOON), Retention(HOUR, 4, 7), STEP, NOON + 30 * DAY)
    assert wanted is not None
    assert "in time, 'x', may be dropped" in wanted.message


@pytest.mark.parametrize(
    ("named", "retention"),
    [
        (None, Retention(HOUR, 0, 0)),
        (PointInTimeStatus("pit-1", "x", None), Retention(HOUR, 0, 0)),
        (NAMED, None),
        (NAMED, Retention(None, 0, 0)),
    ],
)
def test_nothing_is_guessed(named: PointInTimeStatus | None, retention: Retention | None) -> None:
    assert judge_expiring(named, retention, STEP, NOON + 30 * DAY) == (None, None)


@given(
    all_for=st.timedeltas(timedelta(), 60 * DAY),
    skew=st.none() | st.timedeltas(-HOUR, HOUR),
    after=st.timedeltas(-DAY, 90 * DAY),
)
def test_the_warning_begins_a_day_ahead_at_the_latest(
    all_for: timedelta, skew: timedelta | None, after: timedelta
) -> None:
    clocks, now = Clocks(skew, None), NOON + after
    wanted, begins = judge_expiring(NAMED, Retention(all_for, 0, 0), clocks, now)
    left = NOON + all_for - clocks.target_time(now)
    assert wanted is not None or left > (DAY if all_for > DAY else all_for / 4)
    assert (wanted is None) == (begins is not None)
    assert begins is None or (begins > now and judge_expiring(NAMED, Retention(all_for, 0, 0), clocks, begins)[0])
