"""What all requests have in common at one moment: how they summarize, and how they ask for readings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from vvol_replication.api.conditions import Wanted
from vvol_replication.api.reasons import Reason
from vvol_replication.api.times import full_second
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.outcomes import Done

from .observation import Observation, Query, Reading
from .promises import without_promise
from .request import Preparation, Request
from .steps import Decided, Park, Read, StatusT, Step
from .summarize import Situation, Verdict, summarize
from .tuning import Tuning

LOOK_AT_THE_LINK = "Check the replication network and the arrays' alerts."
RequestT = TypeVar("RequestT", Request, Preparation)


@dataclass(frozen=True, slots=True)
class RequestContext(ABC, Generic[RequestT, StatusT]):
    """What every decision function takes: it returns a decision, or None for "nothing in the way"."""

    request: RequestT
    status: StatusT
    seen: Observation
    now: datetime
    tuning: Tuning

    @property
    def holder(self) -> str | None:
        """Whose intents are recorded from here on."""
        return self.seen.identity or None

    def deadline_from(self, start: datetime) -> datetime:
        """The timeout after that time; in whole seconds, for people read it, and never sooner than was asked."""
        return full_second(start + (self.request.spec.timeout or self.tuning.timeout))

    # Decisions and what the status says of them

    def run(self, step: Step, reason: Reason, message: str, **changes: Any) -> Decided[StatusT]:
        """Go on with a step; the status says that it is running."""
        return Decided(step, self._summarize(Verdict(Situation.RUNNING, reason, message), **changes))

    def wait(
        self, reason: Reason | str, message: str, *, until: datetime | None = None, follow: bool = False, **changes: Any
    ) -> Decided[StatusT]:
        """Park; the status says that it waits for what a person or time can lift."""
        return Decided(Park(until, follow), self._summarize(Verdict(Situation.WAITING, reason, message), **changes))

    def suspended(self, **changes: Any) -> Decided[StatusT]:
        """Park until the spec changes."""
        text = "spec.suspend is true. To go on, set it to false."
        return Decided(Park(None), self._summarize(Verdict(Situation.SUSPENDED, Reason.SUSPENDED, text), **changes))

    @abstractmethod
    def end(self, verdict: Verdict, **changes: Any) -> Decided[StatusT]:
        """End for good."""

    @abstractmethod
    def left_behind(self) -> str:
        """What may remain, or still arrive, of a request that ends here, in a sentence."""

    def fail(
        self, reason: Reason | str, message: str, *, extra: Sequence[Wanted] = (), **changes: Any
    ) -> Decided[StatusT]:
        """End as failed."""
        return self.end(Verdict(Situation.FAILED, reason, message, tuple(extra)), **changes)

    def stalled_since(self, row: Snapshot) -> datetime | None:
        """Since when nothing of the group's transfers has moved, where this one is under way; None: not for long."""
        moved = self.seen.moved_at
        return None if moved is None or row.landed or self.now < moved + self.tuning.stalled else moved

    def standstill(self, row: Snapshot) -> str:
        """What tells that a transfer stands still, to go behind another sentence; empty where it moves."""
        since = self.stalled_since(row)
        return f" The transfer has not moved since {since:%Y-%m-%dT%H:%M:%SZ}. {LOOK_AT_THE_LINK}" if since else ""

    def last_message(self) -> str:
        """What its status said last, in a sentence to go behind another one; empty where it has said nothing."""
        ready = next((one for one in self.status.conditions if one.type == "Ready"), None)
        return f" The last message was: {without_promise(ready.message)}" if ready else ""

    def _summarize(self, verdict: Verdict, **changes: Any) -> StatusT:
        return summarize(self.request, self.status, self.now, verdict, **changes)

    # Readings

    def due(self, *queries: Query, within: timedelta | None = None) -> Decided[StatusT] | None:
        """A decision to read what is due of these; None when each was read, or failed, and is not to be asked yet.

        Where one of them has become too old, all that answer are read again with it. In turns, two endpoints that take
        longer than an answer is fresh would make each other's too old for ever.
        """
        fresh = self.tuning.fresh if within is None else within
        readings: dict[Query, Reading[Any] | None] = {query: getattr(self.seen, query.value) for query in queries}
        due = {query for query, one in readings.items() if one is None or self.now >= self._good_until(one, fresh)}
        answering = {query for query, one in readings.items() if one is not None and isinstance(one.outcome, Done)}
        if due & answering:
            due |= answering
        return Decided(Read(frozenset(due)), self.status) if due else None

    def read(self, *queries: Query, within: timedelta | None = None) -> Decided[StatusT] | None:
        """A decision to read what is due of these, to wait for what failed, or None when all are there and fresh."""
        due = self.due(*queries, within=within)
        if due is not None:
            return due
        readings: list[Reading[Any]] = [getattr(self.seen, query.value) for query in queries]
        failed = [(one, one.outcome) for one in readings if not isinstance(one.outcome, Done)]
        if not failed:
            return None
        worst = next((outcome for _, outcome in failed if outcome.reason == Reason.IDENTITY_CHANGED), failed[0][1])
        if worst.reason == Reason.IDENTITY_CHANGED:
            return self.fail(worst.reason, worst.message)
        fresh = self.tuning.fresh if within is None else within
        return self.wait(worst.reason, worst.message, until=min(self._good_until(one, fresh) for one, _ in failed))

    def read_after(self, query: Query, moment: datetime | None, within: timedelta) -> Decided[StatusT] | None:
        """As `read`, but what was read up to that moment does not count: what is looked for may be missing in it.

        A failure of that very moment counts: it hides nothing, and to ask again at once would not tell more.
        """
        reading: Reading[Any] | None = getattr(self.seen, query.value)
        if reading is not None and moment is not None:
            failed_then = reading.at == moment and not isinstance(reading.outcome, Done)
            if reading.at <= moment and not failed_then:
                return Decided(Read(frozenset({query})), self.status)
        return self.read(query, within=within)

    def _good_until(self, reading: Reading[Any], fresh: timedelta) -> datetime:
        if isinstance(reading.outcome, Done):
            return reading.at + fresh
        asked = getattr(reading.outcome, "retry_after", None)
        pause = self.tuning.backoff(reading.failures, reading.jitter)
        return reading.at + (pause if asked is None else max(pause, timedelta(seconds=asked)))
