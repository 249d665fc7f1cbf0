"""What an outcome tells people, as the rows of the table say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vvol_replication.domain.arrays import AlreadyThere
from vvol_replication.domain.groups import GroupState, Inventory, SourceGroup, TargetGroup
from vvol_replication.domain.members import Membership
from vvol_replication.domain.outcomes import Done, Indeterminate, Refused, Unavailable
from vvol_replication.domain.points import OngoingSync, TaskReading, TaskState


@dataclass(frozen=True)
class Summary:
    """Class, what is inside a `Done`, reason, and the message as it came ("" where nobody is told anything)."""

    outcome: str
    inside: str = ""
    reason: str = ""
    message: str = ""


def summarized(outcome: Any) -> Summary:
    """The parts of an outcome that a row is held against."""
    if not isinstance(outcome, Done):
        assert isinstance(outcome, Refused | Unavailable | Indeterminate)
        return Summary(type(outcome).__name__, "", outcome.reason, outcome.message)
    value = outcome.value
    if isinstance(value, TaskReading):
        return _task(value)
    if isinstance(value, Inventory):
        return _holes("the inventory has a hole", value.problems, fine=value.complete)
    if isinstance(value, Membership):
        return _holes("VMs are not accounted for", (*value.problems, *value.unread, *value.unaccounted), fine=False)
    if isinstance(value, SourceGroup | TargetGroup) and value.state is GroupState.UNKNOWN:
        return Summary("Done", "the state is unknown")
    if isinstance(value, OngoingSync):
        return Summary("Done", "another sync is under way", "SyncOngoing")
    if isinstance(value, AlreadyThere):
        state = "destroyed" if value.destroyed else "live"
        return Summary("Done", f"the snapshot is there already, {state}", "", value.message)
    return Summary("Done", "there is none" if value is None else "")


def _task(reading: TaskReading) -> Summary:
    if reading.state is TaskState.ERROR:
        return Summary("Done", "the task ended in error", reading.reason or "", reading.message or "")
    if reading.state is TaskState.FORGOTTEN:
        return Summary("Done", "the task is forgotten")
    return Summary("Done", f"the task is {reading.state}")


def _holes(inside: str, lines: tuple[str, ...], *, fine: bool) -> Summary:
    return Summary("Done", "" if fine else inside, "", "; ".join(lines))
