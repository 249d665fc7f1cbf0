"""The one entry: which step comes next for a ReplicationSync. Pure and total.

At each decision a request goes through the stages from top to bottom, first those that need no turn on the protection
group, then those of its method. The first stage that decides ends the way; one that has nothing to say returns None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from vvol_replication.api.group import ArmedSync
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Method, Operation, Resolved, SyncStatus
from vvol_replication.reconcile.binding.world import Binding, Unbound
from vvol_replication.reconcile.core.endings import cancelled, clash, timed_out
from vvol_replication.reconcile.core.left_armed import what_lands
from vvol_replication.reconcile.core.observation import Observation, rows
from vvol_replication.reconcile.core.request import Request
from vvol_replication.reconcile.core.stages import Stage, first_decision
from vvol_replication.reconcile.core.steps import Decided, Decision, Finish, Park, no_later
from vvol_replication.reconcile.core.takeover import may_still_act
from vvol_replication.reconcile.core.tuning import Tuning
from vvol_replication.reconcile.core.turns import waits_behind

from .arming import ask_for_sync, look_for_push, missed, push_when_pending, record_sync_intent, stopped
from .array_only import push_on_arrays, record_push_intent
from .await_schedule import arm_for_schedule, await_credit, refuse_pushed_id
from .context import ActiveSync, SyncContext
from .following import follow
from .prepared import refused_sync


def decide_sync(request: Request, status: SyncStatus, seen: Observation, now: datetime, tuning: Tuning) -> Decision:
    """The next step of one request, and the status that it should show from here on.

    Parameters:
        request: what the object asks for.
        status: what is known of it, its ledger included; it may be ahead of what is stored, never behind.
        seen: the readings, and what the engine knows of turns, other objects and the group.
        now: this process's clock, timezone-aware.
        tuning: how long things are waited for.
    """
    if status.finished_at is not None:
        return Decided(Finish(), status)
    context = SyncContext(request, status, seen, now, tuning)
    ending = first_decision(ENDINGS, context)
    if ending is not None:
        return ending
    decision = first_decision(BEFORE_ITS_TURN, context)
    if decision is None:
        decision = first_decision(IN_ITS_TURN[request.spec.method], _with_turn(context))
    if decision is None:
        raise TypeError(f"no stage of {request.spec.method} decides")
    return _bounded(decision, context)


# Endings


def _ended_by_spec(context: SyncContext) -> Decision | None:
    """Cancelled, too late, or with a request id that is another request's."""
    ending = cancelled(context) or (None if context.acted else missed(context) or clash(context))
    return ending and (may_still_act(context) or ending)


def _timed_out(context: SyncContext) -> Decision | None:
    """Its deadline has passed."""
    return timed_out(context, _deadline(context), "Not done")


ENDINGS: tuple[Stage[SyncContext, SyncStatus], ...] = (_ended_by_spec, _timed_out)

# Before its turn


def _suspended(context: SyncContext) -> Decision | None:
    """`spec.suspend` of a request that has not acted; one that has is asked again before each call."""
    if context.acted or not context.request.spec.suspend:
        return None
    return context.suspended(**_out_of_turn(context))


def _group_unbound(context: SyncContext) -> Decision | None:
    """What the group stands for is not known, or nothing may act on it. What an intent froze counts from then on."""
    if context.acted:
        return None
    bound, group = context.seen.bound, f"ReplicationGroup {context.request.spec.group!r}"
    if bound is None:
        return context.run(Park(None), Reason.READING, f"Reading {group}.")
    if isinstance(bound, Unbound):
        return context.wait(
            bound.reason, bound.message, deadline=_deadline(context) or context.deadline_from(context.now)
        )
    if bound.suspended:
        text = f"{group} is suspended. To go on, set its spec.suspend to false."
        return context.wait(Reason.GROUP_SUSPENDED, text, **_out_of_turn(context))
    return None


def name_is_taken(request: Request, armed: ArmedSync) -> bool:
    """Is another name than the asked one going to be given next?"""
    asked = request.spec.point_in_time_name
    return asked not in (None, armed.point_in_time_name) and request.spec.method is not Method.ARRAY_ONLY


def _name_taken(context: SyncContext) -> Decision | None:
    """An asked name cannot be given while another sync is armed: what lands next gets that one's (invariant 4).

    Nothing is pushed to end it: that would be a second snapshot for one request. It is waited for without the turn, so
    that a request which may go under the armed sync is not held up; and until a deadline, for nothing may ever land.
    """
    armed, asked = context.seen.armed, context.request.spec.point_in_time_name
    if context.acted or armed is None or not name_is_taken(context.request, armed):
        return None
    text = (
        f"The sync {armed.point_in_time_name!r}, which ReplicationSync {armed.request!r} left, is armed at the target: "
        f"the next data that lands gets that name. {asked!r} is asked for after that. {what_lands(armed)}"
    )
    deadline = _deadline(context) or context.deadline_from(context.now)
    return context.wait(Reason.EARLIER_SYNC_ARMED, text, deadline=deadline)


