"""A dashboard with its data as a picture: SVG, light and dark as the reader's page. Plain; Grafana draws it nicer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from telemetry.quantities import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from telemetry.panels import Panel, Query
    from telemetry.prometheus import Series

COLUMN, LINE, GAP, PAD = 54, 30, 6, 10
"""Pixels: a column and a line of Grafana's grid, what is between two panels, and between a panel and what is in it."""
TEXT, AXIS, LETTER, COLORS = 16, 66, 7, 8
"""Pixels: a line of text, what is left of a curve, and a letter; and how many colors there are."""
HIDDEN = ("__name__", "job")
_LIGHT = ("#0969da", "#bc4c00", "#1a7f37", "#8250df", "#bf3989", "#9a6700", "#1b7c83", "#cf222e")
_DARK = ("#4493f8", "#f0883e", "#3fb950", "#ab7df8", "#db61a2", "#d29922", "#39c5cf", "#f85149")


def _colors(colors: Sequence[str]) -> str:
    return " ".join(f".c{number} {{ stroke: {one}; fill: {one} }}" for number, one in enumerate(colors))


STYLE = f"""\
  text {{ font: 12px sans-serif; fill: #1f2328 }} .dim {{ fill: #59636e }} .end {{ text-anchor: end }}
  .title {{ font: bold 11px sans-serif }} .row {{ font: bold 14px sans-serif }}
  .big {{ font: 28px sans-serif; text-anchor: middle }}
  .page {{ fill: #ffffff }} .box {{ fill: #f6f8fa; stroke: #d1d9e0 }} .axis {{ stroke: #d1d9e0 }}
  {_colors(_LIGHT)}
  polyline {{ stroke-width: 1.5; fill: none !important }}
  @media (prefers-color-scheme: dark) {{
    text {{ fill: #f0f6fc }} .dim {{ fill: #9198a1 }}
    .page {{ fill: #0d1117 }} .box {{ fill: #151b23; stroke: #3d444d }} .axis {{ stroke: #3d444d }}
    {_colors(_DARK)}
  }}
"""


@dataclass(frozen=True)
class Box:
    """Of a panel: its size in pixels, and the times between which it shows lines."""

    wide: int
    high: int
    first: float
    last: float


