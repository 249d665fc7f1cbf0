"""What speaks against an operation, from what was read: the same for a sync and for a preparation. Pure judgements.

The readings that a judgement needs were taken and are there; whether they are fresh is the caller's business.
"""

from __future__ import annotations

from collections.abc import Sequence

from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Resolved
from vvol_replication.domain.arrays import ArrayAbout, ArrayConnection, ProtectionGroup, Snapshot, same_array
from vvol_replication.domain.groups import Group, GroupState, SourceGroup, TargetGroup
from vvol_replication.reconcile.binding.world import Problem

from .observation import Observation, rows
from .tuning import Tuning

_STATE_REASONS = {
    GroupState.INTEST: (Reason.IN_TEST, "is in a test failover. The {what} waits until the test is stopped"),
    GroupState.UNKNOWN: (
        Reason.STATE_UNKNOWN,
        "is in a state that the operator does not know. The {what} waits until it changes",
    ),
}


def role_problem(seen: Observation, kind: str, what: str, *, source_shown: bool = True) -> Problem | None:
    """Invariant 7: state and side of both groups. `source_shown`: a vCenter can be asked for the source group."""
    target = seen.target_group.value if seen.target_group else None
    if not isinstance(target, TargetGroup):
        return _wrong_side("target", target)
    if (problem := _wrong_state("target", target, GroupState.TARGET, kind, what)) is not None:
        return problem
    if not source_shown:
        return None
    source = seen.source_group.value if seen.source_group else None
    if not isinstance(source, SourceGroup):
        return _wrong_side("source", source)
    return _wrong_state("source", source, GroupState.SOURCE, kind, what)


def _wrong_side(side: str, group: Group | None) -> Problem:
    role = "source" if isinstance(group, SourceGroup) else "target"
    return Problem(
        Reason.WRONG_SIDE,
        f"The {side} group is a {role} group: replication was reversed, or the ReplicationGroup names the "
        "wrong side. Correct the ReplicationGroup.",
    )


def _wrong_state(side: str, group: Group, wanted: GroupState, kind: str, what: str) -> Problem | None:
    state = group.state
    if state == wanted:
        return None
    if state in (GroupState.FAILEDOVER, GroupState.REMOTE_FAILEDOVER):
        done = "synced" if what == "sync" else "prepared"
        return Problem(
            Reason.GROUP_FAILED_OVER,
            f"The {side} group {group.id} is in state {state}: it has failed over, so nothing can be {done}. "
            f"Reverse replication, then create a new {kind}.",
            final=True,
        )
    reason, text = _STATE_REASONS.get(
        state, (Reason.WRONG_STATE, f"should be in state {wanted}. The {{what}} waits until it is")
    )
    return Problem(reason, f"The {side} group {group.id} is in state {state}: it {text.format(what=what)}.")


def array_problem(resolved: Resolved, seen: Observation) -> Problem | None:
    """Can a snapshot of the protection group reach the target? It is live, and its target is allowed and connected."""
    group = seen.protection_group.value if seen.protection_group else None
    what = f"Protection group {group_called(resolved, seen)} on {resolved.source_array_name!r}"
    if group is None:
        return Problem(
            Reason.PROTECTION_GROUP_NOT_FOUND,
            f"{what} is not there. Restore it, or correct spec.protectionGroup. If it was renamed, this goes on when "
            "vSphere lists the new name.",
        )
    if group.destroyed:
        return Problem(Reason.PROTECTION_GROUP_DESTROYED, f"{what} is destroyed. Recover it on the array.")
    if group.source.casefold() not in source_names(resolved, seen) and group.pod is None:
        return Problem(Reason.NOT_SOURCE, f"{what} was made on {group.source!r}: this array is not its source.")
    return _target_problem(group, what, _connection(resolved, seen), resolved, target_names(resolved, seen))


def _connection(resolved: Resolved, seen: Observation) -> ArrayConnection | None:
    return connection_to(rows(seen.connections), resolved.target_array_id, target_names(resolved, seen))


