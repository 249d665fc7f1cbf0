"""What differs between the kinds of requests as data: how each is read, accepted, claimed and decided."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic

from vvol_replication.api.errors import SpecError
from vvol_replication.api.history import HistoryEntry
from vvol_replication.api.names import Kind
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.status import has_ended
from vvol_replication.api.sync import SyncStatus
from vvol_replication.domain.outcomes import Outcome
from vvol_replication.engine.ports import RequestEnd
from vvol_replication.reconcile.core.acceptance import restamped
from vvol_replication.reconcile.core.claims import Claim
from vvol_replication.reconcile.core.context import RequestT
from vvol_replication.reconcile.core.history import entry_of, method_of
from vvol_replication.reconcile.core.observation import Moment, Observation, Query
from vvol_replication.reconcile.core.request import OneShot
from vvol_replication.reconcile.core.steps import Decided, StatusT
from vvol_replication.reconcile.core.tuning import Tuning

from .claims import ClaimKey

Body = Mapping[str, Any]
"""An object as the API server shows it."""


@dataclass(frozen=True, slots=True)
class RequestKind(Generic[RequestT, StatusT]):
    """One kind of request. Its requests and statuses go only through its own functions."""

    kind: Kind
    parse: Callable[[Body], RequestT]
    """Raises SpecError."""
    parse_status: Callable[[object], StatusT]
    """Raises SpecError for a ledger that cannot be read."""
    accept: Callable[[RequestT, StatusT, datetime], StatusT]
    """The status of a request that is new; of one that has ended, stamped for its newest generation."""
    refuse: Callable[[Body, SpecError, datetime], StatusT]
    """The status of an object that cannot be read."""
    claim: Callable[[RequestT, StatusT], Claim]
    """What a request makes of its request id."""
    decide: Callable[[RequestT, StatusT, Observation, datetime, Tuning], Decided[StatusT]]
    """`decide_sync` or `decide_preparation`: see the table in `kinds`."""
    absorb: Callable[[StatusT, Observation, Query, Outcome[Any], Moment], Observation]
    """What is seen after a reading: `absorb_reading` of `reconcile.sync` or `reconcile.preparation`."""

    def acceptance(self, body: Body, now: datetime) -> Mapping[str, Any] | None:
        """The status to write to an object that is new, unreadable or over. None: it says all that there is to say."""
        try:
            request, before = self.parse(body), self.parse_status(body.get("status"))
        except SpecError as error:
            return self._unread(body, error, now)
        if before.finished_at is None and before.accepted_at is not None:
            return None
        after = self.accept(request, before, now)
        return after.to_json() if after != before else None

    def _unread(self, body: Body, error: SpecError, now: datetime) -> Mapping[str, Any]:
        """An end stays the end that it was, and a ledger stays: this operator may only be too old to read them."""
        status = body.get("status") or {}
        if has_ended(status):
            return restamped(status, body["metadata"]["generation"])
        kept = {key: value for key, value in status.items() if key != "deadline"}
        return kept | self.refuse(body, error, now).to_json()

    def _told(self, body: Body) -> StatusT:
        """What its status says beside a ledger that cannot be read."""
        status = body.get("status") or {}
        try:
            return self.parse_status(status)
        except SpecError:
            return self.parse_status({key: value for key, value in status.items() if key != "operation"})

    def claimed(self, body: Body) -> tuple[ClaimKey, Claim] | None:
        """What an object makes of a request id that somebody has chosen; None where nobody has, or it is unreadable."""
        key = self.claim_key(body)
        if key is None:
            return None
        with contextlib.suppress(SpecError):  # its acceptance says so
            return key, self.claim(self.parse(body), self.parse_status(body.get("status")))
        return None

    def claim_key(self, body: Body) -> ClaimKey | None:
        """The request id that somebody has chosen for an object; None: nobody has."""
        spec = body.get("spec")
        request_id = spec.get("requestID") if isinstance(spec, Mapping) else None
        if not isinstance(request_id, str) or not request_id:
            return None
        return self.kind, body["metadata"]["namespace"], request_id

    def entry_of(self, body: Body, deleted_at: datetime | None = None) -> HistoryEntry | None:
        """What its group's history tells of an object; None: nothing.

        Raises:
            SpecError: if the object cannot be read.
        """
        return entry_of(self.kind.kind, self.parse(body), self.parse_status(body.get("status")), deleted_at)

    def end_of(self, ref: ObjectRef, body: Body) -> RequestEnd:
        """What is counted of a request that has ended."""
        status = self._told(body)
        with contextlib.suppress(SpecError):
            return end_of(ref, self.parse(body), status)
        return RequestEnd(ref, "", "", ref.uid, status)

    def due_at(self, body: Body) -> datetime | None:
        """When a finished object with a TTL is to be deleted; None for all others, and for what cannot be read."""
        spec = body.get("spec")
        if body["metadata"].get("deletionTimestamp") or not isinstance(spec, Mapping):
            return None
        if spec.get("ttlSecondsAfterFinished") is None:
            return None
        with contextlib.suppress(SpecError):
            ttl = self.parse(body).spec.ttl_seconds_after_finished
            finished = self._told(body).finished_at
            return None if ttl is None or finished is None else finished + timedelta(seconds=ttl)
        return None


def end_of(ref: ObjectRef, request: OneShot[Any], status: SyncStatus | PreparationStatus) -> RequestEnd:
    """What is counted of a request that has ended so."""
    return RequestEnd(ref, request.spec.group, method_of(request, status), request.request_id, status)
