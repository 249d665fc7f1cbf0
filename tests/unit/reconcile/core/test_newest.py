"""The age of the newest point in time at a moment, by the target array's clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from vvol_replication.api.refs import NewestPoint
from vvol_replication.domain.arrays import ArrayAbout
from vvol_replication.domain.outcomes import Done, Unavailable
from vvol_replication.domain.points import PointInTime
from vvol_replication.reconcile.core.newest import age_of, newest_listed
from vvol_replication.reconcile.core.observation import Observation, Reading

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FRESH = timedelta(seconds=10)
POINTS = tuple(PointInTime(f"p{age}", None, NOW - timedelta(seconds=age)) for age in (900, 300, 600))
SEEN = Observation(
    points=Reading(Done(POINTS), NOW - timedelta(seconds=4)),
    target_array=ArrayAbout("id-b", "b", "6.6", "2.26", timedelta(seconds=90)),
)


def test_the_age_is_by_the_target_arrays_clock_when_the_list_was_read() -> None:
    newest = newest_listed(SEEN, NOW, FRESH)

    assert newest == NewestPoint(NOW - timedelta(seconds=300), NOW + timedelta(seconds=86))
    assert age_of(newest) == "6m26s"


@pytest.mark.parametrize(
    "seen",
    [
        replace(SEEN, points=None),
        replace(SEEN, points=Reading(Unavailable("Timeout", "no answer"), NOW)),
        replace(SEEN, points=Reading(Done(()), NOW)),
        replace(SEEN, points=Reading(Done(POINTS), NOW - timedelta(seconds=11))),
        replace(SEEN, target_array=None),
        replace(SEEN, target_array=ArrayAbout("id-b", "b", "6.6", "2.26")),
    ],
    ids=["not listed", "not answered", "nothing there", "listed long ago", "no array", "no clock"],
)
def test_what_is_not_known_is_left_out(seen: Observation) -> None:
    assert newest_listed(seen, NOW, FRESH) is None
    assert age_of(None) is None


@pytest.mark.parametrize(("ahead", "age"), [(0, "0s"), (60, "0s"), (61, None)])
def test_a_point_from_the_future_is_new_as_far_as_clocks_may_differ(ahead: int, age: str | None) -> None:
    assert age_of(NewestPoint(NOW + timedelta(seconds=ahead), NOW)) == age
