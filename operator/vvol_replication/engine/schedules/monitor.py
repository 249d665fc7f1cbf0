"""One monitor for each ReplicationSchedule: it starts the runs that are due, and shows what became of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from vvol_replication.api.conditions import Wanted
from vvol_replication.api.errors import SpecError
from vvol_replication.api.names import REPLICATION_SYNC
from vvol_replication.api.objects import Conflict, Denied, Failed, Gone, ObjectRef, Written
from vvol_replication.api.reasons import Reason
from vvol_replication.api.schedule import ReplicationScheduleStatus
from vvol_replication.domain.cron import CronError, CronSchedule, parse_schedule
from vvol_replication.engine.measures import ScheduleMeasures
from vvol_replication.engine.monitors.base import Monitor
from vvol_replication.engine.news import GroupKey, MonitorEnded
from vvol_replication.engine.services import Services
from vvol_replication.reconcile.schedule.decide import Plan, decide, look_at, started
from vvol_replication.reconcile.schedule.runs import SCHEDULE_UID, Run, Schedule, read_run, read_schedule
from vvol_replication.reconcile.schedule.show import Around, show, show_invalid

from .producers import longest

_log = logging.getLogger(__name__)


class Invalid(Exception):  # noqa: N818 - a fact about an object, no failure
    """The schedule cannot be read: a reason, and why in words."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message


