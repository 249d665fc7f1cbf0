"""Ages over the last day: what the status of a group says of them, what it does not, and how that is drawn."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from unit.cli.objects import NOW, Object, group

from vvol_cli.board.picture import Ages, ages_of, objective_of, sentences, svg

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def listed(*times: str, **more: Any) -> Object:
    """A group whose status lists points in time of 30 November, the newest first."""
    points = [{"id": one, "time": f"2026-11-{one}:00Z"} for one in times]
    return group(pointsInTime=points, **{"lastReadAt": "2026-11-30T12:00:00Z", **more})


def shapes(ages: Ages, kind: str) -> list[dict[str, float]]:
    """Where the lines or rectangles of a class are, in the picture."""
    found = [one for one in ET.fromstring(svg(ages, "x")) if one.get("class") == kind]  # noqa: S314 - ours
    return [{name: float(one.attrib[name]) for name in one.attrib if name != "class"} for one in found]


def test_the_age_rises_from_each_point_in_time_to_the_next_one_and_to_the_last_reading() -> None:
    ages = ages_of(listed("30T11:50", "30T11:10", "30T11:00"), NOW)

    assert [(one.begin, one.age, one.end) for one in ages.rises] == [
        (NOW - HOUR, timedelta(), NOW - 50 * MINUTE),
        (NOW - 50 * MINUTE, timedelta(), NOW - 10 * MINUTE),
        (NOW - 10 * MINUTE, timedelta(), NOW),
    ]
    assert (ages.highest, ages.objective, ages.over) == (40 * MINUTE, 15 * MINUTE, 25 * MINUTE)
    assert sentences(ages) == (
        "Highest age: 40m. Objective: 15m, above it for 25m in all. Not known before 2026-11-30T11:00:00Z."
    )


def test_what_began_before_the_day_is_known_from_its_begin() -> None:
    ages = ages_of(listed("29T10:00"), NOW)

    (only,) = ages.rises
    assert (only.begin, only.age, only.highest) == (NOW - 24 * HOUR, 2 * HOUR, 26 * HOUR)
    assert sentences(ages) == "Highest age: 1d2h. Objective: 15m, above it for 1d in all."
    assert shapes(ages, "age") == []
    (drawn,) = shapes(ages, "over")
    assert (drawn["x1"], drawn["x2"]) == (0, 260)
    assert drawn["y2"] < drawn["y1"], "a higher age is higher up"


def test_after_the_last_reading_nothing_is_known_and_it_is_drawn_so() -> None:
    ages = ages_of(listed("30T06:00", "28T06:00", lastReadAt="2026-11-30T09:00:00Z"), NOW)

    assert ages.rises[-1].end == NOW - 3 * HOUR
    assert sentences(ages).endswith("Not known after 2026-11-30T09:00:00Z.")
    (grey,) = shapes(ages, "unknown")
    assert (grey["x"], grey["width"]) == (227.5, 32.5)


@pytest.mark.parametrize(
    "seen",
    [
        group(),
        listed(),
        listed("30T11:00", lastReadAt=None),
        listed("30T11:00", lastReadAt="soon"),
        group(pointsInTime=[{"id": "without a time"}, {"time": 5}, "nothing"]),
        listed("27T11:00", lastReadAt="2026-11-28T11:00:00Z"),
        {"kind": "ReplicationGroup", "metadata": {"name": "erp"}},
    ],
)
def test_without_points_in_time_or_a_reading_of_the_day_nothing_is_known(seen: Object) -> None:
    ages = ages_of(seen, NOW)
    assert ages.rises == ()
    assert sentences(ages) == "Not known: no points in time were read on this day."
    assert [one["width"] for one in shapes(ages, "unknown")] == [260]
    assert shapes(ages, "age") + shapes(ages, "over") == []


def test_points_in_time_of_requests_count_where_all_younger_ones_are_listed() -> None:
    made = [
        {"name": "dropped", "pointInTime": {"time": "2026-11-30T11:30:00Z"}},
        {"name": "older than all that are listed", "pointInTime": {"time": "2026-11-30T05:00:00Z"}},
        {"name": "none"},
        {"name": "of the future", "pointInTime": {"time": "2026-11-30T12:30:00Z"}},
    ]
    ages = ages_of(listed("30T11:50", "30T11:00", history=made), NOW)
    assert [one.begin for one in ages.rises] == [NOW - HOUR, NOW - 30 * MINUTE, NOW - 10 * MINUTE]


def test_a_clock_that_is_behind_that_of_the_array_makes_no_age_below_zero() -> None:
    ages = ages_of(listed("30T12:03", "30T11:00"), NOW)
    assert [(one.age, one.highest) for one in ages.rises] == [(timedelta(), HOUR), (timedelta(), timedelta())]


@pytest.mark.parametrize(
    ("written", "objective"),
    [
        ("15m", 15 * MINUTE),
        ("120m", 2 * HOUR),
        ("90s", timedelta(seconds=90)),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_an_objective_is_read_as_the_operator_reads_it(written: str | None, objective: timedelta | None) -> None:
    seen = listed("30T11:50") | {"spec": {"recoveryPointObjective": written}}
    assert objective_of(seen) == objective
    ages = ages_of(seen, NOW)
    assert len(shapes(ages, "goal")) == (objective is not None)
    assert ("Objective" in sentences(ages)) is (objective is not None)


def test_a_rise_is_cut_where_it_crosses_the_objective() -> None:
    ages = ages_of(listed("30T10:00", "30T09:50") | {"spec": {"recoveryPointObjective": "1h"}}, NOW)
    assert [(one.begin, one.end, is_over) for one, is_over in ages.parts()] == [
        (NOW - 130 * MINUTE, NOW - 2 * HOUR, False),
        (NOW - 2 * HOUR, NOW - HOUR, False),
        (NOW - HOUR, NOW, True),
    ]
    (goal,), (over,) = shapes(ages, "goal"), shapes(ages, "over")
    assert over["y1"] == goal["y1"] == goal["y2"]
    assert over["y2"] < goal["y1"]


def test_an_objective_that_was_always_held_is_told_so() -> None:
    seen = listed("30T11:50", "29T11:00") | {"spec": {"recoveryPointObjective": "48h"}}
    assert sentences(ages_of(seen, NOW)) == "Highest age: 1d. Objective: 2d, never above it."


def test_the_picture_has_its_name_and_no_markup_of_it() -> None:
    drawn = svg(ages_of(listed("30T11:50"), NOW), 'Age of "<b>"')
    assert ET.fromstring(drawn).get("aria-label") == 'Age of "<b>"'  # noqa: S314 - ours
    assert ET.fromstring(drawn).get("role") == "img"  # noqa: S314 - ours
