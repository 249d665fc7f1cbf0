"""One ReplicationSync at one moment, with the small questions that its decisions ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from vvol_replication.api.conditions import Wanted
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Method, Operation, PushLedger, Resolved, SyncStatus
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.reconcile.core.baseline import at_end
from vvol_replication.reconcile.core.checks import source_names
from vvol_replication.reconcile.core.context import RequestContext
from vvol_replication.reconcile.core.identify import Finding, NextName, identify
from vvol_replication.reconcile.core.newest import newest_listed
from vvol_replication.reconcile.core.observation import rows
from vvol_replication.reconcile.core.request import Request
from vvol_replication.reconcile.core.steps import Decided, Decision, Finish
from vvol_replication.reconcile.core.summarize import Verdict, summarize


@dataclass(frozen=True, slots=True)
class SyncContext(RequestContext[Request, SyncStatus]):
    """One ReplicationSync at one moment."""

    # The ledger

    @property
    def operation(self) -> Operation:
        """The ledger, empty at first."""
        return self.status.operation or Operation(request_id=self.request.request_id)

    @property
    def acted(self) -> bool:
        """Has an intent been recorded? From here on what the request resolved to is frozen (invariant 7)."""
        return self.operation.resolved is not None

    @property
    def pushed(self) -> bool:
        """Is the snapshot known to exist?"""
        return self.operation.push is not None and self.operation.push.snapshot is not None

    @property
    def task_known(self) -> bool:
        """Is there a sync task to ask about?"""
        return self.operation.sync is not None and self.operation.sync.task is not None

    @property
    def maybe_armed(self) -> bool:
        """May a sync of ours be pending, for all that is known? A task that is forgotten tells nothing of its end."""
        if self.operation.sync is None or (not self.task_known and self.seen.intent_unused):
            return False
        task = self.seen.task.value if self.seen.task is not None else None
        return task is None or not task.state.ended

    @property
    def retry_limit(self) -> int:
        """Consecutive refusals of one mutating step that are borne."""
        limit = self.request.spec.retry_limit
        return self.tuning.retry_limit if limit is None else limit

    # Decisions and what the status says of them

    def end(self, verdict: Verdict, **changes: Any) -> Decision:
        """End for good. A sync that may still be armed is said so: it cannot be disarmed (invariant 3)."""
        if self.maybe_armed and not any(wanted.type == "Named" for wanted in verdict.extra):
            sync = self.operation.sync
            name = sync.borrowed.name if sync and sync.borrowed else self.operation.point_in_time_name
            asked = self.seen.task
            lately = asked is not None and asked.value is not None and self.now - asked.at <= 2 * self.tuning.task_every
            state = "is still armed" if lately else "may still be armed (its task was not seen recently)"
            text = f"The sync {state}: the next data that lands at the target may get the name {name!r}."
            pending = Wanted("Named", "Unknown", Reason.NAME_STILL_PENDING, text)
            verdict = replace(verdict, extra=(*verdict.extra, pending))
        newest = newest_listed(self.seen, self.now, self.tuning.fresh)
        changes["operation"] = at_end(changes.get("operation", self.status.operation), newest)
        return Decided(Finish(), self._summarize(verdict, **changes))

    def _summarize(self, verdict: Verdict, **changes: Any) -> SyncStatus:
        """As for all requests; the status shows the effective method, also of a sync that an older operator took."""
        return summarize(self.request, self.status, self.now, verdict, method=self.request.spec.method, **changes)

    def left_behind(self) -> str:
        """What may still arrive from a request that ends here, in a sentence."""
        if self.pushed:
            return "The snapshot was made. Its data and its name may still arrive."
        if self.operation.push is not None and (
            self.seen.push_lost_at is not None
            or (self._may_have_called and (self.maybe_armed or self.request.spec.method is Method.ARRAY_ONLY))
        ):
            return (
                f"It is not known whether a push was made. Look for the suffix {self.operation.suffix!r} on the source."
            )
        return "Nothing was pushed."

    @property
    def _may_have_called(self) -> bool:
        return self.acted and not self.seen.intent_unused


@dataclass(frozen=True, slots=True)
class ActiveSync(SyncContext):
    """A request that has its turn: what it acts on is known, and it may read."""

    resolved: Resolved
    """Frozen in the ledger from the first intent on; before that the group's binding as it is now."""

    @property
    def shown_source(self) -> bool:
        """Can a vCenter be asked for the source group?"""
        return self.resolved.protected_vcenter is not None

    @property
    def source_names(self) -> frozenset[str]:
        """What the source array is called, folded: when the request began, and now, if it was renamed in between."""
        return source_names(self.resolved, self.seen)

    def my_row(self, rows: Sequence[Snapshot]) -> Snapshot | None:
        """Our snapshot among these rows."""
        suffix = self.operation.suffix
        return next((row for row in rows if row.suffix.casefold() == suffix), None)

    def identify(self, mine: Snapshot) -> Finding:
        """The point in time of this landed snapshot, by what was read last.

        Another object of the same request may have found it, when it was known what was there before. Then several
        that fit now are told apart, as long as that one is listed.
        """
        arrived, listed = rows(self.seen.target_snapshots), rows(self.seen.points)
        twin = self.seen.claims.twin
        found = None if twin is None else twin.identified(mine)
        known = next((point for point in listed if point.id == found), None)
        if known is not None:
            return Finding(known, listed=True)
        return identify(mine, arrived, listed, self.operation.baseline, self._next_name())

    def _next_name(self) -> NextName | None:
        """Our name as evidence; none where the sync may have been credited before, or may be another's."""
        sync, name = self.operation.sync, self.operation.point_in_time_name
        if sync is None or name is None or sync.armings != 1 or sync.credited or sync.borrowed is not None:
            return None
        if sync.pending_seen_at is None or sync.unanswered_at is not None:
            return None
        return NextName(name, pushed=self.operation.push is not None)

    def adopting(self, snapshot: str, created: datetime | None) -> ActiveSync:
        """This sync, knowing that a snapshot of its suffix exists: whoever made it, it is never pushed again."""
        push = PushLedger(self.operation.push.intent_at if self.operation.push else self.now, snapshot, created)
        operation = self.with_operation(resolved=self.resolved, push=push)
        return replace(self, status=replace(self.status, operation=operation))

    def with_operation(self, **changes: Any) -> Operation:
        """The ledger with some fields changed."""
        return replace(self.operation, **changes)
