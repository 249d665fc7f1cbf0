"""Who leads: the rules of one elector, pure. `lease` asks the API server, `leadership` tells the rest of the process.

The bound that all stands on. Let an elector begin a renewal at its time b, and let the write take effect at e >= b. It
believes until b + renew_deadline, by its own clock. Another one sees that write at s >= e, and takes the Lease no
sooner than s + duration by its clock, and only at that very resourceVersion: a renewal in between is a conflict. So
between the last moment of the one's belief and the first of the other's lie at least

    duration - renew_deadline        (15 s - 10 s = 5 s)

less what their clocks differ in rate over one duration (at 0.1 %: 15 ms). No wall clock is compared with another.
One case is outside of it: a replica that has never seen the Lease takes it at once if there is none. Whoever deletes
the Lease within the second in which another replica starts makes two leaders, until the first one's next renewal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

NOBODY = ""
RELEASED_SECONDS = 1
"""The duration of a released Lease: the API server takes none below one."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. Whoever changes them keeps duration > renew_deadline > 2 * retry.

    Raises:
        ValueError: if they are not so.
    """

    duration: float = 15.0
    """Others wait this long, after they saw the last renewal."""
    renew_deadline: float = 10.0
    """The leader believes this long, after it began the last renewal."""
    retry: float = 2.0
    """Between two looks, or two renewals; at most."""

    def __post_init__(self) -> None:
        if not self.duration >= 1 or self.duration != int(self.duration):
            raise ValueError("a Lease's duration is in whole seconds, at least one")
        if not self.renew_deadline < self.duration:
            raise ValueError("the renew deadline must be shorter than the Lease's duration")
        if not 0 < 2 * self.retry < self.renew_deadline:
            raise ValueError("the renew deadline must be longer than two retry periods")

    @property
    def request(self) -> float:
        """One request may take this long: so that a lost one leaves time for two more before the renew deadline."""
        return self.renew_deadline / 4

    def pause(self, *, well: bool, chance: float) -> float:
        """How long to rest; `chance` in [0, 1) spreads several electors. After a failure it is short."""
        return (self.retry if well else self.retry / 4) * (1 - chance / 4)


@dataclass(frozen=True, slots=True)
class Record:
    """What a Lease's `spec` says. The times are for people, nobody calculates with them."""

    holder: str
    duration: float
    acquired: str
    renewed: str
    transitions: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A Lease as the API server holds it."""

    record: Record
    version: str


@dataclass(frozen=True, slots=True)
class Look:
    """Read the Lease."""


@dataclass(frozen=True, slots=True)
class Write:
    """Replace the Lease that is at `version`; None: create it."""

    record: Record
    version: str | None


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing more to ask the API server now: wait, then look again."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one elector knows. `since`, `renewed_at` and every `now` are of its own monotonic clock, in seconds."""

    identity: str
    timing: Timing
    record: Record | None = None
    """The last one seen, also when the Lease is gone since: its holder does not know that yet."""
    since: float = -math.inf
    """When this record was seen first."""
    version: str | None = None
    """None: there is no Lease."""
    fresh: bool = False
    """Is the above worth acting on without a look?"""
    renewed_at: float | None = None
    """When the last renewal began that is known to have taken effect. None: another one leads, or nobody."""

    @property
    def holds(self) -> bool:
        """Does the Lease name us, as far as we know?"""
        return self.record is not None and self.record.holder == self.identity

    @property
    def believes_until(self) -> float:
        """Up to then (exclusive) nobody else can hold the Lease."""
        return -math.inf if self.renewed_at is None else self.renewed_at + self.timing.renew_deadline

    def believes(self, now: float) -> bool:
        """Do we lead?"""
        return now < self.believes_until

    def next_action(self, now: float, stamp: str) -> Look | Write | Rest:
        """What to do now; `stamp` is the wall clock's time, for people. After `Rest`, or a success: rest."""
        if not self.fresh:
            return Look()
        return Write(self._ours(stamp), self.version) if self._free(now) else Rest()

    def saw(self, stored: Stored | None, now: float) -> Candidate:
        """The Lease was read; `now` is after the answer."""
        if stored is None:
            return replace(self, version=None, fresh=True)
        known = replace(self, version=stored.version, fresh=True)
        if stored.record != self.record:
            known = replace(known, record=stored.record, since=now)
        return known if known.holds else replace(known, renewed_at=None)

    def wrote(self, stored: Stored, began: float, now: float) -> Candidate:
        """A write of ours took effect; it was begun at `began`."""
        return replace(self, record=stored.record, since=now, version=stored.version, fresh=True, renewed_at=began)

    def unsure(self) -> Candidate:
        """A conflict, no answer, or time has passed: look before anything else."""
        return replace(self, fresh=False)

    def rested(self) -> Candidate:
        """Time has passed. Whoever holds the Lease renews it without a look: nobody else has reason to write it."""
        return self if self.fresh and self.holds else self.unsure()

    def release(self, stamp: str) -> Write | None:
        """What to write when we act no more, so that another one need not wait. None: there is nothing to let go."""
        if not self.holds or self.version is None or self.record is None:
            return None
        return Write(replace(self.record, holder=NOBODY, duration=RELEASED_SECONDS, renewed=stamp), self.version)

    def _free(self, now: float) -> bool:
        record = self.record
        return (
            record is None
            or record.holder in {NOBODY, self.identity}
            or now >= self.since + max(record.duration, self.timing.duration)
        )

    def _ours(self, stamp: str) -> Record:
        before = self.record
        if before is None:
            return Record(self.identity, self.timing.duration, stamp, stamp, 0)
        if before.holder == self.identity:
            return replace(before, duration=self.timing.duration, renewed=stamp)
        return Record(self.identity, self.timing.duration, stamp, stamp, before.transitions + 1)
