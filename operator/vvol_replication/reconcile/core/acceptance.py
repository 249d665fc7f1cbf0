"""The status of a request when the operator sees it first: the one patch of a handler (docs/architecture.md#accept)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from vvol_replication.api.conditions import Wanted, merge
from vvol_replication.api.errors import SpecError
from vvol_replication.api.preparation import PreparationLedger, PreparationSpec, PreparationStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Operation, SyncSpec, SyncStatus
from vvol_replication.api.times import parse_time

from .asked_by import asked_by
from .ownership import owner_of
from .request import OneShot, Preparation, Request
from .steps import StatusT
from .summarize import Situation, Verdict, summarize, ttl_ignored


def parse_request(body: Mapping[str, Any]) -> Request:
    """A ReplicationSync as a request.

    Raises:
        SpecError: at the path that cannot be read.
    """
    spec = SyncSpec.parse(body.get("spec"))
    return Request(**_identity(body), spec=spec)


def parse_preparation(body: Mapping[str, Any]) -> Preparation:
    """A FailoverPreparation as a request.

    Raises:
        SpecError: at the path that cannot be read.
    """
    spec = PreparationSpec.parse(body.get("spec"))
    return Preparation(**_identity(body), spec=spec)


def _identity(body: Mapping[str, Any]) -> dict[str, Any]:
    metadata = body["metadata"]
    return {
        "uid": metadata["uid"],
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "generation": metadata["generation"],
        "created": parse_time(metadata["creationTimestamp"], "metadata.creationTimestamp"),
        "owner": owner_of(metadata),
        "asked_by": asked_by(metadata),
    }


def accept(request: Request, status: SyncStatus, now: datetime) -> SyncStatus:
    """Accept a new ReplicationSync, or restamp one that has ended or is known: what it says stays what it was."""
    status = replace(status, method=request.spec.method)
    return _accept(request, status, now, status.operation or Operation(request.request_id))


def accept_preparation(request: Preparation, status: PreparationStatus, now: datetime) -> PreparationStatus:
    """Accept a new FailoverPreparation, or restamp one that has ended or is known."""
    return _accept(request, status, now, status.operation or PreparationLedger(request.request_id))


def _accept(request: OneShot[Any], status: StatusT, now: datetime, ledger: Operation | PreparationLedger) -> StatusT:
    if status.finished_at is not None:
        return _restamped(request, status, now)
    status = replace(status, accepted_at=status.accepted_at or now)
    accepted = Verdict(Situation.RUNNING, Reason.ACCEPTED, "Accepted. The operator reads what it needs.")
    return _expired(request, status, now) or summarize(request, status, now, accepted, operation=ledger)


def _restamped(request: OneShot[Any], status: StatusT, now: datetime) -> StatusT:
    said: list[Wanted] = [
        Wanted(one.type, one.status, one.reason, one.message) for one in status.conditions if one.type != "TTLIgnored"
    ]
    conditions = merge(status.conditions, [*said, *ttl_ignored(request)], request.generation, now)
    return replace(status, observed_generation=request.generation, conditions=conditions)


def restamped(status: Mapping[str, Any], generation: int) -> Mapping[str, Any]:
    """The stored status of a request that has ended and cannot be read now: what it says holds for its newest spec."""
    conditions = [{**one, "observedGeneration": generation} for one in status["conditions"]]
    return {**status, "observedGeneration": generation, "conditions": conditions}


def _expired(request: OneShot[Any], status: StatusT, now: datetime) -> StatusT | None:
    not_after: datetime | None = request.spec.not_after
    if not_after is None or not_after >= request.created or status.operation is not None:
        return None
    text = f"notAfter {not_after:%Y-%m-%dT%H:%M:%SZ} had passed when this object was created. So it was not executed."
    return summarize(request, status, now, Verdict(Situation.EXPIRED, Reason.EXPIRED, text))


def refuse(body: Mapping[str, Any], error: SpecError, now: datetime) -> SyncStatus:
    """A ReplicationSync that cannot be read says so, and ends: nothing that it does not say clearly is done."""
    request = Request(**_unread(body, now), spec=SyncSpec(group="unreadable"))
    return summarize(request, SyncStatus(), now, _invalid(body, error, "ReplicationSync"))


def refuse_preparation(body: Mapping[str, Any], error: SpecError, now: datetime) -> PreparationStatus:
    """A FailoverPreparation that cannot be read says so, and ends."""
    spec = PreparationSpec(group="unreadable", consent="", not_after=now)
    request = Preparation(**_unread(body, now), spec=spec)
    return summarize(request, PreparationStatus(), now, _invalid(body, error, "FailoverPreparation"))


def _unread(body: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    metadata = body["metadata"]
    known = {key: metadata[key] for key in ("uid", "namespace", "name", "generation")}
    return {**known, "created": now}


def _invalid(body: Mapping[str, Any], error: SpecError, kind: str) -> Verdict:
    begun = (
        " Look at status.operation first: what it says was begun is not undone, and is not followed any more."
        if _has_begun(body)
        else ""
    )
    text = f"{error}.{begun} Create a new {kind} with a corrected spec."
    return Verdict(Situation.FAILED, Reason.INVALID_SPEC, text)


def _has_begun(body: Mapping[str, Any]) -> bool:
    """Does its ledger say that something was to be asked for, however that is written?"""
    operation = (body.get("status") or {}).get("operation")
    return isinstance(operation, Mapping) and any(operation.get(key) for key in ("resolved", "sync", "push", "prepare"))
