"""The gate before the logins, and the identity that sessions are pinned to."""

from __future__ import annotations

import threading

import pytest

from vvol_replication.domain.arrays import ArrayAbout
from vvol_replication.storage.flasharray.errors import IdentityDiffers
from vvol_replication.storage.flasharray.metadata import IdentityPin
from vvol_replication.storage.login import PAUSE, TRIES, LockedOut, LoginGate, LoginGates, LoginUnderWay


def test_the_gate_shuts_after_three_refusals_and_opens_for_one_try() -> None:
    now = [0.0]
    gate = LoginGate(lambda: now[0])
    for _ in range(TRIES):
        gate.check()
        gate.refused()
    for moment in (0.0, PAUSE - 1):
        now[0] = moment
        with pytest.raises(LockedOut):
            gate.check()
    now[0] = PAUSE
    gate.check()
    gate.refused()
    with pytest.raises(LockedOut):
        gate.check()
    now[0] += PAUSE
    gate.passed()
    for _ in range(TRIES - 1):
        gate.refused()
    gate.check()


def test_one_login_at_a_time() -> None:
    gate = LoginGate()
    refused: list[LoginUnderWay] = []

    def other() -> None:
        try:
            with gate.attempt(0.01):
                pass
        except LoginUnderWay as failure:
            refused.append(failure)

    with gate.attempt(1.0):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert len(refused) == 1
    with gate.attempt(0.0):
        pass


def test_the_first_array_is_the_one() -> None:
    pin = IdentityPin()
    pin.check(ArrayAbout("id-1", "a", "6", "1.19"))
    pin.check(ArrayAbout("id-1", "renamed", "6", "1.19"))
    with pytest.raises(IdentityDiffers) as caught:
        pin.check(ArrayAbout("id-2", "a", "6", "1.19"))
    assert (caught.value.pinned, caught.value.seen) == ("id-1", "id-2")


def test_an_array_that_is_expected_is_the_one() -> None:
    pin = IdentityPin("id-1")
    with pytest.raises(IdentityDiffers):
        pin.check(ArrayAbout("id-2", "a", "6", "1.19"))
    pin.check(ArrayAbout("id-1", "a", "6", "1.19"))


def test_a_gate_belongs_to_address_and_credentials() -> None:
    gates = LoginGates()
    gate = gates.of("Array.example", "user", "word")
    assert gates.of("array.EXAMPLE", "user", "word") is gate
    others = [gates.of("b", "user", "word"), gates.of("array.example", "user", "other"), gates.of("a", "userword", "")]
    assert gate not in others
    for number in range(2000):
        gates.of("array.example", str(number))
    assert gates.of("array.example", "1999") is not gates.of("array.example", "user", "word")
