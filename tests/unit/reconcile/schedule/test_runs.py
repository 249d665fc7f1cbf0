"""What the runs of a schedule are called, what they ask for, and how they are known again."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.reconcile.schedule.cases import NOON, at, schedule

from vvol_replication.api.names import API_VERSION
from vvol_replication.api.reading import DNS_LABEL
from vvol_replication.api.schedule import RUN_NOW_LIMIT
from vvol_replication.api.status import Phase
from vvol_replication.api.sync import Method, SyncSpec
from vvol_replication.api.times import format_time
from vvol_replication.reconcile.schedule.runs import (
    RUN_NOW,
    SCHEDULE,
    SCHEDULE_UID,
    Ask,
    Schedule,
    fingerprint,
    owner_uid,
    read_run,
    read_schedule,
)

TIMES = st.datetimes(min_value=NOON.replace(tzinfo=None)).map(
    lambda time: time.replace(microsecond=0, tzinfo=NOON.tzinfo)
)
TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=RUN_NOW_LIMIT)
ASKS = st.one_of(TIMES.map(lambda time: Ask(at=time)), TEXTS.map(lambda text: Ask(text=text)))


def stored(of: Schedule, ask: Ask, **status: Any) -> dict[str, Any]:
    """A run's object as the API server holds it."""
    body = of.manifest(ask)
    body["metadata"] |= {"uid": "uid-of-run", "resourceVersion": "12", "generation": 1}
    return body | {"status": status}


def test_a_run_says_what_it_is_for_and_whose_it_is() -> None:
    of = schedule(
        method=Method.COORDINATED,
        max_age=timedelta(minutes=10),
        timeout=timedelta(hours=1),
        starting_deadline=timedelta(minutes=15),
        point_in_time_name_prefix="nightly",
    )

    body = of.manifest(Ask(at=at(30)))

    assert (body["apiVersion"], body["kind"]) == (API_VERSION, "ReplicationSync")
    assert body["metadata"]["name"] == "nightly-20261201-123000-" + body["metadata"]["name"][-6:]
    assert body["metadata"]["labels"] == {SCHEDULE: "nightly", SCHEDULE_UID: "uid-1"}
    assert body["metadata"]["ownerReferences"] == [
        {
            "apiVersion": API_VERSION,
            "kind": "ReplicationSchedule",
            "name": "nightly",
            "uid": "uid-1",
            "controller": True,
        }
    ]
    assert body["spec"] == {
        "groupRef": {"name": "erp"},
        "requestID": "schedule/uid-1/2026-12-01T12:30:00Z",
        "method": "Coordinated",
        "maxAge": "10m",
        "timeout": "1h",
        "pointInTimeName": "nightly-20261201T123000Z",
        "notAfter": "2026-12-01T12:45:00Z",
    }


def test_a_run_by_text_is_no_history_and_takes_no_older_point() -> None:
    of = schedule(max_age=timedelta(minutes=10), starting_deadline=timedelta(minutes=15), point_in_time_name_prefix="n")

    body = of.manifest(Ask(text="CHG-4711"))

    assert body["metadata"]["annotations"] == {RUN_NOW: "CHG-4711"}
    assert body["spec"] == {
        "groupRef": {"name": "erp"},
        "requestID": f"schedule/uid-1/run-now/{fingerprint('CHG-4711')}",
        "pointInTimeName": "n-CHG-4711",
    }


@pytest.mark.parametrize("text", ["x" * 79, "a\u200bb", "  "])
def test_a_text_that_is_no_name_is_named_by_its_fingerprint(text: str) -> None:
    of = schedule(point_in_time_name_prefix="n")

    assert of.point_in_time_name(Ask(text=text)) == f"n-{fingerprint(text.strip())}"


def test_the_deadline_of_a_run_counts_from_its_start() -> None:
    of = schedule(starting_deadline=timedelta(minutes=5), stagger=timedelta(minutes=10))

    assert timedelta() <= of.offset < timedelta(minutes=10)
    assert of.manifest(Ask(at=at(10)))["spec"]["notAfter"] == format_time(at(15) + of.offset)


