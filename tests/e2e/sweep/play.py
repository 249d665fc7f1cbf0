"""One run: a fresh request on a fresh group, one fault at one point, and what came of it."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from e2e.preparing import soon
from e2e.rig import SOURCE
from e2e.sweep import preparations, schedules
from e2e.sweep.ground import PREPARATION, SCHEDULE, SYNC
from e2e.sweep.preparations import Held

from testbed import stage

if TYPE_CHECKING:
    from e2e.sweep.children import Operator
    from e2e.sweep.faults import Fault
    from e2e.sweep.ground import Ground, Spot

Object = dict[str, Any]
METHODS = ("Coordinated", "ArrayOnly", "AwaitSchedule")
WAYS = {SYNC: METHODS, PREPARATION: (PREPARATION,), SCHEDULE: (SCHEDULE,)}
"""In which ways an object of a kind is carried out; each is a row of runs."""
GOOD_ENDS = {
    "Coordinated": {"PointInTimeCreated", "AlreadyDone"},
    "ArrayOnly": {"SnapshotReplicated", "AlreadyDone"},
    "AwaitSchedule": {"ScheduledTransferLanded", "AlreadyDone"},
    PREPARATION: {"FailoverPrepared", "AlreadyDone"},
    SCHEDULE: {"PointInTimeCreated", "AlreadyDone"},
}
DEADLINE = 120.0
"""Seconds in which a run has to come to its end; a healthy one takes two."""
_SCHEDULE, _LOST_PATIENCE = 2.0, 30.0
"""Seconds until the array's schedule comes round: where it is waited for, and where a request waits for what nobody but
the schedule can bring it, longer than the operator itself looks for an answer that was lost."""
_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Case:
    """One run to be played; without a fault nothing goes wrong, and the points are listed.

    `method`: of a ReplicationSync, or the other kind's name.
    """

    method: str
    fault: Fault | None = None
    point: str = ""

    @property
    def kind(self) -> str:
        """The kind of the request."""
        return self.method if self.method in (PREPARATION, SCHEDULE) else SYNC

    @property
    def label(self) -> str:
        """For people, and for the name of a log."""
        return " ".join((self.method, self.fault.name if self.fault else "unharmed", self.point)).strip()


@dataclass(slots=True)
class Outcome:
    """How it ended. `broken`: what must not be."""

    case: Case
    end: str
    reached: bool
    points: list[str]
    broken: list[str]
    pushes: int
    armings: int
    prepare_calls: int
    seconds: float
    log: str


@dataclass
class Run:
    """A run while it is played."""

    case: Case
    spot: Spot
    broken: list[str] = field(default_factory=list)
    spec: Object = field(default_factory=dict)
    uids: list[str] = field(default_factory=list)
    first: Operator = field(init=False)
    held: Held = field(default_factory=Held)
    history: schedules.History = field(init=False)
    """Of a schedule and its runs."""
    _rounds: int = 0
    _last_round: float = field(default_factory=time.monotonic)
    _wanted_since: float = 0.0

    def play(self) -> Outcome:
        """From the object's creation to its end."""
        if self.case.kind != SCHEDULE:
            return self._play()
        with schedules.History.open(self.spot) as self.history:
            return self._play()

    def _play(self) -> Outcome:
        begun, fault = time.monotonic(), self.case.fault
        self.spec = self._spec()
        if fault is not None and fault.request_id:
            self.spec["requestID"] = f"CHG-{self.spot.protection_group}"
        self.create()
        lag = fault.lag if fault else 0.0
        self.first = self.spot.start(at=self.case.point, action=fault.action if fault else "", lag=lag)
        acted = False
        while time.monotonic() - begun < DEADLINE:
            if self.first.hit.is_set() and not acted:
                acted, self.held = True, Held.of(self.spot.get())
                if fault is not None and fault.act is not None:
                    fault.act(self)
            obj = self.look()
            # What is left of the process's work after the end may have a point as well: its finalizer's removal.
            if self._free(obj) and (acted or not self._may_still_reach()):
                break
            time.sleep(0.1)
        self._judge(self.spot.get(), lenient=fault is not None and fault.lenient)
        return self._outcome(time.monotonic() - begun)

    def _spec(self) -> Object:
        if self.case.kind == SCHEDULE:
            return dict(schedules.SPEC)
        return {"method": self.case.method} if self.case.kind == SYNC else {"notAfter": soon()}

    def create(self) -> None:
        """Create the object: the first one, or another one of its name."""
        self.uids.append(self.spot.create(self.spec)["metadata"]["uid"])

    def until_finished(self, seconds: float) -> None:
        """Let the world go on until the request has ended, or for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            obj = self.look()
            if obj is None or stage.is_true(obj, "Finished") or (self.case.kind == SCHEDULE and self._free(obj)):
                return
            time.sleep(0.1)

    def look(self) -> Object | None:
        """The object as it is; where a sync is armed and nothing lands, the array's schedule comes round."""
        obj = self.spot.get()
        if self.case.kind == SCHEDULE:
            schedules.ask_again(self.spot, obj, self.spec)
        ready = stage.condition(obj, "Ready") if obj else None
        reason = str(ready["reason"]) if ready else ""
        now, wanted = time.monotonic(), (self.case.method, reason) == ("AwaitSchedule", "AwaitingTransfer")
        self._wanted_since = (self._wanted_since or now) if wanted else 0.0
        due = wanted and now - self._wanted_since > _SCHEDULE
        due = due or now - self._last_round > _LOST_PATIENCE
        if due and self._rounds < _ROUNDS and self.spot.world()["pendingSync"] is not None:
            self._rounds += 1
            self.spot.run_schedule()
            self._wanted_since, self._last_round = 0.0, time.monotonic()
        return obj

    def _free(self, obj: Object | None) -> bool:
        """Has it come to its end, and does nothing of it wait?"""
        if obj is not None and self.case.kind == SCHEDULE:
            return schedules.at_rest(self.spot, obj)
        return obj is not None and stage.is_true(obj, "Finished") and not obj["metadata"].get("finalizers")

    def _may_still_reach(self) -> bool:
        if not self.case.point or self.first.hit.is_set():
            return False
        self.spot.quiet(self.first, 0.5)
        return self.first.hit.is_set()

    def _outcome(self, seconds: float) -> Outcome:
        obj = self.spot.get()
        told = "RunNowSucceeded" if self.case.kind == SCHEDULE else "Ready"
        ready = stage.condition(obj, told) if obj else None
        return Outcome(
            case=self.case,
            end=str(ready["reason"]) if ready else "nothing",
            reached=self.first.hit.is_set(),
            points=list(self.first.points),
            broken=self.broken,
            pushes=len(self.spot.pushed()),
            armings=self.spot.armings(),
            prepare_calls=len(self.spot.prepare_calls()),
            seconds=seconds,
            log=str(self.spot.log),
        )

    # What must hold

    def _judge(self, obj: Object | None, *, lenient: bool) -> None:
        case = self.case
        if case.kind == SCHEDULE:
            self._judge_schedule(obj, lenient=lenient)
            self._judge_log()
            return
        self._judge_end(obj)
        if case.kind == PREPARATION:
            self.broken += preparations.judge(self.spot, obj, case.fault, case.point, self.held)
        else:
            self._judge_sync(obj, lenient=lenient)
        self._judge_log()

    def _judge_end(self, obj: Object | None) -> None:
        if obj is None or not stage.is_true(obj, "Finished"):
            told = stage.condition(obj, "Ready") if obj else "the object is gone"
            self.broken.append(f"no end after {DEADLINE:.0f} s: {told}")
        elif obj["metadata"].get("finalizers"):
            self.broken.append("it is finished and has its finalizer still")
        elif stage.is_true(obj, "Complete"):
            ready = stage.condition(obj, "Ready") or {}
            if ready.get("reason") not in GOOD_ENDS[self.case.method]:
                self.broken.append(f"Complete for another reason: {ready}")

    def _judge_schedule(self, obj: Object | None, *, lenient: bool) -> None:
        if obj is None or not self._free(obj):
            self.broken.append(f"no end after {DEADLINE:.0f} s: {obj and obj.get('status')}")
            return
        pushed = Counter(self.spot.pushed())
        runs = self.history.last_states()
        self.broken += self.history.judge(obj, lenient=lenient)
        if any(count > 1 for count in pushed.values()) or len(pushed) > len(schedules.request_ids(runs)):
            self.broken.append(f"pushes: {dict(pushed)} for {schedules.request_ids(runs)}")
        for one in runs:
            if stage.is_true(one, "Complete"):
                self._judge_success(one["status"], pushed)

    def _judge_sync(self, obj: Object | None, *, lenient: bool) -> None:
        pushed, wrong = Counter(self.spot.pushed()), self.broken.append
        most = 0 if self.case.method == "AwaitSchedule" else len(set(self._request_ids()))
        if any(count > 1 for count in pushed.values()) or len(pushed) > most:
            wrong(f"pushes: {dict(pushed)}, at most {most} allowed")
        if obj is None or not stage.is_true(obj, "Finished"):
            return  # said already
        if stage.is_true(obj, "Complete"):
            with contextlib.suppress(KeyError):
                self._judge_success(obj["status"], pushed)
                return
            wrong(f"Complete says too little: {obj['status']}")
        elif not lenient:
            wrong(f"not Complete: {stage.condition(obj, 'Ready')}")

    def _judge_success(self, status: Object, pushed: Counter[str]) -> None:
        wrong, points = self.broken.append, self.spot.world()["pointsInTime"]
        prefix = f"{SOURCE}:{self.spot.protection_group}."
        if self.case.method == "AwaitSchedule":
            suffix = status["transfer"]["snapshot"].removeprefix(prefix)
        else:
            suffix = status["operation"]["suffix"]
            if pushed[suffix] != 1:
                wrong(f"Complete, and its snapshot was pushed {pushed[suffix]} times")
        real = [one for one in points if one["suffix"] == suffix]
        if len(real) != 1:
            wrong(f"Complete, and {len(real)} points in time hold {suffix}")
            return
        if self.case.method == "ArrayOnly":
            if status["transfer"]["snapshot"] != prefix + suffix or "pointInTime" in status:
                wrong(f"not what happened: {status}")
            return
        self._judge_point(status, real[0])

    def _judge_point(self, status: Object, real: Object) -> None:
        wrong = self.broken.append
        told, flags = status.get("pointInTime", {}), {one["type"]: one["status"] for one in status["conditions"]}
        # What an earlier object of the same request id made is told without the two conditions.
        if flags.get("PointInTimeIdentified", "True") == "True":
            if told["id"] != real["id"]:
                wrong(f"told {told}, but the data is in {real}")
            if flags.get("Named") == "True" and told["name"] != real["name"]:
                wrong(f"told {told}, but the name of {real} is another one")
        elif told or self._rounds == 0:
            wrong(f"told {told}, not identified, although nothing else has landed: {flags}")

    def _judge_log(self) -> None:
        text = self.spot.log.read_text(errors="replace")
        if "Traceback" in text or "unexpectedly" in text:
            self.broken.append("its log has a traceback")

    def _request_ids(self) -> list[str]:
        return [str(self.spec.get("requestID", uid)) for uid in self.uids]


def play(ground: Ground, case: Case, number: int) -> Outcome:
    """Play one run."""
    with ground.spot(f"{number:05}", case.kind) as spot:
        return Run(case, spot).play()
