"""One request at one moment, with the small questions that all decisions ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from vvol_replication.api.conditions import Wanted
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Method, Operation, PushLedger, Resolved, SyncStatus, TransferStatus
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.outcomes import Done
from vvol_replication.domain.points import TaskState

from .observation import Observation, Query, Reading
from .request import Request
from .steps import Decision, Finish, Park, Read, Step
from .tell import Situation, Verdict, tell
from .tuning import Tuning


@dataclass(frozen=True, slots=True)
class View:
    """What every decision function takes: it returns a `Decision`, or None for "nothing in the way"."""

    request: Request
    status: SyncStatus
    seen: Observation
    now: datetime
    tuning: Tuning

    # The ledger

    @property
    def operation(self) -> Operation:
        """The ledger, empty at first."""
        return self.status.operation or Operation(request_id=self.request.request_id)

    @property
    def acted(self) -> bool:
        """Has an intent been recorded? From here on what the request resolved to is frozen (rule 7)."""
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
        return task is None or task.state not in (TaskState.SUCCESS, TaskState.ERROR)

    @property
    def holder(self) -> str | None:
        """Whose intents are recorded from here on."""
        return self.seen.identity or None

    @property
    def retry_limit(self) -> int:
        """Consecutive refusals of one mutating step that are borne."""
        limit = self.request.spec.retry_limit
        return self.tuning.retry_limit if limit is None else limit

    # Tellings

    def run(self, step: Step, reason: Reason, message: str, **changes: Any) -> Decision:
        """Go on with a step, told as running."""
        return Decision(step, self._tell(Verdict(Situation.RUNNING, reason, message), **changes))

    def wait(
        self, reason: Reason | str, message: str, *, until: datetime | None = None, follow: bool = False, **changes: Any
    ) -> Decision:
        """Park, told as waiting: a person or time can lift it."""
        return Decision(Park(until, follow), self._tell(Verdict(Situation.WAITING, reason, message), **changes))

    def suspended(self, **changes: Any) -> Decision:
        """Park until the spec changes."""
        text = "spec.suspend is true; set it to false to go on."
        return Decision(Park(None), self._tell(Verdict(Situation.SUSPENDED, Reason.SUSPENDED, text), **changes))

    def end(self, verdict: Verdict, **changes: Any) -> Decision:
        """End for good. A sync that may still be armed is said so: it cannot be disarmed (rule 3)."""
        if self.maybe_armed and not any(wanted.type == "Named" for wanted in verdict.extra):
            sync = self.operation.sync
            name = sync.borrowed.name if sync and sync.borrowed else self.operation.point_in_time_name
            text = f"The sync is still armed: whatever lands next on the target may get the name {name!r}."
            pending = Wanted("Named", "Unknown", Reason.NAME_STILL_PENDING, text)
            verdict = replace(verdict, extra=(*verdict.extra, pending))
        return Decision(Finish(), self._tell(verdict, **changes))

    def fail(self, reason: Reason | str, message: str, *, extra: Sequence[Wanted] = (), **changes: Any) -> Decision:
        """End as failed."""
        return self.end(Verdict(Situation.FAILED, reason, message, tuple(extra)), **changes)

    def left_behind(self) -> str:
        """What may still arrive from a request that ends here, in a sentence."""
        if self.pushed:
            return "The snapshot was made: its data and its name may still arrive."
        if self.operation.push is not None and (
            self.seen.push_lost_at is not None
            or (self._may_have_called and (self.maybe_armed or self.request.spec.method is Method.ARRAY_ONLY))
        ):
            return f"No push is known to have been made; look for the suffix {self.operation.suffix!r} on the source."
        return "Nothing was pushed."

    @property
    def _may_have_called(self) -> bool:
        return self.acted and not self.seen.intent_unused

    def _tell(self, verdict: Verdict, **changes: Any) -> SyncStatus:
        return tell(self.request, self.status, self.now, verdict, **changes)


@dataclass(frozen=True, slots=True)
class Turn(View):
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
        about = self.seen.source_array
        names = (self.resolved.source_array_name, about.name if about else self.resolved.source_array_name)
        return frozenset(name.casefold() for name in names)

    @property
    def target_names(self) -> frozenset[str]:
        """What the target array is called, likewise."""
        about = self.seen.target_array
        names = (self.resolved.target_array_name, about.name if about else self.resolved.target_array_name)
        return frozenset(name.casefold() for name in names)

    def my_row(self, rows: Sequence[Snapshot]) -> Snapshot | None:
        """Our snapshot among these rows."""
        suffix = self.operation.suffix
        return next((row for row in rows if row.suffix.casefold() == suffix), None)

    def read(self, *queries: Query, within: timedelta | None = None) -> Decision | None:
        """A decision to read what is due of these, to wait for what failed, or None when all are there and fresh."""
        fresh = self.tuning.fresh if within is None else within
        readings: dict[Query, Reading[Any] | None] = {query: getattr(self.seen, query.value) for query in queries}
        due = [query for query, one in readings.items() if one is None or self.now >= self._good_until(one, fresh)]
        if due:
            return Decision(Read(frozenset(due)), self.status)
        failed = [one for one in readings.values() if one is not None and not isinstance(one.outcome, Done)]
        troubles = [one.outcome for one in failed if not isinstance(one.outcome, Done)]
        if not troubles:
            return None
        worst = next((one for one in troubles if one.reason == Reason.IDENTITY_CHANGED), troubles[0])
        if worst.reason == Reason.IDENTITY_CHANGED:
            return self.fail(worst.reason, worst.message)
        return self.wait(worst.reason, worst.message, until=min(self._good_until(one, fresh) for one in failed))

    def _good_until(self, reading: Reading[Any], fresh: timedelta) -> datetime:
        if isinstance(reading.outcome, Done):
            return reading.at + fresh
        asked = getattr(reading.outcome, "retry_after", None)
        pause = self.tuning.backoff(reading.failures, reading.jitter)
        return reading.at + (pause if asked is None else max(pause, timedelta(seconds=asked)))

    def adopting(self, snapshot: str, created: datetime | None) -> Turn:
        """The same, knowing that our snapshot exists: whoever made it, it is never pushed again."""
        push = PushLedger(self.operation.push.intent_at if self.operation.push else self.now, snapshot, created)
        operation = self.with_operation(resolved=self.resolved, push=push)
        return replace(self, status=replace(self.status, operation=operation))

    def with_operation(self, **changes: Any) -> Operation:
        """The ledger with some fields changed."""
        return replace(self.operation, **changes)


def transfer_status(row: Snapshot) -> TransferStatus:
    """A transfer as the status tells it."""
    percent = None if row.progress is None else int(row.progress * 100)
    return TransferStatus(row.name, percent, row.bytes_transferred, row.started, row.completed)
