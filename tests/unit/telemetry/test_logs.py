"""Logs: one line for each message, as text or JSON, and libraries only where they warn."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from vvol_replication.telemetry.logs import configure_logs


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("vvol_replication")
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


def test_json_is_one_object_a_line_with_the_traceback_in_its_own_field(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json")
    log = logging.getLogger("vvol_replication.test")
    log.info("it said %r\nover two lines ü", "x")
    try:
        int("a defect")
    except ValueError:
        log.exception("failed")
    first, second = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert first["level"] == "INFO"
    assert first["logger"] == "vvol_replication.test"
    assert first["message"] == "it said 'x'\nover two lines ü"
    assert first["time"].endswith("+00:00")
    assert "traceback" not in first
    assert "ValueError: " in second["traceback"]


def test_text_is_one_line_whatever_an_endpoint_says(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("text")
    logging.getLogger("vvol_replication.test").warning("it said %s", "one\n2026-01-01 INFO forged: all is well\r\n")
    (line,) = capsys.readouterr().err.splitlines()
    assert "WARNING" in line
    assert line.endswith("it said one 2026-01-01 INFO forged: all is well")


def test_libraries_that_log_whole_objects_are_heard_from_warnings_on(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("text")
    logging.getLogger("kopf.objects").info("with the whole body")
    logging.getLogger("kopf.objects").warning("something is wrong")
    logging.getLogger("vvol_replication").debug("too much")
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    ("level", "heard"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_the_level_is_of_ours_and_libraries_stay_quiet(
    level: str, heard: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs("json", level)
    for name in ("debug", "info", "warning", "error"):
        getattr(logging.getLogger("vvol_replication.test"), name)(name)
    logging.getLogger("kubernetes.client.rest").debug("response body: a Secret")
    assert [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()] == heard


def test_whoever_tries_again_every_half_minute_is_heard_every_ten(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("text")

    def told(logger: str, message: str, at: float) -> None:
        record = {"name": logger, "msg": message, "levelno": logging.WARNING, "levelname": "WARNING", "created": at}
        logging.getLogger(logger).handle(logging.makeLogRecord(record))

    for attempt in range(60):
        told("kopf.activities", f"Request attempt #{attempt + 1} failed; will retry: GET /apis", 30.0 * attempt)
        told("vvol_replication.test", "waiting for the API server: no route", 30.0 * attempt)
    told("vvol_replication.test", "waiting for the API server: refused", 1800.0)
    lines = capsys.readouterr().err.splitlines()
    assert sum("kopf" in line for line in lines) == sum("no route" in line for line in lines) == 3
    assert lines[-1].endswith("refused")


def test_a_transition_is_never_held_back_and_has_its_object_in_fields_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("json")
    for _ in range(2):
        logging.getLogger("vvol_replication").warning("waits", extra={"fields": {"name": "b", "requestID": "id"}})
    first, second = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert first["message"] == second["message"] == "waits"
    assert (first["name"], first["requestID"]) == ("b", "id")


ABOUT = {"kind": "ReplicationSync", "namespace": "prod", "name": "one", "requestID": "CHG-4711", "group": "erp"}


def logged(style: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """A line of ours, one of ours that says more, one of kopf's about another object, and one about nothing."""
    about: dict[str, str] = {}
    configure_logs(style, context=lambda: about)
    ours, kopf = logging.getLogger("vvol_replication.test"), logging.getLogger("kopf.objects")
    about.update(ABOUT)
    ours.info("asked")
    ours.info("waits", extra={"fields": {"step": "waits", "reason": "GroupBusy", "name": "two words", "other": "x"}})
    about.clear()
    theirs = {
        "apiVersion": "replication.vvol.dev/v1alpha1",
        "kind": "VCenter",
        "name": "dallas",
        "uid": "1",
        "more": {},
    }
    kopf.warning("Handler failed", extra={"k8s_ref": theirs})
    ours.info("about nothing")
    return capsys.readouterr().err.splitlines()


def test_what_a_line_is_about_stands_behind_it_in_text(capsys: pytest.CaptureFixture[str]) -> None:
    told, stands = [line.split(": ", 1)[1] for line in logged("text", capsys)], "step=waits reason=GroupBusy"
    assert told == [
        "asked | kind=ReplicationSync namespace=prod name=one requestID=CHG-4711 group=erp",
        f'waits | kind=ReplicationSync namespace=prod name="two words" requestID=CHG-4711 group=erp {stands}',
        "Handler failed | kind=VCenter name=dallas uid=1",
        "about nothing",
    ]


def test_the_keys_are_the_same_in_json_and_no_others(capsys: pytest.CaptureFixture[str]) -> None:
    about = [
        {key: value for key, value in json.loads(line).items() if key not in ("time", "level", "logger", "message")}
        for line in logged("json", capsys)
    ]
    assert about == [
        ABOUT,
        {**ABOUT, "name": "two words", "step": "waits", "reason": "GroupBusy"},
        {"kind": "VCenter", "name": "dallas", "uid": "1"},
        {},
    ]
