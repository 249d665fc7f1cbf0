"""REST 1 answers as domain values; garbage is `Unreadable` and nothing else."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvol_replication.domain.arrays import ArrayConnection, ProtectionGroup, Pushed, ReplicationTarget, Snapshot
from vvol_replication.storage.flasharray import merging
from vvol_replication.storage.flasharray.errors import Unreadable
from vvol_replication.storage.flasharray.rest1 import answers

MOMENT = datetime(2026, 5, 11, 20, 35, 53, tzinfo=UTC)
WIRE = "2026-05-11T20:35:53Z"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
FIELDS = (
    "name", "source", "targets", "allowed", "created", "started", "completed", "progress", "data_transferred",
    "time_remaining", "array_name", "id", "status", "connected", "version", "replicate_enabled",
    "replicate_frequency", "replicate_blackout", "target_all_for", "target_per_day", "target_days",
)  # fmt: skip
ROW = st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from([WIRE, "erp.vr-1", 1.0]))


@given(JSON | ROW | st.lists(ROW | JSON, max_size=4))
def test_garbage_is_unreadable_and_never_anything_else(answer: Any) -> None:
    for read in (
        lambda: answers.about(answer, "1.19"),
        lambda: answers.connections(answer),
        lambda: answers.protection_group(answer),
        lambda: answers.snapshots(answer),
        lambda: answers.schedules(answer),
        lambda: answers.retentions(answer),
        lambda: answers.pushed(answer, "erp.vr-1"),
    ):
        with suppress(Unreadable):
            read()


@given(st.lists(ROW, max_size=5))
def test_what_is_read_keeps_the_domains_promises(rows: list[dict[str, Any]]) -> None:
    with suppress(Unreadable):
        for row in answers.snapshots(rows):
            for moment in (row.created, row.started, row.completed):
                assert moment is None or (moment.tzinfo is UTC and moment.microsecond == 0)
            assert row.progress is None or 0.0 <= row.progress <= 1.0
            assert row.bytes_transferred is None or row.bytes_transferred >= 0


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {}),
        ({"progress": 1, "completed": WIRE, "data_transferred": 7.0},
         {"progress": 1.0, "completed": MOMENT, "bytes_transferred": 7}),
        ({"progress": 0.075, "started": "2026-05-11T22:35:53.9+02:00"}, {"progress": 0.075, "started": MOMENT}),
        ({"progress": "1.0", "data_transferred": True, "started": "soon", "completed": 5}, {}),
        ({"progress": float("nan"), "data_transferred": -1}, {}),
        ({"progress": 1.5, "data_transferred": None}, {}),
        ({"progress": 1.0000000000000002}, {"progress": 1.0}),
        ({"progress": 0.9999999999}, {"progress": 1.0}),
        ({"progress": 0.9999}, {"progress": 0.9999}),
        ({"time_remaining": 86399}, {"destroyed": True}),
        ({"time_remaining": 0}, {"destroyed": True}),
        ({"time_remaining": None}, {}),
    ],
)  # fmt: skip
def test_a_snapshot_row(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    row = {"name": "erp.vr-1", "source": "erp", "created": WIRE} | fields
    assert answers.snapshots([None, {"name": "erp"}, row]) == (Snapshot("erp.vr-1", MOMENT, **expected),)


def test_a_naive_time_is_utc_and_a_missing_creation_is_the_start() -> None:
    assert answers.snapshots([{"name": "erp.a", "started": "2026-05-11T20:35:53"}])[0].created == MOMENT
    with pytest.raises(Unreadable):
        answers.snapshots([{"name": "erp.a"}])


def test_a_snapshot_destroyed_between_two_answers_is_destroyed() -> None:
    live = answers.snapshots([{"name": "erp.a", "created": WIRE, "progress": 1.0, "completed": WIRE},
                              {"name": "erp.b", "created": WIRE}])  # fmt: skip
    gone = answers.snapshots([{"name": "ERP.a", "created": WIRE}, {"name": "erp.c", "created": WIRE}], destroyed=True)
    rows = {row.name: row for row in merging.with_destroyed(live, gone)}
    assert {name: row.destroyed for name, row in rows.items()} == {"erp.a": True, "erp.b": False, "erp.c": True}
    assert rows["erp.a"].completed == MOMENT


def test_rows_are_sorted_under_the_names_asked_for() -> None:
    rows = answers.snapshots([{"name": f"{name}.s", "created": WIRE} for name in ("a:ERP", "crm", "stranger")])
    found = merging.by_protection_group(rows, ["a:erp", "A:Erp", "crm", "empty"])
    assert {name: [row.name for row in some] for name, some in found.items()} == {
        "a:erp": ["a:ERP.s"], "A:Erp": ["a:ERP.s"], "crm": ["crm.s"], "empty": [],
    }  # fmt: skip


def test_a_protection_group() -> None:
    row = {"name": "erp", "source": "pure-a", "volumes": None, "hosts": None, "hgroups": None}
    assert answers.protection_group(row | {"targets": None}) == ProtectionGroup("erp", "pure-a", ())
    targets = [{"name": "pure-b", "allowed": True}, {"name": "pure-c", "allowed": None}, {"name": "pure-d"}]
    assert answers.protection_group([row | {"targets": targets, "time_remaining": 5}]) == ProtectionGroup(
        "erp",
        "pure-a",
        (ReplicationTarget("pure-b", allowed=True), ReplicationTarget("pure-c", allowed=False),
         ReplicationTarget("pure-d", allowed=False)),
        destroyed=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "connected", "status"),
    [
        ({"connected": True}, True, "connected"),
        ({"connected": False}, False, "disconnected"),
        ({"status": "connected"}, True, "connected"),
        ({"status": "partially_connected"}, True, "partially_connected"),
        ({"status": "connecting", "connected": True}, False, "connecting"),
    ],
)
def test_a_connection(fields: dict[str, Any], connected: bool, status: str) -> None:  # noqa: FBT001 - parametrized
    rows = [{"array_name": "pure-b", "id": None, "type": ["replication"]} | fields]
    assert answers.connections(rows) == (ArrayConnection("pure-b", None, connected=connected, status=status),)


def test_a_connection_for_a_fleet_alone_is_none_that_replicates() -> None:
    kinds = (["fleet-management"], ["async-replication", "fleet-management"], ["replication"], None)
    rows = [{"array_name": f"pure-{n}", "status": "connected", "type": kind} for n, kind in enumerate(kinds)]
    assert [one.name for one in answers.connections(rows)] == ["pure-1", "pure-2", "pure-3"]


@pytest.mark.parametrize(
    "odd", [{"array_name": None, "status": "connecting"}, {"array_name": "pure-c", "status": None, "connected": None}]
)
def test_a_connection_that_is_half_made_hides_no_other(odd: dict[str, Any]) -> None:
    rows = answers.connections([odd, {"array_name": "pure-b", "status": "connected"}])
    assert [(one.name, one.status) for one in rows if one.connected] == [("pure-b", "connected")]
    assert [(one.name, one.status) for one in rows if not one.connected] in ([], [("pure-c", "no status")])


def test_a_connection_that_says_nothing_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        answers.connections([{"array_name": "pure-b"}])


@pytest.mark.parametrize("answer", [[{"name": "ERP.vr-1", "created": WIRE}], {"name": "ERP.vr-1", "created": WIRE}])
def test_a_push_as_list_and_as_object(answer: Any) -> None:
    assert answers.pushed(answer, "erp.vr-1") == Pushed("ERP.vr-1", MOMENT)


@pytest.mark.parametrize("answer", [[], [{"name": "erp.vr-2"}], None, "ok", [{}]])
def test_a_push_that_does_not_speak_of_ours(answer: Any) -> None:
    with pytest.raises(Unreadable):
        answers.pushed(answer, "erp.vr-1")
