"""What is waited for no longer when an endpoint answers again, and what is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from vvol_replication.domain.outcomes import Done, Outcome, Refused, Unavailable
from vvol_replication.reconcile.core.absorb import without_failures
from vvol_replication.reconcile.core.observation import Observation, Query, Reading, Trouble

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def read(outcome: Outcome[object], ago: float = 5.0) -> Reading[object]:
    return Reading(outcome, NOW - timedelta(seconds=ago), failures=6)


def test_what_failed_is_due_and_what_was_read_stays() -> None:
    seen = Observation().with_reading(Query.POINTS, read(Done(())))
    seen = seen.with_reading(Query.TASK, read(Unavailable("LoginFailed", "no")))
    seen = seen.with_reading(Query.TARGET_GROUP, read(Refused("PermissionDenied", "no")))
    after = without_failures(seen, NOW)
    assert (after.task, after.target_group) == (None, None)
    assert after.points is seen.points


def test_an_endpoint_that_asked_for_a_pause_has_it() -> None:
    seen = Observation().with_reading(Query.TASK, read(Unavailable("EndpointBusy", "later", retry_after=30.0)))
    assert without_failures(seen, NOW).task is seen.task
    assert without_failures(seen, NOW + timedelta(seconds=25)).task is None


def test_a_call_that_was_not_answered_may_be_tried_and_a_refused_one_keeps_its_pause() -> None:
    silent, refused = Trouble("Unreachable", "no", 0, 5, LATER), Trouble("ArrayRefused", "no", 2, 5, LATER)
    tried = without_failures(Observation(trouble=silent), NOW).trouble
    assert tried is not None
    assert (tried.retry_at, tried.failures) == (NOW, 5)
    assert without_failures(Observation(trouble=refused), NOW).trouble == refused
    assert without_failures(Observation(), NOW).trouble is None
