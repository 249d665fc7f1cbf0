"""Statuses: what is written can be read back, and what others wrote into them does no harm."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.api.samples import MOMENT, any_of, full
from unit.api.spec_cases import TYPES

from vvol_replication.api import wire
from vvol_replication.api.errors import SpecError
from vvol_replication.api.group import PointInTimeStatus, ReplicationGroupStatus
from vvol_replication.api.ledger import Baseline, Credit, Operation, PushLedger, SyncLedger
from vvol_replication.api.names import KINDS, ONE_SHOT_KINDS, REPLICATION_SYNC, Kind
from vvol_replication.api.status import Phase
from vvol_replication.api.sync import SyncStatus, TransferStatus

EACH_KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)


@EACH_KIND
@given(data=st.data())
def test_what_is_written_can_be_read_back(kind: Kind, data: st.DataObject) -> None:
    status_type: Any = TYPES[kind][1]
    status = data.draw(any_of(status_type))

    over_the_wire = json.loads(json.dumps(status.to_json()))

    assert status_type.parse(over_the_wire) == status


@EACH_KIND
def test_a_full_status_has_no_empty_place(kind: Kind) -> None:
    status = full(TYPES[kind][1])

    assert TYPES[kind][1].parse(status.to_json()) == status
    assert "null" not in json.dumps(status.to_json())


@EACH_KIND
@pytest.mark.parametrize("status", [None, {}, [], "text", {"observedGeneration": -1}])
def test_an_object_not_seen_yet(kind: Kind, status: object) -> None:
    assert TYPES[kind][1].parse(status) == TYPES[kind][1]()


@pytest.mark.parametrize("kind", ONE_SHOT_KINDS, ids=lambda kind: kind.kind)
@pytest.mark.parametrize("conditions", [None, [], [{"type": "Finished", "status": "False"}], [7], "Finished"])
def test_the_time_of_an_end_without_its_condition_is_no_end(kind: Kind, conditions: object) -> None:
    """A process that stood still writes its acceptance over an end: the conditions are its own, the time stays."""
    written = full(TYPES[kind][1]).to_json()

    assert TYPES[kind][1].parse(written).finished_at == MOMENT
    assert TYPES[kind][1].parse(written | {"conditions": conditions}).finished_at is None


@EACH_KIND
@given(data=st.data())
def test_garbage_in_one_field_leaves_the_others(kind: Kind, data: st.DataObject) -> None:
    status_type = TYPES[kind][1]
    written = full(status_type).to_json()
    name = data.draw(st.sampled_from(sorted(written.keys() - {"operation"})))
    garbage: Any = data.draw(st.sampled_from([[{}], [7], "\x00", {"": 1}, 1.5, None, True]))

    read = status_type.parse(written | {name: garbage}).to_json()

    # An end counts with its condition only, and without a generation there is the default.
    aside = {name, "observedGeneration"} | ({"finishedAt"} if name == "conditions" else set())
    assert {key: value for key, value in read.items() if key not in aside} == {
        key: value for key, value in written.items() if key not in aside
    }
    assert name == "observedGeneration" or read["observedGeneration"] == written["observedGeneration"]


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a JSON value, the whole one first."""
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    return [path, *(place for key, child in inner for place in places(child, (*path, key)))]


LEDGER = full(Operation)


@pytest.mark.parametrize("place", places(wire.to_json(LEDGER)), ids=lambda place: ".".join(map(str, place)))
def test_a_ledger_with_a_wrong_type_anywhere_is_never_ignored(place: tuple[str | int, ...]) -> None:
    status = {"observedGeneration": 1, "operation": wire.to_json(LEDGER)}
    node: Any = status
    *way, last = ("operation", *place)
    for step in way:
        node = node[step]
    node[last] = 1.5

    with pytest.raises(SpecError) as caught:
        SyncStatus.parse(status)

    expected = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in ("operation", *place))
    assert caught.value.path == f"status{expected}"


