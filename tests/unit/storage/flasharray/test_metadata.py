"""What answers tell beside their content: the array's clock, and until when it is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvol_replication.storage.flasharray.failures import HeldOff
from vvol_replication.storage.flasharray.sidenotes import SideNotes

NOW = datetime(2026, 5, 11, 20, 35, 53, tzinfo=UTC).timestamp()


@given(
    skew=st.integers(-(10**7), 10**7),
    fraction=st.floats(0, 0.999),
    there=st.floats(0, 0.2),
    back=st.floats(0, 0.2),
)
def test_the_skew_is_right_to_a_second(skew: int, fraction: float, there: float, back: float) -> None:
    sent = NOW + fraction
    array_clock = datetime.fromtimestamp(sent + there, UTC) + timedelta(seconds=skew)
    notes = SideNotes()
    notes.heard(200, {"Date": format_datetime(array_clock, usegmt=True)}, sent, sent + there + back)
    assert notes.skew is not None
    assert notes.skew.microseconds == 0
    assert abs(notes.skew.total_seconds() - skew) <= 1


def test_the_middle_of_a_long_exchange_counts() -> None:
    notes = SideNotes()
    notes.heard(200, {"Date": format_datetime(datetime.fromtimestamp(NOW + 20, UTC), usegmt=True)}, NOW, NOW + 40)
    assert notes.skew == timedelta(0)


@pytest.mark.parametrize("date", ["", "soon", "Fri, 99 Dec 2026 00:00:00 GMT"])
def test_without_a_readable_date_the_last_skew_stays(date: str) -> None:
    notes = SideNotes()
    assert notes.skew is None
    notes.heard(200, {"Date": date}, NOW, NOW)
    assert notes.skew is None
    notes.heard(200, {"Date": format_datetime(datetime.fromtimestamp(NOW + 60, UTC), usegmt=True)}, NOW, NOW)
    notes.heard(200, {"Date": date}, NOW, NOW)
    assert notes.skew == timedelta(seconds=60)


@pytest.mark.parametrize(
    ("status", "headers", "held"),
    [
        (429, {"retry-after": "7"}, 7.0),
        (503, {"retry-after": "7"}, 7.0),
        (429, {"ratelimit-reset": "3"}, 3.0),
        (429, {"retry-after": "999999"}, 3600.0),
        (429, {"retry-after": "0"}, 0.0),
        (429, {}, 0.0),
        (200, {"retry-after": "7", "ratelimit-reset": "7"}, 0.0),
        (500, {"retry-after": "7"}, 0.0),
    ],
)
def test_how_long_an_array_is_left_alone(status: int, headers: dict[str, str], held: float) -> None:
    now = [100.0]
    notes = SideNotes(lambda: now[0])
    notes.heard(status, headers, NOW, NOW)
    if held:
        now[0] = 100.0 + held - 0.5
        with pytest.raises(HeldOff) as caught:
            notes.check()
        assert caught.value.left == pytest.approx(0.5)
    now[0] = 100.0 + held
    notes.check()


def test_a_shorter_wish_does_not_shorten_an_earlier_one() -> None:
    now = [0.0]
    notes = SideNotes(lambda: now[0])
    notes.heard(429, {"retry-after": "60"}, NOW, NOW)
    notes.heard(503, {"retry-after": "1"}, NOW, NOW)
    now[0] = 30.0
    with pytest.raises(HeldOff):
        notes.check()
