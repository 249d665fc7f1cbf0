"""One scenario: the engine, the storage and the API server in virtual time, with all the trouble that was drawn."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from component.engine.virtual import VirtualClock, VirtualLoop
from walk.cluster import SharedApi
from walk.judge import GROUPS, PREPS, SYNCS, Judge
from walk.moves import Move
from walk.outcome import Defects, Outcome
from walk.process import Process, Tasks
from walk.storage import Call, Grouped, Storage, WalkConnector

from vvol_replication.api.names import (
    FAILOVER_PREPARATION,
    FLASHARRAY,
    REPLICATION_GROUP,
    REPLICATION_SYNC,
    VCENTER,
)
from vvol_replication.api.objects import Failed
from vvol_replication.api.times import format_time
from vvol_replication.domain.groups import GroupState
from vvol_replication.domain.members import PowerState
from vvol_replication.domain.points import TaskReading, TaskState
from vvol_replication.engine.engine import Engine

_TROUBLES_END = 75.0
"""Seconds after the start. Then endpoints are back, and nothing more happens."""
_PATIENCE = 1200.0
"""Seconds that requests may take to their ends after that: longer than any deadline and `notAfter` of a scenario."""
_STEP = 5.0


def run(seed: int, moves: Sequence[Move]) -> Outcome:
    """Let it happen, from beginning to end."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_Scenario(seed, moves).happen())


