"""How long the phases of a request took, by its ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from vvol_replication.api.phase_times import phases_of
from vvol_replication.api.preparation import PreparationLedger, PreparationStatus
from vvol_replication.api.status import Phase, RequestStatus
from vvol_replication.api.sync import Operation, PushLedger, SyncLedger, SyncStatus, TransferStatus

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


def took(status: RequestStatus) -> dict[str, float]:
    """Seconds of each phase."""
    return {one.name: (one.end - one.begin).total_seconds() for one in phases_of(status)}


def test_each_phase_is_between_two_times_of_the_ledger() -> None:
    assert took(sync()) == {
        "total": 100,
        "queue": 10,
        "arming": 1,
        "push": 0,  # the transfer's times are whole seconds
        "transfer": 80,
        "verify": 6,
    }


def test_a_request_that_failed_has_verified_nothing() -> None:
    assert "verify" not in took(sync(Phase.FAILED))


def test_where_two_clocks_differ_what_lies_between_them_is_not_told() -> None:
    assert set(took(sync(ahead=-60))) == {"total", "queue", "arming", "transfer", "verify"}
    assert set(took(sync(ahead=60))) == {"total", "queue", "arming", "push", "transfer"}


def test_what_is_not_known_is_not_told() -> None:
    assert took(SyncStatus(phase=Phase.EXPIRED, finished_at=AT)) == {}
    assert took(SyncStatus(accepted_at=AT, finished_at=AT, operation=Operation("id"))) == {"total": 0}


def test_a_preparation_is_neither_armed_nor_pushed() -> None:
    status = PreparationStatus(
        phase=Phase.SUCCEEDED,
        accepted_at=AT,
        finished_at=at(50),
        operation=PreparationLedger("id", turn_at=at(1)),
        transfer=TransferStatus("snapshot", 100, None, at(10), at(40)),
    )
    assert took(status) == {"total": 50, "queue": 1, "transfer": 30, "verify": 10}
