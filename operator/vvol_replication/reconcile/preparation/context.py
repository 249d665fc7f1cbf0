"""One FailoverPreparation at one moment, with the small questions that its decisions ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from vvol_replication.api.preparation import PreparationLedger, PreparationStatus, PrepareLedger
from vvol_replication.api.sync import Resolved
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.reconcile.core.baseline import at_end, is_older
from vvol_replication.reconcile.core.context import RequestContext
from vvol_replication.reconcile.core.newest import newest_listed
from vvol_replication.reconcile.core.request import Preparation
from vvol_replication.reconcile.core.steps import Decided, Finish, LeaveTurn, PreparationDecision
from vvol_replication.reconcile.core.summarize import Verdict


@dataclass(frozen=True, slots=True)
class PreparationContext(RequestContext[Preparation, PreparationStatus]):
    """A preparation, whether or not it is known what it acts on."""

    @property
    def ledger(self) -> PreparationLedger:
        """The ledger, empty at first."""
        return self.status.operation or PreparationLedger(request_id=self.request.request_id)

    @property
    def acted(self) -> bool:
        """Has the intent been recorded? From here on what the request resolved to is frozen (invariant 7)."""
        return self.ledger.prepare is not None

    @property
    def called(self) -> bool:
        """May the call have been made, for all that is known? Then the group counts as prepared (invariant 8)."""
        return self.acted and not self.seen.intent_unused

    def with_ledger(self, **changes: Any) -> PreparationLedger:
        """The ledger with some fields changed."""
        return replace(self.ledger, **changes)

    def end(self, verdict: Verdict, **changes: Any) -> PreparationDecision:
        """End for good. A ledger that still holds the call means that the group counts as prepared."""
        if self.acted and not self.called:
            changes.setdefault("operation", PreparationLedger(request_id=self.request.request_id))
        newest = newest_listed(self.seen, self.now, self.tuning.fresh)
        changes["operation"] = at_end(changes.get("operation", self.status.operation), newest)
        return Decided(Finish(), self._summarize(verdict, **changes))

    def left_behind(self) -> str:
        """What remains of a request that ends here, in a sentence."""
        if not self.called:
            return "Nothing was called."
        group = f"{self.request.namespace}/{self.request.spec.group}"
        return (
            "The source group was asked to prepare, or may have been asked: it counts as prepared for failover. "
            f"Before you fail over, read condition Prepared of ReplicationGroup {group!r}. To call the failover off, "
            "set spec.failoverCalledOffAt there."
        )


@dataclass(frozen=True, slots=True)
class BoundPreparation(PreparationContext):
    """A preparation of which it is known what it acts on: it may read."""

    resolved: Resolved

    @property
    def prepare(self) -> PrepareLedger:
        """The call's part of the ledger."""
        return self.ledger.prepare or PrepareLedger(self.now)

    def new_at_source(self, rows: Sequence[Snapshot]) -> tuple[Snapshot, ...]:
        """Snapshots that were not on the source before the call, oldest first; no other operation has its turn."""
        before = {name.rpartition(".")[2] for name in self.prepare.snapshots_before}
        baseline = self.ledger.baseline
        known = [row for row in rows if row.suffix not in before and not self._older(row)]
        return tuple(sorted(known, key=lambda row: row.created)) if baseline is not None else ()

    def _older(self, row: Snapshot) -> bool:
        baseline = self.ledger.baseline
        # Where only times tell, two snapshots of one second are told apart by their names.
        by_time = baseline is not None and baseline.snapshot_fingerprints is None
        return is_older(row, baseline) and not (by_time and baseline and row.created == baseline.newest_snapshot)


def out_of_turn(context: PreparationContext) -> PreparationDecision | None:
    """Give the turn back before waiting for what may take long. None: it has none."""
    return Decided(LeaveTurn(), context.status) if context.seen.in_turn else None
