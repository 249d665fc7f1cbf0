"""The kinds of requests in one table, and the reconciler of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from vvol_replication.api.names import FAILOVER_PREPARATION, REPLICATION_SYNC, Kind
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.sync import SyncStatus
from vvol_replication.reconcile.core import acceptance
from vvol_replication.reconcile.core.claims import claim_of, claim_of_preparation
from vvol_replication.reconcile.core.context import RequestT
from vvol_replication.reconcile.core.request import Preparation, Request
from vvol_replication.reconcile.core.steps import StatusT
from vvol_replication.reconcile.preparation.absorb import absorb_reading as absorb_preparation_reading
from vvol_replication.reconcile.preparation.decide import decide_preparation
from vvol_replication.reconcile.sync.absorb import absorb_reading
from vvol_replication.reconcile.sync.decide import decide_sync

from .context import EngineContext
from .kind import Body, RequestKind
from .preparation import PreparationReconciler
from .stored import StoredRequest
from .sync import SyncReconciler

SYNC: RequestKind[Request, SyncStatus] = RequestKind(
    kind=REPLICATION_SYNC,
    parse=acceptance.parse_request,
    parse_status=SyncStatus.parse,
    accept=acceptance.accept,
    refuse=acceptance.refuse,
    claim=claim_of,
    decide=decide_sync,
    absorb=absorb_reading,
)
PREPARATION: RequestKind[Preparation, PreparationStatus] = RequestKind(
    kind=FAILOVER_PREPARATION,
    parse=acceptance.parse_preparation,
    parse_status=PreparationStatus.parse,
    accept=acceptance.accept_preparation,
    refuse=acceptance.refuse_preparation,
    claim=claim_of_preparation,
    decide=decide_preparation,
    absorb=absorb_preparation_reading,
)

AnyRequestKind = RequestKind[Request, SyncStatus] | RequestKind[Preparation, PreparationStatus]
AnyReconciler = SyncReconciler | PreparationReconciler

REQUEST_KINDS: Mapping[Kind, AnyRequestKind] = {one.kind: one for one in (SYNC, PREPARATION)}

ReconcilerT = TypeVar("ReconcilerT", bound=AnyReconciler)


def reconciler_of(ref: ObjectRef, body: Body, context: EngineContext) -> AnyReconciler:
    """A reconciler for a request that was accepted and has not ended; it is not started.

    Raises:
        SpecError: if the object, or the ledger in its status, cannot be read.
    """
    if ref.kind == SYNC.kind:
        return _made(SYNC, SyncReconciler, ref, body, context)
    return _made(PREPARATION, PreparationReconciler, ref, body, context)


def _made(
    kind: RequestKind[RequestT, StatusT],
    make: Callable[[RequestKind[RequestT, StatusT], RequestT, StoredRequest[StatusT], EngineContext], ReconcilerT],
    ref: ObjectRef,
    body: Body,
    context: EngineContext,
) -> ReconcilerT:
    request = kind.parse(body)
    stored: StoredRequest[StatusT] = StoredRequest(ref, context.services, kind.parse_status)
    stored.observe(body)
    return make(kind, request, stored, context)
