"""Plays the engine for one request in the model, and holds each of its steps against the rules of the design."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from unit.reconcile.model.laws import (
    check_arm,
    check_conditions,
    check_end,
    check_left,
    check_push,
    check_push_on_arrays,
)
from unit.reconcile.model.world import BINDING, World

from vvol_replication.api.conditions import find
from vvol_replication.api.sync import Method, Resolved, SyncSpec, SyncStatus
from vvol_replication.domain.outcomes import Indeterminate
from vvol_replication.reconcile.binding.world import Binding, Unbound
from vvol_replication.reconcile.core.acceptance import accept
from vvol_replication.reconcile.core.claims import claim_of, judge
from vvol_replication.reconcile.core.observation import Moment, Observation, Query, rows
from vvol_replication.reconcile.core.request import Request
from vvol_replication.reconcile.core.steps import Arm, Decision, Finish, Park, Push, Read, Record
from vvol_replication.reconcile.core.tuning import Tuning
from vvol_replication.reconcile.sync.absorb import (
    absorb_armed,
    absorb_pushed,
    absorb_reading,
    absorb_recorded,
    is_fresh,
)
from vvol_replication.reconcile.sync.borrowed import left_armed
from vvol_replication.reconcile.sync.context import SyncContext
from vvol_replication.reconcile.sync.decide import decide_sync

TUNING = Tuning()
MOST_STEPS_BETWEEN_PARKS = 80


class Driver:
    """One request. `stored` is what the API server holds; all else is lost in a crash."""

    def __init__(self, world: World, spec: SyncSpec | None = None, uid: str = "u1", tuning: Tuning = TUNING) -> None:
        self.world, self.tuning = world, tuning
        self.request = Request(uid, "prod", f"sync-{uid}", 1, world.now, spec or SyncSpec(group="erp"))
        self.stored = accept(self.request, SyncStatus(), world.now)
        self.status = self.stored
        self.seen = Observation()
        self.bound: Binding | Unbound | None = BINDING
        self.behind: str | None = None
        self.group_called: str | None = None
        self.confirmed = True
        self.identity, self.taken_up_at = "process-1", world.now
        self.others: list[Driver] = []
        self.others_bound: Resolved | None = None
        """What the groups of those that have not acted stand for."""
        self.decision: Decision | None = None
        self.steps: list[str] = []
        self.mutated_at: datetime | None = None
        self.armed_at: datetime | None = None
        self.arms = self.lost_arms = self.crashes = self.busy = 0
        self.first_arm_at: datetime | None = None
        self.suffixes: set[str] = set()
        self.there_before: frozenset[str] | None = None
        """What was seen on the source before the first intent was recorded."""
        self.ended = self.stored.finished_at is not None

    @property
    def moment(self) -> Moment:
        return Moment(self.world.now, self.tuning)

    @property
    def acted(self) -> bool:
        return self.status.operation is not None and self.status.operation.resolved is not None

    @property
    def parked(self) -> bool:
        return self.decision is not None and isinstance(self.decision.step, Park) and not self.ended

    def reason(self, type_: str = "Ready") -> str | None:
        """The reason of a condition as told now."""
        condition = find(self.status.conditions, type_)
        return condition.reason if condition else None

    def message(self, type_: str = "Ready") -> str:
        condition = find(self.status.conditions, type_)
        assert condition is not None, type_
        return condition.message

    def respecify(self, **changes: object) -> None:
        """The user edits a mutable field."""
        spec = replace(self.request.spec, **changes)  # type: ignore[arg-type]  # tests name fields
        self.request = replace(self.request, spec=spec, generation=self.request.generation + 1)

    def crash(self) -> None:
        """SIGKILL and a new process."""
        if not self.ended:
            self.crashes += 1
            self.status = SyncStatus.parse(self.stored.to_json())
            self.seen = Observation()
            self.decision = None
            self.busy = 0
            self.taken_up_at = self.world.now

    def take_over(self) -> None:
        """Another process takes over, while the old one is inside of the call that it had decided on, if any."""
        if self.ended:
            return
        decision = self._decide()
        due = self.world.now + self.tuning.lease + self.tuning.longest_call
        if isinstance(decision.step, Push):
            self.world.ghosts.append((due, "push", decision.step.suffix, self.request.uid))
        elif isinstance(decision.step, Arm):
            self.arms += 1
            self.first_arm_at = self.first_arm_at or self.world.now
            self.world.ghosts.append((due, "arm", decision.step.name, self.request.uid))
        self.crash()
        self.identity = f"process-{int(self.identity.partition('-')[2]) + 1}"

    def _decide(self) -> Decision:
        world, resolved = self.world, self.bound.resolved if isinstance(self.bound, Binding) else None
        mine, others = claim_of(self.request, self.status), [claim_of(one.request, one.status) for one in self.others]
        others = [replace(one, bound=self.others_bound) for one in others]
        ids = [one.request.request_id for one in self.others]
        same = [claim for claim, one in zip(others, ids, strict=True) if one == self.request.request_id]
        self.seen = replace(
            self.seen,
            bound=self.bound,
            behind=self.behind,
            confirmed=self.confirmed,
            claims=judge(mine, resolved, same),
            armed=world.memory if world.memory is not None and world.memory.uid != self.request.uid else None,
            source_array=world.about("source"),
            target_array=world.about("target"),
            group_called=self.group_called,
            identity=self.identity,
            taken_up_at=self.taken_up_at,
        )
        return decide_sync(self.request, self.status, self.seen, world.now, self.tuning)

    def step(self) -> Decision:
        """Decide once, and do it."""
        world = self.world
        if self.ended and self.decision is not None:
            return self.decision
        decision = self._decide()
        check_conditions(self.request, self.status, decision, world.now)
        before, self.decision, self.status = self.status, decision, decision.status
        world.tick(0.001)
        self.busy += 1
        assert self.busy < MOST_STEPS_BETWEEN_PARKS, f"busy loop: {self.steps[-10:]}"
        match decision.step:
            case Read(queries):
                self._read(queries)
            case Record():
                self.steps.append("record")
                self.stored = SyncStatus.parse(self.status.to_json())
                self.seen = absorb_recorded(self.seen, fresh=is_fresh(before, self.status))
                if self.there_before is None:
                    self.there_before = frozenset(row.suffix for row in rows(self.seen.source_snapshots))
            case Arm(name):
                self._arm(name)
            case Push(_, suffix):
                self._push(suffix)
            case Park(until):
                self.busy = 0
                self.steps.append("park")
                assert until is None or until > world.now - timedelta(seconds=0.001), "a park that is over already"
                if self.confirmed:
                    self.stored = self.status
            case Finish():
                self.steps.append("finish")
                left = left_armed(SyncContext(self.request, self.status, self.seen, world.now, self.tuning))
                world.memory = left or world.memory
                check_left(self)
                self.stored, self.ended = SyncStatus.parse(self.status.to_json()), True
                assert self.stored == self.status
                check_end(self, before)
        return decision

    def _read(self, queries: frozenset[Query]) -> None:
        self.steps += sorted(query.value for query in queries)
        sync = self.status.operation.sync if self.status.operation else None
        task = sync.task if sync else None
        assert Query.TASK not in queries or task is not None, "asked about a task that is not known"
        outcomes = {query: self.world.read(query, task) for query in queries}
        self.world.tick(0.05)
        for query in sorted(queries, key=lambda one: (one is not Query.TARGET_SNAPSHOTS, one)):
            self.seen = absorb_reading(self.status, self.seen, query, outcomes[query], self.moment)

    def poll(self) -> None:
        """The poller delivers, if it is followed."""
        if self.decision is not None and isinstance(self.decision.step, Park) and self.decision.step.follow:
            outcome = self.world.read(Query.TARGET_SNAPSHOTS, None)
            self.seen = absorb_reading(self.status, self.seen, Query.TARGET_SNAPSHOTS, outcome, self.moment)

    def _arm(self, name: str) -> None:
        self.steps.append("arm")
        check_arm(self)
        outcome = self.world.arm(name)
        self.arms += 1
        self.lost_arms += isinstance(outcome, Indeterminate)
        self.first_arm_at = self.first_arm_at or self.world.now
        self.armed_at = self.mutated_at = self.world.now
        self.world.tick(0.05)
        self.status, self.seen = absorb_armed(self.status, self.seen, outcome, self.moment)

    def _push(self, suffix: str) -> None:
        self.steps.append("push")
        arrays_only = self.request.spec.method is Method.ARRAY_ONLY
        (check_push_on_arrays if arrays_only else check_push)(self, suffix)
        self.suffixes.add(suffix)
        outcome = self.world.push(suffix)
        self.mutated_at = self.world.now
        self.world.tick(0.05)
        self.status, self.seen = absorb_pushed(self.status, self.seen, outcome, self.moment)

    # For examples

    def until_parked(self) -> Decision:
        """Go on until there is nothing to do, or the end."""
        while True:
            decision = self.step()
            if isinstance(decision.step, Park | Finish):
                return decision

    def until_step(self, name: str) -> None:
        """Go on until that step has been done."""
        for _ in range(MOST_STEPS_BETWEEN_PARKS):
            self.step()
            if self.steps[-1] == name:
                return
        raise AssertionError(f"no {name} in {self.steps}")

    def wait(self) -> None:
        """Let the parked time pass, with a poll on the way where it is asked for."""
        assert self.decision is not None
        park = self.decision.step
        assert isinstance(park, Park)
        until = park.until or self.world.now + timedelta(seconds=5)
        self.world.now = max(self.world.now, min(until, self.world.now + timedelta(seconds=2 if park.follow else 3600)))
        self.poll()

    def run(self, most: int = 400) -> Driver:
        """To the end, letting time pass, in a world that does not move by itself."""
        for _ in range(most):
            self.until_parked()
            if self.ended:
                return self
            self.wait()
        raise AssertionError(f"no end in sight: {self.reason()} {self.steps[-20:]}")
