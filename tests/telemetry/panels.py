"""The queries of the dashboards, as Grafana would ask them; and their answers as rows with a name and a number."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from monitoring import boards

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from telemetry.numbers import Number
    from telemetry.prometheus import Series

OF_THE_SCRAPE = ("__name__", "instance", "job", "namespace")
"""Labels that no row is named by: those of the scrape, and the one namespace in which all is played."""


@dataclass(frozen=True)
class Query:
    """A query of a panel: what it asks, what its lines or its column are called, and in which unit they are."""

    expr: str
    called: str
    unit: str


@dataclass(frozen=True)
class Place:
    """Where a panel is in the grid of its dashboard, which has 24 columns."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Panel:
    """A panel of a dashboard; `type` as Grafana says it: stat, table or timeseries."""

    board: str
    title: str
    type: str
    place: Place
    queries: tuple[Query, ...]

    def __str__(self) -> str:
        return f"{self.board}: {self.title}"


def _read(board: str, panel: Mapping[str, Any]) -> Panel:
    config, targets = panel["fieldConfig"], panel["targets"]
    columns = [{each["id"]: each["value"] for each in one["properties"]} for one in config["overrides"]]
    if not columns:
        unit = config["defaults"]["unit"]
        columns = [{"displayName": one.get("legendFormat", ""), "unit": unit} for one in targets]
    queries = (
        Query(one["expr"], column["displayName"], column["unit"]) for one, column in zip(targets, columns, strict=True)
    )
    grid = panel["gridPos"]
    return Panel(
        board, panel["title"], panel["type"], Place(grid["x"], grid["y"], grid["w"], grid["h"]), tuple(queries)
    )


def _all() -> Iterator[Panel]:
    for board in boards.BOARDS:
        for panel in json.loads(boards.text_of(board))["panels"]:
            if panel["type"] != "row":
                yield _read(board, panel)


PANELS: tuple[Panel, ...] = tuple(_all())
"""All panels that show something, of all dashboards."""


def title(board: str) -> str:
    """The title of a dashboard."""
    return str(json.loads(boards.text_of(board))["title"])


def headings(board: str) -> list[tuple[str, int]]:
    """The titles of the rows of a dashboard, each with its line in the grid."""
    panels = json.loads(boards.text_of(board))["panels"]
    return [(one["title"], one["gridPos"]["y"]) for one in panels if one["type"] == "row"]


def filled(expr: str, variables: Mapping[str, str]) -> str:
    """An expression with values for its variables."""
    for name in sorted(variables, key=len, reverse=True):
        expr = expr.replace(f"${name}", variables[name])
    assert "$" not in expr, expr
    return expr


def name_of(labels: Mapping[str, str]) -> str:
    """What a row is called here: its labels, but for those that all of them have."""
    return ", ".join(f"{one}={value}" for one, value in sorted(labels.items()) if one not in OF_THE_SCRAPE)


def differences(found: Sequence[Series], expected: Mapping[str, Number]) -> list[str]:
    """In what an answer differs from what is expected: a line for each row that is missing, too many, or wrong."""
    rows = {name_of(one.labels): one.values[-1] for one in found}
    said = [] if len(rows) == len(found) else [f"{len(found)} series have only {len(rows)} names"]
    said += [f"({name}) is missing" for name in expected if name not in rows and not expected[name].optional]
    for name, (at, value) in rows.items():
        number = expected.get(name)
        if number is None:
            said.append(f"({name}) is not expected: {value:g}")
        elif not number.holds(value, at):
            low, high = (one + number.moves * at for one in (number.low, number.high))
            said.append(f"({name}) is {value:g}, which is not {low:g} to {high:g}")
    return said
