"""All ReplicationSchedules: what the API server shows of them and of their runs goes to the monitor of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from vvol_replication.api.conditions import Wanted
from vvol_replication.api.names import REPLICATION_SCHEDULE
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.status import has_ended
from vvol_replication.engine.background import Background
from vvol_replication.engine.news import GroupKey, SchedulesChanged
from vvol_replication.engine.services import Services
from vvol_replication.reconcile.schedule.runs import owner_uid

from .monitor import ScheduleMonitor
from .producers import GroupFacts, shortest


class Schedules:
    """Starts nothing before `start`: until then it is not known which runs there are."""

    def __init__(self, services: Services, background: Background) -> None:
        self._services, self._background = services, background
        self._monitors: dict[str, ScheduleMonitor] = {}
        self._groups: dict[GroupKey, GroupFacts] = {}
        self._longest: dict[GroupKey, timedelta | None] = {}
        self._started = False

    @property
    def monitors(self) -> tuple[ScheduleMonitor, ...]:
        """Those of all schedules."""
        return tuple(self._monitors.values())

    def start(self) -> None:
        """All that is there has been shown: begin to decide."""
        self._started = True
        for monitor in self.monitors:
            monitor.start()

    def listed(self) -> None:
        """Everything is watched from here: a run that has ended or gone before that is shown by nothing."""
        for monitor in self.monitors:
            monitor.watch_began()

    def observe(self, body: Mapping[str, Any], *, deleted: bool) -> None:
        """The API server shows a schedule so, or shows that it is gone."""
        metadata = body["metadata"]
        ref = ObjectRef(REPLICATION_SCHEDULE, metadata["namespace"], metadata["name"], metadata["uid"])
        if deleted or metadata.get("deletionTimestamp"):
            self.drop(ref)
            return
        monitor = self._monitors.get(ref.uid)
        if monitor is None:
            monitor = ScheduleMonitor(ref, self._services, group_there=self._group_there, marks=self._marks)
            self._monitors[ref.uid] = monitor
        before = monitor.group
        monitor.observe(body)
        for key in {before, monitor.group}:
            self._compare(key)
        if self._started:
            monitor.start()

    def run_observed(self, body: Mapping[str, Any], *, deleted: bool) -> None:
        """The API server shows a ReplicationSync so: it may be the run of a schedule, which has ended."""
        if deleted or has_ended(body.get("status") or {}):
            monitor = self._monitors.get(owner_uid(body) or "")
            if monitor is not None:
                monitor.run_changed(body["metadata"]["name"])

    def group_observed(self, body: Mapping[str, Any], *, deleted: bool) -> None:
        """The API server shows a ReplicationGroup so, or that it is gone: its schedules say what follows from that."""
        metadata = body["metadata"]
        key, known = (metadata["namespace"], metadata["name"]), None if deleted else GroupFacts.of(body)
        before = self._groups.get(key)
        if known == before or (deleted and before is not None and before.uid != metadata["uid"]):
            return
        self._groups.pop(key, None)
        if known is not None:
            self._groups[key] = known
        if known is None or before is None or known.uid != before.uid:
            self._longest.pop(key, None)  # whoever shows the group knows nothing of it yet
        self._compare(key)
        for monitor in self._of(key):
            monitor.group_changed()

    def drop(self, ref: ObjectRef) -> None:
        """The schedule is not there any more."""
        monitor = self._monitors.pop(ref.uid, None)
        if monitor is not None:
            self._background.spawn(monitor.stop(), f"stop {ref}")
            self._compare(monitor.group)

    def _of(self, key: GroupKey) -> list[ScheduleMonitor]:
        return [monitor for monitor in self.monitors if monitor.group == key]

    def _compare(self, key: GroupKey | None) -> None:
        """If the schedules of a group with an objective ask otherwise than they did, all of them are to know."""
        group = self._groups.get(key) if key is not None else None
        if key is None or group is None:
            return
        now, asked = self._services.clock.now(), group.objective is not None
        found = shortest(monitor.longest(now) for monitor in self._of(key)) if asked else None
        if self._longest.get(key) == found:
            return
        self._longest[key] = found
        self._services.notify(SchedulesChanged(key, found))
        for monitor in self._of(key):
            monitor.group_changed()

    def _group_there(self, key: GroupKey) -> bool:
        return key in self._groups

    def _marks(self, key: GroupKey, own: timedelta | None) -> tuple[Wanted, ...]:
        group = self._groups.get(key)
        return () if group is None else group.mark(own, self._longest.get(key))
