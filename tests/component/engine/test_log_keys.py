"""One grep of a request id: all lines about the request, its storage calls and its schedule, and none about others."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from component.engine.rig import Rig, running
from component.engine.virtual import until, virtual
from pages.markdown import ROOT

from vvol_replication.domain.outcomes import Outcome
from vvol_replication.engine.about import about_now
from vvol_replication.engine.events.log import _STEPS
from vvol_replication.telemetry.logs import KEYS, JsonFormatter, TextFormatter

_calls = logging.getLogger("vvol_replication.test.storage")


class Both(logging.Handler):
    """What the operator logs, in both formats."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.text: list[str] = []
        self.json: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.text.append(TextFormatter(about_now).format(record))
        self.json.append(json.loads(JsonFormatter(about_now).format(record)))

    def grep(self, text: str) -> list[dict[str, Any]]:
        """The lines that have this text, as JSON."""
        return [line for line, said in zip(self.json, self.text, strict=True) if text in said]


@pytest.fixture
def log() -> Iterator[Both]:
    logger, both = logging.getLogger("vvol_replication"), Both()
    level = logger.level
    logger.addHandler(both)
    logger.setLevel(logging.INFO)
    yield both
    logger.setLevel(level)
    logger.removeHandler(both)


async def logs() -> Outcome[Any] | None:
    """A storage call that logs, as the adapters do."""
    _calls.info("called")
    return None


def test_one_grep_of_a_request_id_tells_its_whole_story(log: Both) -> None:
    async def play() -> None:
        async with running() as rig:
            rig.request("other")
            await rig.until_ended("other")
            for call in ("push", "start_sync", "transfers"):
                rig.world.before[call] = [logs]
            rig.request("one", requestID="CHG-4711", ttlSecondsAfterFinished=60)
            await rig.until_ended("one")
            await until(lambda: rig.api.deletions == ["one"])

    virtual(play)()
    story = log.grep("CHG-4711")
    steps = [line["step"] for line in story if "step" in line]
    assert steps == ["accepted", "turn", "armed", "pushed", "landed", "ended"]
    assert [line["message"] for line in story].count("called") >= 2  # arming and push; the poll is for all who wait
    assert "ReplicationSync prod/one is deleted: its ttlSecondsAfterFinished has passed" in story[-1]["message"]
    for line in story:
        about = {key: line.get(key) for key in ("kind", "namespace", "name", "requestID", "group")}
        assert about == {
            "kind": "ReplicationSync",
            "namespace": "prod",
            "name": "one",
            "requestID": "CHG-4711",
            "group": "erp",
        }
        assert line["uid"].startswith("uid-one")
    others = [line for line in log.json if line not in story]
    assert {line.get("name") for line in others if line["message"] != "called"} >= {"dallas", "a", "b", "other"}
    assert not [line for line in others if line.get("name") == "one"]


def test_a_poll_for_many_is_about_none_of_them(log: Both) -> None:
    async def play() -> None:
        async with running() as rig:
            rig.world.before["transfers"] = [logs] * 3
            rig.request("one", requestID="CHG-4711")
            await rig.until_ended("one")

    virtual(play)()
    called = [line for line in log.json if line["message"] == "called"]
    assert called[-1].keys() & set(KEYS) == set()


def test_the_grep_of_a_run_has_the_line_of_its_schedule(log: Both) -> None:
    async def play() -> None:
        async with running() as rig:
            rig.schedule("nightly")
            await until(lambda: bool(rig.runs), within=1000)
            await rig.until_ended(rig.runs[0])
            await until(lambda: rig.scheduled("nightly").last_run is not None)
            await until(lambda: len(log.grep("step=ended")) == 2)

    virtual(play)()
    (request_id,) = {line["requestID"] for line in log.json if line.get("step") == "pushed"}
    kinds = [(line["kind"], line.get("step")) for line in log.grep(f"requestID={request_id}")]
    assert ("ReplicationSchedule", "started") in kinds
    assert ("ReplicationSync", "accepted") in kinds
    assert kinds[-1] == ("ReplicationSchedule", "ended")
    assert {line["group"] for line in log.grep(f"requestID={request_id}")} == {"erp"}


def test_each_line_of_a_schedule_has_the_keys_of_its_object_its_step_and_the_reason(log: Both) -> None:
    async def play() -> None:
        async with running(Rig(transfer=1200)) as rig:
            rig.schedule("nightly", runNow="CHG-1")
            await until(lambda: bool(log.grep("step=skipped")), within=1800)
            await until(lambda: rig.scheduled("nightly").last_run_now == "CHG-1", within=1800)
            rig.schedule("nightly", schedule="61 * * * *")
            await until(lambda: bool(log.grep("reason=InvalidSchedule")))

    virtual(play)()
    lines = [line for line in log.json if line.get("kind") == "ReplicationSchedule"]
    assert {(line["step"], line.get("reason")) for line in lines} == {
        ("started", None),
        ("skipped", "RunSkipped"),
        ("ended", "PointInTimeCreated"),
        ("stands", "InvalidSchedule"),
    }
    for line in lines:
        assert {key: line.get(key) for key in ("namespace", "name", "group")} == {
            "namespace": "prod",
            "name": "nightly",
            "group": "erp",
        }
        assert line["uid"].startswith("uid-nightly")


def test_the_page_tells_each_key_and_each_step() -> None:
    page = (ROOT / "docs" / "logs.md").read_text("utf-8")
    told = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert [key for key in told if key in KEYS] == list(KEYS)
    assert set(_STEPS.values()) <= set(told)