@pytest.mark.parametrize(
    ("operation", "path", "message"),
    [
        ({}, "status.operation.requestID", "is missing"),
        ({"requestID": "r", "push": {}}, "status.operation.push.intentAt", "is missing"),
        ({"requestID": "r", "resolved": {}}, "status.operation.resolved.recoveryVCenter", "is missing"),
        ({"requestID": "r", "turnAt": "yesterday"}, "status.operation.turnAt", "is not an RFC 3339 time"),
        (
            {"requestID": "r", "sync": {"intentAt": "2026-11-24T03:00:07Z", "armings": True}},
            "status.operation.sync.armings",
            "must be of type int",
        ),
        ({"requestID": "r", "baseline": {"points": ["p"] * 17}}, "status.operation.baseline", "at most 16"),
    ],
)
def test_half_a_ledger_is_no_ledger(operation: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        SyncStatus.parse({"operation": operation})

    assert caught.value.path == path
    assert message in caught.value.message


def test_an_empty_part_of_the_ledger_is_not_an_absent_one() -> None:
    operation = Operation("r", baseline=Baseline())

    written = SyncStatus(operation=operation).to_json()

    assert written["operation"] == {"requestID": "r", "baseline": {}}
    assert SyncStatus.parse(written).operation == operation


def test_lists_that_the_api_server_would_refuse_cannot_be_made() -> None:
    credit = Credit("p", MOMENT)
    with pytest.raises(ValueError, match="credited holds 9 items; the API server takes at most 8"):
        SyncLedger(MOMENT, 9, credited=(credit,) * 9)
    with pytest.raises(ValueError, match="transfers holds 17 items"):
        Baseline(transfers=("t",) * 17)
    with pytest.raises(ValueError, match="newest 10 points in time, not 11"):
        ReplicationGroupStatus(points_in_time=(PointInTimeStatus("p"),) * 11)


def test_the_words_of_a_status() -> None:
    status = SyncStatus(
        observed_generation=2,
        phase=Phase.RUNNING,
        accepted_at=MOMENT,
        operation=Operation("CHG-4711", suffix="vvol-1", push=PushLedger(MOMENT, snapshot="erp.vvol-1")),
        transfer=TransferStatus("erp.vvol-1", percent=0, bytes_transferred=0),
    )

    assert status.to_json() == {
        "observedGeneration": 2,
        "phase": "Running",
        "acceptedAt": "2026-11-24T03:00:07Z",
        "operation": {
            "requestID": "CHG-4711",
            "suffix": "vvol-1",
            "push": {"intentAt": "2026-11-24T03:00:07Z", "snapshot": "erp.vvol-1"},
        },
        "transfer": {"snapshot": "erp.vvol-1", "percent": 0, "bytesTransferred": 0},
    }


def test_a_list_of_points_keeps_what_can_be_read() -> None:
    points = [{"id": "p1"}, {"id": 7}, "p2", {"id": "p3", "time": "2026-11-24T03:00:07Z"}]

    parsed = ReplicationGroupStatus.parse({"pointsInTime": points})

    assert parsed.points_in_time == (PointInTimeStatus("p1"), PointInTimeStatus("p3", time=MOMENT))


@pytest.mark.parametrize(
    ("name", "json_name"),
    [
        ("id", "id"),
        ("recovery_vcenter_uuid", "recoveryVCenterUUID"),
        ("request_id", "requestID"),
        ("fault_domain", "faultDomainID"),
        ("instance_uuid", "instanceUUID"),
        ("points_in_time", "pointsInTime"),
    ],
)
def test_json_names(name: str, json_name: str) -> None:
    assert wire.json_name(name) == json_name


def test_the_kinds_that_were_asked_for() -> None:
    assert REPLICATION_SYNC.crd_name == "replicationsyncs.replication.vvol.dev"
    assert set(TYPES) == set(KINDS)
