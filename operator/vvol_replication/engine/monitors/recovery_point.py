"""How recent a group's newest point in time is: what there is to show of it, and when that turns by time alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from vvol_replication.api.conditions import Wanted, find
from vvol_replication.api.group import (
    ArrayPolicyStatus,
    PointInTimeStatus,
    ReplicationGroupStatus,
    SourceSide,
    TargetSide,
)
from vvol_replication.reconcile.binding.world import Problem
from vvol_replication.reconcile.objective.clocks import Clocks
from vvol_replication.reconcile.objective.current import CURRENT, Listing, judge_current
from vvol_replication.reconcile.objective.expiring import judge_expiring
from vvol_replication.reconcile.objective.policy import policy_of
from vvol_replication.reconcile.objective.tight import SCHEDULES, longest_interval, too_tight


class KnownArray(Protocol):
    """What of an array the objective is judged by."""

    @property
    def skew(self) -> timedelta | None:
        """How far its clock is ahead of ours."""
        ...

    def policy(self, protection_group: str) -> ArrayPolicyStatus | None:
        """What it does with that protection group by itself; None where it was not asked yet."""
        ...


ArrayOf = Callable[[str], KnownArray | None]
"""The array with that id, if a FlashArray object is known to lead to it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The part of a group's status that is about its recovery point."""

    conditions: tuple[Wanted, ...]
    named: PointInTimeStatus | None
    behind_since: datetime | None
    policy: ArrayPolicyStatus | None


@dataclass(frozen=True, slots=True)
class Pinned:
    """Which sides it is about: ids of arrays, and the protection group at the source. Empty where not known."""

    source_array: str = ""
    target_array: str = ""
    protection_group: str = ""

    @property
    def source(self) -> tuple[str, str]:
        """The protection group, and the array it is on."""
        return self.source_array, self.protection_group

    @classmethod
    def of(cls, source: SourceSide | None, target: TargetSide | None) -> Pinned:
        """As a status shows them."""
        return cls(
            (source.array_id if source is not None else None) or "",
            (target.array_id if target is not None else None) or "",
            (source.protection_group if source is not None else None) or "",
        )


@dataclass(frozen=True, slots=True)
class KnownPoints:
    """The newest point in time of anybody, the newest that has a name, and when they were listed."""

    newest: PointInTimeStatus | None = None
    named: PointInTimeStatus | None = None
    at: datetime | None = None
    problem: Problem | None = None
    """Why they cannot be listed now: then these are of before."""


class RecoveryPointJudge:
    """Judges anew at each look; `turns_at` is when the next one is due although nothing was heard."""

    def __init__(self, array: ArrayOf) -> None:
        self._array = array
        self.turns_at: datetime | None = None
        """By our clock."""

    def judge(
        self,
        objective: timedelta | None,
        pinned: Pinned,
        points: KnownPoints,
        before: ReplicationGroupStatus,
        *,
        generation: int,
        now: datetime,
        schedules: timedelta | None,
    ) -> Shown:
        """What to show now, after the status that is stored (`before`), of the spec of that generation.

        `schedules`: how much time at most its ReplicationSchedules let pass between two points in time.
        """
        source, target = self._array(pinned.source_array), self._array(pinned.target_array)
        clocks = Clocks(None if target is None else target.skew, None if source is None else source.skew)
        policy = self._policy(source, pinned, before)
        told = policy_of(policy)
        last = find(before.conditions, CURRENT)
        since = before.behind_objective_since if last is not None and last.observed_generation == generation else None
        listing = Listing(points.newest, points.at, points.problem)
        current = judge_current(objective, listing, clocks, now, since)
        expiring, expires = judge_expiring(points.named, told.retention, clocks, now)
        turns = [one for one in (current.turns_at if current is not None else None, expires) if one is not None]
        self.turns_at = min(turns, default=None)
        wanted = (
            None if current is None else current.wanted,
            _too_tight(objective, longest_interval(told.schedule), schedules),
            expiring,
        )
        return Shown(
            conditions=tuple(one for one in wanted if one is not None),
            named=points.named,
            behind_since=None if current is None else current.behind_since,
            policy=policy,
        )

    def _policy(
        self, source: KnownArray | None, pinned: Pinned, before: ReplicationGroupStatus
    ) -> ArrayPolicyStatus | None:
        """What the array told; where it tells nothing now, what was known of the same protection group before."""
        told = None if source is None else source.policy(pinned.protection_group)
        if told is not None and told.unknown is None:
            return told
        was = before.array_policy
        if was is None or Pinned.of(before.source, before.target).source != pinned.source:
            return told
        return told if was.unknown is not None and told is not None else was


def _too_tight(objective: timedelta | None, array: timedelta | None, schedules: timedelta | None) -> Wanted | None:
    """By the producer that begins points in time most often."""
    if schedules is None or (array is not None and array <= schedules):
        return too_tight(objective, array)
    return too_tight(objective, schedules, SCHEDULES)
