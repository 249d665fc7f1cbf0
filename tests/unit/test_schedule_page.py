"""docs/kinds/replicationschedule.md says of times, limits and conditions what the code does."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from health import contract
from pages.markdown import ROOT

from vvol_replication.api import schedule
from vvol_replication.domain.cron import parse_schedule
from vvol_replication.reconcile.schedule.runs import Ask, Schedule

PAGE = (ROOT / "docs" / "kinds" / "replicationschedule.md").read_text("utf-8")
SECOND = timedelta(seconds=1)


def table(begin: str) -> list[list[str]]:
    """The cells of the table whose head begins so, without the head."""
    below = PAGE.split(f"\n| {begin} |", 1)[1].split("\n\n")[0]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in below.splitlines()[2:]]


def runs(text: str, zone: str, day: str) -> list[datetime]:
    """The times of a schedule on one day, as clocks on walls have it."""
    where, first = ZoneInfo(zone), date.fromisoformat(day)
    begin = datetime.combine(first, time(), where).astimezone(UTC)
    end = datetime.combine(first + timedelta(days=1), time(), where).astimezone(UTC)
    return parse_schedule(text, zone).between(begin - SECOND, end - SECOND, 2000)


CHANGES = table("schedule | zone | day")


def test_the_table_of_changes_has_days_of_both_kinds() -> None:
    assert {"0", "1", "2"} <= {number for _, _, _, number, _ in CHANGES}


@pytest.mark.parametrize(("text", "zone", "day", "number", "told"), CHANGES)
def test_a_day_on_which_the_clocks_change_has_the_runs_that_the_page_says(
    text: str, zone: str, day: str, number: str, told: str
) -> None:
    found = runs(text, zone, day)

    assert len(found) == int(number)
    if re.match(r"\d", told):
        assert ", ".join(one.strftime("%H:%M") for one in found) == told


def test_names_and_ids_of_runs_are_as_the_page_shows_them() -> None:
    spec = schedule.ReplicationScheduleSpec("erp", "30 2 * * *", point_in_time_name_prefix="nightly")
    made = Schedule("erp-prod", "nightly", "<uid>", 1, datetime(2026, 11, 1, tzinfo=UTC), spec)
    timed, texted = Ask(at=datetime(2026, 12, 1, 1, 30, tzinfo=UTC)), Ask(text="CHG-4711")
    (names, ids, points) = table(" | by the schedule | by `runNow`".strip())

    for ask, name, request_id, point in zip((timed, texted), names[1:], ids[1:], points[1:], strict=True):
        shown, made_name = re.match(r"[\w-]+", name), made.run_name(ask)
        assert shown is not None
        assert len(shown[0]) == len(made_name)
        assert shown[0].rpartition("-")[0] == made_name.rpartition("-")[0]
        assert made.request_id(ask).startswith(request_id.partition("<fingerprint")[0])
        assert made.point_in_time_name(ask) == point.partition("`")[0]


def test_numbers_are_those_of_the_code() -> None:
    assert f"the last {schedule.RECENT_LIMIT} times" in PAGE
    assert f"The last {schedule.USED_LIMIT} texts" in PAGE
    assert schedule.DEFAULT_SUCCESSFUL_HISTORY == schedule.DEFAULT_FAILED_HISTORY == 3
    assert "Each is 3 if left out" in PAGE


def test_the_table_of_conditions_is_the_contracts() -> None:
    told = {
        (ready, frozenset(re.findall(r"\w+", reasons)), frozenset(re.findall(r"\w+", beside)))
        for ready, reasons, beside, _ in table("`Ready` | reason | beside it")
    }

    assert told == {(row.ready, row.reasons, row.flags) for row in contract.SCHEDULE_ROWS if row.ready}
