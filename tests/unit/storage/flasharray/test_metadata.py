"""What answers tell beside their content: the array's clock, and until when it is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvol_replication.storage.flasharray.errors import HeldOff
from vvol_replication.storage.flasharray.metadata import ResponseMetadata
from vvol_replication.storage.redaction import SessionSecrets

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
    metadata = ResponseMetadata(SessionSecrets())
    metadata.heard(200, {"Date": format_datetime(array_clock, usegmt=True)}, sent, sent + there + back)
    assert metadata.skew is not None
    assert metadata.skew.microseconds == 0
    assert abs(metadata.skew.total_seconds() - skew) <= 1


def test_the_middle_of_a_long_exchange_counts() -> None:
    metadata = ResponseMetadata(SessionSecrets())
    metadata.heard(200, {"Date": format_datetime(datetime.fromtimestamp(NOW + 20, UTC), usegmt=True)}, NOW, NOW + 40)
    assert metadata.skew == timedelta(0)


@pytest.mark.parametrize("date", ["", "soon", "Fri, 99 Dec 2026 00:00:00 GMT"])
def test_without_a_readable_date_the_last_skew_stays(date: str) -> None:
    metadata = ResponseMetadata(SessionSecrets())
    assert metadata.skew is None
    metadata.heard(200, {"Date": date}, NOW, NOW)
    assert metadata.skew is None
    metadata.heard(200, {"Date": format_datetime(datetime.fromtimestamp(NOW + 60, UTC), usegmt=True)}, NOW, NOW)
    metadata.heard(200, {"Date": date}, NOW, NOW)
    assert metadata.skew == timedelta(seconds=60)


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
    metadata = ResponseMetadata(SessionSecrets(), lambda: now[0])
    metadata.heard(status, headers, NOW, NOW)
    if held:
        now[0] = 100.0 + held - 0.5
        with pytest.raises(HeldOff) as caught:
            metadata.check()
        assert caught.value.left == pytest.approx(0.5)
    now[0] = 100.0 + held
    metadata.check()


def test_a_shorter_wish_does_not_shorten_an_earlier_one() -> None:
    now = [0.0]
    metadata = ResponseMetadata(SessionSecrets(), lambda: now[0])
    metadata.heard(429, {"retry-after": "60"}, NOW, NOW)
    metadata.heard(503, {"retry-after": "1"}, NOW, NOW)
    now[0] = 30.0
    with pytest.raises(HeldOff):
        metadata.check()
