"""What the API server would refuse in a CronJob is refused here, in words that say what to write."""

from __future__ import annotations

import pytest

from vvol_replication.domain.cron import CronError, parse_schedule


def refusal(text: str, zone: str | None = None) -> str:
    with pytest.raises(CronError) as caught:
        parse_schedule(text, zone)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("* * * * 7", "'7' is not within 0-6 in the day of week, and Sunday is 0"),
        ("0 0 * * 5-7", "'5-7' is not within 0-6"),
        ("0 0 * * FRI-SUN", "ends before it begins in the day of week: write two ranges with a comma, like 5-6,0-0"),
        ("0 22-4 * * *", "write two ranges with a comma, like 22-23,0-4"),
        ("0 0 L * *", "'L' is not a number for the day of month"),
        ("0 0 * * 5#2", "'5#2' is not a number for the day of week"),
        ("60 * * * *", "'60' is not within 0-59 in the minute"),
        ("0 24 * * *", "in the hour"),
        ("0 0 0 * *", "'0' is not within 1-31"),
        ("0 0 1 13 *", "in the month"),
        ("*/0 * * * *", "has the step 0"),
        ("*/-1 * * * *", "'-1' is below zero, for the step of the minute"),
        ("1/2/3 * * * *", "more than one slash"),
        ("1-2-3 * * * *", "more than one hyphen"),
        ("1_0 * * * *", "is not a number"),
        ("+ * * * *", "is not a number"),
        ("*/9223372036854775808 * * * *", "is too large for the step of the minute"),
        (f"{'9' * 5000} * * * *", "is too large for the minute"),
        ("* * * *", "it has 4 fields instead of 5: write minute, hour, day of month"),
        ("0 0 0 * * *", "it has 6 fields"),
        ("", "it has 0 fields"),
        (" @daily", "it has 1 field instead"),
        ("@reboot", "there is no such word"),
        ("@DAILY", "there is no such word"),
        ("@every", "there is no such word"),
        ("@every 5", "is not a duration: write hours, minutes, seconds like @every 90m"),
        ("@every ", "is not a duration"),
        ("@every 1d", "is not a duration"),
        ("@every .h", "is not a duration"),
        ("@every 5m ", "is not a duration"),
        ("@every 2562047h48m", "is not a duration"),
        ("@every -9223372036854775809ns", "is not a duration"),
        ("@every 9223372036854775807h", "is not a duration"),
        (f"@every {'9' * 5000}s", "is not a duration"),
        ("TZ=Europe/Berlin 0 0 * * *", "a time zone has no place in it: write the zone into timeZone"),
        ("CRON_TZ=UTC 0 0 * * *", "write the zone into timeZone"),
        ("TZ=UTC", "write the zone into timeZone"),
    ],
)
def test_schedules(text: str, words: str) -> None:
    assert words in refusal(text)


@pytest.mark.parametrize("zone", ["Local", "local", "LOCAL", "localtime"])
def test_the_machines_own_zone_is_no_answer(zone: str) -> None:
    assert "would be the machine's own: write a name like Europe/Berlin" in refusal("@daily", zone)


def test_an_empty_zone_is_none() -> None:
    assert "is empty: leave it out for UTC" in refusal("@daily", "")


@pytest.mark.parametrize(
    "zone",
    [
        "utc", "europe/berlin", "Mars/Olympus", "America", "zone.tab", "tzdata.zi", "__init__.py", "UTC+1",
        "Europe/Berlin ", "/etc/localtime", "../zoneinfo/UTC", "./UTC", "Europe//Berlin", "Europe/", "-UTC",
        "America/AnExtremelyLongName", "Europe/B\u00e9rlin", "UTC\n", "\x00",
    ],
)  # fmt: skip
def test_zones_that_nobody_knows(zone: str) -> None:
    assert "is not known: write a name like Europe/Berlin" in refusal("@daily", zone)


@pytest.mark.parametrize("zone", ["UTC", "EST5EDT", "Etc/GMT+5", "Asia/Ust-Nera", "GMT-0", "America/Port-au-Prince"])
def test_zones_that_are_known(zone: str) -> None:
    assert str(parse_schedule("@daily", zone).zone) == zone


def test_what_is_shown_of_a_text_is_one_line_and_not_long() -> None:
    told = refusal("a\n" * 100)
    assert told.startswith("The schedule 'a a a ")
    assert told.isprintable()
    assert len(told) < 300
