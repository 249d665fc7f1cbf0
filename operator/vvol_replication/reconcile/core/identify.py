"""Which point in time belongs to our snapshot, and whose the name is.

No API says. The rule (docs/invariants.md#which-point-in-time): it is the one that was not listed before arming, whose
time lies within our transfer's [created, completed], and within no other's. What time a point in time carries, source
creation or target completion, is not established; either lies in that window. Providers and arrays may tell whole
seconds or fractions, cut or rounded, so a window is judged by whole seconds; fractions, where both sides tell them, and
our name only choose between points in time that fit. If none fits, one that was rounded may be a second outside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from vvol_replication.api.sync import Baseline
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.points import PointInTime

from .baseline import is_older, landed_since, listed_before

Fits = Callable[[PointInTime, Snapshot], bool]

_EXACTLY = timedelta()
_ROUNDED = timedelta(seconds=1)
"""How far outside of its window a time may be that one side rounds and the other one cuts."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`listed`: our point in time is in the list for certain. `point`: and it is this one.

    `possible`: some that are listed may be ours, or may be of other transfers.
    """

    point: PointInTime | None
    listed: bool
    possible: bool = False


@dataclass(frozen=True, slots=True)
class NextName:
    """The name that went to whatever landed next: its sync was armed once, after the baseline, and seen pending.

    `pushed`: our snapshot was made after that.
    """

    name: str
    pushed: bool


def identify(
    mine: Snapshot,
    rows: Sequence[Snapshot],
    points: Sequence[PointInTime],
    baseline: Baseline | None,
    promised: NextName | None = None,
) -> Finding:
    """Find the point in time of our landed transfer.

    Each new point in time is of one transfer that landed. Ours is listed for certain if the new ones are too many for
    the other transfers, and it is identified if only one of them can be ours. Those that were listed before arming are
    of the other transfers as far as these suffice; of the rest no array tells any more, and they explain nothing.
    """
    found = _identify(mine, rows, points, baseline, promised, slack=_EXACTLY)
    return found if found.possible else _identify(mine, rows, points, baseline, promised, slack=_ROUNDED)


def _identify(
    mine: Snapshot,
    rows: Sequence[Snapshot],
    points: Sequence[PointInTime],
    baseline: Baseline | None,
    promised: NextName | None,
    *,
    slack: timedelta,
) -> Finding:
    others = [row for row in rows if row.landed and row.suffix != mine.suffix]
    new = [point for point in points if not listed_before(point, baseline)]
    fresh = {point.id for point in new}
    since = landed_since([mine, *others], "", baseline)
    recent = {row.suffix for row in since}
    can_bear = _bearers(promised, mine, since, new)

    def coarse(point: PointInTime, row: Snapshot) -> bool:
        fits = within(point.time, row, slack) and can_bear(point, row)
        return fits and (point.id in fresh or row.suffix not in recent)

    def fine(point: PointInTime, row: Snapshot) -> bool:
        return coarse(point, row) and _within_exactly(point.time, row)

    found = _ours(mine, others, points, fresh, coarse)
    if len(found) > 1:
        exactly = _ours(mine, others, points, fresh, fine)
        found = exactly if len(exactly) == 1 else found
    return Finding(found[0] if len(found) == 1 else None, bool(found), any(coarse(point, mine) for point in new))


def _ours(
    mine: Snapshot, others: Sequence[Snapshot], points: Sequence[PointInTime], fresh: AbstractSet[str], fits: Fits
) -> list[PointInTime]:
    """Those that can be ours; none where each of the new ones, whose ids are `fresh`, may be of another transfer."""
    fitting = [point for point in points if point.id in fresh and fits(point, mine)]
    near, around = _neighbourhood(fitting, points, others, fits)
    old, new = [one for one in near if one.id not in fresh], [one for one in near if one.id in fresh]
    if _explained(old, new, around, fits):
        return []
    return [one for one in fitting if _explained(old, [point for point in new if point != one], around, fits)]


def _neighbourhood(
    fitting: Sequence[PointInTime], points: Sequence[PointInTime], rows: Sequence[Snapshot], fits: Fits
) -> tuple[Sequence[PointInTime], Sequence[Snapshot]]:
    """Those points in time and transfers that have to do with each other, beginning with some of the former."""
    near, grown = list(fitting), True
    around: list[Snapshot] = []
    while grown:
        around = [row for row in rows if any(fits(point, row) for point in near)]
        wider = [point for point in points if point in fitting or any(fits(point, row) for row in around)]
        near, grown = wider, len(wider) > len(near)
    return near, around


def _explained(old: Sequence[PointInTime], new: Sequence[PointInTime], rows: Sequence[Snapshot], fits: Fits) -> bool:
    """Can each of the new ones be of another one of these transfers, beside as many of the old ones as can at all?

    It is a bipartite matching, by Kuhn: what has a place once keeps one.
    """
    owner: dict[int, PointInTime] = {}

    def place(point: PointInTime, tried: set[int]) -> bool:
        for number, row in enumerate(rows):
            if number in tried or not fits(point, row):
                continue
            tried.add(number)
            if number not in owner or place(owner[number], tried):
                owner[number] = point
                return True
        return False

    for point in old:
        place(point, set())
    return all(place(point, set()) for point in new)


def _bearers(promised: NextName | None, mine: Snapshot, since: Sequence[Snapshot], new: Sequence[PointInTime]) -> Fits:
    """Whose can a point in time be, by its name? The promised one is of what landed first since the sync was armed.

    What landed before the baseline never has it; `since` landed after that, in this order. The first of these has it
    for certain if it is ours, which was pushed after arming, or was made after ours; anything else may have landed
    before the sync was armed.
    """
    named = [point for point in new if promised is not None and point.name == promised.name]
    can = {row.suffix for row in since}
    first = since[0] if since and all(row.completed != since[0].completed for row in since[1:]) else None
    if promised is not None and promised.pushed and first is not None and _surely_after(first, mine):
        can = {first.suffix}
    return lambda point, row: [point] != named or row.suffix in can


def _surely_after(first: Snapshot, mine: Snapshot) -> bool:
    """Did this land after the sync was armed? Ours did, and what was made after ours; one clock tells both times."""
    return first == mine or first.created > mine.created


def named_elsewhere(
    name: str, found: PointInTime | None, points: Sequence[PointInTime], baseline: Baseline | None
) -> PointInTime | None:
    """A point in time, not the one that we found to be ours, that carries our name since we armed."""
    return next(
        (
            point
            for point in points
            if point.name == name and not listed_before(point, baseline) and (found is None or point.id != found.id)
        ),
        None,
    )


def unexplained(
    rows: Sequence[Snapshot], points: Sequence[PointInTime], baseline: Baseline | None
) -> PointInTime | None:
    """The newest point in time that came since the baseline and has the time of no transfer: another clock tells it."""
    landed = [row for row in rows if row.landed]
    strange = [
        point
        for point in points
        if not listed_before(point, baseline) and not any(within(point.time, row, _ROUNDED) for row in landed)
    ]
    return max(strange, key=lambda point: point.time, default=None)


def certainly_new(point: PointInTime, rows: Sequence[Snapshot], baseline: Baseline | None) -> bool:
    """Is the data of this point in time, whosever it is, from after the request's look at the source?"""
    behind = [row for row in rows if within(point.time, row)]
    return bool(behind) and not any(is_older(row, baseline) for row in behind)


def within(time: datetime, row: Snapshot, slack: timedelta = _EXACTLY) -> bool:
    """Is the time inside [created, completed]? The clocks may differ, so the window may lie the other way round."""
    second = time.replace(microsecond=0)
    first, last = row.created, row.completed
    if last is None:
        return second >= first - slack
    return min(first, last).replace(microsecond=0) - slack <= second <= max(first, last) + slack


def _within_exactly(time: datetime, row: Snapshot) -> bool:
    """The same, by the fractions of seconds where both sides tell them."""
    bounds = [row.created] if row.completed is None else sorted((row.created, row.completed))
    return _no_later(bounds[0], time) and (row.completed is None or _no_later(time, bounds[-1]))


def _no_later(one: datetime, other: datetime) -> bool:
    if one.microsecond and other.microsecond:
        return one <= other
    return one.replace(microsecond=0) <= other.replace(microsecond=0)
