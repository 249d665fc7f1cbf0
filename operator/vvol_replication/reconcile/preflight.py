"""May the sync be armed? Everything the push needs is checked before, for an armed sync cannot be disarmed (rule 3)."""

from __future__ import annotations

from datetime import timedelta

from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Method
from vvol_replication.domain.arrays import ArrayConnection, ProtectionGroup, Snapshot
from vvol_replication.domain.groups import Group, GroupState, SourceGroup, TargetGroup

from .binding import Binding
from .naming import SUFFIX_PREFIX
from .observation import Query, rows
from .recent import recent_enough
from .steps import Decision
from .view import Turn

ROLES = (Query.TARGET_GROUP, Query.SOURCE_GROUP)
BEFORE_ARMING = (
    Query.POINTS,
    Query.PROTECTION_GROUP,
    Query.CONNECTIONS,
    Query.SOURCE_SNAPSHOTS,
    Query.TARGET_SNAPSHOTS,
)
_STATE_REASONS = {
    GroupState.INTEST: (Reason.IN_TEST, "is in a test failover; the sync waits until the test is stopped"),
    GroupState.UNKNOWN: (Reason.STATE_UNKNOWN, "is in a state that is not known here; the sync waits until it changes"),
}


def ready_to_arm(turn: Turn) -> Decision | None:
    """Look at everything that arming and the push after it need. None: all is well.

    While an older transfer is polled, nothing else is read for it.
    """
    if turn.seen.target_snapshots is not None and turn.read(Query.TARGET_SNAPSHOTS) is None:
        older = check_older(turn)
        if older is not None and (turn.request.spec.max_age is None or turn.acted):
            return older
    return (
        turn.read(*role_queries(turn), *BEFORE_ARMING)
        or check_roles(turn)
        or recent_enough(turn)
        or check_arrays(turn)
        or check_older(turn)
        or check_floor(turn)
    )


def role_queries(turn: Turn) -> tuple[Query, ...]:
    """The readings that tell both sides' roles, as far as they can be asked."""
    return ROLES if turn.shown_source else ROLES[:1]


def check_roles(turn: Turn) -> Decision | None:
    """Rule 7: state and side, read right before a mutating call. None: both sides are what they should be."""
    seen = turn.seen
    target = seen.target_group.value if seen.target_group else None
    if not isinstance(target, TargetGroup):
        return _wrong_side(turn, "target", target)
    if (problem := _wrong_state(turn, "target", target, GroupState.TARGET)) is not None:
        return problem
    if not turn.shown_source:
        return None
    source = seen.source_group.value if seen.source_group else None
    if not isinstance(source, SourceGroup):
        return _wrong_side(turn, "source", source)
    return _wrong_state(turn, "source", source, GroupState.SOURCE)


def _wrong_side(turn: Turn, side: str, group: Group | None) -> Decision:
    role = "source" if isinstance(group, SourceGroup) else "target"
    return turn.wait(
        Reason.WRONG_SIDE,
        f"The {side} group answers as a {role} group: replication was reversed, or the ReplicationGroup names the "
        "wrong side. Correct the ReplicationGroup.",
        until=turn.now + turn.tuning.older_every,
    )


def _wrong_state(turn: Turn, side: str, group: Group, wanted: GroupState) -> Decision | None:
    state = group.state
    if state == wanted:
        return None
    if state in (GroupState.FAILEDOVER, GroupState.REMOTE_FAILEDOVER):
        return turn.fail(
            Reason.GROUP_FAILED_OVER,
            f"The {side} group {group.id} is in state {state}: it has failed over, so nothing can be synced. "
            "Reverse replication, then create a new ReplicationSync.",
        )
    reason, what = _STATE_REASONS.get(
        state, (Reason.WRONG_STATE, f"should be in state {wanted}; the sync waits until it is")
    )
    return turn.wait(
        reason, f"The {side} group {group.id} is in state {state}: it {what}.", until=turn.now + turn.tuning.older_every
    )


def check_arrays(turn: Turn) -> Decision | None:
    """Can a push reach the target? The protection group is live, and its target is allowed and connected."""
    pushes = turn.request.spec.method is not Method.AWAIT_SCHEDULE
    group = turn.seen.protection_group.value if turn.seen.protection_group else None
    if pushes and ("::" in turn.resolved.protection_group or (group is not None and group.pod is not None)):
        return turn.fail(
            Reason.PROTECTION_GROUP_IN_POD,
            f"Protection group {turn.resolved.protection_group!r} is in a pod: it replicates by other means and cannot "
            "be pushed. If it has a replication schedule, create a ReplicationSync with method AwaitSchedule.",
        )
    problem = _cannot_push(turn, group, rows(turn.seen.connections))
    if problem is None:
        return None
    reason, message = problem
    return turn.wait(reason, message, until=turn.now + turn.tuning.older_every)


