"""What a ReplicationSync is told when it is seen: the one patch of a handler."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vvol_replication.api.errors import SpecError
from vvol_replication.api.preparation import PreparationLedger, PreparationStatus
from vvol_replication.api.status import Phase
from vvol_replication.api.sync import Operation, SyncStatus
from vvol_replication.reconcile.core.acceptance import (
    accept,
    accept_preparation,
    parse_preparation,
    parse_request,
    refuse,
    refuse_preparation,
    restamped,
)

CREATED = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOW = CREATED + timedelta(seconds=3)


def body(generation: int = 1, **spec: Any) -> dict[str, Any]:
    metadata = {"uid": "u1", "namespace": "prod", "name": "now", "generation": generation}
    return {
        "metadata": metadata | {"creationTimestamp": "2026-11-24T12:00:00Z"},
        "spec": {"groupRef": {"name": "erp"}} | spec,
    }


def test_a_new_request_is_accepted_and_runs() -> None:
    status = accept(parse_request(body()), SyncStatus(), NOW)
    assert (status.phase, status.accepted_at, status.observed_generation) == (Phase.RUNNING, NOW, 1)
    assert status.operation == Operation(request_id="u1")


def test_an_edit_keeps_the_time_of_acceptance_and_the_ledger() -> None:
    ledger = Operation(request_id="u1", suffix="vr-1")
    before = SyncStatus(accepted_at=CREATED, operation=ledger)
    status = accept(parse_request(body(2)), before, NOW)
    assert (status.accepted_at, status.operation, status.observed_generation) == (CREATED, ledger, 2)


def test_history_is_not_executed() -> None:
    status = accept(parse_request(body(notAfter="2026-11-23T00:00:00Z")), SyncStatus(), NOW)
    assert status.phase is Phase.EXPIRED
    assert {one.type: one.status for one in status.conditions} == {"Ready": "True", "Finished": "True"}


def test_what_had_begun_is_no_history() -> None:
    before = SyncStatus(operation=Operation(request_id="u1"))
    assert accept(parse_request(body(notAfter="2026-11-23T00:00:00Z")), before, NOW).phase is Phase.RUNNING


def test_an_ended_request_is_restamped() -> None:
    ended = accept(parse_request(body(notAfter="2026-11-23T00:00:00Z")), SyncStatus(), NOW)
    again = accept(parse_request(body(7, notAfter="2026-11-23T00:00:00Z")), ended, NOW + timedelta(hours=1))
    assert again.observed_generation == 7
    assert {one.observed_generation for one in again.conditions} == {7}
    assert again.finished_at == ended.finished_at


def test_what_cannot_be_read_is_refused_and_ends() -> None:
    with pytest.raises(SpecError) as caught:
        parse_request(body(timeout="soon"))
    status = refuse(body(timeout="soon"), caught.value, NOW)
    assert status.phase is Phase.FAILED
    assert status.conditions[0].reason == "InvalidSpec"
    assert "spec.timeout" in status.conditions[0].message


def preparation(**spec: Any) -> dict[str, Any]:
    return body(**{"consent": "erp", "notAfter": "2026-11-25T00:00:00Z", **spec})


def test_a_new_preparation_is_accepted_and_runs() -> None:
    status = accept_preparation(parse_preparation(preparation()), PreparationStatus(), NOW)
    assert (status.phase, status.accepted_at) == (Phase.RUNNING, NOW)
    assert status.operation == PreparationLedger(request_id="u1")
    history = parse_preparation(preparation(notAfter="2026-11-23T00:00:00Z"))
    assert accept_preparation(history, PreparationStatus(), NOW).phase is Phase.EXPIRED


def test_a_preparation_that_cannot_be_read_is_refused_and_ends() -> None:
    with pytest.raises(SpecError) as caught:
        parse_preparation(preparation(validFor="long"))
    status = refuse_preparation(preparation(validFor="long"), caught.value, NOW)
    assert status.phase is Phase.FAILED
    assert status.conditions[0].reason == "InvalidSpec"
    assert "Create a new FailoverPreparation" in status.conditions[0].message


def test_an_end_that_cannot_be_read_now_holds_for_its_newest_spec_and_says_nothing_else() -> None:
    ready = {"type": "Ready", "status": "True", "reason": "PointInTimeCreated", "observedGeneration": 1}
    status = {"phase": "Succeeded", "observedGeneration": 1, "conditions": [ready], "operation": {"newer": "field"}}
    assert restamped(status, 3) == {
        **status,
        "observedGeneration": 3,
        "conditions": [{**ready, "observedGeneration": 3}],
    }