def _queued(context: SyncContext) -> Decision | None:
    """Another request has the turn on the protection group."""
    if context.seen.behind is None:
        return None
    text = waits_behind(context.seen.behind)
    return context.wait(Reason.GROUP_BUSY, text, **({} if context.acted else _out_of_turn(context)))


BEFORE_ITS_TURN: tuple[Stage[SyncContext, SyncStatus], ...] = (
    _suspended,
    _group_unbound,
    _name_taken,
    _queued,
    refused_sync,  # last: a preparation that has the turn may still be refused
)

# In its turn


def _with_turn(context: SyncContext) -> ActiveSync:
    """The ledger of a request that has its turn: since when, and under which names.

    Until the first intent the names follow what the group resolves to: the suffix is a function of that (invariant 1).
    """
    operation, resolved = context.operation, _resolved(context)
    if not context.acted:
        suffix = context.request.suffix(resolved.source_array_id, resolved.protection_group)
        operation = replace(operation, suffix=suffix, point_in_time_name=context.request.point_in_time_name(suffix))
    if operation.turn_at is None:
        operation = replace(operation, turn_at=context.now)
    status = replace(context.status, operation=operation)
    active = ActiveSync(context.request, status, context.seen, context.now, context.tuning, resolved)
    return replace(active, status=replace(status, deadline=_deadline(active)))


def _resolved(context: SyncContext) -> Resolved:
    """What the request acts on: frozen with the first intent, the group's binding until then."""
    frozen, bound = context.operation.resolved, context.seen.bound
    if frozen is not None:
        return frozen
    if not isinstance(bound, Binding):
        raise TypeError("a request without a bound group has no turn")
    return bound.resolved


def _follow_known_snapshot(active: ActiveSync) -> Decision | None:
    """A snapshot of this request's suffix is never made again, whoever made it: the arrays tell, or another object."""
    adopted = active if active.pushed else _adopting(active)
    return follow(adopted) if adopted.pushed else None


def _adopting(active: ActiveSync) -> ActiveSync:
    row = active.my_row(rows(active.seen.target_snapshots)) or active.my_row(rows(active.seen.source_snapshots))
    if row is not None:
        return active.adopting(row.name, row.created)
    twin = active.seen.claims.twin
    if twin is None or twin.complete or twin.snapshot is None or active.acted:
        return active
    return active.adopting(twin.snapshot, None)


IN_ITS_TURN: Mapping[Method, tuple[Stage[ActiveSync, SyncStatus], ...]] = {
    Method.COORDINATED: (
        _timed_out,
        _follow_known_snapshot,
        record_sync_intent,
        look_for_push,
        stopped,
        ask_for_sync,
        push_when_pending,
    ),
    Method.ARRAY_ONLY: (
        _timed_out,
        _follow_known_snapshot,
        record_push_intent,
        look_for_push,
        stopped,
        push_on_arrays,
    ),
    Method.AWAIT_SCHEDULE: (
        _timed_out,
        refuse_pushed_id,
        record_sync_intent,
        arm_for_schedule,
        await_credit,
    ),
}

# Deadlines


def _deadline(context: SyncContext) -> datetime | None:
    """Counted from the turn. Without one it runs while the group cannot be made concrete, and only then.

    It is kept in the status; reckoned from acceptance as well, so that a larger `timeout` has its effect.
    """
    if context.operation.turn_at is not None:
        return context.deadline_from(context.operation.turn_at)
    if context.status.deadline is None:
        return None
    return max(context.status.deadline, context.deadline_from(context.status.accepted_at or context.request.created))


def _out_of_turn(context: SyncContext) -> dict[str, Any]:
    """A request that has done nothing and has no turn begins afresh when it gets one; until then no time counts."""
    return {"operation": Operation(request_id=context.request.request_id), "deadline": None}


def _bounded(decision: Decision, context: SyncContext) -> Decision:
    """No request sleeps past its own deadline, nor past its `notAfter` while that still counts."""
    after, not_after = replace(context, status=decision.status), context.request.spec.not_after
    counts = not_after is not None and context.now <= not_after and not after.pushed
    return no_later(decision, _deadline(after), not_after + timedelta(milliseconds=1) if not_after and counts else None)
