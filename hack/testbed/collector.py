"""A collector of traces on the loopback, as OpenTelemetry's exporters reach it over HTTP."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.proto.common.v1.common_pb2 import KeyValue
    from opentelemetry.proto.trace.v1.trace_pb2 import Span


def texts(attributes: Iterable[KeyValue]) -> dict[str, str]:
    """Attributes whose values are texts."""
    return {one.key: one.value.string_value for one in attributes}


class Collector:
    """A collector for OTLP over HTTP. `answer` is what it answers; it answers nothing while `go_on` is not set."""

    def __init__(self) -> None:
        self.answer = 200
        self.taken: list[ExportTraceServiceRequest] = []
        self.headers: list[dict[str, str]] = []
        self.go_on = threading.Event()
        self.go_on.set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.go_on.wait(30)
                collector.taken.append(ExportTraceServiceRequest.FromString(body))
                collector.headers.append({key.lower(): value for key, value in self.headers.items()})
                self.send_response(collector.answer)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Keep quiet."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def spans(self) -> list[Span]:
        """All that were taken."""
        sent = [one for request in self.taken for one in request.resource_spans]
        return [span for one in sent for scope in one.scope_spans for span in scope.spans]

    @property
    def resource(self) -> dict[str, str]:
        """Who sent the first of them."""
        return texts(self.taken[0].resource_spans[0].resource.attributes)

    @property
    def address(self) -> str:
        """As OTEL_EXPORTER_OTLP_ENDPOINT has it."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Listen no more."""
        self.go_on.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
