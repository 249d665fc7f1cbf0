"""What is said of a request that waits for another one's turn."""

from __future__ import annotations

from vvol_replication.reconcile.core.turns import waits_behind


def test_who_has_the_turn_is_named_and_that_the_waiting_ends_by_itself() -> None:
    said = waits_behind("prod/nightly")
    assert said.startswith("Waiting for request 'prod/nightly': ")
    assert said.endswith("This one goes on by itself.")
