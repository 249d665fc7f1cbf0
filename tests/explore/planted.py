"""Bugs planted on purpose into the real decisions, each of which an exploration has to find.

with planted("no turn per group"):
assert explore(...).broken
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

from vvol_replication.api.sync import Method, SyncLedger
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.points import OngoingSync, TaskReading, TaskState
from vvol_replication.reconcile.core.steps import Decision, Record
from vvol_replication.reconcile.sync import absorb, arming, context, decide, rearming

Patch = Any


def _push_before_pending() -> Patch:
    """Invariant 3: the task is not asked whether it is pending."""
    real = arming.push_when_pending

    def careless(active: Any) -> Decision | None:
        if active.seen.task is not None and active.seen.task.value is not None:
            running = replace(active.seen.task, outcome=replace(active.seen.task.outcome, value=_RUNNING))
            return real(replace(active, seen=replace(active.seen, task=running)))
        return real(active)

    stages = tuple(careless if one is real else one for one in decide.IN_ITS_TURN[Method.COORDINATED])
    return mock.patch.dict(decide.IN_ITS_TURN, {Method.COORDINATED: stages})


_RUNNING = TaskReading(TaskState.RUNNING)


def _attempt_in_suffix() -> Patch:
    """Invariant 1: each arming has a suffix of its own, well recorded."""
    real = rearming.rearm

    def counted(active: Any, sync: SyncLedger, message: str) -> Decision:
        decision = real(active, sync, message)
        operation = decision.status.operation
        if not isinstance(decision.step, Record) or operation is None or operation.suffix is None:
            return decision
        suffix = f"{operation.suffix.partition('-try')[0]}-try{sync.armings + 1}"
        return replace(decision, status=replace(decision.status, operation=replace(operation, suffix=suffix)))

    return mock.patch.object(rearming, "rearm", counted)


def _something_newer() -> Patch:
    """Invariant 2: any transfer that landed after the request was made is taken for the request's own."""

    def newest(active: Any, rows: Any) -> Snapshot | None:
        landed = [row for row in rows if row.created >= active.request.created]
        return max(landed, key=lambda row: row.created, default=None)

    return mock.patch.object(context.ActiveSync, "my_row", newest)


def _no_turns() -> Patch:
    """Invariant 4: nobody waits for anybody."""
    from explore import moves  # noqa: PLC0415 - it reads this name when it is called

    return mock.patch.object(moves, "behind", return_value=None)


def _adopting_blindly() -> Patch:
    """Invariant 4: whichever sync is under way is taken for ours, without asking whether ours can be."""
    real = absorb._sync_answered  # noqa: SLF001 - the place of the bug

    def trusting(status: Any, seen: Any, after: Any, answer: Any, moment: Any) -> Any:
        if isinstance(answer, OngoingSync) and answer.task is not None:
            seen = replace(seen, intent_unused=False)
        return real(status, seen, after, answer, moment)

    return mock.patch.object(absorb, "_sync_answered", trusting)


def _late_push_in_the_baseline() -> Patch:
    """An own point in time, of a push whose answer was lost, is taken for one that was there before."""
    return mock.patch.object(rearming, "_source_after_points", return_value=None)


PLANTS = {
    "push before pending": _push_before_pending,
    "suffix with an attempt in it": _attempt_in_suffix,
    "credit by something newer": _something_newer,
    "no turn per group": _no_turns,
    "adopt without looking": _adopting_blindly,
    "a late push in the baseline": _late_push_in_the_baseline,
}


@contextmanager
def planted(bug: str) -> Iterator[None]:
    """The decisions with that bug in them."""
    with PLANTS[bug]():
        yield
