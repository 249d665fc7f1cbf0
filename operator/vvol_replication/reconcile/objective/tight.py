"""`ObjectiveTooTight`: can what makes points in time by itself hold the recovery point objective at all?"""

from __future__ import annotations

from datetime import timedelta

from vvol_replication.api.conditions import Wanted
from vvol_replication.api.durations import spoken_duration
from vvol_replication.api.reasons import Reason
from vvol_replication.domain.arrays import ReplicationSchedule

TOO_TIGHT = "ObjectiveTooTight"
ARRAY_SCHEDULE = "the protection group's own replication schedule"
SCHEDULES = "the most frequent ReplicationSchedule of the group"


def too_tight(objective: timedelta | None, interval: timedelta | None, producer: str = ARRAY_SCHEDULE) -> Wanted | None:
    """The condition, where points in time come too seldom for the objective; None where not, or where it is not known.

    One that is as long as the objective cannot hold it: each transfer takes its time on top.

    Parameters:
        interval: the longest time between two points in time that the producer begins; of several producers, that of
            the one that begins them most often. None: nothing is known to make any.
        producer: who that is, for the message.
    """
    if objective is None or interval is None or interval < objective:
        return None
    text = (
        f"{producer[0].upper()}{producer[1:]} lets up to {spoken_duration(interval)} pass between two points in time, "
        f"and transfers take their time on top. That cannot hold the objective of {spoken_duration(objective)}. "
        "Shorten the interval, or lengthen the objective."
    )
    return Wanted(TOO_TIGHT, "True", Reason.OBJECTIVE_TOO_TIGHT, text)


def longest_interval(schedule: ReplicationSchedule | None) -> timedelta | None:
    """The longest time between two replications that an array begins by itself; None: it begins none, or is unknown."""
    if schedule is None or not schedule.enabled or schedule.every is None:
        return None
    return max(schedule.every, schedule.blackout)
