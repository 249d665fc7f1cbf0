"""Requests that have ended, for the tests of traces."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from vvol_replication.api.conditions import Condition
from vvol_replication.api.names import REPLICATION_SYNC
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.status import Phase
from vvol_replication.api.sync import Operation, PushLedger, SyncLedger, SyncStatus, TransferStatus
from vvol_replication.engine.ports import RequestEnd

AT = datetime(2026, 6, 1, 12, 0, 0, 250_000, tzinfo=UTC)
UID = "0b5f0f0e-7c1c-4a0e-9d1b-6f8f3a2b1c0d"


def at(seconds: float) -> datetime:
    """So many seconds after the acceptance."""
    return AT + timedelta(seconds=seconds)


def end(
    phase: Phase = Phase.SUCCEEDED, reason: str = "PointInTimeCreated", uid: str = UID, **status: Any
) -> RequestEnd:
    """A sync of 100 seconds that has ended so."""
    flags = ("Complete",) if phase is Phase.SUCCEEDED else ("Failed",)
    said = [Condition(one, "True", reason, "It said: hunter2.", 1, AT) for one in ("Ready", *flags, "Finished")]
    whole = {
        "phase": phase,
        "conditions": tuple(said),
        "accepted_at": AT,
        "finished_at": at(100),
        "operation": Operation(
            "CHG-4711",
            turn_at=at(10),
            sync=SyncLedger(at(12), 1, pending_seen_at=at(13)),
            push=PushLedger(at(14)),
        ),
        "transfer": TransferStatus("fa:erp.vr-1", 100, None, at(15), at(94)),
    }
    ref = ObjectRef(REPLICATION_SYNC, "prod", "before-upgrade", uid)
    return RequestEnd(ref, "erp", "Coordinated", "CHG-4711", SyncStatus(**{**whole, **status}))
