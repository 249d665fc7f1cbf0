"""The one entry: which step comes next for a ReplicationSync. Pure and total."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from vvol_replication.api.group import ArmedSync
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Method, Operation, Resolved, SyncStatus
from vvol_replication.reconcile.binding.world import Unbound
from vvol_replication.reconcile.core.observation import Observation, rows
from vvol_replication.reconcile.core.request import Request
from vvol_replication.reconcile.core.steps import Decided, Decision, Finish, Park, no_later
from vvol_replication.reconcile.core.summarize import Situation, Verdict
from vvol_replication.reconcile.core.takeover import may_still_act
from vvol_replication.reconcile.core.tuning import Tuning

from .arming import arm_and_push, missed, record_sync_intent
from .array_only import push_on_arrays
from .await_schedule import await_schedule
from .context import ActiveSync, SyncContext
from .following import follow
from .prepared import refused_sync


def decide_sync(request: Request, status: SyncStatus, seen: Observation, now: datetime, tuning: Tuning) -> Decision:
    """The next step of one request, and the status that it should show from here on."""
    if status.finished_at is not None:
        return Decided(Finish(), status)
    context = SyncContext(request, status, seen, now, tuning)
    ending = _ended_by_spec(context) or _timed_out(context)
    if ending is not None:
        return may_still_act(context) or ending
    return _bounded(_placed(context), context)


def _ended_by_spec(context: SyncContext) -> Decision | None:
    spec = context.request.spec
    if spec.cancel:
        text = f"Cancelled: it is not followed any more. {context.left_behind()}"
        return context.end(Verdict(Situation.CANCELLED, Reason.CANCELLED, text))
    if context.acted:
        return None
    if (late := missed(context)) is not None:
        return late
    clash = context.seen.claims.clash
    return None if clash is None else context.fail(Reason.REQUEST_ID_CONFLICT, clash)


def _timeout(context: SyncContext) -> timedelta:
    return context.request.spec.timeout or context.tuning.timeout


def _deadline(context: SyncContext) -> datetime | None:
    """Counted from the turn. Without one it runs while the group cannot be made concrete, and only then.

    It is kept in the status; reckoned from acceptance as well, so that a larger `timeout` has its effect.
    """
    if context.operation.turn_at is not None:
        return context.operation.turn_at + _timeout(context)
    if context.status.deadline is None:
        return None
    return max(context.status.deadline, (context.status.accepted_at or context.request.created) + _timeout(context))


def _timed_out(context: SyncContext) -> Decision | None:
    deadline = _deadline(context)
    if deadline is None or context.now < deadline:
        return None
    text = f"Not done by {deadline:%Y-%m-%dT%H:%M:%SZ}. {context.left_behind()}{context.last_message()}"
    return context.fail(Reason.TIMED_OUT, text, deadline=deadline)


def _placed(context: SyncContext) -> Decision:
    """Find the request's place: held, in the queue, or at its turn."""
    resolved = _resolved(context)
    if isinstance(resolved, Decided):
        return resolved
    if context.seen.behind is not None:
        text = f"Waiting for {context.seen.behind}: one operation at a time on a protection group."
        return context.wait(Reason.GROUP_BUSY, text, **({} if context.acted else _out_of_turn(context)))
    # Not before its turn: a preparation that is under way may still be refused.
    refused = refused_sync(context)
    if refused is not None:
        return refused
    active = _with_turn(context, resolved)
    return _timed_out(active) or _next_stage(active)


def _resolved(context: SyncContext) -> Resolved | Decision:
    """What the request acts on, or what keeps one that has not acted yet from having a turn at all."""
    if context.operation.resolved is not None:
        return context.operation.resolved
    if context.request.spec.suspend:
        return context.suspended(**_out_of_turn(context))
    bound = context.seen.bound
    group = f"ReplicationGroup {context.request.spec.group!r}"
    if bound is None:
        return context.run(Park(None), Reason.READING, f"Reading {group}.")
    if isinstance(bound, Unbound):
        return context.wait(bound.reason, bound.message, deadline=_deadline(context) or context.now + _timeout(context))
    if bound.suspended:
        text = f"{group} is suspended; set its spec.suspend to false to go on."
        return context.wait(Reason.GROUP_SUSPENDED, text, **_out_of_turn(context))
    return _name_is_free(context) or bound.resolved


