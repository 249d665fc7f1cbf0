"""When data that is on its way will have landed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from vvol_replication.domain.arrays import Snapshot
from vvol_replication.engine.monitors.arrival import next_arrival, shares

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROW = Snapshot("a:erp.one", NOW, started=NOW, progress=0.5)


def test_only_what_is_under_way_and_tells_how_far_it_came_counts() -> None:
    landed = replace(ROW, name="a:erp.landed", completed=NOW, progress=1.0)
    gone, silent = replace(ROW, name="a:erp.gone", destroyed=True), replace(ROW, name="a:erp.silent", progress=None)
    assert shares([ROW, landed, gone, silent]) == {"a:erp.one": 0.5}


def test_the_first_that_will_land_is_told_if_all_go_on_as_they_went() -> None:
    before, now = {"one": 0.25, "two": 0.5}, {"one": 0.5, "two": 0.625}
    assert next_arrival(before, now, 10.0) == 20.0


def test_what_stands_still_or_goes_back_or_is_new_is_not_awaited() -> None:
    before, now = {"still": 0.99, "back": 0.5, "done": 0.9}, {"still": 0.99, "back": 0.4, "new": 0.9}
    assert next_arrival(before, now, 10.0) is None
    assert next_arrival({}, {}, 10.0) is None


share = st.floats(0.0, 1.0)
told = st.dictionaries(st.sampled_from("abcd"), share)


@given(told, told, st.floats(0.0, 1e4))
def test_it_is_never_in_the_past(before: dict[str, float], now: dict[str, float], elapsed: float) -> None:
    arrival = next_arrival(before, now, elapsed)
    assert arrival is None or arrival >= 0
