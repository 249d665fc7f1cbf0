"""Durations, times, and the catalogue of reasons."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvol_replication.api.durations import MAXIMUM, format_duration, parse_duration, spoken_duration
from vvol_replication.api.errors import SpecError
from vvol_replication.api.reasons import CATALOGUE, Reason
from vvol_replication.api.times import format_time, parse_time, whole_seconds


@pytest.mark.parametrize(
    ("text", "seconds", "written"),
    [
        ("90s", 90, "1m30s"),
        ("15m", 900, "15m"),
        ("2h", 7200, "2h"),
        ("1h30m", 5400, "1h30m"),
        ("1h1s", 3601, "1h1s"),
        ("0h5m", 300, "5m"),
        ("8760h", 31536000, "8760h"),
    ],
)
def test_durations(text: str, seconds: int, written: str) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)
    assert format_duration(parse_duration(text)) == written


@pytest.mark.parametrize(
    "text", ["", "5", "s", "1h 1m", "1m1h", "-1m", "+1m", "1.5h", "1d", "1m\n", "٣m", "0s", "8761h", "1" * 50 + "s"]
)
def test_no_durations(text: str) -> None:
    with pytest.raises(SpecError, match=r"^spec\.timeout: ") as caught:
        parse_duration(text, "spec.timeout")

    assert len(str(caught.value)) < 160


@given(st.integers(1, int(MAXIMUM.total_seconds())).map(lambda seconds: timedelta(seconds=seconds)))
def test_any_duration_can_be_read_back(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(("seconds", "written"), [(0, "0s"), (0.9, "0s"), (-90, "-1m30s"), (90000.5, "25h")])
def test_durations_that_are_only_written(seconds: float, written: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == written


@pytest.mark.parametrize(
    ("seconds", "spoken"), [(0, "0 s"), (23.9, "23 s"), (60, "1 min"), (-200, "3 min 20 s"), (90001, "25 h 1 s")]
)
def test_durations_in_a_sentence(seconds: float, spoken: str) -> None:
    assert spoken_duration(timedelta(seconds=seconds)) == spoken


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ("2026-12-01t00:00:00z", "2026-12-01T00:00:00Z"),
        ("2026-12-01T01:30:00+01:30", "2026-12-01T00:00:00Z"),
        ("2026-12-01T00:00:00.5Z", "2026-12-01T00:00:00.500000Z"),
        ("2026-12-01T00:00:00.000Z", "2026-12-01T00:00:00Z"),
        ("2026-12-01T00:00:00.123456789Z", "2026-12-01T00:00:00.123456Z"),
    ],
)
def test_times(text: str, written: str) -> None:
    moment = parse_time(text)

    assert moment.tzinfo is UTC
    assert format_time(moment) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-12-01",
        "2026-12-01 00:00:00Z",
        "2026-12-01T00:00:00",
        "2026-12-01T00:00Z",
        "20261201T000000Z",
        "2026-W49-2T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-12-01T24:00:01Z",
        "2026-12-01T00:00:00Z\n",
        "2026-12-01T00:00:00+99:00",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "9999-12-31T23:59:59.9999Z",
        "٢026-12-01T00:00:00Z",
    ],
)
def test_no_times(text: str) -> None:
    with pytest.raises(SpecError, match=r"^spec\.notAfter: "):
        parse_time(text, "spec.notAfter")


MOMENTS = st.integers(-60_000_000_000_000_000, 250_000_000_000_000_000).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)


@given(moment=MOMENTS, zone=st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours))))
def test_any_time_can_be_read_back(moment: datetime, zone: timezone) -> None:
    assert parse_time(format_time(moment.astimezone(zone))) == moment
    assert "." not in format_time(whole_seconds(moment))


def test_a_time_without_a_zone_is_not_written() -> None:
    with pytest.raises(ValueError, match="without a timezone"):
        format_time(parse_time("2026-12-01T00:00:00Z").replace(tzinfo=None))


def test_each_reason_has_its_entry_and_each_entry_its_reason() -> None:
    assert set(CATALOGUE) == set(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_a_word_that_tools_take(reason: Reason) -> None:
    assert re.fullmatch(r"[A-Z][A-Za-z]+", reason)
    assert reason.name.replace("_", "").lower() == reason.value.lower()


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_explained_in_one_line_each(reason: Reason) -> None:
    info = CATALOGUE[reason]

    for line in (info.meaning, info.advice):
        assert re.fullmatch(r"\S[^\n]*[^\s.]\.", line), line
        assert len(line) <= 120
    assert info.meaning != info.advice


def test_no_two_reasons_mean_the_same() -> None:
    meanings = [info.meaning for info in CATALOGUE.values()]

    assert len(set(meanings)) == len(meanings)
    assert len({reason.lower() for reason in Reason}) == len(Reason)
