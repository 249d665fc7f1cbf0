"""What `make telemetry` judges the dashboards with: it sees what is wrong, and draws what was found."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import pytest
from telemetry.numbers import Number, between, exactly, maybe, since, until
from telemetry.panels import Panel, Place, Query, differences, filled
from telemetry.pictures import picture, words
from telemetry.prometheus import Series
from telemetry.quantities import shown

AT = 1_800_000_000.0


def row(name: str, value: float, **labels: str) -> Series:
    return Series({"name": name, "namespace": "erp-prod", **labels}, ((AT, value),))


@pytest.mark.parametrize(
    ("found", "expected", "said"),
    [
        ([row("a", 1)], {"name=a": exactly(1)}, []),
        ([], {"name=a": maybe(exactly(1))}, []),
        ([], {"name=a": exactly(1)}, ["(name=a) is missing"]),
        ([row("a", 1)], {}, ["(name=a) is not expected: 1"]),
        ([row("a", 2)], {"name=a": exactly(1)}, ["(name=a) is 2, which is not 1 to 1"]),
        ([row("a", math.nan)], {"name=a": between(0, 9)}, ["(name=a) is nan, which is not 0 to 9"]),
        ([row("a", 60)], {"name=a": since(AT - 60)}, []),
        ([row("a", 90)], {"name=a": since(AT - 60)}, ["(name=a) is 90, which is not 56 to 64"]),
        ([row("a", 60)], {"name=a": until(AT + 60)}, []),
        ([row("a", 90)], {"name=a": until(AT + 60)}, ["(name=a) is 90, which is not 56 to 64"]),
        ([row("a", 1), row("a", 1, job="b")], {"name=a": exactly(1)}, ["2 series have only 1 names"]),
    ],
)
def test_an_answer_that_is_not_what_is_expected_is_named(
    found: list[Series], expected: dict[str, Number], said: list[str]
) -> None:
    assert differences(found, expected) == said


def test_no_variable_stays_in_an_expression() -> None:
    assert filled("rate(a[$__rate_interval]) + $a", {"__rate_interval": "1m", "a": "b"}) == "rate(a[1m]) + b"
    with pytest.raises(AssertionError):
        filled("$group", {})


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (7, "short", "7"),
        (0, "s", "0 s"),
        (0.25, "s", "250 ms"),
        (12.34, "s", "12.3 s"),
        (-90, "s", "-1.5 min"),
        (7200, "s", "2 h"),
        (30 * 86400, "s", "30 d"),
        (0.256, "percentunit", "25.6%"),
        (3 << 20, "bytes", "3 MiB"),
        (12, "bytes", "12 B"),
        (0.5, "cps", "0.5/s"),
    ],
)
def test_a_number_is_shown_in_the_unit_of_its_panel(value: float, unit: str, said: str) -> None:
    assert shown(value, unit) == said


def test_a_picture_has_all_that_was_found() -> None:
    grid = Place(0, 1, 12, 8)
    panels = [
        Panel("b", "One <number>", "stat", grid, (Query("a", "", "s"),)),
        Panel("b", "Table", "table", grid, (Query("a", "age", "s"), Query("b", "points", "short"))),
        Panel("b", "Lines", "timeseries", grid, (Query("a", "of {{name}}", "short"),)),
        Panel("b", "Nothing", "stat", grid, (Query("a", "", "s"),)),
    ]
    over_time = Series({"name": "erp"}, tuple((AT + at, min(at, 2.0)) for at in range(6)))
    answers: dict[str, list[list[Series]]] = {
        "One <number>": [[row("erp", 60)]],
        "Table": [[row("erp", 60), row("crm", 5)], [row("erp", 3)]],
        "Lines": [[over_time]],
        "Nothing": [[]],
    }
    drawn = picture("B", [("Now", 0)], panels, answers)
    root = ET.fromstring(drawn)  # noqa: S314 - our own
    said = [one.text for one in root.iter() if one.tag.endswith("}text")]
    assert said[:3] == ["Now", "One <number>", "1 min"]
    assert said[4:14] == ["name", "namespace", "age", "points", "crm", "erp-prod", "5 s", "erp", "erp-prod", "1 min"]
    assert {"of erp", "5 s ago", "-"} <= set(said)
    (line,) = (one.attrib["points"] for one in root.iter() if one.tag.endswith("}polyline"))
    assert len(line.split()) == 4, "level parts are one line"
    assert words(drawn) == [
        "Now",
        "One &lt;number&gt;",
        "Table",
        "crm",
        "erp-prod",
        "erp",
        "erp-prod",
        "Lines",
        "Nothing",
    ]
    assert "prefers-color-scheme: dark" in drawn
