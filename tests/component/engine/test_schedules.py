"""Schedules in the engine: runs that are started, once each, and what people see of them."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from component.engine.rig import Rig, running
from component.engine.virtual import until, virtual
from pages.markdown import ROOT

from vvol_replication.api.names import REPLICATION_GROUP, REPLICATION_SCHEDULE, REPLICATION_SYNC
from vvol_replication.api.objects import Conflict, Denial, Denied, Failed


def at(hour: int, minute: int) -> datetime:
    """A time of the first day; the clock begins at noon."""
    return datetime(2026, 6, 1, hour, minute, tzinfo=UTC)


async def until_time(rig: Rig, time: datetime) -> None:
    await asyncio.sleep((time - rig.clock.now()).total_seconds())


async def before_long(what: Callable[[], Any]) -> None:
    """Let time pass until that is so, looking once a second."""
    for _ in range(4000):
        if what():
            return
        await asyncio.sleep(1)
    raise AssertionError("not within 4,000 s")


def outcome(rig: Rig) -> tuple[str, str] | None:
    return rig.says(REPLICATION_SCHEDULE, "nightly", "LastRunSucceeded")


async def one_run(rig: Rig) -> str:
    """The name of the run that comes next, once it is there."""
    before = set(rig.runs)
    await before_long(lambda: set(rig.runs) - before)
    (name,) = set(rig.runs) - before
    return name


@virtual
async def test_a_run_is_started_at_its_time_and_told_when_it_has_ended() -> None:
    async with running() as rig:
        rig.schedule("nightly", pointInTimeNamePrefix="nightly")
        await until(lambda: rig.scheduled("nightly").next_schedule_time == at(12, 15))
        assert rig.says(REPLICATION_SCHEDULE, "nightly") == ("True", "Scheduled")

        run = await one_run(rig)
        assert rig.clock.now() < at(12, 15) + timedelta(seconds=2)
        await until(lambda: rig.scheduled("nightly").active)
        assert rig.scheduled("nightly").active[0].name == run
        await rig.until_ended(run)
        await until(lambda: outcome(rig) is not None)

        status = rig.scheduled("nightly")
        assert (status.last_schedule_time, status.next_schedule_time) == (at(12, 15), at(12, 30))
        assert not status.active
        assert status.last_run is not None
        assert status.last_run.point_in_time is not None
        assert status.last_run.point_in_time.name == "nightly-20260601T121500Z"
        assert status.last_successful_time == status.last_run.finished_at


@virtual
async def test_a_run_costs_four_writes_beside_its_own_and_a_quiet_schedule_none() -> None:
    async with running() as rig:
        rig.schedule("nightly", successfulHistoryLimit=1)
        for _ in range(3):  # the first ones have nobody to delete
            await rig.until_ended(await one_run(rig))
        await until_time(rig, at(12, 46))
        before = Counter(name for name, _ in rig.api.writes)["nightly"], rig.api.listed_in
        created, deleted, looked_up = len(rig.api.creations), len(rig.api.deletions), len(rig.api.looked_up)

        await rig.until_ended(await one_run(rig))
        await until_time(rig, at(13, 14))

        assert Counter(name for name, _ in rig.api.writes)["nightly"] - before[0] == 2
        assert rig.api.listed_in - before[1] == 2
        assert len(rig.api.looked_up) - looked_up == 1  # who else has the run's requestID
        assert (len(rig.api.creations) - created, len(rig.api.deletions) - deleted) == (1, 1)


@virtual
async def test_a_schedule_of_a_group_that_is_not_there_says_so_until_it_is() -> None:
    async with running() as rig:
        rig.schedule("nightly", group="crm")
        await rig.until_says(REPLICATION_SCHEDULE, "nightly", "GroupNotFound")
        assert ("nightly", "Warning", "GroupNotFound") in rig.api.events

        rig.group("crm")
        await rig.until_says(REPLICATION_SCHEDULE, "nightly", "Scheduled", within=1)
        rig.api.remove(REPLICATION_GROUP, "crm", "prod")
        await rig.until_says(REPLICATION_SCHEDULE, "nightly", "GroupNotFound", within=1)


@pytest.mark.parametrize(
    ("spec", "reason", "words"),
    [
        ({"schedule": "0 0 * * 7"}, "InvalidSchedule", "day of week"),
        ({"timeZone": "Europe/Atlantis"}, "InvalidSchedule", "Europe/Atlantis"),
        ({"stagger": "2h"}, "InvalidSpec", "spec.stagger"),
    ],
)
def test_a_schedule_that_cannot_be_read_is_stalled_until_it_is_corrected(
    spec: dict[str, str], reason: str, words: str
) -> None:
    @virtual
    async def play() -> None:
        async with running() as rig:
            rig.schedule("nightly", **spec)
            await rig.until_says(REPLICATION_SCHEDULE, "nightly", reason, "Stalled")
            (message,) = {one.message for one in rig.scheduled("nightly").conditions}
            assert words in message
            await until_time(rig, at(12, 20))
            assert not rig.runs

            rig.schedule("nightly")
            await rig.until_says(REPLICATION_SCHEDULE, "nightly", "Scheduled")
            assert rig.says(REPLICATION_SCHEDULE, "nightly", "Stalled") is None
            await rig.until_ended(await one_run(rig))
            assert rig.clock.now() > at(12, 30)

    play()


@virtual
async def test_while_a_run_is_under_way_the_next_is_skipped_and_told() -> None:
    async with running(Rig(transfer=1200)) as rig:
        rig.schedule("nightly")
        first = await one_run(rig)
        await until_time(rig, at(12, 31))

        assert rig.runs == [first]
        assert (rig.scheduled("nightly").skipped, rig.scheduled("nightly").last_skipped_time) == (1, at(12, 30))
        await until(lambda: ("nightly", "Warning", "RunSkipped") in rig.api.events)
        told = (
            f"No run was started for 2026-06-01T12:30:00Z: ReplicationSync {first!r}, a run before it, was under way."
        )
        assert told in rig.api.told


@virtual
async def test_a_queued_run_starts_as_soon_as_the_one_before_has_ended() -> None:
    async with running(Rig(transfer=1000)) as rig:
        rig.schedule("nightly", concurrencyPolicy="Queue")
        first = await one_run(rig)
        await before_long(lambda: len(rig.runs) > 1)

        assert rig.runs[0] == first
        assert "123000" in rig.runs[1]
        ended = rig.status(first).finished_at
        assert ended is not None
        assert rig.clock.now() < ended + timedelta(seconds=2)
        assert not rig.scheduled("nightly").skipped


@virtual
async def test_times_that_nobody_could_serve_are_missed_and_the_newest_is_run() -> None:
    async with running() as rig:
        rig.schedule("nightly")
        await rig.until_says(REPLICATION_SCHEDULE, "nightly", "Scheduled")
        await rig.kill()
        await until_time(rig, at(13, 5))
        await rig.restart()

        run = await one_run(rig)
        assert "130000" in run
        await until(lambda: rig.scheduled("nightly").missed == 3)
        assert rig.scheduled("nightly").last_missed_time == at(12, 45)
        await until(lambda: ("nightly", "Warning", "RunMissed") in rig.api.events)


@virtual
async def test_a_process_that_dies_between_the_run_and_its_status_starts_it_once() -> None:
    async with running() as rig:
        rig.schedule("nightly")
        whole = rig.api.create

        async def unanswered(*asked: Any) -> Any:
            await whole(*asked)
            await asyncio.sleep(1e6)

        rig.api.create = unanswered  # type: ignore[method-assign, assignment]
        name = await one_run(rig)
        assert rig.scheduled("nightly").last_schedule_time is None, "it dies before it can write"
        rig.api.create = whole  # type: ignore[method-assign]
        await rig.restart()
        await rig.until_ended(name)
        await until(lambda: outcome(rig) == ("True", "PointInTimeCreated"))

        assert rig.runs == [name]
        assert rig.api.creations == [name]
        assert not rig.scheduled("nightly").missed


@pytest.mark.parametrize("answer", ["lost", Failed("the API server did not answer")])
def test_a_creation_without_an_answer_makes_one_run(answer: str | Failed) -> None:
    @virtual
    async def play() -> None:
        async with running() as rig:
            rig.schedule("nightly")
            rig.api.refusals = [answer]
            run = await one_run(rig)
            await rig.until_ended(run)
            await until(lambda: outcome(rig) is not None)
            assert rig.runs == [run]
            assert rig.scheduled("nightly").last_schedule_time == at(12, 15)
            assert not rig.scheduled("nightly").missed

    play()


@virtual
async def test_a_run_that_the_api_server_refuses_is_told_and_tried_again() -> None:
    async with running() as rig:
        rig.schedule("nightly")
        rig.api.refusals = [Denied(Denial.FORBIDDEN, "exceeded quota: syncs")] * 3
        await before_long(lambda: rig.says(REPLICATION_SCHEDULE, "nightly") == ("False", "RunRefused"))
        (ready, *_) = rig.scheduled("nightly").conditions
        assert "exceeded quota: syncs" in ready.message

        await rig.until_ended(await one_run(rig))
        await rig.until_says(REPLICATION_SCHEDULE, "nightly", "Scheduled")
        assert len(rig.api.creations) == 4


@virtual
async def test_a_process_that_does_not_lead_starts_and_deletes_nothing() -> None:
    async with running() as rig:
        rig.schedule("nightly")
        await until_time(rig, at(12, 14))
        rig.leads = False
        await until_time(rig, at(12, 40))
        assert not rig.api.creations

        rig.leads = True
        assert "123000" in await one_run(rig)


@virtual
async def test_what_another_process_tells_while_this_one_decides_stays_told() -> None:
    async with running() as rig:
        rig.schedule("nightly")
        await until_time(rig, at(12, 14))
        list_in = rig.api.list_in

        async def slow(*asked: Any, **chosen: Any) -> Any:
            found = await list_in(*asked, **chosen)
            rig.api.list_in = list_in  # type: ignore[method-assign]
            body = rig.body(REPLICATION_SCHEDULE, "nightly")
            body["status"] |= {"missed": 7, "lastMissedTime": "2026-06-01T12:00:00Z"}
            rig.api.apply(REPLICATION_SCHEDULE, "nightly", body["spec"], "prod")
            await asyncio.sleep(1)
            return found

        rig.api.list_in = slow  # type: ignore[method-assign]
        await rig.until_ended(await one_run(rig))
        await until(lambda: outcome(rig) is not None)

        assert rig.scheduled("nightly").missed == 7
        assert len(rig.runs) == 1


@virtual
async def test_a_run_that_somebody_deletes_in_flight_is_told_and_does_not_come_again() -> None:
    async with running(Rig(transfer=500)) as rig:
        rig.schedule("nightly")
        run = await one_run(rig)
        await until(lambda: rig.scheduled("nightly").active)
        rig.api.remove(REPLICATION_SYNC, run, "prod")

        await until(lambda: outcome(rig) == ("False", "Deleted"))
        assert not rig.scheduled("nightly").active
        await until(lambda: ("nightly", "Warning", "RunFailed") in rig.api.events)
        await until_time(rig, at(12, 29))
        assert not rig.runs


@virtual
async def test_a_schedule_that_is_deleted_starts_nothing_more() -> None:
    async with running() as rig:
        rig.schedule("nightly")
        await rig.until_says(REPLICATION_SCHEDULE, "nightly", "Scheduled")
        rig.api.remove(REPLICATION_SCHEDULE, "nightly", "prod")
        await until_time(rig, at(12, 40))

        assert not rig.runs
        assert not rig.engine.schedules.monitors


@virtual
async def test_a_schedule_that_is_gone_unseen_ends_with_its_next_time() -> None:
    async with running() as rig:
        rig.schedule("nightly")
        await rig.until_says(REPLICATION_SCHEDULE, "nightly", "Scheduled")
        rig.api.remove(REPLICATION_SCHEDULE, "nightly", "prod", tell=False)
        await until_time(rig, at(12, 16))

        assert not rig.engine.schedules.monitors
        assert not rig.runs, "its deletion starts nothing (invariant 12)"


@virtual
async def test_a_schedule_that_was_suspended_while_the_watch_lags_starts_nothing() -> None:
    async with running() as rig:
        rig.schedule("nightly")
        await rig.until_says(REPLICATION_SCHEDULE, "nightly", "Scheduled")
        await until_time(rig, at(12, 14))
        rig.api.lag = 120
        rig.schedule("nightly", suspend=True)
        await until_time(rig, at(12, 20))
        assert not rig.runs

        rig.api.lag = 0.01
        rig.schedule("nightly", runNow="CHG-1")
        assert "now" in await one_run(rig)


@virtual
async def test_a_wiped_status_is_made_good_and_nothing_runs_again() -> None:
    async with running() as rig:
        rig.schedule("nightly", runNow="CHG-1")
        await until_time(rig, at(12, 17))
        assert len(rig.runs) == 2

        body = rig.body(REPLICATION_SCHEDULE, "nightly")
        body["status"] = {"observedGeneration": -1}
        rig.api.apply(REPLICATION_SCHEDULE, "nightly", body["spec"], "prod")
        await until(lambda: rig.scheduled("nightly").last_run_now == "CHG-1")
        await until_time(rig, at(12, 29))

        assert len(rig.api.creations) == 2
        assert rig.scheduled("nightly").last_schedule_time == at(12, 15)


@virtual
async def test_an_old_run_that_cannot_be_deleted_now_is_deleted_later() -> None:
    async with running() as rig:
        rig.schedule("nightly", successfulHistoryLimit=1)
        await rig.until_ended(await one_run(rig))
        second = await one_run(rig)
        answers: list[Conflict | Failed] = [Failed("the API server did not answer a DELETE"), Conflict()]
        whole = rig.api.delete

        async def disturbed(*asked: object) -> object:
            return answers.pop(0) if answers else await whole(*asked)  # type: ignore[arg-type]

        rig.api.delete = disturbed  # type: ignore[assignment, method-assign]
        await rig.until_ended(second)
        await until(lambda: rig.runs == [second])
        assert not answers


@virtual
async def test_what_the_log_tells_of_a_schedule(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with running() as rig:
        rig.schedule("nightly")
        run = await one_run(rig)
        await rig.until_ended(run)
        await until(lambda: outcome(rig) is not None)

    lines = [record.getMessage() for record in caplog.records]
    mine = [line for line in lines if line.startswith("ReplicationSchedule prod/nightly")]
    assert mine[0] == f"ReplicationSchedule prod/nightly: started ReplicationSync {run} for 2026-06-01T12:15:00Z"
    assert f"ReplicationSync '{run}' ended Succeeded" in mine[1]
    assert len(mine) == 2
    page = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    shown = re.findall(r"^ReplicationSchedule prod/nightly: .*", page, re.MULTILINE)
    assert [shape(line) for line in shown[:2]] == [shape(line) for line in mine]


def shape(line: str) -> str:
    """A line without the run's name and times."""
    return re.sub(r"nightly-[0-9a-f-]+|[0-9T:.-]+Z", "*", line)
