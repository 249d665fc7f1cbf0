"""The queue of turns: one at a time, nobody passed over, nobody's turn taken away."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from vvol_replication.api.sync import GroupRef, Resolved
from vvol_replication.engine.requests.queue import Ticket, TurnKey, TurnQueue
from vvol_replication.reconcile.core.turns import FROM_BEFORE

KEYS = [TurnKey("array-1", "erp"), TurnKey("array-1", "crm"), TurnKey("array-2", "erp")]
START = datetime(2026, 1, 1, tzinfo=UTC)
woken: list[str] = []


def ticket(number: int, *, fresh: bool = True) -> Ticket:
    uid = f"uid-{number}"
    return Ticket(fresh, START + timedelta(seconds=number // 2), uid, f"ns/{uid}", lambda: woken.append(uid))


def entered(queue: TurnQueue, key: TurnKey, one: Ticket) -> str | None:
    """Take or keep a place there. Whom does it wait for?"""
    queue.enter(key, one)
    return queue.behind(one.uid)


def test_the_first_has_the_turn_and_the_others_are_told_whom_they_wait_for() -> None:
    queue = TurnQueue()
    queue.open()
    assert entered(queue, KEYS[0], ticket(9)) is None
    assert entered(queue, KEYS[0], ticket(1)) == "ns/uid-9"
    assert entered(queue, KEYS[0], ticket(9)) is None
    assert entered(queue, KEYS[1], ticket(2)) is None
    queue.leave("uid-9")
    assert woken[-1] == "uid-1"
    assert entered(queue, KEYS[0], ticket(9)) == "ns/uid-1"


def test_until_it_is_opened_only_requests_with_an_intent_have_turns() -> None:
    queue = TurnQueue()
    assert entered(queue, KEYS[0], ticket(1)) == FROM_BEFORE
    assert entered(queue, KEYS[0], ticket(8, fresh=False)) is None
    assert entered(queue, KEYS[1], ticket(3)) is not None
    queue.open()
    assert entered(queue, KEYS[1], ticket(3)) is None
    assert entered(queue, KEYS[0], ticket(1)) == "ns/uid-8"


def test_a_place_moves_with_what_the_request_resolves_to() -> None:
    queue = TurnQueue()
    queue.open()
    assert entered(queue, KEYS[0], ticket(1)) is None
    assert entered(queue, KEYS[0], ticket(2)) is not None
    assert entered(queue, KEYS[1], ticket(1)) is None
    assert entered(queue, KEYS[0], ticket(2)) is None
    queue.leave("nobody")


def test_who_steps_back_waits_behind_all_who_wait_and_alone_keeps_the_turn() -> None:
    queue = TurnQueue()
    queue.open()
    for number in (1, 2, 3):
        queue.enter(KEYS[0], ticket(number))
    queue.step_back("uid-3", START)
    assert queue.behind("uid-3") == "ns/uid-1", "who only waits cannot step back"
    later = START + timedelta(hours=1)
    queue.step_back("uid-1", later)
    assert [queue.behind(f"uid-{number}") for number in (1, 2, 3)] == ["ns/uid-2", None, "ns/uid-2"]
    queue.leave("uid-2")
    assert queue.behind("uid-1") == "ns/uid-3"
    queue.leave("uid-3")
    queue.step_back("uid-1", later)
    assert queue.behind("uid-1") is None
    queue.step_back("uid-9", later)


class Queues(RuleBasedStateMachine):
    """Any order of entering, leaving and opening, against a plain model of it."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = TurnQueue()
        self.open = False
        self.places: dict[str, tuple[TurnKey, Ticket]] = {}
        self.holders: dict[TurnKey, str] = {}

    def grant(self) -> None:
        for key in KEYS:
            waiting = sorted(one for place, one in self.places.values() if place == key)
            if self.holders.get(key) is None and waiting and (self.open or not waiting[0].fresh):
                self.holders[key] = waiting[0].uid

    @rule(number=st.integers(0, 7), key=st.sampled_from(KEYS), fresh=st.booleans())
    def enter(self, number: int, key: TurnKey, fresh: bool) -> None:  # noqa: FBT001 - hypothesis passes names
        one = ticket(number, fresh=fresh)
        known = self.places.get(one.uid)
        if known is not None and known[0] != key:
            self.forget(one.uid)
        self.places.setdefault(one.uid, (key, one))
        self.grant()
        assert (entered(self.queue, key, one) is None) == (self.holders.get(key) == one.uid)

    @rule(number=st.integers(0, 7))
    def leave(self, number: int) -> None:
        self.forget(f"uid-{number}")
        self.queue.leave(f"uid-{number}")

    def forget(self, uid: str) -> None:
        place = self.places.pop(uid, None)
        if place is not None and self.holders.get(place[0]) == uid:
            del self.holders[place[0]]
        self.grant()

    @rule()
    def opened(self) -> None:
        self.open = True
        self.grant()
        self.queue.open()

    @invariant()
    def everybody_knows_whose_turn_it_is(self) -> None:
        for uid, (key, one) in self.places.items():
            assert (entered(self.queue, key, one) is None) == (self.holders.get(key) == uid)


def test_against_a_model() -> None:
    run_state_machine_as_test(Queues)


@given(st.permutations(range(10)))
def test_whatever_the_order_of_coming_turns_go_by_acceptance(order: list[int]) -> None:
    queue = TurnQueue()
    for number in order:
        queue.enter(KEYS[0], ticket(number))
    queue.open()
    served: list[str] = []
    while len(served) < 10:
        (holder,) = [
            number
            for number in range(10)
            if f"uid-{number}" not in served and not entered(queue, KEYS[0], ticket(number))
        ]
        served.append(f"uid-{holder}")
        queue.leave(served[-1])
        if len(served) == 10:
            break
    assert served == [f"uid-{number}" for number in range(10)]


@pytest.mark.parametrize("first", ["erp", "erp-new"])
def test_a_group_that_vsphere_names_has_one_place_whatever_it_is_called(first: str) -> None:
    queue = TurnQueue()
    other = "erp" if first == "erp-new" else "erp-new"
    key = queue.key_of(named(first))
    assert key == TurnKey("id-a", first)
    assert queue.key_of(named(other)) == key
    assert queue.key_of(replace(named(other), source_array_id="id-c")) == TurnKey("id-c", other)
    assert queue.key_of(replace(named("CRM"), source_group_name=None)) == TurnKey("id-a", "crm")


def named(protection_group: str) -> Resolved:
    """What a request acts on whose group vSphere names after the protection group."""
    return Resolved(
        "dallas", "uuid", GroupRef("fd-b", "t"), GroupRef("fd-a", "s"),
        "a", "id-a", "array-a", "b", "id-b", "array-b", protection_group,
        source_group_name=f"array-a:{protection_group}",
    )  # fmt: skip
