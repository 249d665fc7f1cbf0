"""Which runs were due since the last one, and how far apart runs are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vvol_replication.domain.cron import CronSchedule, Due, Intervals, intervals, parse_schedule

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("text", ["0 * * * *", "@every 1h"])
def test_the_run_at_the_end_is_due_and_the_one_at_the_beginning_was(text: str) -> None:
    schedule = parse_schedule(text, None)
    assert schedule.between(START, START + 2 * HOUR, 10) == [START + HOUR, START + 2 * HOUR]
    assert schedule.between(START, START + 2 * HOUR, 1) == [START + HOUR]
    assert schedule.due(START, START + 2 * HOUR) == Due(START + 2 * HOUR, 2)
    assert schedule.due(START, START + HOUR - timedelta(microseconds=1)) == Due(None, 0)


@pytest.mark.parametrize("text", ["0 * * * *", "@every 1h"])
def test_of_more_than_the_limit_the_last_is_told(text: str) -> None:
    schedule = parse_schedule(text, None)
    assert schedule.due(START, START + 5 * HOUR, limit=5) == Due(START + 5 * HOUR, 5)
    assert schedule.due(START, START + 6.5 * HOUR, limit=5) == Due(START + 6 * HOUR, 5)


def test_the_last_of_many_is_found_however_long_ago() -> None:
    schedule = parse_schedule("0 0 1 1-3 *", None)
    assert schedule.due(START, START.replace(year=2031, month=12), limit=3) == Due(datetime(2031, 3, 1, tzinfo=UTC), 3)


def test_an_outage_of_years_costs_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    schedule, asked = parse_schedule("* * * * *", None), list[datetime]()
    original = CronSchedule.next_after

    def next_after(self: CronSchedule, instant: datetime) -> datetime | None:
        asked.append(instant)
        return original(self, instant)

    monkeypatch.setattr(CronSchedule, "next_after", next_after)
    until = START.replace(year=2036)
    assert schedule.due(START, until) == Due(until, 100)
    assert len(asked) < 24 * 60 + 110


def test_a_night_without_a_run_makes_the_longest_interval() -> None:
    schedule = parse_schedule("30 2 * * *", "America/New_York")
    since = datetime(2026, 3, 7, 7, 30, tzinfo=UTC)
    assert intervals(schedule, START) == Intervals(24 * HOUR, 47 * HOUR, since)


def test_a_pause_at_the_weekend_is_the_longest_interval() -> None:
    since = datetime(2026, 3, 6, 18, 45, tzinfo=UTC)
    expected = Intervals(HOUR / 4, timedelta(days=2, hours=13, minutes=15), since)
    assert intervals(parse_schedule("*/15 8-18 * * 1-5", None), START) == expected


def test_every_is_as_long_as_it_says() -> None:
    assert intervals(parse_schedule("@every 90m", None), START, runs=2) == Intervals(
        1.5 * HOUR, 1.5 * HOUR, START + 1.5 * HOUR
    )


@pytest.mark.parametrize(("text", "after"), [("0 0 30 2 *", START), ("0 0 29 2 *", START.replace(year=2095))])
def test_fewer_than_two_runs_have_no_interval(text: str, after: datetime) -> None:
    assert intervals(parse_schedule(text, None), after) is None
