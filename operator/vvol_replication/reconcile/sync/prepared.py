"""A prepared group and the syncs on it: after prepare a sync brings no data (invariant 9)."""

from __future__ import annotations

from datetime import datetime

from vvol_replication.api.conditions import find
from vvol_replication.api.group import PreparedStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Method, SyncStatus
from vvol_replication.reconcile.core.observation import Observation, Prepared
from vvol_replication.reconcile.core.prepared import before_failover, prepared_by, where_to_call_off
from vvol_replication.reconcile.core.steps import Decision

from .context import SyncContext


def refused_sync(context: SyncContext) -> Decision | None:
    """After prepare, sync is not news (invariant 9): refused before any call. The arrays alone may go on."""
    prepared = context.seen.prepared
    if prepared is None or not prepared.relied_on or context.acted:
        return None
    if context.request.spec.method is Method.ARRAY_ONLY:
        return None
    text = (
        f"The group is prepared for failover ({prepared_by(prepared)}): a sync succeeds there immediately but brings "
        f"no data. So none was asked for. {before_failover(prepared)} If the failover was called off, set "
        f"{where_to_call_off(prepared)}, or use method ArrayOnly."
    )
    return context.fail(Reason.GROUP_PREPARED, text, point_in_time=prepared.record.point_in_time)


def prepared_outside(status: SyncStatus, seen: Observation, now: datetime) -> PreparedStatus | None:
    """A sync found that the group is prepared although nobody here asked for it: that is remembered (invariant 9)."""
    failed = find(status.conditions, "Failed")
    resolved = status.operation.resolved if status.operation else None
    if failed is None or failed.reason != Reason.GROUP_PREPARED or resolved is None:
        return None
    if seen.prepared is not None:
        return None  # it is remembered already, and goes on to be
    return PreparedStatus(now, resolved.source_group, point_in_time=status.point_in_time)


def no_longer(status: SyncStatus, prepared: Prepared | None) -> bool:
    """A sync that stays pending shows that the target is not, or no longer, prepared (invariant 9)."""
    sync = status.operation.sync if status.operation else None
    if prepared is None or sync is None or sync.pending_seen_at is None:
        return False
    return sync.pending_seen_at > prepared.record.since
