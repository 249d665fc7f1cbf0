"""The table of a preparation: states of both groups x what the group remembers x one guard that refuses x kind of run.

`played` drives the real decisions from the acceptance to a wait, an end or the call. `expected` is the rule, written
down without them. The generated page shows what was played; the test holds both against each other, cell by cell.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from unit.reconcile.model.world import BINDING, RESOLVED
from unit.reconcile.preparation.case import (
    AWAY,
    LAST,
    NOW,
    SOURCE,
    SPEC,
    TARGET,
    TUNING,
    VALUES,
    at_target,
    decide,
    says,
    seen,
    vm,
)

from vvol_replication.api.group import ArmedSync, PreparedStatus
from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.refs import PointInTimeStatus
from vvol_replication.domain.groups import GroupState, SourceGroup, TargetGroup
from vvol_replication.domain.members import Membership, PowerState
from vvol_replication.domain.outcomes import Done, Unavailable
from vvol_replication.reconcile.core.observation import Observation, Prepared, Query, Reading
from vvol_replication.reconcile.core.steps import Finish, LeaveTurn, Park, Prepare, Record, TakeTurn
from vvol_replication.reconcile.preparation.absorb import absorb_recorded

RUNNING = at_target(replace(LAST, completed=None, progress=0.25))
OTHER_SIDE = "other side"
STATES = (*(str(one) for one in GroupState), OTHER_SIDE)
"""What a group may answer: a state on the side that it should be on, or that it is on the other one."""
GOOD = ("TARGET", "SOURCE")
_WAITING_STATES = {"INTEST": "InTest", "UNKNOWN": "StateUnknown", OTHER_SIDE: "WrongSide"}
_FAILED_OVER = {"FAILEDOVER", "REMOTE_FAILEDOVER"}

_GROUP = VALUES[Query.PROTECTION_GROUP]
_TO = _GROUP.targets[0]


def _members(*vms: Any, unaccounted: tuple[str, ...] = (), problems: tuple[str, ...] = ()) -> dict[Query, Any]:
    return {Query.MEMBERS: Membership(vms, unaccounted, problems)}


@dataclass(frozen=True, slots=True)
class Guard:
    """One thing that stands in the way. `order`: which one is told first, the lower one. `unread`: a failed reading."""

    reason: str
    order: int
    readings: Mapping[Query, Any]
    more: Mapping[str, Any]
    unread: bool = False


def _guard(reason: str, order: int, readings: Mapping[Query, Any] | None = None, **more: Any) -> Guard:
    return Guard(reason, order, readings or {}, more)


GUARDS: Mapping[str, Guard] = {
    "a VM is on": _guard("VMPoweredOn", 2, _members(vm(PowerState.ON))),
    "a VM is suspended": _guard("VMSuspended", 2, _members(vm(PowerState.SUSPENDED))),
    "a VM's power is unreadable": _guard("VMPowerUnknown", 2, _members(vm(PowerState.UNKNOWN))),
    "a member belongs to no VM seen": _guard("MembersUnaccounted", 2, _members(vm(PowerState.OFF), unaccounted=("x",))),
    "not all VMs could be read": _guard("MembersUnreadable", 2, _members(vm(PowerState.OFF), problems=("y",))),
    "no VM is found": _guard("NoMembers", 2, _members()),
    "protection group gone": _guard("ProtectionGroupNotFound", 3, {Query.PROTECTION_GROUP: None}),
    "protection group destroyed": _guard(
        "ProtectionGroupDestroyed", 3, {Query.PROTECTION_GROUP: replace(_GROUP, destroyed=True)}
    ),
    "target not allowed": _guard(
        "TargetNotAllowed", 3, {Query.PROTECTION_GROUP: replace(_GROUP, targets=(replace(_TO, allowed=False),))}
    ),
    "replication to it suspended": _guard(
        "TargetSuspended", 3, {Query.PROTECTION_GROUP: replace(_GROUP, targets=(replace(_TO, status="suspended"),))}
    ),
    "arrays not connected": _guard("ArraysNotConnected", 3, {Query.CONNECTIONS: ()}),
    "an older transfer is under way": _guard("OlderTransferInFlight", 4, {Query.TARGET_SNAPSHOTS: (RUNNING,)}),
    "a transfer is stalled": _guard(
        "TransferStalled", 4, {Query.TARGET_SNAPSHOTS: (RUNNING,)}, moved_at=NOW - TUNING.stalled
    ),
    "an earlier sync is armed": _guard(
        "EarlierSyncArmed", 5, armed=ArmedSync("prod/old", "u8", "nightly", NOW, RESOLVED.target_group)
    ),
    "another operation has the turn": _guard("GroupBusy", 6, behind="prod/one"),
    "the ReplicationGroup is suspended": _guard("GroupSuspended", 0, bound=replace(BINDING, suspended=True)),
    "the VMs cannot be asked for": Guard("Unreachable", 2, {Query.MEMBERS: AWAY}, {}, unread=True),
    "the source array is away": Guard("Unreachable", 4, {Query.SOURCE_SNAPSHOTS: AWAY}, {}, unread=True),
}
"""Each by what a person would say."""

_RECORD = PreparedStatus(
    NOW - timedelta(hours=1),
    RESOLVED.source_group,
    proven=True,
    by="prod/other",
    uid="u9",
    request_id="another",
    point_in_time=PointInTimeStatus("pit-9", None, NOW),
)
_OWN = replace(_RECORD, by="prod/dr", request_id="uid-1")
MEMORIES: Mapping[str, Prepared | None] = {
    "nothing": None,
    "prepared by another object": Prepared(_RECORD, relied_on=True),
    "prepared outside": Prepared(PreparedStatus(NOW, RESOLVED.source_group), relied_on=False),
    "prepared by this request": Prepared(_OWN, relied_on=True),
    "asked by this request, not proven": Prepared(replace(_OWN, proven=False), relied_on=True),
    "prepared and called off": Prepared(_RECORD, relied_on=False, called_off=True),
    "prepared by this request, called off": Prepared(_OWN, relied_on=False, called_off=True),
}
"""What the ReplicationGroup remembers."""
ALL_STATES = ("nothing", "prepared by another object", "prepared and called off")
"""These are crossed with all states; what the others change is decided before a state is looked at."""


@dataclass(frozen=True, slots=True)
class Situation:
    """One cell: what the target and the source group answer, the memory, the guards that refuse, and the run."""

    target: str = GOOD[0]
    source: str = GOOD[1]
    memory: str = "nothing"
    guards: tuple[str, ...] = ()
    dry: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """Where it comes to: waits, fails, completes, calls; a dry run: would wait, would fail, could, cannot tell."""

    what: str
    reason: str
    calls: int = 0

    def __str__(self) -> str:
        return f"{self.what} `{self.reason}`"


def everything() -> Iterator[Situation]:
    """All states x three memories x each guard (and none) x both runs; the other memories with good states.

    And with good states and no memory any two guards at once.
    """
    one_at_most = ((), *((name,) for name in GUARDS))
    for memory, dry in itertools.product(MEMORIES, (False, True)):
        states = itertools.product(STATES, STATES) if memory in ALL_STATES else (GOOD,)
        for (target, source), guards in itertools.product(states, one_at_most):
            yield Situation(target, source, memory, guards, dry)
    for guards, dry in itertools.product(itertools.combinations(GUARDS, 2), (False, True)):
        first, second = (GUARDS[one] for one in guards)
        # Two that change the same reading cannot both be so.
        if not (set(first.readings) & set(second.readings) or set(first.more) & set(second.more)):
            yield Situation(*GOOD, guards=guards, dry=dry)


# What the real decisions do


def _answer(state: str, side: str) -> Any:
    is_target = (side == "target") != (state == OTHER_SIDE)
    known = GroupState(state) if state != OTHER_SIDE else GroupState.TARGET if is_target else GroupState.SOURCE
    if is_target:
        return TargetGroup(TARGET if side == "target" else SOURCE, SOURCE, known)
    return SourceGroup(SOURCE if side == "source" else TARGET, "a:erp", known, (TARGET,))


_WELL = seen()


def _observed(where: Situation) -> Observation:
    readings: dict[Query, Any] = {
        Query.TARGET_GROUP: _answer(where.target, "target"),
        Query.SOURCE_GROUP: _answer(where.source, "source"),
    }
    more: dict[str, Any] = {"prepared": MEMORIES[where.memory]}
    for name in where.guards:
        readings.update(GUARDS[name].readings)
        more.update(GUARDS[name].more)
    for query, value in readings.items():
        failed = isinstance(value, Unavailable)
        more[query.value] = Reading(value if failed else Done(value), NOW, failures=int(failed))
    return replace(_WELL, **more)


@functools.cache
def played(where: Situation) -> Ending:
    """Let the engine's part be played until it waits, ends, or the call is made; what was read stays as it is."""
    observed = _observed(where)
    status = PreparationStatus(accepted_at=NOW - timedelta(minutes=2))
    for _ in range(8):
        decision = decide(observed, status=status, spec=replace(SPEC, dry_run=where.dry))
        status = decision.status
        match decision.step:
            case TakeTurn():
                observed = replace(observed, in_turn=True)
            case LeaveTurn():
                observed = replace(observed, in_turn=False)
            case Record():
                observed = absorb_recorded(status, observed)
                # The checks are made once more between intent and call, and nothing has changed.
                again = _observed(where)
                observed = replace(again, intent_unused=observed.intent_unused, in_turn=True)
            case Prepare():
                return Ending("calls", "Preparing", calls=1)
            case Park():
                return Ending("waits", (says(decision) or ("", ""))[1])
            case Finish():
                return _ended(decision)
            case _:
                raise AssertionError(f"{where}: {decision.step}")
    raise AssertionError(f"{where} does not come to rest")


