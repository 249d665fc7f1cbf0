"""The log's part of what people are told: a line for each transition of a request and of an endpoint, each once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from vvol_replication.api.errors import SpecError
from vvol_replication.api.names import FLASHARRAY, VCENTER
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.reasons import Reason
from vvol_replication.api.status import has_ended
from vvol_replication.api.times import parse_time, whole_seconds
from vvol_replication.engine.ports import Clock
from vvol_replication.reconcile.schedule.runs import run_request_id

from .lines import Line, endpoint_line, endpoint_stand, request_end, request_state, request_steps
from .requests import HISTORY, afterwards
from .schedules import schedule_lines

AGAIN = timedelta(minutes=10)
"""A request or endpoint that changes between two troubles and gets no further tells each of them so seldom."""
_REMEMBERED = 20_000
_STEPS = {
    **{word: word for word in ("accepted", "turn", "armed", "pushed", "landed", "waits", "missed", "skipped")},
    "again": "again",
    "lost": "lost",
    "prepare": "prepared",
    "goes": "runs",
    "end": "ended",
    "run": "started",
    "stands": "stands",
    "after": "after",
    "text": "refused",
}
"""What `step` of the log says, by the first word of a line's key."""
_log = logging.getLogger("vvol_replication")


@dataclass(slots=True)
class _Told:
    """What was told of one object: its steps, how it stood since the last of them and when, and how it stands."""

    steps: set[str] = field(default_factory=set)
    states: dict[str, datetime] = field(default_factory=dict)
    state: str = ""
    stand: dict[str, str] = field(default_factory=dict)

    def further(self) -> None:
        """It has come further: however it stands from here on is new."""
        self.states.clear()
        self.state = ""

    def is_new(self, state: str, now: datetime) -> bool:
        """Does it stand otherwise than it did last, and has not stood so a moment ago?"""
        if state == self.state:
            return False
        self.state, last = state, self.states.get(state)
        if last is not None and now - last < AGAIN:
            return False
        self.states[state] = now
        return True


