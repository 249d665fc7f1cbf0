"""What is said of a request that waits for another one's turn."""

from __future__ import annotations

from vvol_replication.reconcile.core.turns import FROM_BEFORE, waits_behind


def test_who_has_the_turn_is_named_and_that_the_waiting_ends_by_itself() -> None:
    said = waits_behind("prod/nightly")
    assert said.startswith("Waiting for request 'prod/nightly': ")
    assert said.endswith("This one goes on by itself.")


def test_after_a_restart_nobody_is_named_who_may_not_have_had_the_turn() -> None:
    said = waits_behind(FROM_BEFORE)
    assert said.startswith("Waiting for the requests from before the restart: ")
    assert "'" not in said
