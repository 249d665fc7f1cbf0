"""What an adapter calls a failure becomes a reason of the catalogue, whatever word it has."""

from __future__ import annotations

import pytest

from vvol_replication.api.reasons import Reason
from vvol_replication.reconcile.core.summarize import reason_of


@pytest.mark.parametrize(
    ("word", "reason"), [("LoginFailed", Reason.LOGIN_FAILED), ("AWordOfTheFuture", Reason.ENDPOINT_FAULT)]
)
def test_a_word_that_the_catalogue_does_not_have_is_a_fault_of_the_endpoint(word: str, reason: Reason) -> None:
    assert reason_of(word) is reason
