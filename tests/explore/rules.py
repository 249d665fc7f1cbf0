"""Invariants 1 to 4 and 9, held against the truth of the model at every step that could break one."""

from __future__ import annotations

from explore.state import Case, State

from vvol_replication.api.conditions import find
from vvol_replication.api.status import Phase
from vvol_replication.domain.points import TaskReading
from vvol_replication.reconcile.core.steps import Decision


class BrokenRuleError(AssertionError):
    """An invariant was broken; the text says which, and how."""


def _hold(rule: str, *, so: object, otherwise: str) -> None:
    if not so:
        raise BrokenRuleError(f"{rule}: {otherwise}")


def _alone(state: State, number: int, what: str) -> None:
    others = [index for index, case in enumerate(state.cases) if index != number and case.acted and not case.ended]
    _hold("invariant 4", so=not others, otherwise=f"{what} of request {number} while request {others} is under way")


def at_sync(state: State, number: int, case: Case) -> None:
    """At the sync call: the intent is stored, and nobody else is under way."""
    stored = case.stored.operation
    _hold("invariant 5", so=stored is not None and stored.sync is not None, otherwise="a sync without a stored intent")
    _alone(state, number, "the sync")


def at_push(state: State, number: int, case: Case, suffix: str) -> None:
    """At the push: one suffix, intent stored, the sync seen pending after it was asked for, alone, and looked for."""
    stored, seen = case.stored.operation, case.seen
    _hold("invariant 5", so=stored is not None and stored.suffix == suffix, otherwise=f"{suffix} is not in the ledger")
    suffixes = case.suffixes | {suffix}
    _hold("invariant 1", so=len(suffixes) == 1, otherwise=f"request {number} pushes under {sorted(suffixes)}")
    _alone(state, number, "the push")
    reading = seen.task.value if seen.task is not None else None
    pending = isinstance(reading, TaskReading) and reading.state.pending
    _hold("invariant 3", so=pending, otherwise="the push was made although the sync was not seen pending")
    sync = case.status.operation.sync if case.status.operation else None
    task = sync.task if sync else None
    name = case.status.operation.point_in_time_name if case.status.operation else None
    if sync is not None and sync.borrowed is not None:
        name = sync.borrowed.name  # it goes under the sync that an earlier request left, and says so
    real = next((one for one in state.storage.syncs if one.task == task), None)
    mine = case.unsure or (real is not None and real.name == name)
    _hold("invariant 3", so=mine, otherwise="the sync that was seen pending is not this request's")
    rows = seen.source_snapshots.value if seen.source_snapshots is not None else None
    _hold("invariant 1", so=rows is not None, otherwise="the push was made without a look for its suffix")


def at_end(state: State, number: int, case: Case, decision: Decision) -> None:
    """At the end: what it claims is so."""
    status, storage = decision.status, state.storage
    operation = status.operation
    suffix = operation.suffix if operation else None
    mine = storage.of(suffix) if suffix else None
    told = status.point_in_time.id if status.point_in_time else None
    prepared = (find(status.conditions, "Ready") or status.conditions[0]).reason == "GroupPrepared"
    if told is not None and not prepared:
        real = f"pit-{suffix}"
        _hold(
            "invariant 2",
            so=mine and mine.landed and told == real,
            otherwise=f"it names {told}, and the truth is {real}",
        )
    if status.phase is not Phase.SUCCEEDED:
        return
    _hold(
        "invariant 2", so=mine and mine.landed, otherwise=f"request {number} is Complete, and {suffix} has not landed"
    )
    _names(state, case, decision)


def _names(state: State, case: Case, decision: Decision) -> None:
    """Invariant 4: a name that was asked for is on data from after the request, or the request is no success."""
    named = find(decision.status.conditions, "Named")
    operation = decision.status.operation
    name = operation.point_in_time_name if operation else None
    new = [one for one in state.storage.copies if one.point == name and one.taken >= case.request.created]
    claims = named is not None and named.status == "True"
    _hold(
        "invariant 4", so=new or not claims, otherwise=f"it claims the name {name!r}, which is on no new point in time"
    )
    only_old = not new and any(one.point == name for one in state.storage.copies)
    asked = case.request.spec.point_in_time_name is not None
    _hold("invariant 4", so=not (asked and only_old), otherwise=f"the explicit name {name!r} is on older data only")
