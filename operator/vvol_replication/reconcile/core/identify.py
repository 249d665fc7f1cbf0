"""Which point in time belongs to our snapshot, and whose the name is.

No API says. The rule (docs/invariants.md#which-point-in-time): it is the one that was not listed before arming, whose
time lies within our transfer's [created, completed], and within no other's. What time a point in time carries, source
creation or target completion, is not established; either lies in that window. Arrays tell whole seconds, so times are
compared so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from vvol_replication.api.sync import BASELINE_LIMIT, Baseline
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.points import PointInTime


@dataclass(frozen=True, slots=True)
class Finding:
    """`listed`: our point in time is in the list for certain. `point`: and it is this one."""

    point: PointInTime | None
    listed: bool


def baseline_of(
    points: Sequence[PointInTime], at_target: Sequence[Snapshot], at_source: Sequence[Snapshot]
) -> Baseline:
    """What was there before arming, small enough for a status."""
    newest_points = sorted(points, key=lambda point: point.time, reverse=True)[:BASELINE_LIMIT]
    landed = sorted(((row.completed, row.name) for row in at_target if row.landed and row.completed), reverse=True)
    kept = landed[:BASELINE_LIMIT]
    return Baseline(
        points=tuple(point.id for point in newest_points),
        points_before=newest_points[-1].time if len(points) > BASELINE_LIMIT else None,
        transfers=tuple(name for _, name in kept),
        transfers_before=kept[-1][0] if len(landed) > BASELINE_LIMIT else None,
        newest_snapshot=max((row.created for row in (*at_source, *at_target)), default=None),
    )


def listed_before(point: PointInTime, baseline: Baseline | None) -> bool:
    """Was this point in time listed before we armed?"""
    if baseline is None:
        return False
    before = baseline.points_before
    return point.id in baseline.points or (before is not None and point.time <= before)


def landed_before(row: Snapshot, baseline: Baseline | None) -> bool:
    """Had this transfer landed before we armed?"""
    if baseline is None:
        return False
    before = baseline.transfers_before
    # By what follows the dot: an array that is renamed renames its snapshots on the target.
    known = {name.rpartition(".")[2] for name in baseline.transfers}
    return row.suffix in known or (before is not None and row.completed is not None and row.completed <= before)


def landed_since(rows: Sequence[Snapshot], suffix: str, baseline: Baseline | None) -> tuple[Snapshot, ...]:
    """The transfers, ours aside, that landed after we looked, in that order: one may have got our name."""
    landed = [(row.completed, row) for row in rows if row.landed and row.completed and row.suffix != suffix]
    news = [one for one in landed if not landed_before(one[1], baseline)]
    return tuple(row for _, row in sorted(news, key=lambda one: one[0]))


def is_older(row: Snapshot, baseline: Baseline | None) -> bool:
    """Was this snapshot taken before the request's look at the source? Both times are the source's clock."""
    newest = None if baseline is None else baseline.newest_snapshot
    return newest is not None and row.created <= newest


def identify(
    mine: Snapshot, rows: Sequence[Snapshot], points: Sequence[PointInTime], baseline: Baseline | None
) -> Finding:
    """Find the point in time of our landed transfer.

    Each point in time is of one transfer that landed. Ours is listed for certain if those listed are too many for the
    other transfers, and it is identified if only one of them can be ours.
    """
    others = [row for row in rows if row.landed and row.suffix != mine.suffix]
    fitting = [point for point in points if not listed_before(point, baseline) and within(point.time, mine)]
    near, around = _neighbourhood(fitting, points, others)
    if _each_has_its_own(near, around):
        return Finding(None, listed=False)
    possible = [point for point in fitting if _each_has_its_own([one for one in near if one.id != point.id], around)]
    return Finding(possible[0] if len(possible) == 1 else None, listed=bool(possible))


def _neighbourhood(
    fitting: Sequence[PointInTime], points: Sequence[PointInTime], rows: Sequence[Snapshot]
) -> tuple[Sequence[PointInTime], Sequence[Snapshot]]:
    """Those points in time and transfers that have to do with each other, beginning with some of the former."""
    near, grown = list(fitting), True
    around: list[Snapshot] = []
    while grown:
        around = [row for row in rows if any(within(point.time, row) for point in near)]
        wider = [point for point in points if point in fitting or any(within(point.time, row) for row in around)]
        near, grown = wider, len(wider) > len(near)
    return near, around


def _each_has_its_own(points: Sequence[PointInTime], rows: Sequence[Snapshot]) -> bool:
    """Can each of these points in time be of another one of these transfers? It is a bipartite matching, by Kuhn."""
    owner: dict[int, PointInTime] = {}

    def place(point: PointInTime, tried: set[int]) -> bool:
        for number, row in enumerate(rows):
            if number in tried or not within(point.time, row):
                continue
            tried.add(number)
            if number not in owner or place(owner[number], tried):
                owner[number] = point
                return True
        return False

    return all(place(point, set()) for point in points)


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


def certainly_new(point: PointInTime, rows: Sequence[Snapshot], baseline: Baseline | None) -> bool:
    """Is the data of this point in time, whosever it is, from after the request's look at the source?"""
    behind = [row for row in rows if within(point.time, row)]
    return bool(behind) and not any(is_older(row, baseline) for row in behind)


def within(time: datetime, row: Snapshot) -> bool:
    """Is the time inside [created, completed]? The clocks may differ, so the window may lie the other way round."""
    second = time.replace(microsecond=0)
    first, last = row.created, row.completed
    if last is None:
        return second >= first
    return min(first, last).replace(microsecond=0) <= second <= max(first, last)
