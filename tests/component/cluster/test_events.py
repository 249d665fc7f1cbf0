"""Events as the API server gets them."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest
from component.cluster.server import Server

from vvol_replication.api.names import REPLICATION_SYNC, VCENTER
from vvol_replication.api.objects import ObjectRef
from vvol_replication.cluster.api import ApiServer

SYNC = ObjectRef(REPLICATION_SYNC, "prod", "one", "u1")
SITE = ObjectRef(VCENTER, None, "dallas", "u2")


def status(code: int, message: str) -> tuple[int, Any]:
    return code, {"kind": "Status", "message": message, "code": code}


async def test_an_event_is_told_and_losing_one_is_no_harm(
    server: Server, api: ApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.answer = lambda _: (201, {})
    await api.event(SYNC, warning=False, reason="Complete", message="x" * 2000)
    await api.event(SITE, warning=True, reason="LoginFailed", message="y")
    first, second = server.asked
    assert first.path == "/api/v1/namespaces/prod/events"
    assert first.body["involvedObject"]["uid"] == "u1"
    assert first.body["message"] == "x" * 1021 + "…"
    assert (second.body["type"], second.path) == ("Warning", "/api/v1/namespaces/default/events")
    assert caplog.records == []
    for answer in (status(403, "may not"), "reset"):
        server.answer = lambda _, answer=answer: answer  # type: ignore[misc]  # a lambda's default
        await api.event(SYNC, warning=False, reason="Complete", message="x")
    assert len(caplog.records) == 2


async def test_what_is_told_once_has_a_name_of_its_own_so_that_a_second_one_is_refused(
    server: Server, api: ApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.answer = lambda _: (201, {})
    for once in ("end", "end", "Arming", "", ""):
        await api.event(SYNC, warning=False, reason="Complete", message="x", once=once)
    await api.event(replace(SYNC, uid="u2"), warning=False, reason="Complete", message="x", once="end")
    first, again, *others = [asked.body["metadata"]["name"] for asked in server.asked]
    assert first == again
    assert len({first, *others}) == 5
    server.answer = lambda _: status(409, "already exists")
    await api.event(SYNC, warning=False, reason="Complete", message="x", once="end")
    assert caplog.records == []
    await api.event(SYNC, warning=False, reason="Complete", message="x")
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("message", "note"),
    [
        ("ü" * 512, "ü" * 512),
        ("ü" * 513, "ü" * 510 + "…"),
        ("Zürich " + "漢" * 400, "Zürich " + "漢" * 337 + "…"),
        ("x" * 1023 + "…", "x" * 1021 + "…"),
        ("half \ud800 of a pair", "half ? of a pair"),
    ],
)
async def test_a_note_of_more_bytes_than_an_event_holds_is_cut_between_characters(
    message: str, note: str, server: Server, api: ApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.answer = lambda asked: (
        (201, {})
        if len(asked.body["message"].encode()) <= 1024
        else status(422, "message: can have at most 1024 bytes")
    )
    await api.event(SYNC, warning=True, reason="Failed", message=message)
    assert caplog.records == []
    assert server.asked[0].body["message"] == note


async def test_events_carry_what_kubectl_sorts_by_and_within_a_second_their_names_do(
    server: Server, api: ApiServer
) -> None:
    server.answer = lambda _: (201, {})
    for order in (0, 18, 20, 255):
        await api.event(SYNC, warning=False, reason="Complete", message="x", once=str(order), order=order)
    told = [asked.body for asked in server.asked]
    for one in told:
        assert one["lastTimestamp"] == one["firstTimestamp"] == f"{one['eventTime'][:19]}Z"
    names = [one["metadata"]["name"] for one in told]
    assert names == sorted(names)
