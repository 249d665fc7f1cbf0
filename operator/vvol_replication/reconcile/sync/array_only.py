"""Method ArrayOnly: push and follow on the arrays alone, for when vCenter or its VASA provider is away or not wanted.

No call goes to a vCenter. What vSphere said last of the group's state is believed, roles are read from both arrays,
and no point in time is claimed.
"""

from __future__ import annotations

from dataclasses import replace

from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Baseline, PushLedger, Resolved
from vvol_replication.domain.arrays import ProtectionGroup
from vvol_replication.domain.groups import GroupState
from vvol_replication.reconcile.binding.by_name import UNKNOWN_GROUP
from vvol_replication.reconcile.binding.world import Binding
from vvol_replication.reconcile.core.checks import connection_to, group_called
from vvol_replication.reconcile.core.observation import Query, rows
from vvol_replication.reconcile.core.steps import Decision, Record

from .arming import done_already, held_back, push, unseen
from .context import ActiveSync
from .max_age import clocks_problem, recent_enough
from .preflight import check_arrays, check_floor

ARRAY_READINGS = (
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


def record_push_intent(active: ActiveSync) -> Decision | None:
    """Nothing is recorded yet: look at the arrays, then record the intent."""
    if active.operation.push is not None:
        return None
    return held_back(active) or _ready(active) or done_already(active) or unseen(active) or _record_intent(active)


def push_on_arrays(active: ActiveSync) -> Decision:
    """The intent is recorded, and the snapshot is not there: push, over fresh readings."""
    return _ready(active) or push(active, "Replicating", active.operation)


def _ready(active: ActiveSync) -> Decision | None:
    return (
        _last_seen(active)
        or active.read(*ARRAY_READINGS)
        or _check_replica(active)
        or recent_enough(active)
        or check_arrays(active)
        or _check_agreement(active)
        or (None if active.acted else check_floor(active))
    )


def _last_seen(active: ActiveSync) -> Decision | None:
    """What vSphere said last: any state but TARGET, and any at the source but SOURCE, is an end before any call."""
    bound = active.seen.bound
    if not isinstance(bound, Binding):
        why = "" if bound is None else f" {bound.message}"
        return active.wait(
            Reason.GROUP_NOT_READY, f"The last known state of the group is not read yet. Waiting for it.{why}"
        )
    if not _same_pair(bound.resolved, active.resolved):
        return active.fail(
            Reason.IDENTITY_CHANGED,
            "The ReplicationGroup is now bound to another group than this request began with. Nothing was pushed now. "
            "Create a new ReplicationSync.",
        )
    if bound.never_read:
        return None  # the arrays' own word for their roles is all there is, and is asked for next
    for side, state, wanted in (
        ("target", bound.target.state, GroupState.TARGET),
        ("source", bound.source.state if bound.source else GroupState.SOURCE, GroupState.SOURCE),
    ):
        if state is not wanted:
            reason, why = _REFUSED.get(state, (Reason.STATE_UNKNOWN, "the operator does not know this state"))
            return active.fail(
                reason,
                f"The {side} group was last seen in state {state}, not {wanted}: {why}. Nothing is pushed. "
                "Create a new ReplicationSync when it is in order again.",
            )
    return None


def _same_pair(now: Resolved, begun: Resolved) -> bool:
    """Is it the pair of groups that the request began with? Where vSphere told no ids, the arrays and the name tell."""
    if UNKNOWN_GROUP not in (now.target_group, begun.target_group):
        return now.target_group == begun.target_group
    return _on_arrays(now) == _on_arrays(begun)


def _on_arrays(resolved: Resolved) -> tuple[str, str, str]:
    return resolved.source_array_id, resolved.protection_group.casefold(), resolved.target_array_id


def _check_agreement(active: ActiveSync) -> Decision | None:
    """Where vSphere told nothing, the target has to see its source connected, as the source sees the target."""
    if not isinstance(active.seen.bound, Binding) or not active.seen.bound.never_read:
        return None
    looking = active.read(Query.TARGET_CONNECTIONS)
    if looking is not None:
        return looking
    known = connection_to(rows(active.seen.target_connections), active.resolved.source_array_id, active.source_names)
    if known is not None and known.connected:
        return None
    source, target = active.resolved.source_array_name, active.resolved.target_array_name
    return active.wait(
        Reason.ARRAYS_NOT_CONNECTED,
        f"{target!r} is not connected to {source!r} (connection: {known.status if known else 'absent'}). vSphere "
        "was never asked about this group, so both arrays must show the connection.",
        until=active.now + active.tuning.older_every,
    )


def _check_replica(active: ActiveSync) -> Decision | None:
    """The target array has to show the group as a replica from that source."""
    group: ProtectionGroup | None = active.seen.replica_group.value if active.seen.replica_group else None
    names = active.source_names
    what = f"The target array {active.resolved.target_array_name!r}"
    until = active.now + active.tuning.older_every
    if group is None:
        text = (
            f"{what} shows no replica of protection group {group_called(active.resolved, active.seen)} of that source."
        )
        return active.wait(Reason.NOT_A_TARGET, f"{text} Check the group's targets.", until=until)
    if group.source.casefold() not in names:
        text = (
            f"{what} shows that {group.name!r} was made on {group.source!r}: it is not a replica of the source array."
        )
        return active.wait(Reason.NOT_TARGET, text, until=until)
    return None


def _record_intent(active: ActiveSync) -> Decision:
    push_ledger = PushLedger(intent_at=active.now)
    operation = active.with_operation(resolved=active.resolved, baseline=Baseline(), push=push_ledger)
    text = f"Replicating protection group {group_called(active.resolved, active.seen)} on the arrays alone."
    if isinstance(active.seen.bound, Binding) and active.seen.bound.never_read:
        text = f"{text} vSphere was never asked about this group. Only its name and the arrays are used."
    note = clocks_problem(active)
    text = f"{text} {note}" if note else text
    return active.run(Record(), Reason.PUSHING, text, operation=replace(operation, holder=active.holder))
