"""A sync that an earlier request left armed: the group remembers it, and the next request may go under it."""

from __future__ import annotations

from vvol_replication.api.conditions import find
from vvol_replication.api.group import ArmedSync
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Borrowed

from .context import ActiveSync, SyncContext


def left_armed(context: SyncContext) -> ArmedSync | None:
    """The sync that a request leaves armed when it ends here: its group has to remember it (invariant 3)."""
    operation = context.operation
    sync, resolved = operation.sync, operation.resolved
    if sync is None or resolved is None or sync.borrowed is not None or not context.maybe_armed or _spent(context):
        return None
    points = context.seen.points.value if context.seen.points is not None else None
    return ArmedSync(
        request=f"{context.request.namespace}/{context.request.name}",
        uid=context.request.uid,
        point_in_time_name=operation.point_in_time_name or "",
        since=context.now,
        target_group=resolved.target_group,
        task=sync.task,
        newest_point_time=max((point.time for point in points or ()), default=None),
        snapshot=operation.push.snapshot if operation.push is not None else None,
    )


def _spent(context: SyncContext) -> bool:
    """The sync that was pending at the push has ended where its name is: on data from after the request."""
    named = find(context.status.conditions, "Named")
    pending = context.operation.sync is not None and context.operation.sync.pending_seen_at is not None
    if named is None or not pending:
        return False
    elsewhere = context.status.named_point_in_time is not None
    return named.status == "True" or (elsewhere and named.reason != Reason.NAME_ON_OLDER_POINT_IN_TIME)


def borrowable(active: ActiveSync) -> ArmedSync | None:
    """An earlier request's armed sync under which this one may go; one that needs another name has no turn now."""
    armed = active.seen.armed
    return None if armed is None or armed.task is None else armed


def borrowed(armed: ArmedSync) -> Borrowed:
    """The ledger's entry of a sync that is used and was another request's."""
    return Borrowed(armed.point_in_time_name, armed.request)
