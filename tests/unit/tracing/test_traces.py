"""The trace of a request that has ended, by the times in its status."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from unit.tracing.ends import AT, UID, at, end

from vvol_replication.api.status import Phase
from vvol_replication.api.sync import SyncStatus
from vvol_replication.engine.ports import RequestEnd
from vvol_replication.tracing.ids import RequestIds
from vvol_replication.tracing.traces import Traces


def traced(*ends: RequestEnd) -> list[ReadableSpan]:
    """The spans that are made of them, in the order of their ends being told."""
    memory = InMemorySpanExporter()

    def provider(ids: RequestIds) -> TracerProvider:
        made = TracerProvider(id_generator=ids, shutdown_on_exit=False)
        made.add_span_processor(SimpleSpanProcessor(memory))
        return made

    traces = Traces(provider)
    for one in ends:
        traces.ended(one)
    return list(memory.get_finished_spans())


def seconds(span: ReadableSpan) -> tuple[float, float]:
    """When it began and ended, after the acceptance."""
    assert span.start_time is not None
    assert span.end_time is not None
    first = int(AT.timestamp() * 1_000_000) * 1_000
    return (span.start_time - first) / 1e9, (span.end_time - first) / 1e9


def ids(span: ReadableSpan) -> tuple[int, int]:
    assert span.context is not None
    return span.context.trace_id, span.context.span_id


def test_a_request_is_one_trace_with_its_phases_at_their_times() -> None:
    *phases, root = traced(end())

    assert {one.name: seconds(one) for one in phases} == {
        "queue": (0, 10), "arming": (12, 13), "push": (14, 15), "transfer": (15, 94), "verify": (94, 100),
    }  # fmt: skip
    assert (root.name, seconds(root), root.parent) == ("ReplicationSync", (0, 100), None)
    assert {one.parent.span_id for one in phases if one.parent is not None} == {ids(root)[1]}
    assert {ids(one)[0] for one in (*phases, root)} == {UUID(UID).int}


def test_it_says_which_request_it_is_and_how_that_ended() -> None:
    root = traced(end(Phase.FAILED, "TimedOut"))[-1]

    assert dict(root.attributes or {}) == {
        "vvol.kind": "ReplicationSync",
        "vvol.namespace": "prod",
        "vvol.name": "before-upgrade",
        "vvol.group": "erp",
        "vvol.method": "Coordinated",
        "vvol.outcome": "Failed",
        "vvol.reason": "TimedOut",
        "vvol.requestID": "CHG-4711",
    }
    assert root.status.status_code.name == "ERROR"
    assert traced(end())[-1].status.status_code.name == "UNSET"


def test_what_others_wrote_into_a_status_is_in_no_trace() -> None:
    spans = traced(end(Phase.FAILED, "hunter2"))
    assert "hunter2" not in json.dumps([json.loads(one.to_json()) for one in spans])
    assert "vvol.reason" not in dict(spans[-1].attributes or {})


def test_an_end_that_is_told_twice_is_the_same_trace_and_another_request_is_another_one() -> None:
    first, again = traced(end()), traced(end())
    other = traced(end(uid="not-a-uuid"))

    assert [ids(one) for one in first] == [ids(one) for one in again]
    assert len({ids(one) for one in first}) == 6
    assert {ids(one)[0] for one in other} != {UUID(UID).int}
    assert not {ids(one)[1] for one in other} & {ids(one)[1] for one in first}


@pytest.mark.parametrize("accepted", [None, at(200)])
def test_without_a_time_of_acceptance_or_after_the_clock_went_back_it_has_no_length(accepted: object) -> None:
    told = end(Phase.FAILED, "InvalidSpec", accepted_at=accepted, operation=None, transfer=None)
    (root,) = traced(told)
    assert seconds(root) == (100, 100)


def test_what_has_no_end_has_no_trace() -> None:
    told = end()
    assert traced(RequestEnd(told.ref, "", "", UID, SyncStatus(accepted_at=AT))) == []
