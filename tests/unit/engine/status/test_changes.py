"""What is worth a write, and what is a fact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvol_replication.engine.status.changes import elapsed, facts, worth_writing

MINUTE = timedelta(seconds=60)
TENTH = timedelta()
STATUS: dict[str, Any] = {
    "phase": "Running",
    "observedGeneration": 1,
    "acceptedAt": "2026-01-01T00:00:00Z",
    "operation": {"requestID": "r", "push": {"snapshot": None}},
    "transfer": {"percent": 41, "bytesTransferred": 1},
    "conditions": [
        {"type": "Ready", "status": "Unknown", "reason": "Transferring", "message": "41 %", "observedGeneration": 1}
    ],
}


def ready(**changes: Any) -> dict[str, Any]:
    return {"conditions": [{**STATUS["conditions"][0], **changes}]}


@pytest.mark.parametrize(
    "change",
    [
        {"phase": "Waiting"},
        {"observedGeneration": 2},
        {"acceptedAt": None},
        {"finishedAt": "2026-01-01T00:00:00Z"},
        {"deadline": "2026-01-01T00:00:00Z"},
        {"operation": None},
        {"operation": {"requestID": "r", "push": {"snapshot": "erp.vr-1"}}},
        {"transfer": {"percent": 50}},
        {"transfer": None},
        {"conditions": []},
        ready(status="True"),
        ready(reason="Verifying"),
        ready(observedGeneration=2),
    ],
)
def test_news_is_told_at_once_in_both_directions(change: dict[str, Any]) -> None:
    other = {**STATUS, **change}
    assert worth_writing(STATUS, other, since=timedelta(), every=MINUTE, tenth=TENTH)
    assert worth_writing(other, STATUS, since=timedelta(), every=MINUTE, tenth=TENTH)


def test_another_tenth_waits_where_many_transfers_have_some_to_tell() -> None:
    further, soon = {**STATUS, "transfer": {"percent": 50}}, timedelta(seconds=10)
    assert not worth_writing(STATUS, further, since=timedelta(seconds=9), every=MINUTE, tenth=soon)
    assert worth_writing(STATUS, further, since=soon, every=MINUTE, tenth=soon)
    assert worth_writing(STATUS, further, since=MINUTE, every=MINUTE, tenth=2 * MINUTE)
    assert worth_writing(STATUS, {**STATUS, "transfer": None}, since=timedelta(), every=MINUTE, tenth=soon)


@pytest.mark.parametrize("change", [{"transfer": {"percent": 49, "bytesTransferred": 2}}, ready(message="49 %")])
def test_small_changes_wait_for_their_time(change: dict[str, Any]) -> None:
    other = {**STATUS, **change}
    assert not worth_writing(STATUS, other, since=timedelta(seconds=59), every=MINUTE, tenth=TENTH)
    assert worth_writing(STATUS, other, since=MINUTE, every=MINUTE, tenth=TENTH)
    assert worth_writing(STATUS, other, since=None, every=MINUTE, tenth=TENTH)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*STATUS, "percent", "type"]), inner),
    max_leaves=12,
)
STATUSES = st.dictionaries(st.sampled_from([*STATUS, "finishedAt", "lastReadAt"]), JSON)


@given(STATUSES, STATUSES)
def test_any_json_can_be_compared_and_nothing_waits_for_ever(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert not worth_writing(before, before, since=None, every=MINUTE, tenth=TENTH)
    assert worth_writing(before, after, since=MINUTE, every=MINUTE, tenth=TENTH) == (before != after)
    assert facts({**before, "lastReadAt": 1}) == facts({**before, "lastReadAt": 2})


def test_facts_are_not_how_they_are_worded() -> None:
    assert facts(STATUS) == facts({**STATUS, **ready(message="other words")})
    assert facts(STATUS) != facts({**STATUS, "pointsInTime": [{"id": "1"}]})
    assert facts(STATUS) != facts({**STATUS, **ready(reason="Other")})


def test_elapsed() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert elapsed(None, now) is None
    assert elapsed(now - MINUTE, now) == MINUTE
