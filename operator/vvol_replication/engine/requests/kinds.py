"""What differs between the kinds of requests, in one table: how each is read, accepted, refused, claimed and run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vvol_replication.api.errors import SpecError
from vvol_replication.api.names import FAILOVER_PREPARATION, REPLICATION_SYNC, Kind
from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.sync import SyncStatus
from vvol_replication.reconcile.core import acceptance
from vvol_replication.reconcile.core.claims import Claim, claim_of, claim_of_preparation
from vvol_replication.reconcile.core.request import OneShot

from .context import EngineContext
from .preparation import PreparationReconciler
from .reconciler import AnyReconciler
from .stored import StoredRequest
from .sync import SyncReconciler

Body = Mapping[str, Any]
Over = Callable[[AnyReconciler], None]


@dataclass(frozen=True, slots=True)
class RequestKind:
    """One kind of request. Requests and statuses go only through the functions of their own desk."""

    parse: Callable[[Body], OneShot[Any]]
    """Raises SpecError."""
    status: Callable[[object], Any]
    """Raises SpecError for a ledger that cannot be read."""
    accept: Callable[[Any, Any, datetime], Any]
    refuse: Callable[[Body, SpecError, datetime], Any]
    claim: Callable[[Any, Any], Claim]
    run: Callable[[Any, StoredRequest[Any], EngineContext, Over], AnyReconciler]


REQUEST_KINDS: Mapping[Kind, RequestKind] = {
    REPLICATION_SYNC: RequestKind(
        acceptance.parse_request,
        SyncStatus.parse,
        acceptance.accept,
        acceptance.refuse,
        claim_of,
        SyncReconciler,
    ),
    FAILOVER_PREPARATION: RequestKind(
        acceptance.parse_preparation,
        PreparationStatus.parse,
        acceptance.accept_preparation,
        acceptance.refuse_preparation,
        claim_of_preparation,
        PreparationReconciler,
    ),
}
