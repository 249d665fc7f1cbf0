"""Ids of traces and spans, which follow from the request: told twice, it is the same trace."""

from __future__ import annotations

import hashlib
import uuid

from opentelemetry.sdk.trace.id_generator import IdGenerator


class RequestIds(IdGenerator):
    """Gives the ids of the span that is made next. Used on the event loop only."""

    def __init__(self) -> None:
        self._uid, self._span = "", ""

    def next(self, uid: str, span: str) -> None:
        """The next span is of the request with this uid, and has this name."""
        self._uid, self._span = uid, span

    def generate_trace_id(self) -> int:
        """The uid itself, which is as long; of one that is no UUID, a digest."""
        try:
            return uuid.UUID(self._uid).int
        except ValueError:
            return int.from_bytes(hashlib.sha256(self._uid.encode()).digest()[:16])

    def generate_span_id(self) -> int:
        """A digest of uid and name."""
        return int.from_bytes(hashlib.sha256(f"{self._uid}/{self._span}".encode()).digest()[:8])
