"""The one place where a verdict becomes phase and conditions (docs/architecture.md#conditions)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any

from vvol_replication.api.conditions import ConditionStatus, Wanted, merge
from vvol_replication.api.reasons import Reason
from vvol_replication.api.status import Phase
from vvol_replication.api.sync import Baseline, PointInTimeStatus, TransferStatus
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.points import PointInTime

from .baseline import went_back
from .identify import Finding
from .request import OneShot
from .steps import StatusT


@dataclass(frozen=True, slots=True)
class _Row:
    phase: Phase
    ready: ConditionStatus
    flags: tuple[str, ...]


class Situation(Enum):
    """A row of the contract: the phase, the status of Ready, and the conditions that are True beside it."""

    RUNNING = _Row(Phase.RUNNING, "Unknown", ("Reconciling",))
    WAITING = _Row(Phase.WAITING, "False", ("Reconciling",))
    SUSPENDED = _Row(Phase.SUSPENDED, "False", ())
    SUCCEEDED = _Row(Phase.SUCCEEDED, "True", ("Complete", "Finished"))
    FAILED = _Row(Phase.FAILED, "False", ("Stalled", "Failed", "Finished"))
    CANCELLED = _Row(Phase.CANCELLED, "False", ("Stalled", "Failed", "Finished"))
    EXPIRED = _Row(Phase.EXPIRED, "True", ("Finished",))
    MISSED = _Row(Phase.MISSED, "False", ("Stalled", "Failed", "Finished"))

    @property
    def ended(self) -> bool:
        """True for a row that is never left again."""
        return "Finished" in self.value.flags


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the status is to say: where the request stands, one word why, and a line for people.

    `extra` are the conditions beside the contract's.
    """

    situation: Situation
    reason: Reason | str
    message: str
    extra: tuple[Wanted, ...] = ()


def summarize(request: OneShot[Any], status: StatusT, now: datetime, verdict: Verdict, **changes: Any) -> StatusT:
    """The status that says so. `changes` are other fields of the status."""
    row, reason = verdict.situation.value, reason_of(verdict.reason)
    wanted: list[Wanted] = [Wanted("Ready", row.ready, reason, verdict.message)]
    wanted += [Wanted(flag, "True", reason, verdict.message) for flag in row.flags]
    if verdict.situation.ended:
        wanted += ttl_ignored(request)
    finished = (status.finished_at or now) if verdict.situation.ended else None
    if verdict.situation.ended:
        changes["deadline"] = None  # nothing can fail any more
    return replace(
        status,
        observed_generation=request.generation,
        phase=row.phase,
        conditions=merge(status.conditions, [*wanted, *verdict.extra], request.generation, now),
        finished_at=finished,
        **changes,
    )


def reason_of(word: str) -> Reason:
    """An adapter's word as a reason; one that is not in the catalogue is a fault that the message describes."""
    try:
        return Reason(word)
    except ValueError:
        return Reason.ENDPOINT_FAULT


def ttl_ignored(request: OneShot[Any]) -> list[Wanted]:
    """The condition that a finished object has whose TTL is refused (invariant 11)."""
    if request.owner is None or request.spec.ttl_seconds_after_finished is None:
        return []
    text = (
        f"ttlSecondsAfterFinished is ignored, because {request.owner} owns this object: it would create it again and "
        "run it again. Remove the object at its source, for example in Git."
    )
    return [Wanted("TTLIgnored", "True", Reason.OWNED_BY_TOOL, text)]


def transfer_status(row: Snapshot) -> TransferStatus:
    """A transfer as the status shows it, its times in whole seconds."""
    percent = None if row.progress is None else int(row.progress * 100)
    return TransferStatus(row.name, percent, row.bytes_transferred, _second(row.started), _second(row.completed))


def describe(point: PointInTime) -> str:
    """A point in time in a sentence."""
    name = f" named {point.name!r}" if point.name else ""
    return f"{point.id!r}{name} of {point.time:%Y-%m-%dT%H:%M:%SZ}"


def point_status(point: PointInTime) -> PointInTimeStatus:
    """A point in time as the status shows it."""
    return PointInTimeStatus(point.id, point.name, point.time)


def _second(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(microsecond=0)


def not_listed(
    mine: Snapshot, finding: Finding, baseline: Baseline | None, strange: PointInTime | None = None
) -> tuple[Reason, str]:
    """Why the point in time of a landed snapshot cannot be shown: the reason, and a line for people.

    `strange` is a new one with a time at which nothing was on its way.
    """
    if finding.possible:
        text = "has landed. The point in time that vSphere lists may be its own, or of another transfer that landed."
        return Reason.VERIFYING, f"Snapshot {mine.name} {text}"
    text = f"Snapshot {mine.name} has landed, but vSphere does not list its point in time. Check the VASA provider."
    if strange is not None:
        text = (
            f"Snapshot {mine.name} has landed. Since the request began vSphere lists {describe(strange)}, but no "
            "transfer was under way at that time. So it is not proven that it is this snapshot. Set NTP on both arrays "
            "and on vCenter."
        )
    if went_back(mine, baseline):
        text = (
            f"{text} The source array's clock went back after {mine.name} was asked for, and not all earlier points in "
            "time are remembered by id. So an older-looking point in time may be the right one."
        )
    return Reason.POINT_IN_TIME_NOT_LISTED, text
