"""Faults planted on purpose into the real decisions and the engine, each of which the walk has to find.

`hunted` names for each a scenario in which it matters, so that a test need not walk for hours; the walk itself draws
such scenarios from its seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

from walk.moves import Move
from walk.outcome import Outcome
from walk.scenario import run

from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.domain.members import PowerState
from vvol_replication.domain.outcomes import Indeterminate, Unavailable
from vvol_replication.engine.monitors import group
from vvol_replication.engine.requests import preparation
from vvol_replication.reconcile.core.identify import Finding
from vvol_replication.reconcile.core.observation import rows
from vvol_replication.reconcile.core.steps import Decided, Prepare
from vvol_replication.reconcile.preparation import calling, decide, outcome, preflight
from vvol_replication.reconcile.preparation.absorb import absorb_prepared
from vvol_replication.reconcile.preparation.completion import completed

Patch = Any


def _suspended_is_off() -> Patch:
    powers = [PowerState.ON, PowerState.UNKNOWN]
    real = preflight._machines  # noqa: SLF001 - the place of the fault

    def careless(ready: Any) -> Any:
        membership = ready.seen.members.value
        vms = tuple(vm if vm.power in powers else replace(vm, power=PowerState.OFF) for vm in membership.vms)
        outcome = replace(ready.seen.members.outcome, value=replace(membership, vms=vms))
        members = replace(ready.seen.members, outcome=outcome)
        return real(replace(ready, seen=replace(ready.seen, members=members)))

    return _with_judge("VirtualMachines", careless)


def _unaccounted_ignored() -> Patch:
    real = preflight._machines  # noqa: SLF001 - the place of the fault

    def careless(ready: Any) -> Any:
        outcome = ready.seen.members.outcome
        members = replace(ready.seen.members, outcome=replace(outcome, value=replace(outcome.value, unaccounted=())))
        return real(replace(ready, seen=replace(ready.seen, members=members)))

    return _with_judge("VirtualMachines", careless)


def _transfers_ignored() -> Patch:
    return _with_judge("Replication", lambda _: None)


def _with_judge(name: str, judge: Callable[[Any], Any]) -> Patch:
    changed = tuple(replace(one, judge=judge) if one.name == name else one for one in preflight.INTERLOCKS)
    return mock.patch.object(preflight, "INTERLOCKS", changed)


def _no_second_check() -> Patch:
    """Between the intent and the call nothing is read any more."""

    def at_once(bound: Any) -> Decided[PreparationStatus] | None:
        return Decided(Prepare(), bound.status) if bound.acted else None

    stages = tuple(at_once if one is calling.ask_to_prepare else one for one in decide.BOUND)
    return mock.patch.object(decide, "BOUND", stages)


def _repeated_after_a_lost_answer() -> Patch:
    real = absorb_prepared

    def again(status: Any, seen: Any, outcome: Any, moment: Any) -> Any:
        if isinstance(outcome, Indeterminate):
            outcome = Unavailable(outcome.reason, outcome.message)
        return real(status, seen, outcome, moment)

    return mock.patch.object(preparation, "absorb_prepared", again)


def _group_remembers_later() -> Patch:
    """The group is said to remember, and does so only with its next poll."""

    async def later(self: Any, record: Any) -> bool:
        self._prepared.put(self._key, record)
        return True

    def yes(_self: Any, _record: Any) -> bool:
        return True

    return mock.patch.multiple(group.GroupMonitor, remember_prepared=later, remembers=yes)


def _the_tasks_word_alone() -> Patch:
    """Success of the task is success: nothing is looked for at the target."""
    real = outcome._follow  # noqa: SLF001 - the place of the fault

    def trusting(ready: Any, snapshot: str, *, proven: bool) -> Any:
        if ready.prepare.task is None:
            return real(ready, snapshot, proven=proven)
        mine = next(row for row in rows(ready.seen.source_snapshots) if row.name == snapshot)
        return completed(ready, mine, Finding(None, listed=True))

    return mock.patch.object(outcome, "_follow", trusting)


def _no_turn() -> Patch:
    """A preparation takes a place and waits for nobody."""
    return mock.patch.object(preparation.PreparationReconciler, "_behind", return_value=None)


def _not_remembered_at_all() -> Patch:
    """Whoever was prepared before may be prepared again."""
    return _with_judge("NotPrepared", lambda _: None)


def _leadership_not_asked() -> Patch:
    async def yes(_self: Any) -> bool:
        return True

    return mock.patch.object(preparation.PreparationReconciler, "_may_act", yes)


_DR = Move("prepare", ("dr1", "prod", (("notAfter", 240), ("timeout", "3m"))), 1.0)
_SECOND = Move("prepare", ("dr2", "prod", (("notAfter", 240), ("timeout", "3m"))), 30.0)
_SYNC = Move("sync", ("s1", "prod", (("timeout", "3m"),)), 0.5)

HUNTS: dict[str, tuple[Callable[[], Patch], tuple[Move, ...]]] = {
    "suspended counts as off": (_suspended_is_off, (_DR, Move("power", ("erp-db", "SUSPENDED"), 0.0))),
    "unaccounted members ignored": (_unaccounted_ignored, (_DR, Move("unaccounted", (True,), 0.0))),
    "transfers under way ignored": (_transfers_ignored, (_DR, Move("schedule", (400.0,), 0.0))),
    "no check between intent and call": (
        _no_second_check,
        (
            _DR,
            Move("write", ("FailoverPreparation", "slow", 2), 0.0),
            Move("power", ("erp-db", "ON"), 28.0),  # while the intent is being written; whoever looks again sees it
        ),
    ),
    "repeated after a lost answer": (
        _repeated_after_a_lost_answer,
        (_DR, Move("fault", ("start_prepare", "lost after", 0.5, 1), 0.0)),
    ),
    "the group remembers after the call": (_group_remembers_later, (_DR,)),
    "the task's word alone": (_the_tasks_word_alone, (_DR, Move("task success", point="start_prepare done", nth=1))),
    "prepared groups are prepared again": (_not_remembered_at_all, (_DR, _SECOND)),
    "no turn is taken": (_no_turn, (_SYNC, Move("fault", ("push", "slow", 12.0, 1), 0.0), replace(_DR, at=3.0))),
    "leadership is not asked": (
        _leadership_not_asked,
        (_DR, Move("hand over", (0.0, 1.0), point="wrote ReplicationGroup", nth=7)),
    ),
}
"""The fault, and a scenario in which it matters."""


@contextmanager
def planted(fault: str) -> Iterator[None]:
    """The product with that fault in it."""
    with HUNTS[fault][0]():
        yield


def hunted(fault: str) -> Outcome:
    """What a scenario that matters comes to with that fault."""
    with planted(fault):
        return run(0, HUNTS[fault][1])
