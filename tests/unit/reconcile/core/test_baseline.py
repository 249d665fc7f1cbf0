"""What was there before arming: by fingerprints, and by times where there are none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from vvol_replication.api.sync import FINGERPRINTS_LIMIT, Baseline, Operation
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.points import PointInTime
from vvol_replication.reconcile.core.baseline import (
    at_end,
    baseline_of,
    fingerprints,
    is_older,
    landed_before,
    landed_since,
    listed_before,
    went_back,
)

BASE = datetime(2026, 11, 24, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BASE + timedelta(seconds=seconds)


def row(suffix: str, created: float, completed: float | None = None) -> Snapshot:
    landed = None if completed is None else at(completed)
    return Snapshot(f"fa-a:erp.{suffix}", at(created), at(created), landed, 0.3 if completed is None else 1.0)


def point(name: str, seconds: float) -> PointInTime:
    return PointInTime(name, None, at(seconds))


MINE = row("mine", 100, 110)
POINTS = [point(f"p{number}", number) for number in range(200)]
ROWS = [row(f"s{number}", number, number + 0.5) for number in range(200)]
FULL = baseline_of(POINTS, ROWS, [row("young", 500)])
BY_TIMES = replace(FULL, point_fingerprints=None, transfer_fingerprints=None, snapshot_fingerprints=None)


@pytest.mark.parametrize("baseline", [FULL, BY_TIMES], ids=["fingerprints", "times"])
def test_all_that_was_there_was_there(baseline: Baseline) -> None:
    assert all(listed_before(one, baseline) for one in POINTS)
    assert all(landed_before(one, baseline) for one in ROWS)
    assert all(is_older(one, baseline) for one in [*ROWS, row("young", 500)])
    renamed = replace(ROWS[3], name="fa-new:erp-new.S3")
    assert is_older(renamed, baseline)
    assert landed_before(renamed, baseline)
    assert not listed_before(point("new", 501), baseline)
    assert not landed_before(row("new", 501, 502), baseline)
    assert not is_older(row("new", 501), baseline)


def test_what_is_new_is_new_however_old_it_looks() -> None:
    assert not listed_before(point("new", 1), FULL)
    assert not landed_before(row("new", 1, 2), FULL)
    assert not is_older(row("new", 1), FULL)


def test_where_times_have_to_do_a_clock_that_went_back_is_told() -> None:
    assert went_back(MINE, BY_TIMES)
    assert not went_back(row("x", 501, 502), BY_TIMES)
    assert not went_back(MINE, FULL), "nothing depends on it"
    assert not went_back(MINE, None)


def test_the_baseline_keeps_the_newest_and_remembers_where_it_was_cut() -> None:
    assert len(FULL.points) == len(FULL.transfers) == 16
    assert FULL.newest_snapshot == at(500)
    assert FULL.points_before == at(184)
    assert baseline_of(POINTS[:3], ROWS[:3], []).points_before is None


def test_too_many_have_no_fingerprints() -> None:
    assert len(fingerprints(str(number) for number in range(FINGERPRINTS_LIMIT)) or "") == 8 * FINGERPRINTS_LIMIT
    assert fingerprints(str(number) for number in range(FINGERPRINTS_LIMIT + 1)) is None
    assert fingerprints([]) == ""


def test_the_fingerprints_go_when_the_request_ends() -> None:
    ended = at_end(Operation(request_id="r", baseline=FULL))
    assert ended.baseline == BY_TIMES
    assert at_end(Operation(request_id="r")) == Operation(request_id="r")
    assert at_end(None) is None


def test_without_a_baseline_everything_is_news() -> None:
    assert not listed_before(point("p", 1), None)
    assert not landed_before(MINE, None)
    assert not is_older(MINE, None)


def test_what_landed_since_is_in_the_order_of_landing() -> None:
    first, second = row("b", 1, 5), row("a", 2, 9)
    assert landed_since([second, MINE, first, row("running", 3)], "mine", Baseline()) == (first, second)
