"""When a schedule runs: what a CronJob does over changes of clocks and in every field."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from vvol_replication.domain.cron import CronSchedule, parse_schedule

NEW_YORK, BERLIN, CAIRO, LORD_HOWE = "America/New_York", "Europe/Berlin", "Africa/Cairo", "Australia/Lord_Howe"


def at(text: str, zone: str = "UTC") -> datetime:
    """The instant at which clocks of a zone show that, the first one if there are two."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def shown(schedule: CronSchedule, start: str, end: str, zone: str = "UTC") -> list[str]:
    """The runs from `start` to `end`, as clocks of the zone show them."""
    runs = schedule.between(at(start, zone) - timedelta(seconds=1), at(end, zone), 1000)
    return [one.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M %Z") for one in runs]


@pytest.mark.parametrize(
    ("text", "zone", "start", "end", "runs"),
    [
        ("30 2 * * *", NEW_YORK, "2027-03-13", "2027-03-16", ["03-13 02:30 EST", "03-15 02:30 EDT"]),
        ("30 1 * * *", NEW_YORK, "2027-11-07", "2027-11-08", ["11-07 01:30 EDT", "11-07 01:30 EST"]),
        ("0 0 * * *", CAIRO, "2026-04-23", "2026-04-25", ["04-23 00:00 EET", "04-25 00:00 EEST"]),
        ("0 12 24 4 *", CAIRO, "2026-04-20", "2026-05-01", []),
        ("0 5 23 4 *", CAIRO, "2026-04-23T06:00", "2026-05-01", ["04-24 05:00 EEST"]),
        ("0 2 * * *", LORD_HOWE, "2026-04-04", "2026-04-06", ["04-04 02:00 +11"]),
        ("40 1 4 10 *", LORD_HOWE, "2026-10-01", "2026-10-31", ["10-04 01:40 +1030", "10-04 02:40 +11"]),
    ],
    ids=[
        "a night without half past two is passed over",
        "a night with two half past ones has two runs",
        "a night without midnight is passed over",
        "a day without midnight is passed over wholly if only it is named",
        "the day before one without midnight reaches into it",
        "an hour that begins in a repeated half hour is passed over",
        "an hour that loses half an hour reaches into the next",
    ],
)
def test_where_clocks_change(text: str, zone: str, start: str, end: str, runs: list[str]) -> None:
    assert shown(parse_schedule(text, zone), start, end, zone) == runs


class OverTheDateLine(tzinfo):
    """A zone that nobody has: the 10th of June 2026 is left out, from 12 hours behind UTC to 12 hours ahead."""

    def utcoffset(self, when: datetime | None) -> timedelta:
        behind = when is None or when.replace(tzinfo=None) < datetime(2026, 6, 11)  # noqa: DTZ001 - a wall's time
        return timedelta(hours=-12 if behind else 12)

    def tzname(self, when: datetime | None) -> str:
        del when
        return "OverTheDateLine"

    def dst(self, when: datetime | None) -> timedelta:
        del when
        return timedelta()

    def fromutc(self, when: datetime) -> datetime:
        behind = when.replace(tzinfo=UTC) < datetime(2026, 6, 10, 12, tzinfo=UTC)
        return when + timedelta(hours=-12 if behind else 12)


def test_a_zone_that_leaves_out_a_day_is_come_past() -> None:
    schedule = replace(parse_schedule("0 18 10,12 6 *", None), zone=OverTheDateLine())

    runs = schedule.between(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 30, tzinfo=UTC), 10)

    assert runs == [datetime(2026, 6, 12, 6, tzinfo=UTC)]


def test_a_day_of_25_hours_has_75_thirds() -> None:
    assert len(shown(parse_schedule("*/20 * * * *", BERLIN), "2026-10-25", "2026-10-25T23:59", BERLIN)) == 75


