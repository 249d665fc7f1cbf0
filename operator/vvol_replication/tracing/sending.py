"""How traces are sent: by OpenTelemetry's exporter for OTLP over HTTP, which the environment configures."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator

from .errors import TracingError

_log = logging.getLogger(__name__)

SERVICE = "vvol-replication"
_LIBRARY = logging.getLogger("opentelemetry")
_OF_HEADERS = "opentelemetry.util.re"
_OF_EXPORTER = "opentelemetry.exporter"


class Listener(logging.Handler):
    """Hears what the library logs, and nobody else does.

    Of headers that it does not understand it logs the values, which may be credentials. Of a collector that cannot be
    reached it logs each try.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.settings: str | None = None
        """What is wrong with the variables, as a part of a sentence; None: nothing."""
        self.cause = ""
        """Why the last spans were not sent."""

    def emit(self, record: logging.LogRecord) -> None:
        """Take it down, or hand it on in one line."""
        if record.name == _OF_HEADERS:
            self.settings = "OTEL_EXPORTER_OTLP_HEADERS is not a list like name=value,name=value in URL encoding"
        elif record.name.startswith(_OF_EXPORTER):
            self.cause = _cause(record) or self.cause
        else:
            _log.warning("OpenTelemetry: %s", record.getMessage())


class ToldExporter(SpanExporter):
    """Says once that spans cannot be sent, and once that they can again."""

    def __init__(self, exporter: SpanExporter, listener: Listener) -> None:
        self._exporter, self._listener = exporter, listener
        self._failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send them; those that cannot be sent are lost."""
        result = self._exporter.export(spans)
        failing = result is not SpanExportResult.SUCCESS
        if failing and not self._failing:
            _log.warning(
                "Traces cannot be sent: %s. They are lost until it works again. Requests are not held up. Check the "
                "collector and OTEL_EXPORTER_OTLP_ENDPOINT.",
                self._listener.cause or "no collector took them in time",
            )
        elif self._failing and not failing:
            _log.info("Traces are sent again")
        self._failing = failing
        return result

    def shutdown(self) -> None:
        """Send nothing any more."""
        self._exporter.shutdown()


def provider(ids: IdGenerator, version: str) -> TracerProvider:
    """Spans with these ids, sent in batches from a thread.

    Raises:
        TracingError: if a variable of the environment cannot be used.
    """
    listener = Listener()
    _LIBRARY.handlers[:], _LIBRARY.propagate = [listener], False
    _LIBRARY.setLevel(listener.level)  # whatever the level of the log is
    try:
        exporter = OTLPSpanExporter()
        made = TracerProvider(id_generator=ids, resource=_resource(version), shutdown_on_exit=False)
        made.add_span_processor(BatchSpanProcessor(ToldExporter(exporter, listener)))
    except (ValueError, RuntimeError, OSError) as error:
        raise TracingError(f"--tracing is given, and OpenTelemetry cannot use its OTEL_… variables: {error}") from None
    if listener.settings is not None:
        made.shutdown()
        raise TracingError(f"--tracing is given, and {listener.settings}.")
    return made


def _resource(version: str) -> Resource:
    """Who sends; the environment may give another name."""
    found = Resource.create({SERVICE_VERSION: version})
    if str(found.attributes[SERVICE_NAME]).startswith("unknown_service"):
        found = found.merge(Resource({SERVICE_NAME: SERVICE}))
    return found


def _cause(record: logging.LogRecord) -> str:
    """Why a try failed, without the library's objects: what the system says, or what the collector answered."""
    arguments = record.args if isinstance(record.args, tuple) else ()
    error = next((one for one in arguments if isinstance(one, BaseException)), None)
    if error is not None:
        return _innermost(error)
    code = next((one for one in arguments if isinstance(one, int)), None)
    return "" if code is None else f"the collector answers {code}"


def _innermost(error: BaseException) -> str:
    """The system's words for what is below an exception of a library."""
    while (deeper := error.__cause__ or error.__context__) is not None:
        error = deeper
    said = getattr(error, "verify_message", None) or getattr(error, "strerror", None)
    return str(said or type(error).__name__)
