"""Mistakes planted on purpose into the elector's rules, or around them; an exploration has to find each by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

from explore import electors
from explore.electors import ANY, TIMING, Budget, Explored, Process, World, explore, initial

from vvol_replication.cluster.election import NOBODY, Candidate, Stored, Write

Patch = Any
_saw, _wrote, _next, _free = Candidate.saw, Candidate.wrote, Candidate.next_action, Candidate._free  # noqa: SLF001


def _from_the_answer() -> Patch:
    return mock.patch.object(
        Candidate, "wrote", lambda self, stored, began, now: _wrote(self, stored, max(began, now), now)
    )


def _by_the_others_stamp() -> Patch:
    """The time in a Lease is of its holder's wall clock."""

    def free(self: Candidate, now: float) -> bool:
        record = self.record
        stamped = float((record.renewed if record else "").partition("#")[0] or 0)
        return _free(self, now) or now >= stamped + TIMING.duration

    return mock.patch.object(Candidate, "_free", free)


def _from_the_first_look() -> Patch:
    """A renewal by the same holder is no news."""

    def saw(self: Candidate, stored: Stored | None, now: float) -> Candidate:
        known = _saw(self, stored, now)
        same = self.record is not None and known.record is not None and self.record.holder == known.record.holder
        return replace(known, since=self.since) if same else known

    return mock.patch.object(Candidate, "saw", saw)


def _from_before_the_look() -> Patch:
    return mock.patch.object(electors, "looked", lambda one, _now: one.candidate.saw(one.answer, one.began))


def _gone_is_free() -> Patch:
    """A Lease that vanished is taken at once."""

    def saw(self: Candidate, stored: Stored | None, now: float) -> Candidate:
        known = _saw(self, stored, now)
        return replace(known, record=None) if stored is None else known

    return mock.patch.object(Candidate, "saw", saw)


def _whatever_version() -> Patch:
    """The Lease is replaced whoever wrote it in between."""

    def action(self: Candidate, now: float, stamp: str) -> Any:
        found = _next(self, now, stamp)
        return replace(found, version=found.version and ANY) if isinstance(found, Write) else found

    return mock.patch.object(Candidate, "next_action", action)


def _conflict_is_success() -> Patch:
    def taken(one: Process) -> Candidate:
        assert isinstance(one.asked, Write)
        return one.candidate.wrote(Stored(one.asked.record, one.asked.version or "0"), one.began, one.began)

    return mock.patch.object(electors, "conflicted", taken)


def _conflict_is_nothing() -> Patch:
    """It is not looked at again after a conflict, nor after no answer."""
    return mock.patch.object(Candidate, "unsure", lambda self: self)


def _acting_while_released() -> Patch:
    """The Lease is let go before the last call has ended."""
    real = electors.let_go
    return mock.patch.object(electors, "let_go", lambda world, number: real(world, number, first=False))


def _releasing_anothers() -> Patch:
    """Whoever ends writes that the Lease is nobody's, whosever it is."""

    def release(self: Candidate, stamp: str) -> Write | None:
        if self.record is None or self.version is None:
            return None
        return Write(replace(self.record, holder=NOBODY, renewed=stamp), self.version)

    return mock.patch.object(Candidate, "release", release)


def _free_when_its_belief_ends() -> Patch:
    def free(self: Candidate, now: float) -> bool:
        return _free(self, now) or now >= self.since + TIMING.renew_deadline

    return mock.patch.object(Candidate, "_free", free)


def _renewed_after_its_end() -> Patch:
    """Whoever has not renewed in time goes on leading for as long as the Lease is told to last."""
    until = property(lambda self: -1.0 if self.renewed_at is None else self.renewed_at + TIMING.duration + 1)
    return mock.patch.object(Candidate, "believes_until", until)


def _never_another() -> Patch:
    """A Lease that expired is left to the one that is dead."""
    return mock.patch.object(
        Candidate, "_free", lambda self, _: self.record is None or self.record.holder in {NOBODY, self.identity}
    )


_NONE = Budget()


@dataclass(frozen=True)
class Plant:
    """A mistake, and the smallest world in which it shows."""

    put: Callable[[], Patch]
    budget: Budget = _NONE


PLANTS = {
    "the belief counts from the answer": Plant(_from_the_answer),
    "a Lease expires by its holder's wall clock": Plant(_by_the_others_stamp),
    "a Lease expires by the first look at its holder": Plant(_from_the_first_look),
    "a look counts from before it was asked": Plant(_from_before_the_look),
    "a Lease that vanished is taken at once": Plant(_gone_is_free, Budget(deletions=1)),
    "a Lease is taken at whatever version": Plant(_whatever_version, Budget(crashes=1)),
    "a conflict is taken for success": Plant(_conflict_is_success),
    "a conflict is not looked at": Plant(_conflict_is_nothing),
    "a Lease is let go while its holder acts": Plant(_acting_while_released, Budget(stops=1)),
    "another's Lease is let go": Plant(_releasing_anothers, Budget(stops=1)),
    "a Lease is free when the belief ends": Plant(_free_when_its_belief_ends),
    "the belief lasts longer than the Lease": Plant(_renewed_after_its_end),
    "an expired Lease is left to the dead": Plant(_never_another, Budget(crashes=1)),
}


@contextmanager
def planted(mistake: str) -> Iterator[World]:
    """The rules with that mistake in them, and the world to look for it in."""
    plant = PLANTS[mistake]
    with plant.put():
        yield initial(2, plant.budget)


def hunted(mistake: str, most: int) -> Explored:
    """Look for it in up to `most` states."""
    with planted(mistake) as world:
        return explore(world, most)
