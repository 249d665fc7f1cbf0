"""The way in: it loads OpenTelemetry, which not everybody has installed, and nobody loads without asking for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import TracingError

if TYPE_CHECKING:
    from .traces import Traces


def start_tracing(version: str) -> Traces:
    """Traces that are sent as the environment's `OTEL_…` variables say; `version` is that of this program.

    Raises:
        TracingError: if OpenTelemetry is not installed, or cannot use its variables.
    """
    try:
        from .sending import provider  # noqa: PLC0415 - of an extra
        from .traces import Traces  # noqa: PLC0415 - as above
    except ImportError:
        raise TracingError(
            "--tracing is given, and OpenTelemetry is not installed. "
            "Install vvol-replication[tracing], or leave --tracing out."
        ) from None
    return Traces(lambda ids: provider(ids, version))
