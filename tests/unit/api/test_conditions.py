"""Conditions: transition times, generations, what is removed, and messages of one line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.api.samples import any_of

from vvol_replication.api.conditions import (
    MESSAGE_LIMIT,
    Condition,
    Wanted,
    find,
    from_json,
    merge,
    to_json,
)
from vvol_replication.api.reasons import Reason

THEN = datetime(2026, 11, 24, 3, 0, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 3, 5, 7, 654321, tzinfo=UTC)
SHOWN_NOW = NOW.replace(microsecond=0)
READY = Condition("Ready", "Unknown", "Arming", "asking dallas", 1, THEN)


def test_a_new_condition_begins_now_in_whole_seconds() -> None:
    (made,) = merge((), [Wanted("Ready", "Unknown", Reason.ARMING, "asking dallas")], 3, NOW)

    assert made == Condition("Ready", "Unknown", "Arming", "asking dallas", 3, SHOWN_NOW)
    assert type(made.reason) is str


def test_another_reason_is_no_transition() -> None:
    (made,) = merge([READY], [Wanted("Ready", "Unknown", "Pushing", "telling flasharray-a")], 2, NOW)

    assert made == Condition("Ready", "Unknown", "Pushing", "telling flasharray-a", 2, THEN)


def test_another_status_is_one() -> None:
    (made,) = merge([READY], [Wanted("Ready", "True", "PointInTimeCreated", "")], 1, NOW)

    assert made.last_transition_time == SHOWN_NOW


def test_what_is_not_wanted_any_more_goes_and_the_order_is_that_of_the_wanted() -> None:
    old = [Condition("Reconciling", "True", "Arming", "", 1, THEN), READY]

    made = merge(old, [Wanted("Ready", "True", "R", ""), Wanted("Complete", "True", "R", "")], 1, NOW)

    assert [condition.type for condition in made] == ["Ready", "Complete"]
    assert find(made, "Complete") == made[1]
    assert find(made, "Reconciling") is None


def test_a_type_wanted_twice_is_an_error_here_and_not_at_the_api_server() -> None:
    with pytest.raises(ValueError, match="twice"):
        merge((), [Wanted("Ready", "True", "R", ""), Wanted("Ready", "False", "R", "")], 1, NOW)


@pytest.mark.parametrize(
    ("message", "written"),
    [
        ("two\n  lines\tand a tab ", "two lines and a tab"),
        ("x" * MESSAGE_LIMIT, "x" * MESSAGE_LIMIT),
        ("x" * (MESSAGE_LIMIT + 1), "x" * (MESSAGE_LIMIT - 1) + "…"),
    ],
)
def test_a_message_is_one_line_and_not_endless(message: str, written: str) -> None:
    (made,) = merge((), [Wanted("Ready", "True", "R", message)], 1, NOW)

    assert made.message == written


WANTED = st.lists(any_of(Wanted), max_size=4, unique_by=lambda want: want.type)


@given(first=WANTED, second=WANTED, generation=st.integers(1, 9))
def test_merging_is_stable_and_never_turns_time_back(
    first: list[Wanted], second: list[Wanted], generation: int
) -> None:
    before = merge((), first, generation, THEN)
    after = merge(before, second, generation + 1, NOW)

    assert merge(after, second, generation + 1, NOW + timedelta(hours=1)) == after
    for made in after:
        old = find(before, made.type)
        kept = old is not None and old.status == made.status
        assert made.last_transition_time == (THEN if kept else SHOWN_NOW)
        assert made.observed_generation == generation + 1


@given(conditions=st.lists(any_of(Condition), max_size=4, unique_by=lambda one: one.type))
def test_what_is_written_can_be_read_back(conditions: list[Condition]) -> None:
    assert from_json(json.loads(json.dumps(to_json(conditions)))) == tuple(conditions)


@pytest.mark.parametrize(
    "broken",
    [
        None,
        "Ready",
        {},
        {"type": "Ready"},
        to_json([READY])[0] | {"status": "Maybe"},
        to_json([READY])[0] | {"status": True},
        to_json([READY])[0] | {"observedGeneration": "1"},
        to_json([READY])[0] | {"lastTransitionTime": "yesterday"},
    ],
)
def test_a_condition_that_cannot_be_read_counts_as_absent(broken: Any) -> None:
    other = Condition("Complete", "True", "R", "", 1, THEN)

    assert from_json([broken, *to_json([other])]) == (other,)


@pytest.mark.parametrize("raw", [None, {}, "text", 7])
def test_a_list_that_is_none_is_empty(raw: object) -> None:
    assert from_json(raw) == ()


def test_of_two_with_one_type_the_first_counts() -> None:
    assert from_json(to_json([READY, Condition("Ready", "True", "R", "", 1, THEN)])) == (READY,)


@pytest.mark.parametrize("wrong", [True, 1.0, [1], {"a": 1}])
def test_a_value_that_is_equal_but_of_another_type_is_not_taken_for_it(wrong: object) -> None:
    (well,) = to_json([READY])
    assert from_json([{**well, "observedGeneration": wrong}]) == ()
    assert from_json([well]) == (READY,)
    assert from_json([{**well, "observedGeneration": wrong}]) == ()
