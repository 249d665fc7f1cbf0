"""REST 2 answers as domain values; garbage is `Unreadable` and nothing else."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvol_replication.domain.arrays import Pushed, Snapshot
from vvol_replication.storage.flasharray.errors import Unreadable
from vvol_replication.storage.flasharray.rest2 import answers
from vvol_replication.storage.flasharray.rest2.answers import Page

MOMENT = datetime(2026, 5, 11, 20, 35, 53, 789000, tzinfo=UTC)
WIRE = int(MOMENT.timestamp()) * 1000 + 789

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
FIELDS = (
    "name", "source", "member", "target", "allowed", "created", "started", "completed", "progress", "data_transferred",
    "destroyed", "id", "status", "remote", "version", "items", "continuation_token", "more_items_remaining", "type",
    "replication_schedule", "target_retention",
)  # fmt: skip
ROW = st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from([WIRE, "erp.vr-1", 1.0, {"name": "a"}]))
ROWS = st.lists(ROW, max_size=4)


@given(answer=JSON | ROW, rows=ROWS, others=ROWS)
def test_garbage_is_unreadable_and_never_anything_else(
    answer: Any, rows: list[dict[str, Any]], others: list[dict[str, Any]]
) -> None:
    for read in (
        lambda: answers.page(answer, "GET x"),
        lambda: answers.about(rows, "2.26"),
        lambda: answers.connections(rows),
        lambda: answers.protection_group(rows[0] if rows else {}, others),
        lambda: answers.snapshots(rows, others),
        lambda: answers.destroyed(rows, "erp.vr-1"),
        lambda: answers.pushed(rows, "erp.vr-1"),
        lambda: answers.policies(rows),
    ):
        with suppress(Unreadable):
            read()


@given(rows=ROWS, transfers=ROWS)
def test_what_is_read_keeps_the_domains_promises(rows: list[dict[str, Any]], transfers: list[dict[str, Any]]) -> None:
    with suppress(Unreadable):
        for row in answers.snapshots(rows, transfers):
            for moment in (row.created, row.started, row.completed):
                assert moment is None or (moment.tzinfo is UTC and moment.microsecond % 1000 == 0)
            assert row.progress is None or 0.0 <= row.progress <= 1.0
            assert row.bytes_transferred is None or row.bytes_transferred >= 0


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {}),
        ({"progress": 1, "completed": WIRE, "data_transferred": 7},
         {"progress": 1.0, "completed": MOMENT, "bytes_transferred": 7}),
        ({"progress": 0.075, "started": WIRE + 0.5}, {"progress": 0.075, "started": MOMENT}),
        ({"progress": "1.0", "data_transferred": True, "started": "2026-05-11T20:35:53Z", "completed": 0}, {}),
        ({"started": 10**30, "progress": 1.5}, {}),
        ({"progress": 1.0000000000000002}, {"progress": 1.0}),
        ({"progress": 0.9999999999}, {"progress": 1.0}),
        ({"progress": 0.9999}, {"progress": 0.9999}),
        ({"destroyed": True}, {"destroyed": True}),
        ({"destroyed": None}, {}),
    ],
)  # fmt: skip
def test_a_snapshot_with_its_transfer(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    rows = answers.snapshots([{"name": "erp.vr-1", "created": WIRE}], [{"name": "ERP.vr-1"} | fields])
    assert rows == (Snapshot("erp.vr-1", MOMENT, **expected),)


def test_a_transfer_without_its_snapshot() -> None:
    transfers: list[dict[str, Any]] = [
        {"name": "erp.a", "started": WIRE, "completed": None},
        {"name": "erp.b", "started": None},
    ]
    assert answers.snapshots([], transfers) == (Snapshot("erp.a", MOMENT, started=MOMENT),)
    with pytest.raises(Unreadable):
        answers.snapshots([{"name": "erp.a"}], [])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, Page([], more=False, token=None)),
        ({"continuation_token": "t"}, Page([], more=True, token="t")),
        ({"continuation_token": "t", "more_items_remaining": False}, Page([], more=False, token="t")),
        ({"continuation_token": None, "more_items_remaining": True}, Page([], more=True, token=None)),
    ],
)
def test_where_a_list_goes_on(fields: dict[str, Any], expected: Page) -> None:
    assert answers.page({"items": []} | fields, "GET x") == expected


@pytest.mark.parametrize(
    ("content", "empty"),
    [
        ({"items": None, "more_items_remaining": False}, True),
        ({"items": None}, True),
        ({"more_items_remaining": False, "total_item_count": 0}, True),
        ({}, False),
        ({"items": None, "more_items_remaining": True}, False),
        ({"items": None, "continuation_token": "t"}, False),
        ({"items": None, "errors": [{"message": "Server is busy."}]}, False),
        ({"items": {}, "more_items_remaining": False}, False),
    ],
)
def test_an_empty_list_may_be_null_but_an_answer_without_a_list_is_none(
    content: dict[str, Any], *, empty: bool
) -> None:
    if empty:
        assert answers.page(content, "GET x") == Page([], more=False, token=None)
    else:
        with pytest.raises(Unreadable):
            answers.page(content, "GET x")


def test_a_push() -> None:
    row = {"name": "ERP.vr-1", "created": WIRE}
    assert answers.pushed([row], "erp.vr-1") == Pushed("ERP.vr-1", MOMENT)
    for rows in ([], [{"name": "erp.vr-2", "created": WIRE}]):
        with pytest.raises(Unreadable):
            answers.pushed(rows, "erp.vr-1")
