"""The arithmetic of the benchmarks: quantiles, ratios, stages of a time line, and lines of text."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from statistics import median


def quantile(values: Sequence[float], part: float) -> float:
    """The value that `part` (0 to 1) of all values do not exceed (nearest rank). ValueError where there are none."""
    if not values:
        raise ValueError("no values to take a quantile of")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


def ratio(one: float, other: float) -> float:
    """How many times `other` fits into `one`; infinite where `other` is nothing."""
    return one / other if other else math.inf


def seconds(text: str) -> float:
    """An RFC 3339 time as seconds since the epoch."""
    return datetime.fromisoformat(text).timestamp()


def stages(moments: Sequence[tuple[str, float]], begin: float) -> dict[str, float]:
    """Seconds from each moment to the one before it, in the order of time; the first counts from `begin`."""
    found: dict[str, float] = {}
    for name, at in sorted(moments, key=lambda moment: moment[1]):
        found[name] = at - begin
        begin = at
    return found


def medians(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each key over all rows that have it, in the order in which keys first appear."""
    keys = dict.fromkeys(key for row in rows for key in row)
    return {key: median([row[key] for row in rows if key in row]) for key in keys}


Calls = Mapping[str, Mapping[str, int]]
"""Endpoint -> call -> how often, as the simulator counts."""


def called(before: Calls, after: Calls) -> Counter[tuple[str, str]]:
    """What was called between two readings of the counters: (endpoint, call) -> how often."""
    found: Counter[tuple[str, str]] = Counter()
    for endpoint, calls in after.items():
        for call, count in calls.items():
            if more := count - before.get(endpoint, {}).get(call, 0):
                found[endpoint, call] = more
    return found


def typical(rows: Iterable[Mapping[tuple[str, str], int]]) -> dict[tuple[str, str], int]:
    """How often each call is made in the typical round: the lower median, unmoved by a monitor's rare call."""
    taken = list(rows)
    keys = sorted({key for row in taken for key in row})
    counts = {key: sorted(row.get(key, 0) for row in taken)[(len(taken) - 1) // 2] for key in keys}
    return {key: count for key, count in counts.items() if count}


def ms(value: float) -> str:
    """Seconds as milliseconds."""
    return f"{value * 1000:.1f} ms"


def table(rows: Sequence[Sequence[str]], indent: str = "    ") -> str:
    """Columns of text, the first to the left and the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        indent
        + "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
