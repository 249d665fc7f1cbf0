"""Is the group of a ReplicationGroup gone? Only if each of its sites, read completely, has lacked it twice."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from vvol_replication.api.conditions import Wanted, find
from vvol_replication.api.group import ReplicationGroupSpec, ReplicationGroupStatus, TargetSide
from vvol_replication.api.reasons import Reason
from vvol_replication.api.refs import GroupRef
from vvol_replication.api.times import format_time, whole_seconds
from vvol_replication.domain.groups import GroupId
from vvol_replication.reconcile.binding.presence import Presence, presence
from vvol_replication.reconcile.binding.world import Unbound, World

_READINGS = 2
GONE = "Gone"
_ABSENT = frozenset({Reason.SOURCE_GROUP_NOT_FOUND, Reason.TARGET_GROUP_NOT_FOUND})


class AbsenceDetector:
    """Which target group was seen, how often each site's readings lacked it, and since when it is gone."""

    def __init__(self) -> None:
        self.target: GroupId | None = None
        self.since: datetime | None = None
        self._absences: Counter[str] = Counter()

    def remember(self, status: ReplicationGroupStatus, generation: int, spec: ReplicationGroupSpec) -> None:
        """What the status said before a restart, if that was of this spec."""
        side = status.target
        if side is None or side.fault_domain is None or side.device_group is None:
            return
        before = GroupRef(side.fault_domain, side.device_group)
        if spec.target == before or (spec.target is None and status.observed_generation == generation):
            self.target = GroupId(before.fault_domain, before.device_group)
            gone = find(status.conditions, GONE)
            self.since = gone.last_transition_time if gone is not None else None

    def forget(self) -> None:
        """The object stands for something else now."""
        self.target = self.since = None
        self._absences.clear()

    def seen(self, target: GroupRef) -> None:
        """The object is bound to this target group."""
        self.target, self.since = GroupId(target.fault_domain, target.device_group), None
        self._absences.clear()

    def reading(self, site: str, spec: ReplicationGroupSpec, world: World, now: datetime) -> bool:
        """The vCenter `site` was read. True if the group is gone now and was not before, or the other way round."""
        sites = frozenset({spec.recovery_site, spec.protected_site or spec.recovery_site})
        target = self.target
        if target is None and spec.target is not None:
            target = GroupId(spec.target.fault_domain, spec.target.device_group)
        if target is None or site not in sites:
            return False
        found, marked = presence(target, sites, world), self.since is not None
        if found is Presence.LISTED:
            self.target, self.since = target, None
        if found is not Presence.ABSENT or self.target is None:
            self._absences.clear()
        elif not marked:
            self._absences[site] += 1
            if all(self._absences[one] >= _READINGS for one in sites):
                self.since = whole_seconds(now)
        return (self.since is not None) != marked

    def side(self, stored: ReplicationGroupStatus) -> ReplicationGroupStatus:
        """The sides to show while the object is bound to none: as last read, if they are of this group."""
        side, target = stored.target, self.target
        if target is None:
            return ReplicationGroupStatus()
        if side is not None and (side.fault_domain, side.device_group) == (target.fault_domain, target.device_group):
            return ReplicationGroupStatus(source=stored.source, target=side)
        return ReplicationGroupStatus(target=TargetSide(target.fault_domain, target.device_group))

    def explain(self, bound: Unbound) -> tuple[Unbound, tuple[Wanted, ...]]:
        """Why the object is not ready, and its mark."""
        if self.since is None:
            return bound, ()
        message = (
            f"Target group {self.target} is gone: since {format_time(self.since)}, no complete inventory of a vCenter"
            " lists it. After a failover and reverse the group may have new ids: use the ReplicationGroup of the new"
            " pair, or set those ids in this one. If the group was removed on purpose, delete this object. Nothing is"
            " deleted by itself."
        )
        mark = Wanted(GONE, "True", Reason.GROUP_GONE, message)
        return (Unbound(Reason.GROUP_GONE, message) if bound.reason in _ABSENT else bound), (mark,)
