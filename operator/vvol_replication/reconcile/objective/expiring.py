"""`NamedPointExpiring`: will the targets' retention drop the newest point in time that has a name within a day?"""

from __future__ import annotations

from datetime import datetime, timedelta

from vvol_replication.api.conditions import Wanted
from vvol_replication.api.reasons import Reason
from vvol_replication.api.refs import PointInTimeStatus
from vvol_replication.api.times import format_time, whole_seconds
from vvol_replication.domain.arrays import Retention

from .clocks import Clocks

EXPIRING = "NamedPointExpiring"
AHEAD = timedelta(days=1)
"""So long before it is dropped; where all are kept for no longer than that, the last quarter of that time."""


def drop_times(time: datetime, retention: Retention) -> tuple[datetime, datetime | None] | None:
    """When a point in time of `time` may be dropped: at the earliest, and at the latest (None: perhaps never).

    None where it is kept for ever. Which snapshots of a day are kept after `all_for` is the array's choice.
    """
    if retention.all_for is None:
        return None
    try:
        earliest = time + retention.all_for
        if retention.per_day == 0 or retention.days == 0:
            return earliest, earliest
        return earliest, None if retention.days is None else earliest + timedelta(days=retention.days)
    except OverflowError:
        return None  # beyond all calendars


def judge_expiring(
    named: PointInTimeStatus | None, retention: Retention | None, clocks: Clocks, now: datetime
) -> tuple[Wanted | None, datetime | None]:
    """The condition, where it is so, and when time alone brings it. Nothing where the retention is not known."""
    times = None if named is None or named.time is None or retention is None else drop_times(named.time, retention)
    if named is None or times is None or retention is None:
        return None, None
    earliest, latest = times
    kept = retention.all_for or timedelta()
    begins = clocks.reaches(earliest, -(AHEAD if kept > AHEAD else kept / 4))
    if now < begins:
        return None, begins
    which = f"The newest named point in time, {named.name!r}" + (f" ({named.id})," if named.id else ",")
    if latest == earliest:
        when = f"is due to be dropped at {_at(earliest)}"
    else:
        last = "It may also stay for ever" if latest is None else f"At the latest it is dropped at {_at(latest)}"
        when = f"may be dropped from {_at(earliest)} on, when only {retention.per_day} of each day are kept. {last}"
    text = (
        f"{which} {when}. That is the retention of the protection group for its targets. If it is still needed then, "
        "make a new one, or lengthen the retention on the source array."
    )
    return Wanted(EXPIRING, "True", Reason.NAMED_POINT_EXPIRING, text), None


def _at(moment: datetime) -> str:
    return format_time(whole_seconds(moment))
