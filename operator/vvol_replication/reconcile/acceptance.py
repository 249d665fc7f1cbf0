"""What a ReplicationSync is told when the operator sees it: the one status patch of a handler (DESIGN §5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from vvol_replication.api.conditions import Wanted, merge
from vvol_replication.api.errors import SpecError
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import Operation, SyncSpec, SyncStatus
from vvol_replication.api.times import parse_time

from .ownership import owner_of
from .request import Request
from .tell import Situation, Verdict, tell, ttl_ignored


def parse_request(body: Mapping[str, Any]) -> Request:
    """The object as a request.

    Raises:
        SpecError: at the path that cannot be read.
    """
    metadata = body["metadata"]
    return Request(
        uid=metadata["uid"],
        namespace=metadata["namespace"],
        name=metadata["name"],
        generation=metadata["generation"],
        created=parse_time(metadata["creationTimestamp"], "metadata.creationTimestamp"),
        spec=SyncSpec.parse(body.get("spec")),
        owner=owner_of(metadata),
    )


def accept(request: Request, status: SyncStatus, now: datetime) -> SyncStatus:
    """Accept a new request, or restamp one that has ended or is known: what it says stays what it was."""
    if status.finished_at is not None:
        said = [
            Wanted(one.type, one.status, one.reason, one.message)
            for one in status.conditions
            if one.type != "TTLIgnored"
        ]
        restamped = merge(status.conditions, [*said, *ttl_ignored(request)], request.generation, now)
        return replace(status, observed_generation=request.generation, conditions=restamped)
    status = replace(status, accepted_at=status.accepted_at or now)
    not_after = request.spec.not_after
    if not_after is not None and not_after < request.created and status.operation is None:
        text = f"notAfter {not_after:%Y-%m-%dT%H:%M:%SZ} was past when this object was created: not executed."
        return tell(request, status, now, Verdict(Situation.EXPIRED, Reason.EXPIRED, text))
    operation = status.operation or Operation(request_id=request.request_id)
    verdict = Verdict(Situation.RUNNING, Reason.ACCEPTED, "Accepted; what it needs is being read.")
    return tell(request, status, now, verdict, operation=operation)


def refuse(body: Mapping[str, Any], error: SpecError, now: datetime) -> SyncStatus:
    """An object that cannot be read is told so, and ends: nothing that it does not say clearly is done."""
    metadata = body["metadata"]
    request = Request(metadata["uid"], metadata["namespace"], metadata["name"], metadata["generation"], now, _NOTHING)
    verdict = Verdict(
        Situation.FAILED, Reason.INVALID_SPEC, f"{error}. Create a new ReplicationSync with a corrected spec."
    )
    return tell(request, SyncStatus(), now, verdict)


_NOTHING = SyncSpec(group="unreadable")
