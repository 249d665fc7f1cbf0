"""Over generated schedules the driver holds every step against the laws, and a fair world brings every end."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.reconcile.model.exploration import ACTIONS, Setup, explore

from vvol_replication.api.sync import Method

pytestmark = pytest.mark.no_cover  # others reach the same lines; counting takes longer than playing

SETTINGS = settings(max_examples=50)
SETUPS = st.builds(
    Setup,
    history=st.sampled_from([0, 1, 3, 18]),
    source_skew=st.sampled_from([0, -600, 7, 600]),
    target_skew=st.sampled_from([0, -600, 600]),
    time_of_completion=st.booleans(),
    listing_lag=st.sampled_from([0.0, 1.5, 6.0]),
    explicit=st.booleans(),
    prepared=st.sampled_from([False, False, False, True]),
    requests=st.integers(1, 3),
    task_in_ongoing=st.sampled_from([True, True, True, False]),
    ongoing_in_task=st.booleans(),
    provider_pushes=st.sampled_from([False, False, False, True]),
    clocks_told=st.sampled_from([True, True, False]),
    methods=st.lists(st.sampled_from(Method), min_size=1, max_size=3).map(tuple),
    max_age=st.sampled_from([None, None, None, 60, 1200, 86400]),
    same_id=st.sampled_from([False, False, True]),
)
SCHEDULES = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(ACTIONS)), max_size=60)


@SETTINGS
@given(SETUPS, SCHEDULES)
def test_no_schedule_of_events_breaks_a_rule_and_every_request_ends(
    setup: Setup, actions: list[tuple[int, tuple[object, ...]]]
) -> None:
    drivers = explore(setup, actions)
    assert all(driver.ended for driver in drivers)


def _chosen(seed: int) -> tuple[Setup, list[tuple[int, tuple[object, ...]]]]:
    chance = random.Random(seed)  # noqa: S311 - a schedule, no secret
    setup = Setup(
        history=chance.choice([0, 0, 1, 18]),
        source_skew=chance.choice([0, 0, -600, 7, 600]),
        target_skew=chance.choice([0, 0, -600, 600]),
        time_of_completion=chance.random() < 0.5,
        listing_lag=chance.choice([0, 0, 1.5, 6]),
        explicit=chance.random() < 0.5,
        prepared=chance.random() < 0.1,
        requests=chance.choice([1, 1, 2, 3]),
        ongoing_in_task=chance.random() < 0.3,
        provider_pushes=chance.random() < 0.2,
        methods=tuple(chance.choice(list(Method)) for _ in range(3)),
        max_age=chance.choice([None, None, None, 1200]),
        same_id=chance.random() < 0.2,
    )
    length = chance.choice([5, 15, 30, 60, 90])
    return setup, [(chance.randrange(3), chance.choice(ACTIONS)) for _ in range(length)]


@pytest.mark.parametrize("part", range(4))
def test_long_schedules_chosen_by_seed(part: int) -> None:
    for seed in range(part * 50, part * 50 + 50):
        drivers = explore(*_chosen(seed))
        assert all(driver.ended for driver in drivers), seed
