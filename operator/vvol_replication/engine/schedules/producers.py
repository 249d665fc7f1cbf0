"""How often the schedules of a group ask for a point in time, against its recovery point objective."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from vvol_replication.api.conditions import Wanted
from vvol_replication.api.errors import SpecError
from vvol_replication.api.group import ReplicationGroupSpec, ReplicationGroupStatus
from vvol_replication.domain.cron import CronSchedule, intervals
from vvol_replication.reconcile.objective.policy import policy_of
from vvol_replication.reconcile.objective.tight import longest_interval, too_tight


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """What schedules need to know of their group.

    `by_array`: the longest time between two replications that the array begins by itself; None: none, or not known.
    """

    uid: str
    objective: timedelta | None = None
    by_array: timedelta | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> GroupFacts:
        """As the API server shows a ReplicationGroup; what of it cannot be read is not known."""
        uid = body["metadata"]["uid"]
        try:
            objective = ReplicationGroupSpec.parse(body.get("spec")).recovery_point_objective
        except SpecError:
            return cls(uid)
        if objective is None:
            return cls(uid)
        shown = ReplicationGroupStatus.parse({"arrayPolicy": (body.get("status") or {}).get("arrayPolicy")})
        return cls(uid, objective, longest_interval(policy_of(shown.array_policy).schedule))

    def mark(self, own: timedelta | None, best: timedelta | None) -> tuple[Wanted, ...]:
        """`ObjectiveTooTight` of a schedule whose times are `own` apart, if nothing else holds the objective either.

        `best`: of the group's schedule that asks most often.
        """
        others = [one for one in (best, self.by_array) if one is not None]
        wanted = too_tight(self.objective, own, "this schedule") if own is not None else None
        held = self.objective is not None and any(one < self.objective for one in others)
        return () if wanted is None or held else (wanted,)


def longest(cron: CronSchedule, now: datetime) -> timedelta | None:
    """The longest time between two of its next times; None if there are not two. Looked for once a day."""
    return _longest(cron, now.replace(hour=0, minute=0, second=0, microsecond=0))


@lru_cache(maxsize=1024)
def _longest(cron: CronSchedule, day: datetime) -> timedelta | None:
    found = intervals(cron, day)
    return None if found is None else found.longest


def shortest(found: Iterable[timedelta | None]) -> timedelta | None:
    """The best of several producers; None if there is none."""
    return min((one for one in found if one is not None), default=None)
