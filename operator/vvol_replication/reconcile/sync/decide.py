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

from .arming import arm_and_push, missed, prepare
from .array_only import push_on_arrays
from .await_schedule import await_schedule
from .context import Turn, View
from .following import follow
from .prepared import refused_sync


def decide_sync(request: Request, status: SyncStatus, seen: Observation, now: datetime, tuning: Tuning) -> Decision:
    """The next step of one request, and the status that it should show from here on."""
    if status.finished_at is not None:
        return Decided(Finish(), status)
    view = View(request, status, seen, now, tuning)
    ending = _ended_by_spec(view) or _timed_out(view)
    if ending is not None:
        return may_still_act(view) or ending
    return _bounded(_placed(view), view)


def _ended_by_spec(view: View) -> Decision | None:
    spec = view.request.spec
    if spec.cancel:
        text = f"Cancelled: it is not followed any more. {view.left_behind()}"
        return view.end(Verdict(Situation.CANCELLED, Reason.CANCELLED, text))
    if view.acted:
        return None
    if (late := missed(view)) is not None:
        return late
    clash = view.seen.claims.clash
    return None if clash is None else view.fail(Reason.REQUEST_ID_CONFLICT, clash)


def _timeout(view: View) -> timedelta:
    return view.request.spec.timeout or view.tuning.timeout


def _deadline(view: View) -> datetime | None:
    """Counted from the turn. Without one it runs while the group cannot be made concrete, and only then.

    It is kept in the status; reckoned from acceptance as well, so that a larger `timeout` has its effect.
    """
    if view.operation.turn_at is not None:
        return view.operation.turn_at + _timeout(view)
    if view.status.deadline is None:
        return None
    return max(view.status.deadline, (view.status.accepted_at or view.request.created) + _timeout(view))


def _timed_out(view: View) -> Decision | None:
    deadline = _deadline(view)
    if deadline is None or view.now < deadline:
        return None
    text = f"Not done by {deadline:%Y-%m-%dT%H:%M:%SZ}. {view.left_behind()}{view.last_told()}"
    return view.fail(Reason.TIMED_OUT, text, deadline=deadline)


def _placed(view: View) -> Decision:
    """Find the request's place: held, in the queue, or at its turn."""
    resolved = _resolved(view)
    if isinstance(resolved, Decided):
        return resolved
    if view.seen.behind is not None:
        text = f"Waiting for {view.seen.behind}: one operation at a time on a protection group."
        return view.wait(Reason.GROUP_BUSY, text, **({} if view.acted else _out_of_turn(view)))
    # Not before its turn: a preparation that is under way may still be refused.
    refused = refused_sync(view)
    if refused is not None:
        return refused
    turn = _with_turn(view, resolved)
    return _timed_out(turn) or _next_stage(turn)


def _resolved(view: View) -> Resolved | Decision:
    """What the request acts on, or what keeps one that has not acted yet from having a turn at all."""
    if view.operation.resolved is not None:
        return view.operation.resolved
    if view.request.spec.suspend:
        return view.suspended(**_out_of_turn(view))
    bound = view.seen.bound
    group = f"ReplicationGroup {view.request.spec.group!r}"
    if bound is None:
        return view.run(Park(None), Reason.READING, f"Reading {group}.")
    if isinstance(bound, Unbound):
        return view.wait(bound.reason, bound.message, deadline=_deadline(view) or view.now + _timeout(view))
    if bound.suspended:
        text = f"{group} is suspended; set its spec.suspend to false to go on."
        return view.wait(Reason.GROUP_SUSPENDED, text, **_out_of_turn(view))
    return _name_is_free(view) or bound.resolved


def name_is_taken(request: Request, armed: ArmedSync) -> bool:
    """Is another name than the asked one going to be given next?"""
    asked = request.spec.point_in_time_name
    return asked not in (None, armed.point_in_time_name) and request.spec.method is not Method.ARRAY_ONLY


def _name_is_free(view: View) -> Decision | None:
    """An asked name cannot be given while another sync is armed: what lands next gets that one's (invariant 4).

    Nothing is pushed to end it: that would be a second snapshot for one request. It is waited for without the turn, so
    that a request which may go under the armed sync is not held up; and until a deadline, for nothing may ever land.
    """
    armed, asked = view.seen.armed, view.request.spec.point_in_time_name
    if armed is None or not name_is_taken(view.request, armed):
        return None
    text = (
        f"The sync {armed.point_in_time_name!r}, which ReplicationSync {armed.request!r} left, is armed at the target: "
        f"whatever lands next gets that name, so {asked!r} is asked for after that. Something has to land first: the "
        "array's schedule, a replication by hand, or a ReplicationSync without pointInTimeName."
    )
    return view.wait(Reason.EARLIER_SYNC_ARMED, text, deadline=_deadline(view) or view.now + _timeout(view))


def _out_of_turn(view: View) -> dict[str, Any]:
    """A request that has done nothing and has no turn begins afresh when it gets one; until then no time counts."""
    return {"operation": Operation(request_id=view.request.request_id), "deadline": None}


def _with_turn(view: View, resolved: Resolved) -> Turn:
    """The ledger of a request that has its turn: since when, and under which names.

    Until the first intent the names follow what the group resolves to: the suffix is a function of that (invariant 1).
    """
    operation = view.operation
    if not view.acted:
        suffix = view.request.suffix(resolved.source_array_id, resolved.protection_group)
        operation = replace(operation, suffix=suffix, point_in_time_name=view.request.point_in_time_name(suffix))
    if operation.turn_at is None:
        operation = replace(operation, turn_at=view.now)
    status = replace(view.status, operation=operation)
    turn = Turn(view.request, status, view.seen, view.now, view.tuning, resolved)
    return replace(turn, status=replace(status, deadline=_deadline(turn)))


def _next_stage(turn: Turn) -> Decision:
    method = turn.request.spec.method
    if method is Method.AWAIT_SCHEDULE:
        return await_schedule(turn)
    if not turn.pushed:
        turn = _adopting(turn)
    if turn.pushed:
        return follow(turn)
    if method is Method.ARRAY_ONLY:
        return push_on_arrays(turn)
    sync = turn.operation.sync
    return prepare(turn) if sync is None else arm_and_push(turn, sync)


def _adopting(turn: Turn) -> Turn:
    """A snapshot of this request's suffix is never made again, whoever made it: the arrays tell, or another object."""
    row = turn.my_row(rows(turn.seen.target_snapshots)) or turn.my_row(rows(turn.seen.source_snapshots))
    if row is not None:
        return turn.adopting(row.name, row.created)
    twin = turn.seen.claims.twin
    if twin is None or twin.complete or twin.snapshot is None or turn.acted:
        return turn
    return turn.adopting(twin.snapshot, None)


def _bounded(decision: Decision, view: View) -> Decision:
    """No request sleeps past its own deadline, nor past its `notAfter` while that still counts."""
    after, not_after = replace(view, status=decision.status), view.request.spec.not_after
    counts = not_after is not None and view.now <= not_after and not after.pushed
    return no_later(decision, _deadline(after), not_after + timedelta(milliseconds=1) if not_after and counts else None)
