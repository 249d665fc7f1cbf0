"""Method ArrayOnly: push and follow on the arrays alone, for when vCenter or its VASA provider is away or not wanted.

No call goes to a vCenter. What vSphere told last of the group's state is believed, roles are read from both arrays,
and no point in time is claimed.
"""

from __future__ import annotations

from dataclasses import replace

from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Baseline, PushLedger
from vvol_replication.domain.arrays import ProtectionGroup
from vvol_replication.domain.groups import GroupState
from vvol_replication.reconcile.binding.world import Binding
from vvol_replication.reconcile.core.observation import Query
from vvol_replication.reconcile.core.steps import Decision, Record
from vvol_replication.reconcile.core.takeover import taken_over

from .arming import done_already, held_back, look_for_push, missed, push, suspended, unseen
from .context import Turn
from .max_age import clocks_problem, recent_enough
from .preflight import check_arrays, check_floor

BEFORE_PUSH = (
    Query.PROTECTION_GROUP,
    Query.REPLICA_GROUP,
    Query.CONNECTIONS,
    Query.SOURCE_SNAPSHOTS,
    Query.TARGET_SNAPSHOTS,
)
_REFUSED = {
    GroupState.SOURCE: (Reason.WRONG_SIDE, "replication was reversed, or the ReplicationGroup names the wrong side"),
    GroupState.FAILEDOVER: (Reason.GROUP_FAILED_OVER, "it has failed over"),
    GroupState.REMOTE_FAILEDOVER: (Reason.GROUP_FAILED_OVER, "it has failed over"),
    GroupState.INTEST: (Reason.IN_TEST, "it is in a test failover"),
    GroupState.TARGET: (Reason.WRONG_SIDE, "replication was reversed, or the ReplicationGroup names the wrong side"),
}


def push_on_arrays(turn: Turn) -> Decision:
    """The snapshot is not known to exist: look at the arrays, record the intent, and push."""
    if turn.operation.push is None:
        return held_back(turn) or _ready(turn) or done_already(turn) or unseen(turn) or _record_intent(turn)
    waiting = taken_over(turn) or look_for_push(turn)
    if waiting is not None:
        return waiting
    stopped = missed(turn) or suspended(turn) or held_back(turn) or unseen(turn) or _ready(turn)
    return stopped or push(turn, "Replicating", turn.operation)


def _ready(turn: Turn) -> Decision | None:
    return (
        _last_seen(turn)
        or turn.read(*BEFORE_PUSH)
        or _check_replica(turn)
        or recent_enough(turn)
        or check_arrays(turn)
        or (None if turn.acted else check_floor(turn))
    )


def _last_seen(turn: Turn) -> Decision | None:
    """What vSphere told last: any state but TARGET, and any at the source but SOURCE, is an end before any call."""
    bound = turn.seen.bound
    if not isinstance(bound, Binding):
        return turn.wait(Reason.GROUP_NOT_READY, "What the group's state was last is not known yet; it is waited for.")
    if bound.resolved.target_group != turn.resolved.target_group:
        return turn.fail(
            Reason.IDENTITY_CHANGED,
            "The ReplicationGroup stands for another group than this request began with. Nothing was pushed now; "
            "create a new ReplicationSync.",
        )
    for side, state, wanted in (
        ("target", bound.target.state, GroupState.TARGET),
        ("source", bound.source.state if bound.source else GroupState.SOURCE, GroupState.SOURCE),
    ):
        if state is not wanted:
            reason, why = _REFUSED.get(state, (Reason.STATE_UNKNOWN, "that is not known here"))
            return turn.fail(
                reason,
                f"The {side} group was last seen in state {state}, not {wanted}: {why}. Nothing is pushed. "
                "Create a new ReplicationSync when it is in order again.",
            )
    return None


def _check_replica(turn: Turn) -> Decision | None:
    """The target array has to show the group as a replica from that source."""
    group: ProtectionGroup | None = turn.seen.replica_group.value if turn.seen.replica_group else None
    names = turn.source_names
    what = f"The target array {turn.resolved.target_array_name!r}"
    until = turn.now + turn.tuning.older_every
    if group is None:
        text = f"{what} shows no replica of protection group {turn.resolved.protection_group!r} of that source."
        return turn.wait(Reason.NOT_A_TARGET, f"{text} Check the group's targets.", until=until)
    if group.source.casefold() not in names:
        text = f"{what} shows {group.name!r} as made on {group.source!r}: it is not a replica of the source array."
        return turn.wait(Reason.NOT_TARGET, text, until=until)
    return None


def _record_intent(turn: Turn) -> Decision:
    push_ledger = PushLedger(intent_at=turn.now)
    operation = turn.with_operation(resolved=turn.resolved, baseline=Baseline(), push=push_ledger)
    text = f"Replicating protection group {turn.resolved.protection_group!r} on the arrays alone."
    note = clocks_problem(turn)
    text = f"{text} {note}" if note else text
    return turn.run(Record(), Reason.PUSHING, text, operation=replace(operation, holder=turn.holder))
