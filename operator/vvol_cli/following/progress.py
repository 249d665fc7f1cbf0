"""How far a request is: its step, percent, rate and what remains."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from vvol_cli.outcome import Outcome
from vvol_cli.reading import amount, at, is_seen, message_of, moment, reason_of, short, status_of, text
from vvol_cli.views.words import NOT_ACCEPTED, kind_of, needs_person, spoken_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from vvol_cli.reading import Object

RUN = "RunNowSucceeded"
"""The condition in which a schedule says how the run that was asked for goes."""
MOMENT = 3.0
"""Seconds in which an operator that works has seen a request."""
ASKED = "asked for"
_WHOLE = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """What is shown of a request under way.

    `step` is the reason of Ready. `percent` is None while nothing moves. `rate` is in bytes a second, and `remaining`
    how long the transfer still takes at that rate; None: not known. `waits`: why it does not go on, and what to do.
    """

    step: str
    percent: int | None = None
    rate: float | None = None
    remaining: timedelta | None = None
    waits: str = ""

    def __str__(self) -> str:
        parts = [self.step if self.percent is None else f"{self.step} {self.percent} %"]
        if self.rate is not None:
            parts.append(f"{amount(self.rate)}/s")
        if self.remaining is not None:
            parts.append(f"{short(self.remaining)} remaining")
        return ", ".join(parts) + (f": {self.waits}" if self.waits else "")


class Unseen:
    """Whether it lasts that no operator has seen a request. It takes a moment where one works, too."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: dict[str, float] = {}

    def is_new(self, obj: Object) -> bool:
        """Is this one unseen, and was it shown for the first time less than `MOMENT` ago?"""
        since = self._since.setdefault(spoken_name(obj), self._clock())
        return not is_seen(obj) and self._clock() - since < MOMENT


def progress_of(request: Object, now: datetime) -> Progress:
    """How far it is. The rate is that since the transfer began, by this machine's clock."""
    if not is_seen(request):
        return Progress("NotSeen", waits=NOT_ACCEPTED)
    if kind_of(request) == "ReplicationSchedule":
        step = reason_of(request, RUN) or "Accepted"
        return Progress(step, waits=message_of(request, RUN) if step == "RunNowWaiting" else "")
    step = reason_of(request) or "Accepted"
    waits = message_of(request) if status_of(request, "Ready") == "False" or needs_person(request) else ""
    percent, moved = at(request, "status.transfer.percent"), at(request, "status.transfer.bytesTransferred")
    began = moment(at(request, "status.transfer.startedAt"))
    if step != "Transferring" or not isinstance(percent, int):
        return Progress(step, waits=waits)
    seconds = (now - began).total_seconds() if began is not None else 0.0
    if not isinstance(moved, int) or not moved or seconds < 1:
        return Progress(step, percent, waits=waits)
    remaining = timedelta(seconds=seconds * (_WHOLE - percent) / percent) if 0 < percent < _WHOLE else None
    return Progress(step, percent, moved / seconds, remaining, waits)


def end_of(request: Object, outcome: Outcome) -> str:
    """How it ended, in a line: the point in time, or the reason; why it is not done is told beside the outcome."""
    if kind_of(request) == "ReplicationSchedule":
        return f"{reason_of(request, RUN)}: {message_of(request, RUN)}"
    if outcome is not Outcome.DONE:
        return why_not(request)[0]
    name, when = text(request, "status.pointInTime.name"), text(request, "status.pointInTime.time")
    snapshot = text(request, "status.transfer.snapshot")
    if status_of(request, "Complete") == "True" and (name or when or snapshot):
        what = (
            f"point in time {name or text(request, 'status.pointInTime.id')}"
            if name or when
            else f"snapshot {snapshot}"
        )
        return f"{reason_of(request)}: {what}" + (f", {when}" if when else "")
    return f"{reason_of(request)}: {message_of(request)}"


def why_not(request: Object) -> tuple[str, str]:
    """Why it is not done: a reason and its message. A dry run is complete, and says in Preparable what is wrong."""
    type_ = "Preparable" if reason_of(request) == "DryRun" else "Ready"
    return reason_of(request, type_), message_of(request, type_)