def picture(
    title: str,
    headings: Sequence[tuple[str, int]],
    panels: Sequence[Panel],
    answers: Mapping[str, Sequence[Sequence[Series]]],
) -> str:
    """The picture of a dashboard.

    Parameters:
        title: the dashboard's.
        headings: the titles of its rows, each with its line in the grid.
        panels: what it shows.
        answers: by the title of a panel, the series that each of its queries found; with many times where it shows
            lines.
    """
    width, height = 24 * COLUMN, max(one.place.y + one.place.height for one in panels) * LINE
    times = [at for found in answers.values() for series in found for one in series for at, _ in one.values]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{STYLE}</style>",
        f'<rect class="page" width="{width}" height="{height}"/>',
        *(_text(GAP, line * LINE + 20, heading, "row") for heading, line in headings),
    ]
    draw = {"stat": _number, "table": _table, "timeseries": _lines}
    for panel in panels:
        place, found = panel.place, answers[panel.title]
        box = Box(place.width * COLUMN - GAP, place.height * LINE - GAP, min(times), max(times))
        parts.append(f'<g transform="translate({place.x * COLUMN + GAP // 2},{place.y * LINE + GAP // 2})">')
        parts.append(f'<rect class="box" width="{box.wide}" height="{box.high}" rx="4"/>')
        parts.append(_text(PAD, 18, panel.title, "title"))
        if any(found):
            parts += draw[panel.type](panel.queries, found, box)
        else:
            parts.append(_text(box.wide // 2, box.high // 2 + 16, "-", "big"))
        parts.append("</g>")
    return "\n".join([*parts, "</svg>"]) + "\n"


def words(drawn: str) -> list[str]:
    """The titles of a picture and the names of its rows: what stays the same, however often it is drawn."""
    return re.findall(r'<text class="(?:row|title|name)"[^>]*>([^<]*)<', drawn)


def _text(x: int, y: int, words: str, kind: str = "") -> str:
    of = f' class="{kind}"' if kind else ""
    return f'<text{of} x="{x}" y="{y}">{escape(words)}</text>'


def _number(queries: Sequence[Query], found: Sequence[Sequence[Series]], box: Box) -> Iterator[str]:
    (((series,),), (query,)) = found, queries
    yield _text(box.wide // 2, box.high // 2 + 16, shown(series.values[-1][1], query.unit), "big")


def _table(queries: Sequence[Query], found: Sequence[Sequence[Series]], box: Box) -> Iterator[str]:
    """A row for each set of labels, as Grafana merges the answers of several queries."""
    cells: dict[tuple[str, ...], list[str]] = {}
    labels = list(dict.fromkeys(key for series in found for one in series for key in one.labels if key not in HIDDEN))
    for number, (query, series) in enumerate(zip(queries, found, strict=True)):
        for one in series:
            row = cells.setdefault(tuple(one.labels.get(label, "") for label in labels), [""] * len(queries))
            row[number] = shown(one.values[-1][1], query.unit)
    lines = [(*labels, *(one.called for one in queries)), *((*names, *cells[names]) for names in sorted(cells))]
    longest = [2 + max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    unit, step = (box.wide - 2 * PAD) / sum(longest), min(20, (box.high - 30) // len(lines))
    starts = [round(PAD + unit * sum(longest[:column])) for column in range(len(longest))]
    for number, line in enumerate(lines):
        for column, (x, words) in enumerate(zip(starts, line, strict=True)):
            kind = "dim" if number == 0 else "name" if column < len(labels) else ""
            if words:
                yield _text(x, 40 + number * step, words, kind)


def _lines(queries: Sequence[Query], found: Sequence[Sequence[Series]], box: Box) -> Iterator[str]:
    drawn = [(_called(query, one), one.values) for query, series in zip(queries, found, strict=True) for one in series]
    most = max(value for _, values in drawn for _, value in values) or 1.0
    beside = max(1, box.wide // (24 + LETTER * max(len(called) for called, _ in drawn)))
    top, right, bottom = 34, box.wide - PAD, box.high - 24 - TEXT * -(-len(drawn) // beside)
    unit, seconds = queries[0].unit, box.last - box.first
    for y, words in ((top, shown(most, unit)), (bottom, shown(0, unit))):
        yield f'<path class="axis" d="M{AXIS} {y}H{right}"/>'
        yield _text(AXIS - 4, y + 4, words, "dim end")
    yield _text(AXIS, bottom + 14, f"{seconds:.0f} s ago", "dim")
    yield _text(right, bottom + 14, "now", "dim end")
    for number, (called, values) in enumerate(drawn):
        color = f"c{number % COLORS}"
        dots = [
            (
                round(AXIS + (right - AXIS) * (at - box.first) / seconds),
                round(bottom - (bottom - top) * max(value, 0.0) / most),
            )
            for at, value in values
        ]
        yield f'<polyline class="{color}" points="{" ".join(f"{x},{y}" for x, y in _bends(dots))}"/>'
        x, y = PAD + number % beside * (box.wide // beside), bottom + 18 + TEXT * (number // beside + 1)
        yield f'<rect class="{color}" x="{x}" y="{y - 8}" width="8" height="8"/>'
        yield _text(x + 13, y, called)


def _called(query: Query, series: Series) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: series.labels.get(found[1], ""), query.called)


def _bends(dots: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without the dots in the middle of level parts."""
    level = {at for at in range(1, len(dots) - 1) if dots[at - 1][1] == dots[at][1] == dots[at + 1][1]}
    return [one for at, one in enumerate(dots) if at not in level]
