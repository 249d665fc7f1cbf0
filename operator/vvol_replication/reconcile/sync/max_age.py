"""`maxAge`: is a completed point in time young enough, so that nothing needs to be made?

Nobody says which clock a point in time's time is of, so it counts with the oldest that it can be: its own time, or the
creation of the snapshot that it may be of. Ages are by the target array's clock; a clock that is more than a minute
off ours, or that told no time, satisfies nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from vvol_replication.api.conditions import Wanted
from vvol_replication.api.durations import spoken_duration
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Method
from vvol_replication.domain.arrays import ArrayAbout, Snapshot
from vvol_replication.domain.points import PointInTime
from vvol_replication.reconcile.core.identify import within
from vvol_replication.reconcile.core.observation import Query, rows
from vvol_replication.reconcile.core.steps import Decided, Decision, Read
from vvol_replication.reconcile.core.summarize import Situation, Verdict, point_status, transfer_status

from .context import ActiveSync


def recent_enough(active: ActiveSync) -> Decision | None:
    """An end without any call, or None: a new point in time is to be made."""
    limit = active.request.spec.max_age
    if limit is None or active.acted or clocks_problem(active) is not None:
        return None
    landed = [row for row in rows(active.seen.target_snapshots) if row.landed and not row.destroyed]
    if active.request.spec.method is Method.ARRAY_ONLY:
        young = [(age, row) for row in landed if (age := _age(active, row.created)) is not None and age < limit]
        return _by_snapshot(active, *min(young, key=lambda one: one[0])) if young else None
    listed, arrived = active.seen.points, active.seen.target_snapshots
    if listed is not None and arrived is not None and listed.at < arrived.at:
        return Decided(
            Read(frozenset({Query.POINTS})), active.status
        )  # what has landed since may be in the list by now
    found: list[tuple[timedelta, PointInTime, list[Snapshot]]] = []
    for point in rows(active.seen.points):
        behind = [row for row in landed if within(point.time, row)]
        age = _age(active, min((point.time, *(row.created for row in behind))))
        if behind and age is not None and age < limit:
            found.append((age, point, behind))
    return _by_point(active, *min(found, key=lambda one: one[0])) if found else None


def clocks_problem(active: ActiveSync) -> str | None:
    """Why ages cannot be told, for people; None where they can, or need not."""
    if active.request.spec.max_age is None:
        return None
    for name, about in (
        (active.resolved.target_array_name, active.seen.target_array),
        (active.resolved.source_array_name, active.seen.source_array),
    ):
        skew = _skew(about)
        if skew is None:
            return f"maxAge cannot be checked: array {name!r} did not report its time. A new point in time is made."
        if abs(skew) > active.tuning.recent_skew:
            ahead = "ahead of" if skew > timedelta() else "behind"
            return (
                f"maxAge cannot be checked: the clock of array {name!r} is {spoken_duration(skew)} {ahead} "
                "the operator's. A new point in time is made."
            )
    return None


def _skew(about: ArrayAbout | None) -> timedelta | None:
    return None if about is None else about.skew


def _age(active: ActiveSync, time: datetime) -> timedelta | None:
    """By the target array's clock; None for what lies in the future by more than clocks may differ."""
    skew = _skew(active.seen.target_array)
    age = active.now + (skew or timedelta()) - time
    return None if age < -active.tuning.recent_skew else age


def _by_point(active: ActiveSync, age: timedelta, point: PointInTime, behind: list[Snapshot]) -> Decision:
    status = point_status(point)
    extra = [Wanted("PointInTimeIdentified", "True", Reason.IDENTIFIED, f"It has the id {point.id!r}.")]
    asked = active.request.spec.point_in_time_name
    if asked is not None:
        named = point.name == asked
        text = f"The point in time is named {point.name!r}." if point.name else "The point in time has no name."
        extra.append(Wanted("Named", "True" if named else "False", Reason.NAMED if named else Reason.NOT_NAMED, text))
    text = (
        f"Point in time {point.id!r} of {point.time:%Y-%m-%dT%H:%M:%SZ} was at most {_old(age)} old at "
        f"{_by_target(active)}, by the target array's clock: younger than maxAge. Nothing was asked for."
    )
    transfer = transfer_status(behind[0]) if len(behind) == 1 else None
    verdict = Verdict(Situation.SUCCEEDED, Reason.RECENT_ENOUGH, text, tuple(extra))
    return active.end(verdict, point_in_time=status, transfer=transfer)


def _by_snapshot(active: ActiveSync, age: timedelta, row: Snapshot) -> Decision:
    text = (
        f"Snapshot {row.name} of {row.created:%Y-%m-%dT%H:%M:%SZ} has landed on the target and was {_old(age)} old at "
        f"{_by_target(active)}, by the target array's clock: younger than maxAge. Nothing was pushed. Its point in "
        "time is not known."
    )
    verdict = Verdict(Situation.SUCCEEDED, Reason.RECENT_ENOUGH, text)
    return active.end(verdict, transfer=transfer_status(row))


def _old(age: timedelta) -> str:
    return spoken_duration(max(timedelta(), age + timedelta(seconds=0.5)))


def _by_target(active: ActiveSync) -> str:
    """Now, by the target array's clock."""
    return f"{active.now + (_skew(active.seen.target_array) or timedelta()):%Y-%m-%dT%H:%M:%SZ}"