class _Scenario:
    def __init__(self, seed: int, moves: Sequence[Move]) -> None:
        self.seed, self.moves = seed, tuple(moves)
        self.clock, self.tasks = VirtualClock((0.0, 0.7, 0.3, 0.9, 0.1)), Tasks()
        self.storage = Storage(self.clock, self.tasks, self._point, "erp", transfer=6.0)
        self.api = SharedApi(self.clock, self.tasks, self._point)
        self.connector = WalkConnector(self.storage)
        self.judge = Judge(self.storage, self.api, lambda: self.processes)
        self.storage.at_prepare, self.storage.at_operation = self._prepared, self.judge.operation
        self.storage.leads = lambda identity: any(one.leads for one in self.processes if one.identity == identity)
        self.api.on_save = self.judge.saved
        self.processes: list[Process] = []
        self.story: list[str] = []
        self.kills = self.hand_overs = self._coming = 0
        self._seen: Counter[str] = Counter()
        self._over, self._lag = False, 0.01

    @property
    def erp(self) -> Any:
        return self.storage.groups["erp"]

    async def happen(self) -> Outcome:
        loop, defects = asyncio.get_running_loop(), Defects(self.judge.broken)
        self.tasks.watch(loop)
        log = logging.getLogger("vvol_replication")
        log.addHandler(defects)
        try:
            self._set_up()
            self._begin("process-1")
            await asyncio.sleep(1)
            begun = loop.time()
            for move in self.moves:
                if not move.point:
                    loop.call_at(begun + move.at, self._make, move)
            await self._until(begun + _TROUBLES_END)
            self._calm()
            await self._until(loop.time() + _PATIENCE)
            if not self.judge.broken:
                self.judge.end()
        finally:
            log.removeHandler(defects)
            for process in self.processes:
                process.dead = True
                self.tasks.kill(process.identity)
            await asyncio.sleep(0)
        return self._told()

    async def _until(self, end: float) -> None:
        """Go on until then; no longer than something is wrong, or all has ended well after the calm."""
        loop, schedule = asyncio.get_running_loop(), 0
        while loop.time() < end and not self.judge.broken:
            await asyncio.sleep(_STEP)
            self.storage.settle()
            if self._over:
                schedule += 1
                if schedule % 12 == 0:
                    self.storage.schedule(self.erp, 10)  # what waits for the schedule gets it
                if self._all_ended() and schedule > 5:
                    await asyncio.sleep(20)
                    return

    def _all_ended(self) -> bool:
        return all(
            body["status"].get("finishedAt") and not body["metadata"].get("finalizers")
            for key, body in self.api.objects.items()
            if key[0] in (PREPS, SYNCS)
        )

    def _set_up(self) -> None:
        self.api.secrets["vc"] = {"username": "operator", "password": "right"}
        self.api.secrets["a"] = self.api.secrets["b"] = {"apiToken": "right"}
        self.api.apply(VCENTER, "dallas", {"address": "vc", "credentialsSecretRef": {"name": "vc"}})
        for side in ("a", "b"):
            self.api.apply(FLASHARRAY, side, {"address": side, "apiTokenSecretRef": {"name": side}})
        for namespace in ("prod", "other"):
            self._group(namespace)

    def _group(self, namespace: str, **spec: Any) -> None:
        wanted = {"recoverySite": {"vCenterRef": {"name": "dallas"}}, "group": {"name": "a:erp"}, **spec}
        self.api.apply(REPLICATION_GROUP, "erp", wanted, namespace)

    def _begin(self, identity: str) -> Process:
        process = Process(identity, self._engine, self._lag)
        self.processes.append(process)
        self.api.processes.append(process)
        process.run(self._start(process))
        return process

    def _engine(self, process: Process) -> Engine:
        return Engine(self.api, self.connector, self.clock, leading=lambda: process.leads, identity=process.identity)

    async def _start(self, process: Process) -> None:
        await process.engine.start()
        self.api.take_up(process)

    def _calm(self) -> None:
        """All trouble ends that is not somebody's will."""
        self._over = True
        self._tell("the trouble ends")
        storage = self.storage
        storage.away, storage.faults, self.api.silent, self.api.next_writes = set(), {}, None, {}
        self.erp.allowed, self.erp.connected, self.erp.destroyed = True, True, False
        self._do_all_off()
        for key, body in list(self.api.objects.items()):
            if key[0] in (PREPS, GROUPS) and body["spec"].get("suspend"):
                kind = FAILOVER_PREPARATION if key[0] == PREPS else REPLICATION_GROUP
                self.api.apply(kind, key[2], {**body["spec"], "suspend": False}, key[1])
        if self.erp.target_state is not GroupState.FAILEDOVER:
            self.erp.target_state, self.erp.source_state = GroupState.TARGET, GroupState.SOURCE
        for suffix, (taken, lands) in self.erp.snapshots.items():
            if lands > self.clock.now() + timedelta(seconds=60):
                self.erp.snapshots[suffix] = (taken, self.clock.now() + timedelta(seconds=30))
        self.judge.note()
        if not self._coming and not any(one.leads and not one.dead for one in self.processes):
            self._successor()

    def _point(self, point: str) -> None:
        if self._over:
            return
        self._seen[point] += 1
        for move in self.moves:
            if move.point == point and move.nth == self._seen[point]:
                self._make(move)

    def _make(self, move: Move) -> None:
        if self._over:
            return
        self._tell(str(move))
        getattr(self, "_do_" + move.what.replace(" ", "_"))(*move.arguments)
        self.judge.note()

    def _tell(self, what: str) -> None:
        at = asyncio.get_running_loop().time()
        self.story.append(f"{at:9.3f}  {what}")

    def _prepared(self, call: Call, group: Grouped) -> None:
        late = (self.clock.now() - call.sent).total_seconds()
        self._tell(f"prepare takes effect: {call.task}, by {call.process}, {late:.3f} s after the call")
        self.judge.prepare(call, group)

    # Requests, and what people do to them

    def _do_prepare(self, name: str, namespace: str, spec: tuple[tuple[str, Any], ...]) -> None:
        wanted = {"groupRef": {"name": "erp"}, "consent": "erp", **dict(spec)}
        wanted["notAfter"] = format_time(self.clock.now() + timedelta(seconds=wanted["notAfter"]))
        self.api.apply(FAILOVER_PREPARATION, name, wanted, namespace)

    def _do_sync(self, name: str, namespace: str, spec: tuple[tuple[str, Any], ...]) -> None:
        self.api.apply(REPLICATION_SYNC, name, {"groupRef": {"name": "erp"}, **dict(spec)}, namespace)

    def _preparation(self, name: str) -> tuple[str | None, dict[str, Any]] | None:
        for namespace in ("prod", "other"):
            body = self.api.objects.get((PREPS, namespace, name))
            if body is not None:
                return namespace, body
        return None

    def _do_spec(self, name: str, change: str) -> None:
        found = self._preparation(name)
        if found is not None:
            changes = {"suspend": {"suspend": True}, "resume": {"suspend": False}, "cancel": {"cancel": True}}[change]
            self.api.apply(FAILOVER_PREPARATION, name, {**found[1]["spec"], **changes}, found[0])

    def _do_delete(self, name: str) -> None:
        found = self._preparation(name)
        if found is not None and not found[1]["metadata"].get("deletionTimestamp"):
            self.api.remove(FAILOVER_PREPARATION, name, found[0])

    def _do_recreate(self, name: str) -> None:
        """Deleted without waiting (somebody takes the finalizer off), and applied again."""
        found = self._preparation(name)
        if found is not None:
            spec = copy.deepcopy(found[1]["spec"])
            found[1]["metadata"].pop("finalizers", None)
            self.api.remove(FAILOVER_PREPARATION, name, found[0])
            self.api.apply(FAILOVER_PREPARATION, name, spec, found[0])

    def _do_wipe(self, name: str) -> None:
        found = self._preparation(name)
        if found is not None:
            body = copy.deepcopy(found[1])
            body["status"] = {"observedGeneration": -1}
            self.api._save((PREPS, found[0], name), body)  # noqa: SLF001 - somebody writes it

    def _groups(self, **spec: Any) -> None:
        for key, body in list(self.api.objects.items()):
            if key[0] == GROUPS:
                self.api.apply(REPLICATION_GROUP, key[2], {**body["spec"], **spec}, key[1])

    def _do_group_suspend(self, suspend: bool) -> None:  # noqa: FBT001 - a move's argument
        self._groups(suspend=suspend)

    def _do_called_off(self) -> None:
        self._groups(failoverCalledOffAt=format_time(self.clock.now()))

    def _do_group_recreate(self) -> None:
        self.judge.spoilt.add("erp")
        for key, body in list(self.api.objects.items()):
            if key[0] == GROUPS:
                self.api.remove(REPLICATION_GROUP, key[2], key[1])
                self.api.apply(REPLICATION_GROUP, key[2], body["spec"], key[1])

    def _do_group_wipe(self) -> None:
        self.judge.spoilt.add("erp")
        for key, body in list(self.api.objects.items()):
            if key[0] == GROUPS:
                wiped = copy.deepcopy(body)
                wiped["status"] = {"observedGeneration": -1}
                self.api._save(key, wiped)  # noqa: SLF001 - somebody writes it

    # Storage

    def _do_power(self, vm: str, power: str) -> None:
        self.erp.vms[vm] = PowerState[power]

    def _do_all_off(self) -> None:
        self.erp.vms = {"erp-db": PowerState.OFF, "erp-app": PowerState.OFF}
        self.erp.unaccounted = ()

    def _do_unaccounted(self, missing: bool) -> None:  # noqa: FBT001 - a move's argument
        self.erp.unaccounted = ("VVolId rfc4122.1",) if missing else ()

    def _do_no_members(self) -> None:
        self.erp.vms = {}

    def _do_state(self, state: str) -> None:
        self.erp.target_state = GroupState[state]
        if state == "FAILEDOVER":
            self.erp.used_at, self.erp.prepared = self.clock.now(), False

    def _do_source_state(self, state: str) -> None:
        self.erp.source_state = GroupState[state]

    def _do_schedule(self, seconds: float) -> None:
        self.storage.schedule(self.erp, seconds)

    def _do_stall(self) -> None:
        now = self.clock.now()
        for suffix, (taken, lands) in self.erp.snapshots.items():
            if lands > now:
                self.erp.snapshots[suffix] = (taken, lands + timedelta(seconds=500))

    def _do_arrays(self, what: str) -> None:
        self.erp.allowed, self.erp.connected = what != "allowed", what != "connected"
        self.erp.destroyed = what == "destroyed"

    def _do_fault(self, method: str, fault: str, seconds: float, times: int) -> None:
        self.storage.faults.setdefault(method, []).extend([(fault, seconds)] * times)

    def _do_task_error(self, effect: bool) -> None:  # noqa: FBT001 - a move's argument
        if self.erp.preparing is None:
            return
        task, suffix = self.erp.preparing
        self.erp.tasks[task] = TaskReading(TaskState.ERROR, reason="WrongState", message="not now")
        self.erp.preparing = None
        if not effect:
            self.erp.snapshots.pop(suffix)
            next(one for one in self.storage.effects if one.task == task).undone = True

    def _do_task_success(self) -> None:
        """The provider says that all is done, before anything has landed."""
        if self.erp.preparing is not None:
            self.erp.tasks[self.erp.preparing[0]] = TaskReading(TaskState.SUCCESS, 100)

    def _do_task_forgotten(self) -> None:
        self.erp.tasks = {task: one for task, one in self.erp.tasks.items() if not task.startswith("prepare")}

    def _do_prepared_outside(self, prepared: bool) -> None:  # noqa: FBT001 - a move's argument
        if not self.storage.effects:
            self.erp.prepared = prepared

    def _do_away(self, endpoint: str) -> None:
        self.storage.away.add(endpoint)

    def _do_back(self) -> None:
        self.storage.away = set()

    # The API server, and processes

    def _do_write(self, kind: str, becomes: str, times: int) -> None:
        self.api.next_writes.setdefault(kind, []).extend([becomes] * times)

    def _do_api_down(self, seconds: float) -> None:
        self.api.silent = Failed("the API server does not answer")
        asyncio.get_running_loop().call_later(seconds, self._api_up, context=self.tasks.outside)

    def _api_up(self) -> None:
        self.api.silent = None

    def _do_lag(self, seconds: float) -> None:
        self._lag = seconds
        for process in self.processes:
            process.lag = seconds

    def _do_kill(self, pause: float) -> None:
        """SIGKILL of the leader; the kubelet starts it anew, with the same or another identity."""
        leader = self._leader()
        if leader is None or self._coming:
            return
        self.kills += 1
        self._end(leader)
        self._coming += 1
        asyncio.get_running_loop().call_later(pause, self._successor, context=self.tasks.outside)

    def _do_hand_over(self, both: float, late: float) -> None:
        """Another process leads; the one before believes it does for `both` seconds more, and lives `late` more."""
        leader = self._leader()
        if leader is None or self._coming:
            return
        self.hand_overs += 1
        loop, outside = asyncio.get_running_loop(), self.tasks.outside

        def lose() -> None:
            leader.leads = False

        if both:
            loop.call_later(both, lose, context=outside)
        else:
            lose()
        loop.call_later(both + late, self._end, leader, context=outside)
        self._coming += 1
        self._successor()

    def _leader(self) -> Process | None:
        return next((one for one in reversed(self.processes) if one.leads and not one.dead), None)

    def _end(self, process: Process) -> None:
        process.leads, process.dead = False, True
        self.tasks.kill(process.identity)

    def _successor(self) -> None:
        self._coming = max(0, self._coming - 1)
        identity = f"process-{len(self.processes) + 1}"
        self._tell(f"{identity} starts")
        self._begin(identity)

    def _told(self) -> Outcome:
        judge = self.judge
        return Outcome(
            self.seed,
            self.moves,
            judge.broken,
            self.story,
            judge.reasons,
            self.storage.calls["start_prepare"],
            len(self.storage.effects),
            self.kills,
            self.hand_overs,
            Counter(self.storage.tally),
            [(one.what, one.window.total_seconds()) for one in judge.races],
            [one.total_seconds() for one in judge.windows],
        )
