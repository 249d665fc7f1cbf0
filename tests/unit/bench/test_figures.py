"""The benchmarks' arithmetic."""

from __future__ import annotations

import math
import os
import socket

import pytest
from bench import figures, usage


@pytest.mark.parametrize(
    ("part", "expected"), [(0.0, 1.0), (0.5, 2.0), (0.51, 3.0), (0.75, 3.0), (0.95, 4.0), (1.0, 4.0)]
)
def test_a_quantile_is_a_value_that_was_measured(part: float, expected: float) -> None:
    assert figures.quantile([4.0, 1.0, 3.0, 2.0], part) == expected


def test_no_values_have_no_quantile() -> None:
    with pytest.raises(ValueError, match="no values"):
        figures.quantile([], 0.5)


def test_a_ratio_to_nothing_is_infinite() -> None:
    assert figures.ratio(3, 2) == 1.5
    assert math.isinf(figures.ratio(3, 0))


def test_times_are_read_with_their_fraction_and_zone() -> None:
    assert figures.seconds("1970-01-01T00:00:01.250Z") == 1.25
    assert figures.seconds("1970-01-01T01:00:00.500000+01:00") == 0.5


def test_stages_follow_time_and_add_up() -> None:
    found = figures.stages([("push", 10.75), ("acceptance", 10.25)], 10.0)

    assert list(found) == ["acceptance", "push"]
    assert found == {"acceptance": 0.25, "push": 0.5}


def test_medians_are_taken_over_the_rows_that_have_the_key() -> None:
    assert figures.medians([{"a": 1.0, "b": 5.0}, {"a": 3.0}, {"a": 2.0}]) == {"a": 2.0, "b": 5.0}


def test_calls_are_counted_between_two_readings() -> None:
    before = {"dallas": {"Login": 1, "QueryInfo": 2}}
    after = {"dallas": {"Login": 1, "QueryInfo": 5}, "array": {"GET pgroup": 1}}

    assert figures.called(before, after) == {("dallas", "QueryInfo"): 3, ("array", "GET pgroup"): 1}


def test_a_rare_call_is_not_typical() -> None:
    usual, rare = ("array", "GET pgroup"), ("array", "GET array")

    assert figures.typical([{usual: 3}, {usual: 3, rare: 4}, {usual: 4}]) == {usual: 3}


def test_a_table_has_its_first_column_to_the_left() -> None:
    assert figures.table([["", "p50"], ["operator", "1"]], indent="") == "          p50\noperator    1"


def test_a_process_uses_memory_threads_and_time() -> None:
    used = usage.usage(os.getpid())

    assert used.threads >= 1
    assert used.rss > 1_000_000
    assert used.cpu > 0


def test_sockets_are_counted() -> None:
    before = usage.usage(os.getpid()).sockets
    with socket.socket():
        assert usage.usage(os.getpid()).sockets == before + 1
