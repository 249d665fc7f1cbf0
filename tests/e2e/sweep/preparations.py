"""What must hold after a run of a FailoverPreparation: one call at most, a true end, and a group that remembers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from e2e.sweep.instrument import KILL

from testbed import stage
from testbed.waiting import eventually

if TYPE_CHECKING:
    from e2e.sweep.faults import Fault
    from e2e.sweep.ground import Spot

Object = dict[str, Any]
UNKNOWN = "OutcomeUnknown"
REFUSED = "AlreadyPrepared"
KNOWN_AGAIN = "AlreadyDone"
PREPARED_BY = {"Complete": "FailoverPrepared", "Failed": "NotProven"}
"""What the group says of itself, by how its one request ended."""
NOBODY_WATCHES = "ValidityUnknown"
_REMEMBERED_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class Held:
    """What the API server held of the request when the fault struck: its intent, and the task of the call."""

    intended: bool = False
    task: bool = False

    @classmethod
    def of(cls, obj: Object | None) -> Held:
        """As the object's ledger has it."""
        operation = ((obj or {}).get("status") or {}).get("operation") or {}
        prepare = operation.get("prepare")
        return cls(prepare is not None, bool((prepare or {}).get("task")))


def may_be_unknown(fault: Fault | None, point: str, held: Held) -> bool:
    """Is `OutcomeUnknown` an honest end (invariant 8)? Where nobody can know, and nowhere else.

    That is: whoever stored the intent was killed before the task was stored; the answer of the call itself was lost; or
    the status that told of the intent was taken away, and only the group remembers.
    """
    if fault is None:
        return False
    if fault.action == KILL and not fault.lenient:
        return held.intended and not held.task
    if fault.name == "answer-lost":
        return ":start_prepare#" in point
    return held.intended if fault.name == "wiped" else fault.lenient


def judge(spot: Spot, obj: Object | None, fault: Fault | None, point: str, held: Held) -> list[str]:
    """Everything that is wrong, in words."""
    wrong, calls = [], spot.prepare_calls()
    if len(calls) > 1:
        wrong.append(f"{len(calls)} prepare calls")
    if spot.pushed() or spot.armings():
        wrong.append(f"a preparation pushed {spot.pushed()}, and armed {spot.armings()} syncs")
    if obj is None or not stage.is_true(obj, "Finished"):
        return wrong  # said already
    ready = stage.condition(obj, "Ready") or {}
    complete = stage.is_true(obj, "Complete")
    if complete:
        wrong += _judge_success(spot, obj["status"], len(calls))
    elif not may_be_unknown(fault, point, held) or ready.get("reason") not in _honest(fault):
        wrong.append(f"not Complete, although all can be known: {ready}")
    wrong += _judge_memory(spot, obj, PREPARED_BY["Complete" if complete else "Failed"])
    return wrong


def _honest(fault: Fault | None) -> set[str]:
    """`AlreadyPrepared` is for another request only."""
    return {UNKNOWN, REFUSED} if fault is not None and fault.name == "another-uid" else {UNKNOWN}


def _judge_success(spot: Spot, status: Object, calls: int) -> list[str]:
    wrong, world = [], spot.both_sides()
    if calls != 1 or not world["sourceGroup"]["prepared"]:
        wrong.append(f"Complete after {calls} calls, and the source says prepared: {world['sourceGroup']['prepared']}")
    told = (status.get("pointInTime") or {}).get("id")
    real = [one for one in world["targetGroups"][0]["pointsInTime"] if one["suffix"] != "first"]
    if [one["id"] for one in real] != [told]:
        wrong.append(f"told point in time {told}, but the last sync's is in {real}")
    snapshot = (status.get("transfer") or {}).get("snapshot", "")
    if snapshot and snapshot.rpartition(".")[2] not in {one["suffix"] for one in real}:
        wrong.append(f"told snapshot {snapshot}, but the last sync's is in {real}")
    return wrong


def _judge_memory(spot: Spot, obj: Object, expected: str) -> list[str]:
    """The group counts as prepared: by the one who asked, proven or not, with the point in time that is known."""

    def says() -> str | None:
        found = stage.condition(spot.group(), "Prepared")
        return None if found is None or found["status"] != "True" else str(found["reason"])

    # Whoever was refused did not ask; how the one before it ended is not this object's to tell.
    reason = (stage.condition(obj, "Ready") or {}).get("reason")
    allowed = set(PREPARED_BY.values()) if reason == REFUSED else {expected}
    if reason in (REFUSED, KNOWN_AGAIN):
        allowed.add(NOBODY_WATCHES)  # the status with the condition Valid is gone
    try:
        eventually(says, what="", until=lambda seen: seen in allowed, timeout=_REMEMBERED_WITHIN, every=0.2)
    except TimeoutError:
        return [f"the group says {says()} of being prepared, not one of {sorted(allowed)}"]
    told, record = (obj["status"].get("pointInTime") or {}).get("id"), spot.group()["status"].get("prepared") or {}
    remembered = (record.get("pointInTime") or {}).get("id")
    if told is not None and reason != REFUSED and remembered != told:
        return [f"the group remembers point in time {remembered}, the request told {told}"]
    return []