def days(text: str, month: str = "2026-12") -> list[int]:
    return [int(one[3:5]) for one in shown(parse_schedule(text, None), f"{month}-01", f"{month}-31")]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("0 0 */10 * 1", [1, 7, 11, 14, 21, 28, 31]),
        ("0 0 13 * 5", [4, 11, 13, 18, 25]),
        ("0 0 * * 0", [6, 13, 20, 27]),
        ("0 0 * * sun,SAT", [5, 6, 12, 13, 19, 20, 26, 27]),
        ("0 0 ? * MON-fri/2", [2, 4, 7, 9, 11, 14, 16, 18, 21, 23, 25, 28, 30]),
        ("0 0 */1 * 1", [7, 14, 21, 28]),
        ("0 0 20/5 dec *", [20, 25, 30]),
        ("0 0 1-9/4,30 * *", [1, 5, 9, 30]),
        ("0 0 *-5 * 1", [7, 14, 21, 28]),
        ("0 0 31,,30, * ?", [30, 31]),
        ("0 0 * JAN-nov *", []),
        ("@weekly", [6, 13, 20, 27]),
        ("@monthly", [1]),
    ],
)
def test_days(text: str, named: list[int]) -> None:
    assert days(text) == named


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"), ("@monthly", "0 0 1 * *"), ("@weekly", "0 0 * * 0"),
        ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@hourly", "0 * * * *"),
    ],
)  # fmt: skip
def test_words_stand_for_fields(text: str, written: str) -> None:
    start, end = at("2026-01-01"), at("2028-01-02")
    assert parse_schedule(text, BERLIN).between(start, end, 500) == parse_schedule(written, BERLIN).between(
        start, end, 500
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90m", 5400), ("1h30m", 5400), ("1.5s", 1), ("400ms", 1), ("2.9s", 2), (".5h", 1800), ("0", 1), ("-5m", 1),
        ("+5m", 300), ("1.h", 3600), ("61s", 61), ("1000000\u00b5s", 1), ("0.9999999999999999999s", 1),
    ],
)  # fmt: skip
def test_every_counts_from_the_run_before_and_cuts_off_parts_of_a_second(text: str, seconds: int) -> None:
    after = at("2026-03-29T00:59:59.700", "UTC")
    run = parse_schedule(f"@every {text}", BERLIN).next_after(after)
    assert run == after.replace(microsecond=0) + timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["0 0 30 2 *", "0 0 31 4,6,9 *", ", * * * *", "* , * * *", "0 0 , * *", "0 0 , * ,"])
def test_what_never_comes_is_none(text: str) -> None:
    assert parse_schedule(text, BERLIN).next_after(at("2026-01-01")) is None


def test_one_empty_day_field_is_enough_beside_one_that_names_days() -> None:
    assert days("0 0 , * 1") == days("0 0 * * 1") == [7, 14, 21, 28]


@pytest.mark.parametrize(
    ("start", "expected"),
    [("2023-03-01", "2024-02-29"), ("2096-03-01", None), ("2099-03-01", "2104-02-29"), ("2098-12-31", None)],
)
def test_the_29th_of_february_is_looked_for_in_five_calendar_years(start: str, expected: str | None) -> None:
    assert parse_schedule("0 0 29 2 *", None).next_after(at(start)) == (expected and at(expected))


@pytest.mark.parametrize("text", ["* * * * *", "@every 2562047h", "0 0 31 12 *"])
def test_at_the_end_of_time_there_is_no_next_run(text: str) -> None:
    last = datetime.max.replace(tzinfo=UTC)
    assert parse_schedule(text, BERLIN).next_after(last - timedelta(days=200)) is None


def test_within_a_second_the_next_run_is_a_later_one() -> None:
    schedule = parse_schedule("0 12 * * *", None)
    assert schedule.next_after(at("2026-05-01T11:59:59.999999")) == at("2026-05-01T12:00")
    assert schedule.next_after(at("2026-05-01T12:00")) == at("2026-05-02T12:00")
    assert schedule.next_after(at("2026-05-01T12:00:00.000001")) == at("2026-05-02T12:00")


def test_an_instant_may_be_told_in_any_zone_and_the_run_is_told_in_utc() -> None:
    run = parse_schedule("0 12 * * *", NEW_YORK).next_after(at("2026-07-01").astimezone(ZoneInfo(BERLIN)))
    assert (run, run and run.tzinfo) == (at("2026-07-01T16:00"), UTC)


def test_an_instant_without_a_zone_says_nothing() -> None:
    with pytest.raises(ValueError, match="without a timezone"):
        parse_schedule("@daily", None).next_after(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_without_a_zone_it_means_utc() -> None:
    assert parse_schedule("0 12 * * *", None) == parse_schedule("0 12 * * *", "UTC")
