"""The table of faults is whole: every reason and every fault has its row, and every row its message."""

from __future__ import annotations

from collections import Counter

import pytest
from component.faults import golden
from component.faults.all_rows import NOT_SHOWN, ROWS
from component.faults.retries import retried
from component.faults.rows import ENDPOINTS, INDETERMINATE, MUTATING, REFUSED, UNAVAILABLE, Row
from component.faults.table_rows import NOT_IN_SMS

from vvol_replication.api.reasons import CATALOGUE, Reason
from vvol_replication.storage import reasons
from vvol_replication.storage.flasharray.errors import refusals
from vvol_replication.storage.vsphere.faults import TABLE

ARRAYS_OWN = {
    refusals.PROTECTION_GROUP_NOT_FOUND,
    refusals.PROTECTION_GROUP_DESTROYED,
    refusals.SNAPSHOT_LIMIT_REACHED,
    refusals.ARRAYS_NOT_CONNECTED,
    refusals.TARGET_NOT_ALLOWED,
    refusals.ARRAY_REFUSED,
}
PLACES = {"thrown": 3, "in error[]": 1, "as the task's error": 1, "in a success task": 1}
"""Where a fault of SMS may lie, and in how many calls."""


def test_every_row_has_a_name_of_its_own() -> None:
    assert [key for key, count in Counter(row.key for row in ROWS).items() if count > 1] == []


def test_every_row_has_its_message_and_no_message_is_left_over() -> None:
    assert set(golden.messages()) == {row.key for row in ROWS}


def test_every_reason_of_the_adapters_is_reached() -> None:
    reached = {row.reason for row in ROWS}
    assert (reasons.ALL | ARRAYS_OWN) - reached == set()
    assert not {reason for reason in reached if reason} - set(Reason)


@pytest.mark.parametrize("name", TABLE)
def test_every_entry_of_the_table_has_its_rows(name: str) -> None:
    rows = [row for row in ROWS if row.fault == name]
    if name in NOT_IN_SMS:
        assert [row.call for row in rows] == ["members"]
        assert [place for unshown, place in NOT_SHOWN if unshown == name]
        return
    counted = Counter(place for row in rows for place in PLACES if row.trouble.endswith(f" {place}"))
    assert counted == PLACES


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.outcome in (REFUSED, UNAVAILABLE, INDETERMINATE)], ids=lambda row: row.key
)
def test_what_did_not_work_is_told_to_people(row: Row) -> None:
    message = golden.messages()[row.key]
    assert message
    assert message == " ".join(message.split())
    assert row.reason in CATALOGUE
    assert retried(row)


def test_what_changes_nothing_is_never_in_doubt() -> None:
    assert [row.key for row in ROWS if row.outcome == INDETERMINATE and row.call not in MUTATING] == []


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_endpoint_has_rows_of_reading_and_of_changing_calls(endpoint: str) -> None:
    rows = [row for row in ROWS if row.endpoint == endpoint]
    for outcome in (REFUSED, UNAVAILABLE):
        for changing in (True, False):
            assert [row for row in rows if row.outcome == outcome and (row.call in MUTATING) is changing], outcome
