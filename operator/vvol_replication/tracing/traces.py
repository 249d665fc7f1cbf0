"""One trace for each request that has ended, made of the times in its status: a restart in between loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from datetime import datetime

from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Status, StatusCode, set_span_in_context

from vvol_replication.api.conditions import find
from vvol_replication.api.phase_times import phases_of
from vvol_replication.api.reasons import known_reason
from vvol_replication.engine.ports import RequestEnd

from .ids import RequestIds

_log = logging.getLogger(__name__)

LONGEST_CLOSE = 3.0
"""Seconds in which what is left is sent at the end. The whole end of the process has ten."""
_TOTAL = "total"


class Traces:
    """The engine's `Meter`. Told on the event loop; what is made goes into a queue, and is sent by another thread."""

    def __init__(self, provider: Callable[[RequestIds], TracerProvider]) -> None:
        self._ids = RequestIds()
        self._provider = provider(self._ids)
        self._tracer = self._provider.get_tracer("vvol_replication")

    def ended(self, end: RequestEnd) -> None:
        """A request has ended so. One that was refused before it was accepted has a trace without length."""
        status, uid = end.status, end.ref.uid
        if status.finished_at is None:
            return
        self._ids.next(uid, _TOTAL)
        root = self._tracer.start_span(
            end.ref.kind.kind,
            Context(),
            attributes=_attributes(end),
            start_time=_nanoseconds(min(status.accepted_at or status.finished_at, status.finished_at)),
        )
        inside = set_span_in_context(root, Context())
        for phase in phases_of(status):
            if phase.name != _TOTAL:
                self._ids.next(uid, phase.name)
                self._tracer.start_span(phase.name, inside, start_time=_nanoseconds(phase.begin)).end(
                    _nanoseconds(phase.end)
                )
        failed = find(status.conditions, "Failed")
        if failed is not None and failed.status == "True":
            root.set_status(Status(StatusCode.ERROR))
        root.end(_nanoseconds(status.finished_at))

    async def close(self) -> None:
        """Send what is left, as far as that is quick. What hangs is left to end with the process."""
        loop, sent = asyncio.get_running_loop(), asyncio.Event()

        def work() -> None:
            self._provider.shutdown()
            with contextlib.suppress(RuntimeError):  # nobody waits any more, and the loop is closed
                loop.call_soon_threadsafe(sent.set)

        threading.Thread(target=work, name="tracing-close", daemon=True).start()
        try:
            await asyncio.wait_for(sent.wait(), LONGEST_CLOSE)
        except TimeoutError:
            _log.warning("The last traces could not be sent within %g s. They are lost.", LONGEST_CLOSE)


def _attributes(end: RequestEnd) -> dict[str, str]:
    """Names, and words of closed lists: no text from an endpoint, which could hold anything."""
    ready, phase = find(end.status.conditions, "Ready"), end.status.phase
    found = {
        "kind": end.ref.kind.kind,
        "namespace": end.ref.namespace or "",
        "name": end.ref.name,
        "group": end.group,
        "method": end.method,
        "outcome": "" if phase is None else phase.value,
        "reason": known_reason(ready and ready.reason),
        "requestID": end.request_id,
    }
    return {f"vvol.{key}": value for key, value in found.items() if value}


def _nanoseconds(time: datetime) -> int:
    """As OpenTelemetry counts them since 1970; whole microseconds, which a float would not keep."""
    return int(time.timestamp()) * 1_000_000_000 + time.microsecond * 1_000
