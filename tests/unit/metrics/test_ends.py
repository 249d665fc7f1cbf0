"""How long the phases of a request took, by its ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from vvol_replication.api.preparation import PreparationLedger, PreparationStatus
from vvol_replication.api.status import Phase
from vvol_replication.api.sync import Operation, PushLedger, SyncLedger, SyncStatus, TransferStatus
from vvol_replication.metrics.ends import durations_of

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """So many seconds after the acceptance."""
    return AT + timedelta(seconds=seconds)


def sync(phase: Phase = Phase.SUCCEEDED, *, ahead: float = 0) -> SyncStatus:
    """A sync of 100 seconds; the target array's clock is `ahead`."""
    return SyncStatus(
        phase=phase,
        accepted_at=AT,
        finished_at=at(100),
        operation=Operation(
            "id",
            turn_at=at(10),
            sync=SyncLedger(at(12), 1, pending_seen_at=at(13)),
            push=PushLedger(at(14.6)),
        ),
        transfer=TransferStatus("snapshot", 100, None, at(14 + ahead), at(94 + ahead)),
    )


def test_each_phase_is_between_two_times_of_the_ledger() -> None:
    assert dict(durations_of(sync())) == {
        "total": 100,
        "queue": 10,
        "arming": 1,
        "push": 0,  # the transfer's times are whole seconds
        "transfer": 80,
        "verify": 6,
    }


def test_a_request_that_failed_has_verified_nothing() -> None:
    assert "verify" not in dict(durations_of(sync(Phase.FAILED)))


def test_where_two_clocks_differ_what_lies_between_them_is_not_told() -> None:
    assert set(dict(durations_of(sync(ahead=-60)))) == {"total", "queue", "arming", "transfer", "verify"}
    assert set(dict(durations_of(sync(ahead=60)))) == {"total", "queue", "arming", "push", "transfer"}


def test_what_is_not_known_is_not_told() -> None:
    assert dict(durations_of(SyncStatus(phase=Phase.EXPIRED, finished_at=AT))) == {}
    assert dict(durations_of(SyncStatus(accepted_at=AT, finished_at=AT, operation=Operation("id")))) == {"total": 0}


def test_a_preparation_is_neither_armed_nor_pushed() -> None:
    status = PreparationStatus(
        phase=Phase.SUCCEEDED,
        accepted_at=AT,
        finished_at=at(50),
        operation=PreparationLedger("id", turn_at=at(1)),
        transfer=TransferStatus("snapshot", 100, None, at(10), at(40)),
    )
    assert dict(durations_of(status)) == {"total": 50, "queue": 1, "transfer": 30, "verify": 10}