def connection_to(known: Sequence[ArrayConnection], array_id: str, names: frozenset[str]) -> ArrayConnection | None:
    """The connection to that array: by its id, or by one of its folded names where no id is told.

    Of several, as an array may have one for each kind of replication, one that carries data.
    """
    by_id = [one for one in known if same_array(array_id, one.id)]
    found = by_id or [one for one in known if one.id is None and one.name.casefold() in names]
    return next((one for one in found if one.connected), next(iter(found), None))


def _target_problem(
    group: ProtectionGroup, what: str, connection: ArrayConnection | None, resolved: Resolved, names: frozenset[str]
) -> Problem | None:
    source, target = resolved.source_array_name, resolved.target_array_name
    known_as = names | ({connection.name.casefold()} if connection else set())
    entry = next((one for one in group.targets if one.name.casefold() in known_as), None)
    if entry is None:
        has = ", ".join(repr(one.name) for one in group.targets) or "none"
        return Problem(
            Reason.NOT_A_TARGET, f"{what} does not replicate to {target!r} (its targets: {has}). Add it to its targets."
        )
    if not entry.allowed:
        none = (
            ""
            if any(one.allowed for one in group.targets)
            else " No other target is allowed either, so nothing would be sent."
        )
        return Problem(Reason.TARGET_NOT_ALLOWED, f"{what} is not allowed on {target!r}.{none} Allow it there.")
    if (entry.status or "").casefold() == "suspended":
        return Problem(
            Reason.TARGET_SUSPENDED, f"{what}: replication to {target!r} is suspended on the array. Resume it there."
        )
    if connection is None or not connection.connected:
        status = connection.status if connection else "absent"
        return Problem(
            Reason.ARRAYS_NOT_CONNECTED,
            f"{source!r} is not connected to {target!r} (connection: {status}). Check the array connection.",
        )
    return None


def under_way(at_source: Sequence[Snapshot], at_target: Sequence[Snapshot], mine: str | None = None) -> Snapshot | None:
    """A transfer, ours aside, that has begun and not landed, by either array's word.

    The source does not say to which target one went, and its rows may stay without an end (docs/facts/flasharray.md,
    progress). So its word counts only where the target may not show the transfer yet: once a younger snapshot has
    landed there, an older one of which the target shows nothing was eradicated there, or went to another target only.
    """
    running = next((row for row in at_target if row.under_way and row.suffix != mine), None)
    if running is not None:
        return running
    known = {row.suffix for row in at_target}
    youngest = max((row.created for row in at_target if row.landed), default=None)
    return next(
        (
            row
            for row in at_source
            if row.started is not None
            and row.completed is None
            and not row.destroyed
            and row.suffix != mine
            and row.suffix not in known
            and (youngest is None or row.created >= youngest)
        ),
        None,
    )


def rows_too_old(seen: Observation, tuning: Tuning) -> bool:
    """Whose point in time one is, only rows tell that are not older than the list: later transfers make points, too."""
    listed, arrived = seen.points, seen.target_snapshots
    if listed is None or arrived is None or arrived.at > listed.at:
        return False
    idle = not any(row.under_way for row in rows(arrived))
    return not (idle and listed.at - arrived.at <= tuning.look_again)


def group_called(resolved: Resolved, seen: Observation) -> str:
    """The protection group by its name of now, for a message; with the one that it had, if it was renamed meanwhile."""
    before, now = resolved.protection_group, seen.group_called or resolved.protection_group
    return repr(now) if now == before else f"{now!r} (renamed, it was {before!r} when this request began)"


def source_names(resolved: Resolved, seen: Observation) -> frozenset[str]:
    """What the source array is called, folded: when the request began, and now, if it was renamed in between."""
    return _names(resolved.source_array_name, seen.source_array)


def target_names(resolved: Resolved, seen: Observation) -> frozenset[str]:
    """What the target array is called, folded: when the request began, and now, if it was renamed in between."""
    return _names(resolved.target_array_name, seen.target_array)


def _names(name: str, about: ArrayAbout | None) -> frozenset[str]:
    return frozenset(one.casefold() for one in (name, about.name if about else name))