@given(ask=ASKS, name=st.from_regex(DNS_LABEL.pattern, fullmatch=True).filter(lambda name: len(name) < 200))
def test_every_run_can_be_stored_and_is_known_again(ask: Ask, name: str) -> None:
    of = Schedule("prod", name, "uid-1", 1, NOON, schedule(point_in_time_name_prefix="p").spec)

    body = stored(of, ask)
    found = read_run(body, "uid-1")

    assert re.fullmatch(DNS_LABEL.pattern, body["metadata"]["name"])
    assert len(body["metadata"]["name"]) <= 63
    assert all(len(value) <= 63 for value in body["metadata"]["labels"].values())
    SyncSpec.parse(body["spec"])
    assert found is not None
    assert (found.at, found.text) == (ask.at, ask.text)
    assert found.finished_at is None


@given(one=ASKS, other=ASKS)
def test_names_and_ids_are_the_same_for_the_same_alone(one: Ask, other: Ask) -> None:
    of = schedule()

    assert (of.run_name(one) == of.run_name(other)) is (one == other)
    assert (of.request_id(one) == of.request_id(other)) is (one == other)


def test_another_schedule_of_that_name_has_other_runs() -> None:
    of, again = schedule(), Schedule("prod", "nightly", "uid-2", 1, NOON, schedule().spec)

    assert of.run_name(Ask(at=at(10))) != again.run_name(Ask(at=at(10)))
    assert read_run(stored(of, Ask(at=at(10))), "uid-2") is None


def test_what_has_ended_says_how() -> None:
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "PointInTimeCreated",
        "message": "",
        "observedGeneration": 1,
        "lastTransitionTime": "2026-12-01T12:31:00Z",
    }
    body = stored(
        schedule(),
        Ask(at=at(30)),
        phase="Succeeded",
        finishedAt="2026-12-01T12:31:00Z",
        conditions=[ready, ready | {"type": "Finished"}],
        pointInTime={"id": "id-1"},
        operation="that cannot be read",
    )

    found = read_run(body, "uid-1")

    assert found is not None
    assert (found.phase, found.reason, found.finished_at) == (Phase.SUCCEEDED, "PointInTimeCreated", at(31))
    assert found.succeeded
    assert found.point_in_time is not None


@pytest.mark.parametrize(
    "request_id", ["", "CHG-4711", "schedule/uid-1/yesterday", "schedule/uid-2/2026-12-01T12:30:00Z"]
)
def test_an_object_that_only_looks_like_a_run_is_none(request_id: str) -> None:
    body = stored(schedule(), Ask(at=at(30)))
    body["spec"]["requestID"] = request_id

    assert read_run(body, "uid-1") is None


def test_a_run_is_the_one_of_its_controller() -> None:
    body = stored(schedule(), Ask(at=at(30)))
    body["metadata"]["ownerReferences"] = [
        {"kind": "ReplicationSchedule", "uid": "uid-1"},
        {"kind": "Other", "controller": True},
    ]
    assert owner_uid(body) is None
    body["metadata"]["ownerReferences"] = None
    assert owner_uid(body) is None


def test_a_schedule_is_read_from_its_object() -> None:
    metadata = {
        "namespace": "prod",
        "name": "nightly",
        "uid": "uid-1",
        "generation": 3,
        "creationTimestamp": "2026-12-01T12:00:00Z",
    }

    read = read_schedule({"metadata": metadata, "spec": {"groupRef": {"name": "erp"}, "schedule": "*/10 * * * *"}})

    assert read == schedule()
    assert read.offset == timedelta()
    assert read.point_in_time_name(Ask(at=at(10))) is None


def test_a_long_name_is_cut_for_its_label_and_stays_apart_from_others() -> None:
    labels = {
        Schedule("prod", "x" * 200 + end, "u", 1, NOON, schedule().spec).manifest(Ask(at=NOON))["metadata"]["labels"][
            SCHEDULE
        ]
        for end in "ab"
    }

    assert {len(one) for one in labels} == {63}
    assert len(labels) == 2


def test_what_asks_for_a_run_is_told_in_words() -> None:
    assert str(Ask(at=at(10))) == "for 2026-12-01T12:10:00Z"
    assert str(Ask(text="CHG-1")) == "for runNow 'CHG-1'"
