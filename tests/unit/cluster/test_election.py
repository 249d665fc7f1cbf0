"""Several electors and one Lease: never two who believe at once, always somebody in the end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from vvol_replication.cluster.election import NOBODY, Candidate, Look, Record, Rest, Stored, Timing, Write

TIMING = Timing()
RATES = (0.999, 1.0, 1.001)
GAP = (TIMING.duration - TIMING.renew_deadline) - 2 * 0.001 * TIMING.duration


@dataclass
class Lease:
    """The model of the API server: one object, replaced only at the version that the writer knows."""

    stored: Stored | None = None
    version: int = 0

    def write(self, write: Write) -> Stored | None:
        if write.version != (self.stored.version if self.stored else None):
            return None
        self.version += 1
        self.stored = Stored(write.record, str(self.version))
        return self.stored


@dataclass
class Process:
    """An elector with its clock. What was asked may be answered, or take effect, much later or never."""

    candidate: Candidate
    rate: float
    offset: float
    began: float = 0.0
    asked: Look | Write | None = None
    answer: Stored | None = None
    answered: bool = False
    lives: int = 0
    led_until: float = field(default=-1.0)

    def clock(self, now: float) -> float:
        return self.offset + now * self.rate


class Replicas(RuleBasedStateMachine):
    """Rules are what the world may do; the electors do what `next_action` says."""

    @initialize(rates=st.lists(st.sampled_from(RATES), min_size=2, max_size=3))
    def start(self, rates: list[float]) -> None:
        self.now, self.lease = 1000.0, Lease()
        # All know that there is no Lease: whoever knows nothing is another case, see the module's docstring.
        self.all = [
            Process(Candidate(f"pod-{number}_0", TIMING), rate, 77.0 * number) for number, rate in enumerate(rates)
        ]
        self.last = ("", -1000.0)

    def pick(self, number: int) -> Process:
        return self.all[number % len(self.all)]

    def note(self) -> None:
        """Who believes at this moment; the end of a belief is told by its own clock."""
        believers = [one for one in self.all if one.candidate.believes(one.clock(self.now))]
        assert len(believers) <= 1, [one.candidate.identity for one in believers]
        for one in believers:
            name, until = self.last
            if name != one.candidate.identity and name:
                assert self.now >= until + GAP, (name, until, one.candidate.identity, self.now)
            self.last = (
                one.candidate.identity,
                self.now + (one.candidate.believes_until - one.clock(self.now)) / one.rate,
            )

    def restart(self, one: Process) -> None:
        """Whoever lost is another process afterwards; one that starts looks first, as any."""
        one.lives += 1
        before, fresh = one.candidate, Candidate(f"{one.candidate.identity.split('_')[0]}_{one.lives}", TIMING)
        # While the Lease is gone, one that knows nothing of it would be the case that the module's docstring excepts.
        known = replace(fresh, record=before.record, since=before.since)
        one.candidate = fresh if self.lease.stored else known
        one.asked, one.answered = None, False

    @rule(number=st.integers(0, 2))
    def act(self, number: int) -> None:
        one = self.pick(number)
        if one.asked is not None:
            return
        action = one.candidate.next_action(one.clock(self.now), str(self.now))
        if isinstance(action, Rest):
            one.candidate = one.candidate.rested()
            return
        one.asked, one.began, one.answered = action, one.clock(self.now), False

    @rule(number=st.integers(0, 2))
    def effect(self, number: int) -> None:
        one = self.pick(number)
        if one.asked is None or one.answered:
            return
        one.answered = True
        one.answer = self.lease.write(one.asked) if isinstance(one.asked, Write) else self.lease.stored

    @rule(number=st.integers(0, 2))
    def hear(self, number: int) -> None:
        one = self.pick(number)
        if one.asked is None or not one.answered:
            return
        led, now = one.candidate.renewed_at is not None, one.clock(self.now)
        lapsed = led and not one.candidate.believes(now)
        if isinstance(one.asked, Look):
            one.candidate = one.candidate.saw(one.answer, now)
        elif one.answer is None:
            one.candidate = one.candidate.unsure()
        else:
            one.candidate = one.candidate.wrote(one.answer, one.began, now).rested()
        one.asked = None
        if lapsed or (led and not one.candidate.holds):
            self.restart(one)
        self.note()

    @rule(number=st.integers(0, 2), steps=st.integers(1, 4))
    def go_on(self, number: int, steps: int) -> None:
        """Asked, done and answered at once, so that schedules come far."""
        for _ in range(steps):
            self.act(number)
            self.effect(number)
            self.hear(number)

    @rule(number=st.integers(0, 2))
    def lose_answer(self, number: int) -> None:
        one = self.pick(number)
        if one.asked is not None:
            one.asked, one.candidate = None, one.candidate.unsure()

    @rule(number=st.integers(0, 2))
    def kill(self, number: int) -> None:
        self.restart(self.pick(number))

    @rule(number=st.integers(0, 2))
    def let_go(self, number: int) -> None:
        """In order: it acts no more from here on, so its belief ends before the Lease is free."""
        one = self.pick(number)
        write = one.candidate.release("now")
        if write is not None:
            if self.lease.write(write) is not None and self.last[0] == one.candidate.identity:
                self.last = ("", -1000.0)
            self.restart(one)

    @rule(seconds=st.sampled_from((0.05, 0.5, 1.9, 2.0, 5.0, 9.9, 10.1, 14.9, 15.1, 40.0)))
    def pass_time(self, seconds: float) -> None:
        """It passes for all; who does not act meanwhile was stopped, or cut off."""
        self.now += seconds
        self.note()

    @precondition(lambda self: self.lease.stored is not None)
    @rule()
    def delete(self) -> None:
        """Somebody deletes the Lease; safe as long as each other replica has seen its holder."""
        assert self.lease.stored is not None
        holder = self.lease.stored.record
        if all(one.candidate.record == holder for one in self.all):
            self.lease.stored = None

    @invariant()
    def never_two(self) -> None:
        if hasattr(self, "all"):
            self.note()

    def teardown(self) -> None:
        """Left alone, somebody leads soon."""
        if not hasattr(self, "all"):
            return
        for one in self.all:
            one.asked, one.candidate = None, one.candidate.unsure()
        until = self.now + 2 * TIMING.duration
        while self.now < until:
            for number in range(len(self.all)):
                for _ in range(4):
                    self.act(number)
                    self.effect(number)
                    self.hear(number)
            self.now += TIMING.retry
            self.note()
        assert any(one.candidate.believes(one.clock(self.now)) for one in self.all)


TestReplicas = Replicas.TestCase
TestReplicas.settings = settings(max_examples=100, stateful_step_count=60)


def holder(seen: Candidate, now: float) -> Look | Write | Rest:
    return seen.next_action(now, "then")


OTHER = Record("other", 15, "a", "b", 4)


def test_a_lease_expires_by_our_clock_since_we_saw_its_last_change() -> None:
    seen = Candidate("me", TIMING).saw(Stored(OTHER, "7"), 100.0)
    assert isinstance(holder(seen, 114.9), Rest)
    seen = seen.saw(Stored(replace(OTHER, renewed="c"), "8"), 114.9)
    assert isinstance(holder(seen, 129.8), Rest)
    taken = holder(seen, 129.9)
    assert taken == Write(Record("me", 15, "then", "then", 5), "8")


def test_a_touched_label_is_no_sign_of_life() -> None:
    seen = Candidate("me", TIMING).saw(Stored(OTHER, "7"), 100.0).saw(Stored(OTHER, "8"), 114.0)
    assert holder(seen, 115.0) == Write(Record("me", 15, "then", "then", 5), "8")


def test_a_lease_that_vanished_is_still_its_holders_until_it_would_have_expired() -> None:
    seen = Candidate("me", TIMING).saw(Stored(OTHER, "7"), 100.0).saw(None, 101.0)
    assert isinstance(holder(seen, 114.0), Rest)
    assert holder(seen, 115.0) == Write(Record("me", 15, "then", "then", 5), None)


def test_a_released_lease_is_free_at_once_and_a_change_of_hands_is_counted() -> None:
    leads = Candidate("old", TIMING).saw(Stored(replace(OTHER, holder="old"), "7"), 0.0)
    released = leads.release("z")
    assert released == Write(Record(NOBODY, 1, "a", "z", 4), "7")
    seen = Candidate("me", TIMING).saw(Stored(released.record, "8"), 50.0)
    assert holder(seen, 50.0) == Write(Record("me", 15, "then", "then", 5), "8")


def test_the_belief_counts_from_before_the_write_and_ends_before_the_lease() -> None:
    leads = Candidate("me", TIMING).wrote(Stored(replace(OTHER, holder="me"), "9"), began=20.0, now=23.0)
    assert leads.believes(29.99)
    assert not leads.believes(30.0)


@pytest.mark.parametrize("wrong", [(15.5, 10, 2), (0, 0, 0), (15, 15, 2), (15, 10, 5), (15, 10, 0)])
def test_timings_that_could_not_be_kept_are_refused(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match=r"Lease|deadline"):
        Timing(*wrong)
