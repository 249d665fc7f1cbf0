"""Schedules and retentions as arrays tell them: units, windows over midnight, for ever, and what is not told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from vvol_replication.domain.arrays import ReplicationSchedule, Retention
from vvol_replication.storage.flasharray import reading
from vvol_replication.storage.flasharray.rest1 import answers as first
from vvol_replication.storage.flasharray.rest2 import answers as second

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("blackout", "closed"),
    [
        (None, 0),
        ({}, 0),
        ([], 0),
        ({"start": 3600, "end": 14_400}, 3),
        ({"start": 79_200, "end": 7200}, 4),
        ([{"start": 0, "end": 3600}, {"start": 7200, "end": 14_400}, None], 2),
        ({"start": "1AM", "end": 7200}, 0),
        ({"start": 0}, 0),
    ],
)
def test_the_longest_window_in_which_no_replication_begins(blackout: Any, closed: int) -> None:
    told = reading.schedule(True, 7200, blackout, unit=1.0)  # noqa: FBT003 - as told
    assert told == ReplicationSchedule(enabled=True, every=2 * HOUR, blackout=closed * HOUR)


@pytest.mark.parametrize("every", [None, 0, "1h", -5, True, 1e300])
def test_an_interval_that_is_not_told(every: Any) -> None:
    assert reading.schedule(True, every, None, unit=1.0) == ReplicationSchedule(enabled=True, every=None)  # noqa: FBT003 - as told


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ((3600, 4, 7), Retention(HOUR, 4, 7)),
        ((0, 0, 0), Retention(timedelta(), 0, 0)),
        ((-1, 4, 7), Retention(None, 4, 7)),
        ((3600, 4, -1), Retention(HOUR, 4, None)),
        ((None, 4, 7), None),
        ((3600, None, 7), None),
        ((3600, 4, None), None),
        ((-2, 4, 7), None),
        ((3600, -1, 7), None),
        ((3600, 4, "7"), None),
    ],
)
def test_a_retention_of_which_any_part_is_not_told_is_unknown(told: tuple[Any, ...], kept: Retention | None) -> None:
    assert reading.retention(*told) == kept


def test_rest_1_tells_seconds_and_rest_2_milliseconds() -> None:
    row = {"name": "ERP", "replicate_enabled": False, "replicate_frequency": 7200, "replicate_blackout": None}
    assert first.schedules([row]) == [("erp", ReplicationSchedule(enabled=False, every=2 * HOUR))]
    told = {"enabled": False, "frequency": 7_200_000, "blackout": {"start": 3_600_000, "end": 7_200_000}}
    kept = {"all_for_sec": 3600, "per_day": 1, "days": 2}
    policy = second.policies([{"name": "ERP", "replication_schedule": told, "target_retention": kept}])["erp"]
    assert policy.schedule == ReplicationSchedule(enabled=False, every=2 * HOUR, blackout=HOUR)
    assert policy.retention == Retention(HOUR, 1, 2)