def _ended(decision: Any) -> Ending:
    preparable = says(decision, "Preparable")
    if preparable is not None:
        told = next(one for one in decision.status.conditions if one.type == "Preparable")
        words = {"True": "could", "Unknown": "cannot tell"}
        what = words.get(preparable[0]) or ("would fail" if "would fail" in told.message else "would wait")
        return Ending(what, preparable[1])
    if (complete := says(decision, "Complete")) is not None:
        return Ending("completes", complete[1])
    return Ending("fails", (says(decision, "Failed") or ("", ""))[1])


# The rule


def expected(where: Situation) -> Ending:
    """What invariant 8 says, in the order in which it is told."""
    guards = sorted((GUARDS[one] for one in where.guards), key=lambda one: (one.order, not one.unread))
    suspended = any(one.reason == "GroupSuspended" for one in guards)
    others = [one for one in guards if one.reason != "GroupSuspended"]
    return _dry(where, others, suspended=suspended) if where.dry else _real(where, others, suspended=suspended)


def _real(where: Situation, guards: list[Guard], *, suspended: bool) -> Ending:
    if suspended:
        return Ending("waits", "GroupSuspended")
    if where.memory == "prepared by this request":
        return Ending("completes", "AlreadyDone")
    if where.memory == "prepared by this request, called off":
        return Ending("fails", "FailoverCalledOff")
    if where.memory == "asked by this request, not proven":
        return Ending("fails", "OutcomeUnknown")
    if any(one.unread for one in guards):
        return Ending("waits", "Unreachable")
    final = _final(where)
    if final is not None:
        return Ending("fails", final)
    waits = _state(where) or next((one.reason for one in guards), None)
    return Ending("waits", waits) if waits else Ending("calls", "Preparing", calls=1)


def _dry(where: Situation, guards: list[Guard], *, suspended: bool) -> Ending:
    final = _final(where)
    if final is not None:
        return Ending("would fail", final)
    if suspended:
        return Ending("would wait", "GroupSuspended")
    if (state := _state(where)) is not None:
        return Ending("would wait", state)
    if not guards:
        return Ending("could", "ChecksPassed")
    return Ending("cannot tell" if guards[0].unread else "would wait", guards[0].reason)


def _final(where: Situation) -> str | None:
    if MEMORIES[where.memory] is not None and "called off" not in where.memory:
        return "AlreadyPrepared"
    if where.target in _FAILED_OVER:
        return "GroupFailedOver"
    return "GroupFailedOver" if where.target == GOOD[0] and where.source in _FAILED_OVER else None


def _state(where: Situation) -> str | None:
    for state, good in zip((where.target, where.source), GOOD, strict=True):
        if state != good:
            return _WAITING_STATES.get(state, "WrongState")
    return None
