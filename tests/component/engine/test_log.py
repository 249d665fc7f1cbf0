"""The log as a person reads it: a line for each transition of requests and endpoints, and none for a calm hour."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from typing import Any

import pytest
from component.engine.rig import Rig, running
from component.engine.steps import ends
from component.engine.virtual import until, virtual
from pages.markdown import ROOT

from vvol_replication.api.names import FAILOVER_PREPARATION, REPLICATION_SYNC
from vvol_replication.domain.members import PowerState
from vvol_replication.domain.outcomes import Indeterminate, Refused, Unavailable
from vvol_replication.telemetry.logs import TextFormatter


class Read(logging.Handler):
    """The lines that the operator's log has at its usual level, without time and level."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []
        self.warned: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = TextFormatter().format(record)
        self.lines.append(line.split(f"{record.name}: ", 1)[1].split(" | kind=")[0])
        if record.levelno >= logging.WARNING:
            self.warned.append(self.lines[-1])

    def of(self, start: str) -> list[str]:
        """What is said of that object."""
        return [line.removeprefix(start) for line in self.lines if line.startswith(start)]


@pytest.fixture
def log() -> Iterator[Read]:
    logger, read = logging.getLogger("vvol_replication"), Read()
    level = logger.level
    logger.addHandler(read)
    logger.setLevel(logging.INFO)
    yield read
    logger.setLevel(level)
    logger.removeHandler(read)


