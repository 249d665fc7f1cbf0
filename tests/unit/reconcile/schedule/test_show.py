"""What a schedule's status says to people and tools."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from unit.reconcile.schedule.cases import EVERY, NOON, active, at, cron, schedule, status

from vvol_replication.api.conditions import Wanted, find
from vvol_replication.api.reasons import Reason
from vvol_replication.api.schedule import LastRun, ReplicationScheduleStatus, Timetable
from vvol_replication.api.status import Phase
from vvol_replication.reconcile.schedule.runs import Ask, Schedule, fingerprint
from vvol_replication.reconcile.schedule.show import Around, show, show_invalid

THERE = Around(group_there=True)
GOOD = LastRun("nightly-1", at(12), at(10), None, Phase.SUCCEEDED, "PointInTimeCreated")


def shown(of: Schedule, before: ReplicationScheduleStatus, around: Around = THERE) -> ReplicationScheduleStatus:
    return show(of, before, at(13), cron(of), around)


def says(of: ReplicationScheduleStatus, kind: str) -> tuple[str, str] | None:
    found = find(of.conditions, kind)
    return None if found is None else (found.status, found.reason)


def text(of: ReplicationScheduleStatus, kind: str = "Ready") -> str:
    found = find(of.conditions, kind)
    assert found is not None
    return found.message


def test_a_schedule_says_when_its_next_run_is() -> None:
    found = shown(schedule(), status(at(10)))

    assert found.next_schedule_time == at(20)
    assert found.observed_generation == 3
    assert says(found, "Ready") == ("True", "Scheduled")
    assert text(found) == "The next run is for 2026-12-01T12:20:00Z."
    assert [one.type for one in found.conditions] == ["Ready"]


def test_a_staggered_one_says_how_much_later() -> None:
    of = schedule(stagger=timedelta(minutes=5))

    assert f"and starts {int(of.offset.total_seconds() // 60)} min" in text(shown(of, status(at(10))))


def test_a_schedule_without_a_time_to_come_says_so() -> None:
    of = schedule(schedule="0 0 30 2 *")

    found = shown(of, status(timetable=Timetable("0 0 30 2 *", NOON)))

    assert says(found, "Ready") == ("True", "Scheduled")
    assert found.next_schedule_time is None
    assert "no time within the next five years" in text(found)


def test_suspension_is_what_was_asked_for() -> None:
    found = shown(schedule(suspend=True), status(timetable=Timetable(EVERY, NOON, suspended=True)))

    assert says(found, "Ready") == ("True", "Suspended")
    assert found.next_schedule_time is None


@pytest.mark.parametrize(
    ("around", "reason", "words"),
    [
        (Around(group_there=False), "GroupNotFound", "no ReplicationGroup 'erp' in namespace 'prod'"),
        (Around(group_there=True, refused="exceeded quota"), "RunRefused", "exceeded quota"),
    ],
)
def test_what_holds_it_up_is_told_and_goes_on(around: Around, reason: str, words: str) -> None:
    found = shown(schedule(), status(), around)

    assert says(found, "Ready") == ("False", reason)
    assert says(found, "Reconciling") == ("True", reason)
    assert words in text(found)


def test_what_cannot_be_read_is_stalled_and_keeps_what_is_known() -> None:
    before = shown(schedule(), status(at(10), last_run=GOOD))

    found = show_invalid(before, 4, at(13), Reason.INVALID_SCHEDULE, "no")

    assert (says(found, "Ready"), says(found, "Stalled")) == (("False", "InvalidSchedule"), ("True", "InvalidSchedule"))
    assert says(found, "LastRunSucceeded") == ("True", "PointInTimeCreated")
    assert (found.observed_generation, found.next_schedule_time) == (4, None)
    assert found.timetable == Timetable("", at(13), suspended=True)
    assert show_invalid(found, 5, at(20), Reason.INVALID_SPEC, "no").timetable == found.timetable


@pytest.mark.parametrize(
    ("run", "condition", "words"),
    [
        (GOOD, ("True", "PointInTimeCreated"), "ended Succeeded at 2026-12-01T12:12:00Z"),
        (LastRun("n", at(12), phase=Phase.FAILED, reason="TimedOut"), ("False", "TimedOut"), "ended Failed"),
        (LastRun("n", at(12), phase=Phase.CANCELLED), ("False", "Cancelled"), "ended Cancelled"),
        (LastRun("n", at(12)), ("False", "Deleted"), "was deleted before it had ended"),
    ],
)
def test_the_outcome_of_the_last_run(run: LastRun, condition: tuple[str, str], words: str) -> None:
    found = shown(schedule(), status(last_run=run))

    assert says(found, "LastRunSucceeded") == condition
    assert words in text(found, "LastRunSucceeded")


@pytest.mark.parametrize(
    ("spec", "fields", "condition"),
    [
        ({}, {}, ("Unknown", "RunNowWaiting")),
        ({"suspend": True}, {}, ("Unknown", "RunNowWaiting")),
        ({}, {"active": (active(schedule(), Ask(text="CHG-1")),)}, ("Unknown", "RunNowUnderWay")),
        ({}, {"last_run_now": "CHG-1", "last_run_now_result": GOOD}, ("True", "PointInTimeCreated")),
        ({}, {"used_run_now": (fingerprint("CHG-1"),)}, ("Unknown", "RunNowUsedBefore")),
    ],
)
def test_how_it_stands_with_the_text(spec: dict[str, Any], fields: dict[str, Any], condition: tuple[str, str]) -> None:
    assert says(shown(schedule(run_now="CHG-1", **spec), status(**fields)), "RunNowSucceeded") == condition
    assert says(shown(schedule(**spec), status(**fields)), "RunNowSucceeded") is None


def test_what_others_decide_upon_is_shown() -> None:
    mark = Wanted("ObjectiveTooTight", "True", Reason.BEHIND_OBJECTIVE, "too tight")

    found = shown(schedule(), status(), Around(group_there=True, marks=(mark,)))

    assert says(found, "ObjectiveTooTight") == ("True", "BehindObjective")
