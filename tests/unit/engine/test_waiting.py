"""Moments at which several do something together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vvol_replication.engine.waiting import common_moment

NOW = st.floats(1.7e9, 1.9e9)
NAME = st.text(st.characters(), max_size=40)


@given(NOW, NOW, NAME)
def test_all_of_one_name_have_the_same_moments(one: float, other: float, name: str) -> None:
    first, second = (common_moment(near, float("inf"), 30.0, name) for near in (one, other))
    apart = (first - second) % 30
    assert min(apart, 30 - apart) < 1e-4


@given(NOW, st.floats(0, 60), NAME)
def test_it_is_near_and_never_too_late(near: float, more: float, name: str) -> None:
    found = common_moment(near, near + more, 30.0, name)
    assert near - 30.0 - 1e-4 <= found <= near + min(more, 15.0) + 1e-4


def test_others_have_other_moments() -> None:
    moments = {round(common_moment(1.8e9, float("inf"), 30.0, f"fault domain {number}")) for number in range(20)}
    assert len(moments) > 10