def name_is_taken(request: Request, armed: ArmedSync) -> bool:
    """Is another name than the asked one going to be given next?"""
    asked = request.spec.point_in_time_name
    return asked not in (None, armed.point_in_time_name) and request.spec.method is not Method.ARRAY_ONLY


def _name_is_free(context: SyncContext) -> Decision | None:
    """An asked name cannot be given while another sync is armed: what lands next gets that one's (invariant 4).

    Nothing is pushed to end it: that would be a second snapshot for one request. It is waited for without the turn, so
    that a request which may go under the armed sync is not held up; and until a deadline, for nothing may ever land.
    """
    armed, asked = context.seen.armed, context.request.spec.point_in_time_name
    if armed is None or not name_is_taken(context.request, armed):
        return None
    text = (
        f"The sync {armed.point_in_time_name!r}, which ReplicationSync {armed.request!r} left, is armed at the target: "
        f"whatever lands next gets that name, so {asked!r} is asked for after that. Something has to land first: the "
        "array's schedule, a replication by hand, or a ReplicationSync without pointInTimeName."
    )
    return context.wait(Reason.EARLIER_SYNC_ARMED, text, deadline=_deadline(context) or context.now + _timeout(context))


def _out_of_turn(context: SyncContext) -> dict[str, Any]:
    """A request that has done nothing and has no turn begins afresh when it gets one; until then no time counts."""
    return {"operation": Operation(request_id=context.request.request_id), "deadline": None}


def _with_turn(context: SyncContext, resolved: Resolved) -> ActiveSync:
    """The ledger of a request that has its turn: since when, and under which names.

    Until the first intent the names follow what the group resolves to: the suffix is a function of that (invariant 1).
    """
    operation = context.operation
    if not context.acted:
        suffix = context.request.suffix(resolved.source_array_id, resolved.protection_group)
        operation = replace(operation, suffix=suffix, point_in_time_name=context.request.point_in_time_name(suffix))
    if operation.turn_at is None:
        operation = replace(operation, turn_at=context.now)
    status = replace(context.status, operation=operation)
    active = ActiveSync(context.request, status, context.seen, context.now, context.tuning, resolved)
    return replace(active, status=replace(status, deadline=_deadline(active)))


def _next_stage(active: ActiveSync) -> Decision:
    method = active.request.spec.method
    if method is Method.AWAIT_SCHEDULE:
        return await_schedule(active)
    if not active.pushed:
        active = _adopting(active)
    if active.pushed:
        return follow(active)
    if method is Method.ARRAY_ONLY:
        return push_on_arrays(active)
    sync = active.operation.sync
    return record_sync_intent(active) if sync is None else arm_and_push(active, sync)


def _adopting(active: ActiveSync) -> ActiveSync:
    """A snapshot of this request's suffix is never made again, whoever made it: the arrays tell, or another object."""
    row = active.my_row(rows(active.seen.target_snapshots)) or active.my_row(rows(active.seen.source_snapshots))
    if row is not None:
        return active.adopting(row.name, row.created)
    twin = active.seen.claims.twin
    if twin is None or twin.complete or twin.snapshot is None or active.acted:
        return active
    return active.adopting(twin.snapshot, None)


def _bounded(decision: Decision, context: SyncContext) -> Decision:
    """No request sleeps past its own deadline, nor past its `notAfter` while that still counts."""
    after, not_after = replace(context, status=decision.status), context.request.spec.not_after
    counts = not_after is not None and context.now <= not_after and not after.pushed
    return no_later(decision, _deadline(after), not_after + timedelta(milliseconds=1) if not_after and counts else None)
