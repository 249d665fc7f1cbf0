"""What is left to do about a request that nobody works on: its refusal, the answer to an edit, our finalizer.

It follows from the object alone, so it does not matter which event showed it, which process left it so, and how often
it is looked at.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from vvol_replication.api.errors import SpecError
from vvol_replication.api.names import FINALIZER
from vvol_replication.api.objects import Gone, ObjectRef, WriteResult, Written
from vvol_replication.api.status import has_ended
from vvol_replication.engine.about import about
from vvol_replication.engine.background import Background
from vvol_replication.engine.services import Services
from vvol_replication.engine.status.versions import older
from vvol_replication.engine.status.writer import StatusWriter

from .kind import Body
from .kinds import REQUEST_KINDS

Settled = Callable[[str, str | None], None]
"""Called with the uid and the resourceVersion after which there was nothing left to do."""


def held(body: Body) -> bool:
    """Does an object carry our finalizer that is not to have it: it has ended, or is being deleted?"""
    metadata = body["metadata"]
    over = bool(metadata.get("deletionTimestamp")) or has_ended(body.get("status") or {})
    return over and FINALIZER in (metadata.get("finalizers") or ())


def unsaid(ref: ObjectRef, body: Body, now: datetime) -> Mapping[str, Any] | None:
    """The status that is to be written: of a request that ends with its acceptance, or was edited after its end."""
    metadata, status = body["metadata"], body.get("status") or {}
    ended = has_ended(status)
    if metadata.get("deletionTimestamp") or (ended and status.get("observedGeneration") == metadata["generation"]):
        return None
    accepted = REQUEST_KINDS[ref.kind].acceptance(body, now)
    if ended:
        return {**(accepted or status), "observedGeneration": metadata["generation"]}
    return accepted if accepted is not None and has_ended(accepted) else None


class Settling:
    """Does what is left to do: one task for each such object, and none for all others."""

    def __init__(self, services: Services, background: Background, settled: Settled) -> None:
        self._services, self._background, self._settled = services, background, settled
        self._shown: dict[str, Body] = {}
        """Of the objects that are being settled, what the API server has shown last."""

    def observe(self, ref: ObjectRef, body: Body) -> None:
        """The API server shows an object that nobody works on."""
        if ref.uid in self._shown:
            self._shown[ref.uid] = body
        elif held(body) or unsaid(ref, body, self._services.clock.now()) is not None:
            self._background.spawn(self.settle(ref, body), f"settle {ref}")

    async def settle(self, ref: ObjectRef, body: Body) -> None:
        """Do all that is left to do about this object, for as long as the API server takes."""
        if ref.uid in self._shown:
            return
        self._shown[ref.uid] = body
        try:
            with about(ref.kind, body):
                await self._settle(ref, StatusWriter(ref, self._services))
        finally:
            del self._shown[ref.uid]

    async def _settle(self, ref: ObjectRef, writer: StatusWriter) -> None:
        body = self._shown[ref.uid]
        while self._services.leading():
            if not older(self._shown[ref.uid]["metadata"].get("resourceVersion"), writer.version):
                body = self._shown[ref.uid]
            writer.take(body)
            result = await self._step(ref, writer, body)
            if result is None:
                self._settled(ref.uid, writer.version)
                return
            found = writer.body if isinstance(result, Written) else await writer.read()
            if isinstance(found, Gone):
                return
            body = found

    async def _step(self, ref: ObjectRef, writer: StatusWriter, body: Body) -> WriteResult | None:
        """The next write; None: there is nothing left to do."""
        if held(body):
            return await writer.let_go()
        status = unsaid(ref, body, self._services.clock.now())
        if status is None:
            return None
        result = await writer.write_patiently(status)
        if isinstance(result, Written) and not has_ended(body.get("status") or {}):
            self._count(ref, writer.body)
        return result

    def _count(self, ref: ObjectRef, body: Body) -> None:
        """A request has ended with its acceptance."""
        if self._services.meter is not None:
            with contextlib.suppress(SpecError):
                self._services.meter.ended(REQUEST_KINDS[ref.kind].end_of(ref, body))
