"""Traces on their way to a collector: OpenTelemetry's own exporter, and what is said when it cannot send."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING

import pytest
from opentelemetry.sdk.trace import TracerProvider
from unit.tracing.ends import UID, end

from testbed.collector import Collector
from vvol_replication.tracing import traces as traces_module
from vvol_replication.tracing.errors import TracingError
from vvol_replication.tracing.ids import RequestIds
from vvol_replication.tracing.sending import provider
from vvol_replication.tracing.start import start_tracing
from vvol_replication.tracing.traces import Traces

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    made = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", made.address)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def library() -> Iterator[None]:
    """Give the library's logger back as it was."""
    logger = logging.getLogger("opentelemetry")
    before = logger.handlers[:], logger.propagate, logger.level
    yield
    logger.handlers[:], logger.propagate, level = before
    logger.setLevel(level)


async def test_what_is_left_is_sent_at_the_end(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20hunter2")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=prod")
    traces = start_tracing("1.2.3")
    traces.ended(end())
    await traces.close()

    resource, spans = collector.resource, collector.spans
    assert resource.items() >= {
        "service.name": "vvol-replication", "service.version": "1.2.3", "deployment.environment": "prod",
    }.items()  # fmt: skip
    assert {one.trace_id.hex() for one in spans} == {UID.replace("-", "")}
    assert sorted(one.name for one in spans) == ["ReplicationSync", "arming", "push", "queue", "transfer", "verify"]
    assert collector.headers[0]["authorization"] == "Bearer hunter2"


async def test_the_environment_names_the_service(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "dr-operator")
    traces = start_tracing("1.2.3")
    traces.ended(end())
    await traces.close()
    assert collector.resource["service.name"] == "dr-operator"


async def test_a_collector_that_refuses_is_told_once_and_so_is_its_return(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    made: list[TracerProvider] = []

    def kept(ids: RequestIds) -> TracerProvider:
        made.append(provider(ids, "1.2.3"))
        return made[0]

    traces = Traces(kept)
    for answer in (401, 401, 200):
        collector.answer = answer
        traces.ended(end())
        made[0].force_flush()
    await traces.close()

    first, second = [one.getMessage() for one in caplog.records if one.name.startswith("vvol_replication.tracing")]
    assert first.startswith("Traces cannot be sent: the collector answers 401. ")
    assert second == "Traces are sent again"


async def test_a_collector_that_nobody_reaches_is_told_in_the_words_of_the_system(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{taken.getsockname()[1]}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1.3")  # for one try more, after a second
    traces = start_tracing("1.2.3")
    traces.ended(end())
    await traces.close()
    (said,) = [one.getMessage() for one in caplog.records]
    assert said.startswith("Traces cannot be sent: Connection refused. They are lost until it works again.")


async def test_a_collector_that_hangs_does_not_hold_up_the_end(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(traces_module, "LONGEST_CLOSE", 0.1)
    collector.go_on.clear()
    traces = start_tracing("1.2.3")
    traces.ended(end())
    await traces.close()
    assert "The last traces could not be sent within 0.1 s. They are lost." in caplog.text


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("OTEL_EXPORTER_OTLP_HEADERS", "hunter2", "OTEL_EXPORTER_OTLP_HEADERS is not a list like name=value"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0", "max_export_batch_size must be a positive integer"),
    ],
)
def test_variables_that_cannot_be_used_are_told_without_their_values(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    monkeypatch.setenv(name, value)
    with pytest.raises(TracingError, match=said) as error:
        start_tracing("1.2.3")
    assert "hunter2" not in f"{error.value}{caplog.text}"


def test_what_the_library_says_beside_that_is_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "soon")
    start_tracing("1.2.3")
    (record,) = caplog.records
    assert record.getMessage().startswith("OpenTelemetry: Unable to parse value for OTEL_BSP_SCHEDULE_DELAY")
    assert record.exc_info is None