class TransitionLog:
    """Remembers what it has told, for as long as the process lives."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = whole_seconds(clock.now())
        self._told: dict[str, _Told] = {}

    def request_changed(self, ref: ObjectRef, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """The status of a request that is followed, or was, changed."""
        if before == after:
            return
        told, steps = self._of(ref), request_steps(before, after)
        if "end" in told.steps or has_ended(before):
            for one in afterwards(before, after):
                self._write(
                    ref, after, Line("after", f"after its end: {one.reason}: {one.message}", one.reason, warning=True)
                )
            return
        if not told.steps and earlier(after.get("acceptedAt"), self._began):
            told.steps.update(one.key for one in steps)
            self._write(ref, after, Line("", "taken over from an earlier process"))
            steps = ()
        if has_ended(after) and not before.get("acceptedAt") and len(steps) == 1:
            steps = ()  # its acceptance was its end
        self._tell(ref, after, told, [one for one in steps if one.key not in told.steps])

    def request_found(self, ref: ObjectRef, status: Mapping[str, Any]) -> None:
        """A request that nobody here follows: if it has just ended as it was accepted, that is told."""
        told = self._told.get(ref.uid)
        if earlier(status.get("finishedAt"), max(self._began, self._clock.now() - HISTORY)):
            return
        end = request_end(status)
        if end is None or (told is not None and end.key in told.steps):
            return
        self._of(ref).steps.add(end.key)
        self._write(ref, status, end)

    def request_deleted(self, ref: ObjectRef, status: Mapping[str, Any]) -> None:
        """A request that was in flight is being deleted."""
        if "end" not in self._of(ref).steps:
            self._of(ref).steps.add("end")
            self._write(ref, status, Line("end", "ended: the object is being deleted. Nothing is undone."))

    def answer_lost(self, ref: ObjectRef, status: Mapping[str, Any], text: str) -> None:
        """The answer to a call of a request did not come. `status` may say more than the API server holds yet."""
        told = self._of(ref)
        if told.steps:
            for one in request_steps({}, status):
                if one.key not in told.steps:
                    told.steps.add(one.key)
                    told.further()
                    self._write(ref, status, one)
        self._write(ref, status, Line("lost", f"answer lost: {text}", Reason.ANSWER_LOST, warning=True))

    def endpoint_changed(self, ref: ObjectRef, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """The status of a VCenter or FlashArray changed."""
        first, told = ref.uid not in self._told, self._of(ref)
        if first:
            told.stand = endpoint_stand(before)
            was = endpoint_line(before, ())
            told.state = was.key if was is not None else ""
        stand = endpoint_stand(after)
        if stand.get("Reachable") == "not reachable":
            told.stand.pop("Authenticated", None)  # when it is back, it is to be said whether it lets us in
        news = [word for kind, word in stand.items() if told.stand.get(kind) != word]
        told.stand |= stand
        line = endpoint_line(after, news or [stand.get("Ready", "")])
        if line is None or "Ready" not in stand:
            return
        if news:
            told.further()
        if told.is_new(line.key, self._clock.now()):
            self._write(ref, after, line)

    def schedule_changed(self, ref: ObjectRef, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """The status of a ReplicationSchedule was written."""
        runs = {run["name"]: run for status in (before, after) for run in _runs(status)}
        for line in schedule_lines(before, after):
            run = runs.get(line.key.partition(" ")[2])
            self._write(ref, after, line, None if run is None else _request_id(ref.uid, run))

    def _tell(self, ref: ObjectRef, status: Mapping[str, Any], told: _Told, steps: list[Line]) -> None:
        for one in steps:
            told.steps.add(one.key)
            told.further()
            self._write(ref, status, one)
        end, state = request_end(status), request_state(status)
        if end is not None:
            told.steps.add(end.key)
            self._write(ref, status, end)
        elif state is not None:
            was_waiting = told.state.startswith("waits")
            new = told.is_new(state.key, self._clock.now())
            if new and (was_waiting or state.key.startswith("waits")):
                self._write(ref, status, state)

    def _of(self, ref: ObjectRef) -> _Told:
        told = self._told.setdefault(ref.uid, _Told())
        if len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]
        return told

    def _write(self, ref: ObjectRef, status: Mapping[str, Any], line: Line, run: str | None = None) -> None:
        """`run`: the request id of the schedule's run that the line is about."""
        ledger = status.get("operation")
        request_id = ledger.get("requestID") if isinstance(ledger, Mapping) else None
        asked = f" (request {request_id})" if request_id else ""
        fields = {
            "kind": ref.kind.kind,
            "namespace": ref.namespace,
            "name": ref.name,
            "uid": ref.uid,
            "requestID": request_id or run,
            "endpoint": ref.name if ref.kind in (VCENTER, FLASHARRAY) else None,
            "step": _STEPS.get(line.key.partition(" ")[0]),
            "reason": line.reason,
        }
        _log.log(
            logging.WARNING if line.warning else logging.INFO,
            "%s%s: %s", ref, asked, line.text,
            extra={"fields": {key: value for key, value in fields.items() if value}},
        )  # fmt: skip


def _runs(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The runs of which a schedule's status tells."""
    last = status.get("lastRun")
    return [*(status.get("active") or ()), *([last] if last else [])]


def _request_id(uid: str, run: Mapping[str, Any]) -> str | None:
    """The request id of a schedule's run."""
    text, at = run.get("runNow"), run.get("scheduledAt")
    try:
        return run_request_id(uid, None if at is None else parse_time(str(at)), None if text is None else str(text))
    except SpecError:
        return None


def earlier(time: object, began: datetime) -> bool:
    """Is this time of a status before that one? What cannot be read is not."""
    try:
        return parse_time(str(time)) < began
    except SpecError:
        return False
