"""Logs: one line for each message, as text or JSON, and libraries only where they warn."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from vvol_replication.telemetry.logs import configure_logs


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root, noisy = logging.getLogger(), ("kopf", "aiohttp.access", "urllib3", "asyncio")
    before = (root.handlers[:], root.level, {name: logging.getLogger(name).level for name in noisy})
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    for name, level in before[2].items():
        logging.getLogger(name).setLevel(level)


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
