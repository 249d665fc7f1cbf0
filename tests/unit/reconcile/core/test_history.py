"""The history of a group: what a request leaves in it, and that it is the same however often and in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvol_replication.api.conditions import Condition
from vvol_replication.api.history import HISTORY_LIMIT, AskedBy, HistoryEntry
from vvol_replication.api.ledger import Baseline, Operation
from vvol_replication.api.preparation import PreparationLedger, PreparationSpec, PreparationStatus
from vvol_replication.api.refs import NewestPoint, PointInTimeStatus
from vvol_replication.api.status import Phase
from vvol_replication.api.sync import Method, SyncSpec, SyncStatus, TransferStatus
from vvol_replication.reconcile.core.history import entry_of, is_missing, merged, of_this_group
from vvol_replication.reconcile.core.request import Preparation, Request

CREATED = datetime(2026, 11, 24, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return CREATED + timedelta(seconds=seconds)


SYNC = Request("u1", "prod", "now", 1, CREATED, SyncSpec("erp", request_id="CHG-1"), asked_by=AskedBy("helm", "Update"))
PREPARATION = Preparation("u2", "prod", "dr", 1, CREATED, PreparationSpec("erp", "erp", at(3600)))
POINT = PointInTimeStatus("p1", "before-upgrade", at(60))
DONE = SyncStatus(
    phase=Phase.SUCCEEDED,
    conditions=(Condition("Ready", "True", "PointInTimeCreated", "a message", 1, at(90)),),
    accepted_at=at(1),
    finished_at=at(90),
    method=Method.COORDINATED,
    operation=Operation(
        "CHG-1",
        turn_at=at(2),
        baseline=Baseline(newest_point=NewestPoint(at(-867), at(3))),
        newest_at_end=NewestPoint(at(60), at(90)),
    ),
    point_in_time=POINT,
    transfer=TransferStatus("a:erp.vr-1"),
)


def test_a_sync_that_ended_is_told_whole() -> None:
    assert entry_of("ReplicationSync", SYNC, DONE) == HistoryEntry(
        kind="ReplicationSync",
        name="now",
        uid="u1",
        outcome="Succeeded",
        finished_at=at(90),
        reason="PointInTimeCreated",
        request_id="CHG-1",
        asked_by=AskedBy("helm", "Update"),
        method="Coordinated",
        point_in_time=POINT,
        snapshot="a:erp.vr-1",
        newest_point_age_before="14m30s",
        newest_point_age_after="30s",
        accepted_at=at(1),
        started_at=at(2),
    )


def test_one_that_never_had_its_turn_is_told_without_it() -> None:
    missed = SyncStatus(phase=Phase.MISSED, accepted_at=at(1), finished_at=at(9), operation=Operation("CHG-1"))

    told = entry_of("ReplicationSync", SYNC, missed)

    assert told == HistoryEntry(
        "ReplicationSync",
        "now",
        "u1",
        "Missed",
        at(9),
        request_id="CHG-1",
        asked_by=SYNC.asked_by,
        accepted_at=at(1),
    )


@pytest.mark.parametrize(("dry_run", "method"), [(True, "DryRun"), (False, None)])
def test_a_preparation_that_only_checked_is_told_apart(dry_run: bool, method: str | None) -> None:  # noqa: FBT001 - pytest's
    request = replace(PREPARATION, spec=replace(PREPARATION.spec, dry_run=dry_run))
    ended = PreparationStatus(phase=Phase.SUCCEEDED, accepted_at=at(1), finished_at=at(9))

    told = entry_of("FailoverPreparation", request, ended)

    assert told is not None
    assert (told.method, told.outcome, told.started_at) == (method, "Succeeded", None)


@pytest.mark.parametrize(
    "status",
    [
        replace(DONE, finished_at=None),
        replace(DONE, accepted_at=None),
        replace(DONE, phase=Phase.EXPIRED),
        replace(DONE, phase=None),
        replace(DONE, finished_at=at(-61)),
    ],
    ids=["under way", "refused before acceptance", "never executed", "unreadable", "restored from a backup"],
)
def test_what_is_no_end_of_a_request_on_the_group_is_not_told(status: SyncStatus) -> None:
    assert entry_of("ReplicationSync", SYNC, status) is None


def test_one_that_was_deleted_in_its_turn_is_told_as_that() -> None:
    under_way = PreparationStatus(
        phase=Phase.RUNNING,
        conditions=(Condition("Ready", "Unknown", "Preparing", "a message", 1, at(5)),),
        accepted_at=at(1),
        operation=PreparationLedger("u2", turn_at=at(4)),
    )

    told = entry_of("FailoverPreparation", PREPARATION, under_way, at(7))

    assert told is not None
    assert (told.outcome, told.reason, told.started_at, told.finished_at) == ("Deleted", "Preparing", at(4), at(7))


@pytest.mark.parametrize("operation", [None, PreparationLedger("u2")])
def test_one_that_was_deleted_before_its_turn_is_not_told(operation: PreparationLedger | None) -> None:
    waiting = PreparationStatus(phase=Phase.WAITING, accepted_at=at(1), operation=operation)

    assert entry_of("FailoverPreparation", PREPARATION, waiting, at(7)) is None


def test_an_end_before_a_deletion_stays_an_end() -> None:
    told = entry_of("ReplicationSync", SYNC, DONE, at(95))

    assert told is not None
    assert (told.outcome, told.finished_at) == ("Succeeded", at(90))


def entry(number: int, seconds: float, kind: str = "ReplicationSync") -> HistoryEntry:
    return HistoryEntry(kind, f"s{number}", f"u{number}", "Succeeded", at(seconds))


ENDS = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from(["ReplicationSync", "FailoverPreparation"])), unique=True, max_size=60
).flatmap(
    lambda keys: st.lists(st.integers(0, 40), min_size=len(keys), max_size=len(keys)).map(
        lambda times: [entry(number, time, kind) for (number, kind), time in zip(keys, times, strict=True)]
    )
)


@given(ends=ENDS, data=st.data())
def test_the_same_ends_in_any_order_and_repetition_make_the_same_history(
    ends: list[HistoryEntry], data: st.DataObject
) -> None:
    told = data.draw(
        st.permutations([*ends, *data.draw(st.lists(st.sampled_from(ends), max_size=30) if ends else st.just([]))])
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(told)), max_size=6)))
    history: tuple[HistoryEntry, ...] = ()
    for begin, end in zip([0, *cuts], [*cuts, len(told)], strict=True):
        history = merged(history, tuple(told[begin:end]))
        assert len(history) <= HISTORY_LIMIT
    assert history == merged(tuple(ends))
    assert [one.finished_at for one in history] == sorted((one.finished_at for one in ends), reverse=True)[
        :HISTORY_LIMIT
    ]


@given(ends=ENDS)
def test_what_is_not_missing_changes_nothing(ends: list[HistoryEntry]) -> None:
    history = merged(tuple(ends[::2]))
    for one in ends:
        if not is_missing(history, (one.kind, one.uid), one.finished_at):
            assert merged(history, (one,)) == history


def test_an_entry_that_is_there_is_never_changed() -> None:
    first = replace(entry(1, 10), outcome="Deleted")

    assert merged((first,), (entry(1, 20),)) == (first,)
    assert not is_missing((first,), ("ReplicationSync", "u1"), at(20))
    assert is_missing((first,), ("FailoverPreparation", "u1"), at(5))


def test_an_end_older_than_the_oldest_of_a_full_history_is_not_added() -> None:
    full = merged(tuple(entry(number, number) for number in range(10, 10 + HISTORY_LIMIT)))

    assert not is_missing(full, ("ReplicationSync", "u1"), at(9))
    assert merged(full, (entry(1, 9),)) == full
    assert is_missing(full, ("ReplicationSync", "u99"), at(11))
    assert merged(full, (entry(99, 99),))[-1] == entry(11, 11)


@pytest.mark.parametrize(("seconds", "belongs"), [(0, True), (-60, True), (-61, False)])
def test_ends_from_before_the_group_was_made_are_another_groups(seconds: int, belongs: bool) -> None:  # noqa: FBT001 - pytest's
    assert of_this_group(entry(1, seconds), CREATED) is belongs