def _cannot_push(
    turn: Turn, group: ProtectionGroup | None, connections: tuple[ArrayConnection, ...]
) -> tuple[Reason, str] | None:
    resolved = turn.resolved
    source, target = resolved.source_array_name, resolved.target_array_name
    what = f"Protection group {resolved.protection_group!r} on {source!r}"
    if group is None:
        return Reason.PROTECTION_GROUP_NOT_FOUND, f"{what} is not there; restore it, or correct spec.protectionGroup."
    if group.destroyed:
        return Reason.PROTECTION_GROUP_DESTROYED, f"{what} is destroyed; recover it on the array."
    if group.source.casefold() not in turn.source_names and group.pod is None:
        return Reason.NOT_SOURCE, f"{what} is made on {group.source!r}: this array is not its source."
    connection = next((one for one in connections if one.id == resolved.target_array_id), None) or next(
        (one for one in connections if one.id is None and one.name.casefold() in turn.target_names), None
    )
    known_as = turn.target_names | ({connection.name.casefold()} if connection else set())
    entry = next((one for one in group.targets if one.name.casefold() in known_as), None)
    if entry is None:
        has = ", ".join(repr(one.name) for one in group.targets) or "no target at all"
        return Reason.NOT_A_TARGET, f"{what} does not replicate to {target!r} (it has {has}); add it to its targets."
    if not entry.allowed:
        none = "" if any(one.allowed for one in group.targets) else " No target of it is: nothing would be sent."
        return Reason.TARGET_NOT_ALLOWED, f"{what} is not allowed on {target!r}; allow it there.{none}"
    if (entry.status or "").casefold() == "suspended":
        return Reason.TARGET_SUSPENDED, f"{what}: replication to {target!r} is suspended on the array; resume it there."
    if connection is None or not connection.connected:
        status = connection.status if connection else "absent"
        return Reason.ARRAYS_NOT_CONNECTED, f"{source!r} is not connected to {target!r} (connection: {status})."
    return None


def check_older(turn: Turn) -> Decision | None:
    """Rule 4: an older transfer under way is waited for, or it would be credited with our name."""
    older = _under_way(rows(turn.seen.source_snapshots), rows(turn.seen.target_snapshots), turn.operation.suffix)
    if older is None:
        return None
    done = f" ({older.progress:.0%} done)" if older.progress else ""
    return turn.wait(
        Reason.OLDER_TRANSFER_IN_FLIGHT,
        f"The older transfer {older.name} is under way{done}; the sync is armed when it has landed, "
        "so that it does not take the name.",
        until=turn.now + turn.tuning.older_every,
        follow=True,
    )


def _under_way(at_source: tuple[Snapshot, ...], at_target: tuple[Snapshot, ...], mine: str | None) -> Snapshot | None:
    running = next((row for row in at_target if row.under_way and row.suffix != mine), None)
    if running is not None:
        return running
    known = {row.suffix for row in at_target}
    return next(
        (
            row
            for row in at_source
            if row.started is not None
            and row.completed is None
            and not row.destroyed
            and row.suffix != mine
            and row.suffix not in known
        ),
        None,
    )


def check_floor(turn: Turn) -> Decision | None:
    """A group may set a floor between two pushes (rule 14).

    Our own suffixes on the source tell when the last was, by that array's clock; so it is held against that clock.
    """
    bound = turn.seen.bound
    if not isinstance(bound, Binding) or bound.min_push_interval is None:
        return None
    if turn.request.spec.method is Method.AWAIT_SCHEDULE:
        return None
    ours = [row.created for row in rows(turn.seen.source_snapshots) if row.suffix.startswith(SUFFIX_PREFIX)]
    skew = turn.seen.source_array.skew if turn.seen.source_array is not None else None
    if not ours or turn.now >= (until := max(ours) + bound.min_push_interval - (skew or timedelta())):
        return None
    clock = "" if skew is not None else " The array told no time: the operator's clock is taken for its."
    return turn.wait(
        Reason.RATE_LIMITED,
        f"The group allows one push in {bound.min_push_interval}; the last was at {max(ours):%Y-%m-%dT%H:%M:%SZ}, by "
        f"the source array's clock.{clock}",
        until=until,
    )