class ScheduleMonitor(Monitor):
    """Decides when time, an edit, or a run that ended asks for it; in between it makes no call."""

    def __init__(
        self,
        ref: ObjectRef,
        services: Services,
        *,
        group_there: Callable[[GroupKey], bool],
        marks: Callable[[GroupKey, timedelta | None], tuple[Wanted, ...]],
    ) -> None:
        """Begins with nothing known.

        Parameters:
            group_there: is there a ReplicationGroup of this namespace and name?
            marks: conditions that follow from what the group says, and from how much time its own times let pass.
        """
        super().__init__(ref, services)
        self._group_there, self._marks = group_there, marks
        self._read: tuple[Schedule, CronSchedule] | Invalid | None = None
        self._runs_changed = self._shown_anew = True
        self._look_at: datetime | None = None
        self._since: datetime | None = None
        self._active: frozenset[str] | None = None
        self._decided_from: Mapping[str, Any] = {}
        self._decided_at: str | None = None
        self._unsure = False

    @property
    def group(self) -> GroupKey | None:
        """The ReplicationGroup that it is about; None: it cannot be read."""
        return (self._read[0].namespace, self._read[0].spec.group) if isinstance(self._read, tuple) else None

    def measures(self) -> ScheduleMeasures:
        """What there is to tell of it in figures."""
        spec = self._read[0].spec if isinstance(self._read, tuple) else None
        return ScheduleMeasures(
            self.ref.namespace or "",
            self.ref.name,
            None if spec is None else spec.group,
            None if spec is None else spec.suspend,
            self.stored,
        )

    def observe(self, body: Mapping[str, Any]) -> bool:
        """The API server shows the object so."""
        before, stored = self.generation, self.stored
        if not super().observe(body):
            return False
        if self._read is None or self.generation != before:
            self._read = _read(body)
            self._runs_changed = True
            self.notify()
        elif stored.get("timetable") and not self.stored.get("timetable"):
            self._runs_changed = True  # its status was wiped
            self.notify()
        return True

    def longest(self, now: datetime) -> timedelta | None:
        """How much time at most it lets pass between two runs; None: it starts none."""
        if not isinstance(self._read, tuple) or self._read[0].spec.suspend:
            return None
        return longest(self._read[1], now)

    def run_changed(self, name: str) -> None:
        """A run of this schedule has ended, or is gone."""
        # While it decides, what it was shown may be older than this.
        if self._active is None or name in self._active:
            self._runs_changed = True
            self.notify()

    def watch_began(self) -> None:
        """What became of its runs while nobody watched is not known: look once more where one is under way."""
        if self._active is None or self._active:
            self._runs_changed = True
            self.notify()

    def group_changed(self) -> None:
        """Something about its group has changed: what it says of that may be another thing now."""
        self._shown_anew = True
        self.notify()

    async def poll_once(self) -> bool:
        """Decide, if anything asks for it."""
        now, read = self._clock.now(), self._read
        asked = self._runs_changed or self._is_due(now)
        if read is None or not (asked or self._shown_anew):
            return True
        if not self._services.leading():
            return False
        if self._unsure and not await self._read_anew():
            return False
        read, self._decided_from, self._decided_at = self._read, self.stored, self._writer.version
        assert read is not None, "what was read once stays read"  # noqa: S101 - for mypy
        status = ReplicationScheduleStatus.parse(self.stored)
        if isinstance(read, Invalid):
            self._runs_changed, self._look_at = False, None
            return await self._store(show_invalid(status, self.generation, now, read.reason, read.message))
        if not asked:
            return await self._show(*read, status, now)
        self._runs_changed = False
        well = await self._decide(*read, status)
        self._runs_changed = self._runs_changed or not well
        return well

    def _is_due(self, now: datetime) -> bool:
        """Has the time come, or has the clock gone back behind the last decision?"""
        return (self._look_at is not None and now >= self._look_at) or (self._since is not None and now < self._since)

    async def _decide(self, schedule: Schedule, cron: CronSchedule, status: ReplicationScheduleStatus) -> bool:
        self._active, labels = None, {SCHEDULE_UID: schedule.uid}
        bodies = await self._services.cluster.list_in(REPLICATION_SYNC, schedule.namespace, labels=labels)
        if isinstance(bodies, Failed):
            _log.warning("%s waits: %s", self.ref, bodies.message)
            return False
        runs = [run for body in bodies if (run := read_run(body, schedule.uid)) is not None]
        now = self._clock.now()
        plan = decide(schedule, status, runs, now, cron)
        if plan.start is not None and not await self._is_as_known():
            return False
        status, refused, well = await self._start(schedule, plan)
        self._active = frozenset(one.name for one in status.active)
        stored = await self._show(schedule, cron, status, now, refused)
        return await self._drop(plan.drop) and well if stored else False

    async def _is_as_known(self) -> bool:
        """Is the schedule what was decided from? The watch may lag, and another process may have had its run made."""
        body = await self._services.cluster.read(self.ref)
        if isinstance(body, Failed):
            return False
        if isinstance(body, Gone) or body["metadata"].get("deletionTimestamp"):
            self._services.notify(MonitorEnded(self.ref))
            return False
        known: bool = body["metadata"]["resourceVersion"] == self._decided_at
        return known  # else the watch shows it soon, and all is decided anew

    async def _start(self, schedule: Schedule, plan: Plan) -> tuple[ReplicationScheduleStatus, str | None, bool]:
        """Make the run's object. Then the status of after, what the API server has against it, and if all was well."""
        ask = plan.start
        if ask is None:
            return plan.status, None, True
        if not self._services.leading():
            return plan.status, None, False
        manifest = schedule.manifest(ask)
        result = await self._services.cluster.create(REPLICATION_SYNC, manifest)
        if isinstance(result, Written | Conflict):
            return started(plan.status, ask, manifest["metadata"]["name"]), None, True
        if isinstance(result, Denied):
            return plan.status, result.message, False
        _log.warning("%s waits: %s", self.ref, result.message)
        return plan.status, None, False

    async def _drop(self, runs: Sequence[Run]) -> bool:
        """Delete ended runs, each only as it was seen: so nothing that is under way is ever deleted."""
        well = True
        for run in runs:
            if not self._services.leading():
                return False
            ref = ObjectRef(REPLICATION_SYNC, self.ref.namespace, run.name, run.uid)
            result = await self._services.cluster.delete(ref, run.version)
            if isinstance(result, Failed):
                _log.warning("%s: %s", self.ref, result.message)
            well = well and not isinstance(result, Failed | Conflict)
        return well

    async def _show(
        self,
        schedule: Schedule,
        cron: CronSchedule,
        status: ReplicationScheduleStatus,
        now: datetime,
        refused: str | None = None,
    ) -> bool:
        key = schedule.namespace, schedule.spec.group
        around = Around(self._group_there(key), refused, self._marks(key, self.longest(now)))
        self._look_at = look_at(schedule, status, now, cron)
        self._since = status.timetable.since if status.timetable is not None else None
        return await self._store(show(schedule, status, now, cron, around))

    async def _store(self, status: ReplicationScheduleStatus) -> bool:
        after, self._shown_anew = status.to_json(), False
        # What somebody else wrote since it was decided is not overwritten with what follows from less.
        current = self.stored == self._decided_from
        if after == self.stored or (current and await self.write_status(after, news=True)):
            return True
        self._shown_anew = self._unsure = True
        return False

    async def _read_anew(self) -> bool:
        """Ask what became of a write: whoever decides from less decides upon some times twice."""
        body = await self._services.cluster.read(self.ref)
        if isinstance(body, Failed):
            return False
        if not isinstance(body, Gone):  # else the next write tells so
            self.observe(body)
        self._unsure = False
        return True

    def _pause(self) -> float:
        if self._failures or self._look_at is None:
            return super()._pause() if self._failures else self._pace.schedule
        left = (self._look_at - self._clock.now()) / timedelta(seconds=1)
        return min(max(left, 0.0), self._pace.schedule)


def _read(body: Mapping[str, Any]) -> tuple[Schedule, CronSchedule] | Invalid:
    try:
        schedule = read_schedule(body)
        return schedule, parse_schedule(schedule.spec.schedule, schedule.spec.time_zone)
    except SpecError as error:
        return Invalid(Reason.INVALID_SPEC, f"{error}. Correct the spec.")
    except CronError as error:
        return Invalid(Reason.INVALID_SCHEDULE, f"{error}.")