def played(play: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """In virtual time; the fixture that reads the log belongs to the test around it."""
    virtual(play)()


def test_the_story_of_a_sync_is_in_the_log_with_object_request_and_why(log: Read) -> None:
    async def play() -> None:
        async with running() as rig:
            rig.request("one", requestID="CHG-4711", pointInTimeName="before-upgrade")
            await rig.until_ended("one")

    played(play)
    assert log.of("VCenter dallas: ") == ["reachable, logged in, ready: Ready: 2 groups of 2 fault domains."]
    assert log.of("FlashArray b: ") == ["reachable, logged in, ready: Ready: 'b' is connected to 1 of 1 array."]
    accepted, turn, armed, pushed, landed, ended = log.of("ReplicationSync prod/one (request CHG-4711): ")
    assert accepted == "accepted"
    assert turn == "turn: only this request acts on protection group erp of FlashArray a now"
    assert armed == "armed: VCenter dallas accepted the sync 'before-upgrade' as task task-1"
    assert pushed.startswith("pushed: FlashArray a made snapshot erp.vr-")
    assert landed.startswith("landed: snapshot a:erp.vr-")
    assert landed.endswith(" is on FlashArray b")
    assert ended.startswith("ended Succeeded: PointInTimeCreated: Snapshot a:erp.vr-")


def shape(line: str) -> str:
    """A line without what differs from run to run."""
    return re.sub(r"vr-[0-9a-f]+|point in time '[^']+'|nightly-\d{8}-\d{6}-\w+|[0-9T:.-]+Z", "*", line)


def test_the_page_shows_the_lines_that_are_logged(log: Read) -> None:
    async def play() -> None:
        async with running(Rig(transfer=60)) as rig:
            rig.request("nightly", requestID="CHG-4711", pointInTimeName="before-upgrade")
            await until(lambda: rig.world.pushed)
            rig.world.away.add("b")
            await until(lambda: any("waits" in line for line in log.lines) and len(log.of("FlashArray b: ")) == 2)
            rig.world.away.clear()
            await rig.until_ended("nightly")
            await until(lambda: len(log.of("FlashArray b: ")) == 3)
            rig.world.transfer = timedelta(minutes=20)
            rig.schedule("nightly")
            await until(lambda: len(log.of("ReplicationSchedule prod/nightly: ")) == 3, within=3600)

    played(play)
    page = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    blocks = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    shown = [shape(line) for block in blocks for line in block.splitlines()]
    assert len(shown) == 13
    assert [line for line in shown if line not in map(shape, log.lines)] == []


def test_what_a_request_waits_for_and_how_it_fails_is_in_the_log(log: Read) -> None:
    async def play() -> None:
        async with running() as rig:
            rig.request("given-up", group="nowhere", requestID="id-1")
            await rig.until_reason("given-up", "GroupNotFound")
            await asyncio.sleep(1800)
            rig.api.edit("given-up", cancel=True)
            await rig.until_ended("given-up")
            rig.world.before["push"] = [ends(Refused("ArrayRefused", "the array says no"))] * 20
            rig.request("refused", requestID="id-2")
            await rig.until_ended("refused")
            rig.request("history", notAfter="2020-01-01T00:00:00Z")
            await until(lambda: log.of("ReplicationSync prod/history: "))
            rig.request("unread", pointInTimeName="")
            await until(lambda: log.of("ReplicationSync prod/unread: "))

    played(play)
    accepted, waits, ended = log.of("ReplicationSync prod/given-up (request id-1): ")
    assert accepted == "accepted"
    assert waits.startswith(
        "waits: GroupNotFound: There is no ReplicationGroup 'nowhere' in namespace 'prod'. Create it."
    )
    assert ended.startswith("ended Cancelled: The operator does not follow it any more.")
    assert log.warned == [
        line for line in log.lines if "waits: " in line or "ended Cancelled" in line or "Failed" in line
    ]
    *_, said_no, refused = log.of("ReplicationSync prod/refused (request id-2): ")
    assert said_no.startswith("waits: ArrayRefused: ")
    assert "the array says no" in said_no
    assert refused.startswith("ended Failed: PushRefused: ")
    (history,) = log.of("ReplicationSync prod/history: ")
    assert history.startswith("ended Expired: notAfter 2020-01-01T00:00:00Z had passed")
    (unread,) = log.of("ReplicationSync prod/unread: ")
    assert unread.startswith("ended Failed: InvalidSpec: ")


def test_an_outage_of_an_hour_is_told_once_by_all_whom_it_concerns_and_that_it_is_over(log: Read) -> None:
    async def play() -> None:
        async with running(Rig(transfer=60)) as rig:
            rig.request("one", requestID="id-1", timeout="6h")
            await until(lambda: rig.world.pushed)
            rig.world.away.add("b")
            await asyncio.sleep(3600)
            rig.world.away.clear()
            await rig.until_ended("one")
            await until(lambda: len(log.of("FlashArray b: ")) == 3)

    played(play)
    assert [line.split(": ")[:2] for line in log.of("FlashArray b: ")] == [
        ["reachable, logged in, ready", "Ready"],
        ["not reachable, not ready", "Unreachable"],
        ["reachable, logged in, ready", "Ready"],
    ]
    told = [line.split(" ")[0].rstrip(":") for line in log.of("ReplicationSync prod/one (request id-1): ")]
    assert told == ["accepted", "turn", "armed", "pushed", "waits", "landed", "ended"]


def test_a_wrong_password_is_told_once_and_that_it_is_right_again(log: Read) -> None:
    async def play() -> None:
        async with running() as rig:
            rig.world.accepted.clear()
            await until(lambda: len(log.of("VCenter dallas: ")) == 2)
            await asyncio.sleep(3600)
            rig.world.accepted.add("right")
            await until(lambda: len(log.of("VCenter dallas: ")) == 4, within=2000)

    played(play)
    _, refused, paused, back = log.of("VCenter dallas: ")
    assert refused.startswith("not logged in, not ready: LoginFailed: the credentials are refused; correct the Secret")
    assert "It is Secret 'vc' in namespace 'vvol'. Refused once." in refused
    assert paused.startswith("login paused: LoginPaused: The credentials were refused 3 times in a row.")
    assert "It is Secret 'vc' in namespace 'vvol'." in paused
    assert back == "logged in, ready: Ready: 2 groups of 2 fault domains."


def test_a_push_whose_answer_was_lost_is_not_shown_as_one_that_was_answered(log: Read) -> None:
    events: list[tuple[str, str, str]] = []

    async def play() -> None:
        async with running() as rig:
            rig.world.after["push"] = [ends(Indeterminate("AnswerLost", "The connection ended before the answer."))]
            rig.request("one", requestID="id-1")
            await rig.until_ended("one")
            await asyncio.sleep(5)
            events.extend(rig.api.events)

    played(play)
    lines = log.of("ReplicationSync prod/one (request id-1): ")
    lost = next(line for line in lines if line.startswith("answer lost: "))
    assert "The operator looks for the effect of the call. It does not repeat the call blindly." in lost
    steps = [line.split(": ")[0] for line in lines]
    assert steps[2:5] == ["armed", "answer lost", "pushed"], "in the order in which it happened"
    assert ("one", "Normal", "AnswerLost") in events


def test_an_endpoint_that_changes_between_two_troubles_tells_each_seldom(log: Read) -> None:
    async def play() -> None:
        async with running() as rig:
            troubles = [Unavailable("Unreachable", "no route"), Unavailable("TimedOutCalling", "no answer")]
            rig.world.before["inventory"] = [ends(trouble) for trouble in troubles * 30]
            await until(lambda: len(rig.world.before["inventory"]) == 0, within=2000)

    played(play)
    told = [line.split(": ")[1] for line in log.of("VCenter dallas: ")[1:]]
    assert set(told) == {"Unreachable", "TimedOutCalling"}
    assert len(told) <= 4, log.lines


def test_a_request_that_is_taken_up_after_a_restart_says_so_and_does_not_tell_its_story_anew(log: Read) -> None:
    async def play() -> None:
        async with running(Rig(transfer=120)) as rig:
            rig.request("one", requestID="id-1")
            await until(lambda: rig.world.pushed)
            await asyncio.sleep(30)
            log.lines.clear()
            await rig.restart()
            await rig.until_ended("one")
            await asyncio.sleep(600)
            assert len(log.of("ReplicationSync prod/one (request id-1): ended")) == 1
            await rig.restart()
            await asyncio.sleep(600)

    played(play)
    told = [line.split(":")[0] for line in log.of("ReplicationSync prod/one (request id-1): ")]
    assert told == ["taken over from an earlier process", "landed", "ended Succeeded"]


def test_a_request_that_is_deleted_on_its_way_is_told_to_have_ended(log: Read) -> None:
    async def play() -> None:
        async with running() as rig:
            rig.request("one", group="nowhere", requestID="id-1")
            await rig.until_reason("one", "GroupNotFound")
            rig.api.remove(REPLICATION_SYNC, "one", "prod")
            await asyncio.sleep(60)

    played(play)
    assert log.of("ReplicationSync prod/one (request id-1): ")[-1] == (
        "ended: the object is being deleted. Nothing is undone."
    )
    assert sum("prod/one" in line and "ended" in line for line in log.lines) == 1


def test_the_story_of_a_preparation_is_in_the_log(log: Read) -> None:
    async def play() -> None:
        async with running() as rig:
            rig.prepare("planned", requestID="id-1")
            await rig.until_prepared("planned")

    played(play)
    told = [line.split(":")[0] for line in log.of("FailoverPreparation prod/planned (request id-1): ")]
    assert told == [
        "accepted",
        "turn",
        "called",
        "landed",
        "ended Succeeded",
    ]


def test_that_a_preparation_became_stale_is_told_also_by_a_later_process(log: Read) -> None:
    async def play() -> None:
        async with running() as rig:
            rig.prepare("planned", requestID="id-1")
            await rig.until_prepared("planned")
            await asyncio.sleep(300)
            await rig.restart()
            log.lines.clear()
            rig.world.replicas["erp"].vms["erp-db"] = PowerState.ON
            await rig.until_says(FAILOVER_PREPARATION, "planned", "VMPoweredOn", "Valid")
            await asyncio.sleep(600)

    played(play)
    (stale,) = log.of("FailoverPreparation prod/planned (request id-1): ")
    assert stale.startswith("after its end: VMPoweredOn: ")


def test_a_calm_hour_is_silent(log: Read) -> None:
    async def play() -> None:
        async with running() as rig:
            rig.request("one")
            rig.request("waiting", group="nowhere", timeout="6h")
            await rig.until_ended("one")
            await rig.until_reason("waiting", "GroupNotFound")
            await asyncio.sleep(60)
            before = list(log.lines)
            await asyncio.sleep(3600)
            assert log.lines == before

    played(play)
    assert log.lines
