"""The storage's words as the catalogue's."""

from __future__ import annotations

from datetime import timedelta

from vvol_replication.api.reasons import Reason
from vvol_replication.domain.outcomes import Indeterminate, Outcome, Refused, Unavailable
from vvol_replication.reconcile.binding.world import Problem
from vvol_replication.reconcile.core.summarize import reason_of


def asked_pause(outcome: Outcome[object]) -> timedelta | None:
    """How long the endpoint wants to be left alone. Not so after refused logins: the Secret may change before."""
    if not isinstance(outcome, Unavailable) or outcome.retry_after is None or outcome.reason == Reason.LOGIN_FAILED:
        return None
    return timedelta(seconds=outcome.retry_after)


def problem_of(outcome: Refused | Unavailable | Indeterminate) -> Problem:
    """Why there is no reading, for binding and conditions."""
    return Problem(reason_of(outcome.reason), outcome.message)
